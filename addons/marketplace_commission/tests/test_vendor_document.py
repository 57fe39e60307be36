from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorDocument(VendorDocumentCommon):
    # -- invoices -------------------------------------------------------------------

    def test_invoice_totals_are_the_ledger_credit(self):
        """The customer's document is worth what the ledger credits the vendor."""
        group = self._sell([(self.offer, 2)], shippings=[(5.0, self.vendor)])
        order = group.sale_order_ids
        invoice = self._invoice(group)
        self.assertRecordValues(
            invoice,
            [
                {
                    "kind": "invoice",
                    "vendor_id": self.vendor.id,
                    "partner_id": self.customer.id,
                    "amount_total": 125.0,
                    "amount_tax": 20.83,
                    "amount_untaxed": 104.17,
                    "amount_funded": 0.0,
                    "amount_customer": 125.0,
                    "nature": "goods",
                }
            ],
        )
        self.assertEqual(self._minor(invoice.amount_total), self._ledger_credit(order))
        self.assertEqual(order.vendor_document_state, "issued")
        self.assertEqual(
            self._minor(sum(invoice.line_ids.mapped("amount_total"))), 12500
        )
        self.assertEqual(self._minor(sum(invoice.line_ids.mapped("amount_tax"))), 2083)

    def test_operator_books_nothing(self):
        """No journal entry of the operator: its revenue is untouched."""
        group = self._sell()
        before = self.env["account.move"].search_count([])
        self._invoice(group)
        self.assertEqual(self.env["account.move"].search_count([]), before)
        self.assertTiedOut()

    def test_marketplace_funded_discount_is_part_of_the_price(self):
        """100.00, of which 90.00 by the customer and 10.00 by the marketplace."""
        offer = self._create_offer(self.vendor, 100.0)
        group = self._sell([(offer, 1)], discounts=[(10.0, "marketplace")])
        invoice = self._invoice(group)
        self.assertRecordValues(
            invoice,
            [
                {
                    "amount_total": 100.0,
                    "amount_tax": 16.67,
                    "amount_customer": 90.0,
                    "amount_funded": 10.0,
                }
            ],
        )
        self.assertEqual(
            self._minor(invoice.amount_total),
            self._ledger_credit(group.sale_order_ids),
        )

    def test_vendor_funded_discount_lowers_the_price_and_is_named(self):
        offer = self._create_offer(self.vendor, 100.0)
        group = self._sell([(offer, 1)], discounts=[(10.0, "vendor")])
        invoice = self._invoice(group)
        self.assertEqual(self._minor(invoice.amount_total), 9000)
        self.assertIn("10.00", invoice.content["lines"][0]["discount"])

    def test_vat_is_extracted_once_per_rate(self):
        """Three lines of 9.99 at 20 %: VAT of 29.97, not three times that of 9.99."""
        offers = [self._create_offer(self.vendor, 9.99) for _rank in range(3)]
        low = self._create_offer(self.vendor, 9.99, tax_rate=5.5)
        group = self._sell([*((offer, 1) for offer in offers), (low, 3)])
        invoice = self._invoice(group)
        table = {row["rate"]: row for row in invoice._tax_table()}
        by_rate = {
            rate: self._minor(sum(lines.mapped("amount_tax")))
            for rate, lines in invoice.line_ids.grouped("vat_rate").items()
        }
        self.assertEqual(by_rate, {20.0: 500, 5.5: 156})
        self.assertEqual(set(table), {"20 %", "5.5 %"})
        self.assertEqual(self._minor(invoice.amount_tax), 656)

    def test_each_vendor_has_a_series_without_gaps(self):
        other = self._create_seller("Bora")
        offer = self._create_offer(other, 10.0)
        groups = [self._sell([(self.offer, 1), (offer, 1)]) for _rank in range(2)]
        for group in groups:
            self._invoice(group)
        refund = self._refund(groups[0], [(self._line(groups[0], self.offer), 1, None)])
        self._credit(refund)
        for vendor, count in ((self.vendor, 3), (other, 2)):
            documents = self.Document.search([("vendor_id", "=", vendor.id)])
            self.assertEqual(
                sorted(documents.mapped("number")), list(range(1, count + 1))
            )
            prefix = documents.mandate_id.document_prefix
            self.assertTrue(prefix.startswith(vendor.vendor_code))
            self.assertEqual(sorted(documents.mapped("name"))[0], f"{prefix}-000001")

    def _line(self, group, offer):
        return group.sale_order_ids.order_line.filtered(
            lambda line: line.offer_id == offer
        )

    def test_refused_order_uses_no_number(self):
        """Numbers are given last: what fails leaves no gap."""
        group = self._sell()
        self.vendor.street = False
        self.assertFalse(self._invoice(group))
        self.assertIn("street", group.sale_order_ids.vendor_document_problem)
        self.vendor.street = "2 rue Neuve"
        self.assertEqual(self._invoice(group).number, 1)

    def test_issuing_again_changes_nothing(self):
        group = self._sell()
        invoice = self._invoice(group)
        self.assertFalse(self._invoice(group))
        self.assertEqual(group.sale_order_ids.vendor_document_ids, invoice)

    def test_unpaid_order_is_blocked(self):
        group = self._import_order([(self.offer, 1)], captured=False)
        self.assertFalse(self._invoice(group))
        self.assertIn(
            "not confirmed and paid", group.sale_order_ids.vendor_document_problem
        )

    # -- mandate --------------------------------------------------------------------

    def test_without_mandate_it_is_refused_and_listed(self):
        """No document without mandate in force; the order waits in the queue."""
        vendor = self._create_seller("Sans Mandat", mandate=False)
        group = self._sell([(self._create_offer(vendor, 10.0), 1)])
        self.assertFalse(self._invoice(group))
        order = group.sale_order_ids
        self.assertEqual(order.vendor_document_state, "blocked")
        self.assertIn("no billing mandate", order.vendor_document_problem)
        queue = self.env.ref("marketplace_commission.queue_vendor_document")
        self.assertIn(order, self.env["sale.order"].search(queue._item_domain()))
        with self.assertRaisesRegex(MarketplaceError, "no billing mandate"):
            order.action_issue_vendor_document()
        self._give_mandate(vendor)
        order.action_issue_vendor_document()
        self.assertEqual(order.vendor_document_state, "issued")
        self.assertNotIn(order, self.env["sale.order"].search(queue._item_domain()))

    def test_revoked_mandate_stops_credit_notes_too(self):
        group = self._sell()
        self._invoice(group)
        acceptance = self.env["marketplace.terms.acceptance"].search(
            [("vendor_id", "=", self.vendor.id)]
        )
        acceptance.action_revoke()
        refund = self._refund(group, [(group.sale_order_ids.order_line, 1, None)])
        self.assertFalse(self._credit(refund))
        self.assertIn("no billing mandate", refund.vendor_document_problem)
        queue = self.env.ref("marketplace_commission.queue_vendor_credit_note")
        self.assertIn(
            refund, self.env["marketplace.refund"].search(queue._item_domain())
        )

    def test_new_mandate_starts_a_new_series(self):
        first = self._invoice(self._sell())
        newer = self._publish_mandate()
        self._give_mandate(self.vendor, newer)
        second = self._invoice(self._sell())
        self.assertEqual((first.number, second.number), (1, 1))
        self.assertNotEqual(first.name, second.name)

    # -- credit notes ---------------------------------------------------------------

    def test_credit_note_is_exactly_the_refund(self):
        group = self._sell([(self.offer, 3)], shippings=[(5.0, self.vendor)])
        invoice = self._invoice(group)
        goods = self._line(group, self.offer)
        refund = self._refund(group, [(goods, 1, 33.33)])
        credit_note = self._credit(refund)
        self.assertRecordValues(
            credit_note,
            [
                {
                    "kind": "credit_note",
                    "invoice_id": invoice.id,
                    "refund_id": refund.id,
                    "amount_total": refund.amount,
                    "amount_tax": refund.line_ids.amount_tax,
                    "amount_untaxed": refund.line_ids.amount_untaxed,
                }
            ],
        )
        self.assertIn(invoice.name, self._mention(credit_note, "rectifies"))
        self.assertFalse(self._credit(refund), "once")

    def test_credit_note_of_a_claim_won_later_is_named_to_be_replaced(self):
        group = self._sell([(self.offer, 1)])
        self._invoice(group)
        claim = self.env["marketplace.dispute"].create(
            {"payment_id": group.payment_ids.id}
        )
        claim.action_open()
        claim.action_lose()
        credit_note = self._credit(claim.refund_ids)
        claim.action_win()
        self.assertIn(credit_note.name, claim.activity_ids.note)

    def test_refunds_of_a_funded_price_end_on_the_invoice(self):
        """Three refunds, of which the marketplace had paid a part: nothing is left."""
        offers = [self._create_offer(self.vendor, price) for price in (33.33, 7.77)]
        group = self._sell(
            [(offers[0], 3), (offers[1], 1)], discounts=[(9.99, "marketplace")]
        )
        invoice = self._invoice(group)
        line, other = (self._line(group, offer) for offer in offers)
        for parts in (
            [(line, 1, None)],
            [(line, 1, None), (other, 1, None)],
            [(line, 1, None)],
        ):
            self._credit(self._refund(group, parts))
        credit_notes = invoice.credit_note_ids
        self.assertEqual(len(credit_notes), 3)
        for name in ("amount_total", "amount_tax", "amount_funded", "amount_customer"):
            self.assertEqual(
                self._minor(sum(credit_notes.mapped(name))),
                self._minor(invoice[name]),
                name,
            )
        self.assertEqual(self._ledger_credit(group.sale_order_ids), 0)

    def test_what_was_refunded_before_is_not_invoiced(self):
        group = self._import_order([(self.offer, 2)], date="2026-03-02")
        line = group.sale_order_ids.order_line
        refund = self._refund(group, [(line, 1, None)])
        self._ship_and_deliver(group, date="2026-03-05")
        invoice = self._invoice(group)
        self.assertEqual(self._minor(invoice.amount_total), 6000)
        self.assertEqual(invoice.line_ids.quantity, 1)
        self.assertEqual(invoice.deducted_refund_line_ids, refund.line_ids)
        self.assertFalse(self._credit(refund))
        self._credit(self._refund(group, [(line, 1, None)]))
        self.assertEqual(self._minor(invoice.credit_note_ids.amount_total), 6000)

    def test_wholly_refunded_order_has_no_invoice(self):
        group = self._import_order([(self.offer, 1)])
        self._refund(group, [(group.sale_order_ids.order_line, 1, None)])
        self.assertFalse(self._invoice(group))
        self.assertEqual(group.sale_order_ids.vendor_document_state, "none")

    # -- who has no invoice in his name ----------------------------------------------

    def test_deemed_supplier_and_principal_have_none(self):
        for vals in ({"vat_debtor": "operator"}, {"posture": "principal"}):
            vendor = self._create_seller(f"Vendor {vals}", **vals)
            group = self._import_order([(self._create_offer(vendor, 12.0), 1)])
            self.assertFalse(self._invoice(group))
            self.assertEqual(group.sale_order_ids.vendor_document_state, "none")

    def test_private_vendor_has_no_invoice_and_no_vat(self):
        vendor = self._create_seller(
            "Jeanne", vendor_kind="private", vat=False, company_registry=False
        )
        group = self._sell([(self._create_offer(vendor, 12.0, tax_rate=0.0), 1)])
        self.assertFalse(self._invoice(group))
        order = group.sale_order_ids
        self.assertEqual(order.vendor_document_state, "none")
        self.assertIn("private person", order.vendor_document_problem)

    def _sell_private(self):
        vendor = self._create_seller(
            f"Jeanne {self._next()}",
            vendor_kind="private",
            vat=False,
            company_registry=False,
        )
        return self._sell([(self._create_offer(vendor, 12.0, tax_rate=0.0), 1)])

    def test_private_sale_has_a_receipt_where_the_company_wants(self):
        """Per setting: nothing, or a receipt without VAT, printed and mailed once."""
        order = self._sell_private().sale_order_ids
        self.Document._issue_invoices(order)
        self.assertFalse(order.has_private_receipt)
        with self.assertRaisesRegex(MarketplaceError, "has no receipt"):
            order.action_print_private_receipt()
        self.company.marketplace_private_document = "receipt"
        order = self._sell_private().sale_order_ids
        for _twice in range(2):
            self.Document._issue_invoices(order)
        self.assertEqual(order.vendor_document_state, "none")
        mails = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", order.id)]
        )
        self.assertEqual(mails.recipient_ids, self.customer)
        self.assertEqual(len(mails), 1)
        self.assertEqual(len(mails.attachment_ids), 1)
        self.assertTrue(order.action_print_private_receipt())
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "marketplace_commission.report_private_receipt", order.ids
        )
        text = html.decode()
        self.assertIn("12.00", text)
        self.assertIn("This\n                receipt is no invoice", text)

    # -- seal -----------------------------------------------------------------------

    def test_issued_document_does_not_change(self):
        invoice = self._invoice(self._sell())
        with self.assertRaises(AccessError):
            invoice.amount_total = 1.0
        with self.assertRaises(AccessError):
            invoice._unlocked().amount_total = 1.0
        with self.assertRaises(AccessError):
            invoice.unlink()
        with self.assertRaises(AccessError):
            invoice.line_ids.name = "Other"
        with self.assertRaises(AccessError):
            invoice.line_ids.unlink()
        with self.assertRaises(AccessError):
            self.Document.create({"name": "X"})

    def _problems(self):
        return self.Document._chain_problems(self.Document.search([]).mandate_id)

    def test_tampering_and_gaps_are_found(self):
        invoices = self.Document
        for _rank in range(3):
            invoices |= self._invoice(self._sell())
        self.assertFalse(self._problems())
        health = self.env["marketplace.health"]
        self.assertFalse(health._check_vendor_documents(self.company))
        second = invoices[1]
        for query, word in (
            (
                "UPDATE marketplace_vendor_document SET amount_total = 1 WHERE id = %s",
                "number 2 was changed",
            ),
            (
                "UPDATE marketplace_vendor_document SET previous_hash = 'x'"
                " WHERE id = %s",
                "number 2 does not follow",
            ),
            (
                "UPDATE marketplace_vendor_document SET number = 9 WHERE id = %s",
                "number 2 is missing",
            ),
        ):
            with self.subTest(word), self.cr.savepoint() as savepoint:
                self.env.flush_all()
                self.cr.execute(query, [second.id])
                self.env.invalidate_all()
                problems = health._check_vendor_documents(self.company)
                self.assertIn(word, " ".join(problems))
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertFalse(self._problems())

    def test_last_document_cannot_vanish(self):
        self._invoice(self._sell())
        last = self._invoice(self._sell())
        last.mandate_id.document_last_number = 3
        self.assertIn("number 3 is missing", " ".join(self._problems()))

    def test_number_is_unique_in_the_database(self):
        invoice = self._invoice(self._sell())
        other = self._invoice(self._sell())
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE marketplace_vendor_document SET number = %s WHERE id = %s",
                [invoice.number, other.id],
            )

    def test_series_is_locked_for_update(self):
        """Whoever numbers documents of a mandate makes the others wait."""
        group = self._sell()
        execute = type(self.env).execute_query
        with patch.object(
            type(self.env), "execute_query", autospec=True, side_effect=execute
        ) as spy:
            self._invoice(group)
        statements = [call.args[1].code for call in spy.call_args_list]
        self.assertTrue(
            any(
                "FROM marketplace_terms_acceptance" in text and "FOR UPDATE" in text
                for text in statements
            )
        )

    # -- contest --------------------------------------------------------------------

    def test_vendor_contests_within_the_period_only(self):
        invoice = self._invoice(self._sell())
        user = self.vendor.user_ids
        with self.assertRaisesRegex(MarketplaceError, "Say what is wrong"):
            invoice._contest(user, " ")
        invoice._contest(user, "Wrong quantity")
        self.assertTrue(invoice.is_contest_open)
        self.assertEqual(invoice.contest_user_id, user)
        with self.assertRaisesRegex(MarketplaceError, "contested already"):
            invoice._contest(user, "Again")
        queue = self.env.ref("marketplace_commission.queue_vendor_document_contest")
        self.assertIn(invoice, self.Document.search(queue._item_domain()))
        accountant = new_test_user(
            self.env, "vdoc_accountant", groups="marketplace_base.group_accountant"
        )
        answer = self.env["marketplace.vendor.document.answer"].with_user(accountant)
        answer.create(
            {"document_ids": invoice.ids, "answer": "We refund it."}
        ).action_answer()
        self.assertFalse(invoice.is_contest_open)
        self.assertNotIn(invoice, self.Document.search(queue._item_domain()))
        late = self._invoice(self._sell())
        self.cr.execute(
            "UPDATE marketplace_vendor_document SET date_contest_limit = '2020-01-01'"
            " WHERE id = %s",
            [late.id],
        )
        late.invalidate_recordset()
        with self.assertRaisesRegex(MarketplaceError, "could be contested until"):
            late._contest(user, "Too late")

    def test_period_to_contest_is_the_mandates(self):
        self.assertEqual(self.terms.contest_days, 30)
        invoice = self._invoice(self._sell())
        self.assertEqual((invoice.date_contest_limit - invoice.date).days, 30)
        with self.assertRaisesRegex(MarketplaceError, "agreed to this period"):
            self.terms.contest_days = 5

    # -- job ------------------------------------------------------------------------

    def test_job_issues_what_is_due_by_the_setting(self):
        for trigger, deliver, due in (
            ("delivery", None, False),
            ("delivery", "2026-03-05", True),
            ("capture", None, True),
            ("manual", "2026-03-05", False),
        ):
            with self.subTest(f"{trigger} {deliver}"):
                self.company.marketplace_document_trigger = trigger
                group = self._sell(deliver=deliver)
                self.env.flush_all()
                with self.enter_registry_test_mode():
                    self.env.ref(
                        "marketplace_commission.ir_cron_issue_vendor_documents"
                    ).method_direct_trigger()
                state = group.sale_order_ids.vendor_document_state
                self.assertEqual(state == "issued", due)

    def test_job_issues_credit_notes_and_passes_what_is_blocked(self):
        group = self._sell()
        blocked = self._sell(
            [(self._create_offer(self._create_seller("No", mandate=False), 5.0), 1)]
        )
        cron = self.env.ref("marketplace_commission.ir_cron_issue_vendor_documents")
        self.env.flush_all()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(blocked.sale_order_ids.vendor_document_state, "blocked")
        refund = self._refund(group, [(group.sale_order_ids.order_line, 1, None)])
        self.env.flush_all()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(len(refund.vendor_document_ids), 1)

    def test_query_count_does_not_follow_the_number_of_orders(self):
        few = self.env["marketplace.order"].union(*(self._sell() for _r in range(2)))
        many = self.env["marketplace.order"].union(*(self._sell() for _r in range(8)))
        counts = []
        for groups in (few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._invoice(groups)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 24, counts)
