from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..vies import Answer
from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionInvoice(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b, cls.c = (
            cls._create_vendor(name) for name in ("Atelier A", "Brume B", "Cabane C")
        )

    def _sell(self, lines, delivered="2026-03-05", **options):
        """Import one purchase and deliver it; return its group."""
        options.setdefault("date", "2026-03-02 10:00:00")
        group = self._import_order(lines, **options)
        if delivered:
            self._ship_and_deliver(group, date=delivered)
        return group

    def _assert_document(self, move, vendor, net, tax, move_type="out_invoice"):
        """Assert a document account by account; the other way for a credit note."""
        self.assertEqual(move.move_type, move_type)
        self.assertEqual(
            move.journal_id, self.company.marketplace_journal_commission_id
        )
        self.assertEqual(move.amount_untaxed, net)
        items = [("VENDOR_AR", vendor, net + tax, 0), ("COMMISSION", vendor, 0, net)]
        if tax:
            items.append(("VAT_OUT", vendor, 0, tax))
        if move_type == "out_refund":
            items = [(role, who, credit, debit) for role, who, debit, credit in items]
        self.assertMove(move, items)

    # -- scenarios of the accounting design -----------------------------------------

    def test_s1_commission_invoice(self):
        """12.5 % of 33.33 is 4.17; VAT 20 % of it is 0.83."""
        self.default_rule.rate = 0.125
        self._sell([(self._create_offer(self.a, 33.33), 1)])
        move = self._invoice_commission("2026-03-10")
        self._assert_document(move, self.a, 4.17, 0.83)
        self.assertEqual(move.invoice_date, fields.Date.to_date("2026-03-10"))
        tax = move.invoice_line_ids.tax_ids
        self.assertEqual((tax.amount, tax.tax_exigibility), (20.0, "on_invoice"))
        self.assertTiedOut()

    def test_s2_bundle_split_three_ways(self):
        """VAT of 3.33 is 0.67 on each of the three documents."""
        payload = self._prepare_payload(
            [
                (self._create_offer(vendor, 50.00), 1)
                for vendor in (self.a, self.b, self.c)
            ],
            date="2026-03-02 10:00:00",
        )
        for line in payload["lines"]:
            del line["gross_minor"]
            line["bundle_ref"] = "BUNDLE"
        payload["bundles"] = [{"ref": "BUNDLE", "amount_minor": 10000}]
        payload["amount_charged_minor"] = 10000
        payload["payments"][0]["amount_minor"] = 10000
        group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        self._ship_and_deliver(group, date="2026-03-06")
        moves = self._invoice_commission("2026-03-10")
        self.assertEqual(moves.marketplace_vendor_id, self.a | self.b | self.c)
        for move in moves:
            self._assert_document(move, move.marketplace_vendor_id, 3.33, 0.67)
        self.assertTiedOut()

    def test_s3_vat_is_computed_on_the_total_of_the_document(self):
        """A: 4.32 + 0.81 = 5.13, VAT 1.03; per line it would be 0.86 + 0.16."""
        self.default_rule.rate = 0.12
        self._sell(
            [
                (self._create_offer(self.a, 19.99), 2),
                (self._create_offer(self.a, 7.45, tax_rate=5.5), 1),
                (self._create_offer(self.b, 4.33, tax_rate=5.5), 3),
                (self._create_offer(self.b, 33.33), 1),
                (self._create_offer(self.c, 0.99), 1),
            ],
            discounts=[(9.47, "vendor")],
            shippings=[(6.90, None)],
        )
        moves = self._invoice_commission("2026-03-10")
        by_vendor = {move.marketplace_vendor_id: move for move in moves}
        self._assert_document(by_vendor[self.a], self.a, 5.13, 1.03)
        self._assert_document(by_vendor[self.b], self.b, 5.00, 1.00)
        self._assert_document(by_vendor[self.c], self.c, 0.11, 0.02)
        annex = by_vendor[self.a].marketplace_commission_line_ids
        self.assertEqual(sorted(annex.mapped("amount")), [0.81, 4.32])
        self.assertTiedOut()

    def test_s5_credit_notes_after_partial_refunds(self):
        """Two refunds of one unit: credit notes of 1.18 and VAT 0.24 each."""
        self.default_rule.rate = 0.125
        offer = self._create_offer(self.a, 11.11)
        group = self._sell([(offer, 3)], discounts=[(5.00, "vendor")])
        invoice = self._invoice_commission("2026-03-10")
        self._assert_document(invoice, self.a, 3.54, 0.71)
        line = group.sale_order_ids.order_line.filtered("offer_id")
        for day in ("2026-03-12", "2026-03-14"):
            self._refund(group, [(line, 1, None)], date=day)
            credit_note = self._invoice_commission(day)
            self._assert_document(credit_note, self.a, 1.18, 0.24, "out_refund")
            self.assertEqual(credit_note.reversed_entry_id, invoice)
            self.assertEqual(credit_note.invoice_origin, invoice.name)
        self.assertTiedOut()

    # -- VAT of the six vendor kinds ------------------------------------------------

    def test_vat_follows_the_fiscal_position_of_the_vendor(self):
        """Registered or exempt, a French vendor pays French VAT; others by position."""
        kinds = [
            ({"country_id": self.france.id, "vat": "FR23334175221"}, 2.00),
            # Small-business exemption: no VAT number, same tax.
            ({"country_id": self.france.id, "vat": False}, 2.00),
            ({"country_id": self.env.ref("base.be").id, "vat": "BE0477472701"}, 0.00),
            ({"country_id": self.env.ref("base.be").id, "vat": False}, 2.00),
            ({"country_id": self.env.ref("base.us").id, "vat": False}, 0.00),
            # A private seller abroad is a choice of the operator: set by hand.
            (
                {
                    "country_id": self.env.ref("base.us").id,
                    "is_company": False,
                    "property_account_position_id": self.company.domestic_fiscal_position_id.id,  # noqa: E501
                },
                2.00,
            ),
        ]
        vendors = [self._create_vendor(f"Kind {rank}") for rank in range(len(kinds))]
        for vendor, (vals, _tax) in zip(vendors, kinds, strict=True):
            vendor.write(vals)
        self.env["marketplace.vies.check"]._record(
            self.company, vendors[2], Answer("valid")
        )
        self._sell([(self._create_offer(vendor, 100.00), 1) for vendor in vendors])
        moves = self._invoice_commission("2026-03-10")
        by_vendor = {move.marketplace_vendor_id: move for move in moves}
        for vendor, (_vals, tax) in zip(vendors, kinds, strict=True):
            move = by_vendor[vendor]
            self._assert_document(move, vendor, 10.00, tax)
            self.assertEqual(
                move.invoice_line_ids.tax_ids.tax_exigibility, "on_invoice", vendor.name
            )
        self.assertIn(
            "Reverse charge",
            str(by_vendor[vendors[2]].invoice_line_ids.tax_ids.invoice_legal_notes),
        )
        self.assertTiedOut()

    def test_set_up_run_again_changes_nothing(self):
        taxes = self.env["account.tax"].search_count([])
        product = self.company._marketplace_commission_product()
        before = (
            product.taxes_id,
            self.company.marketplace_journal_commission_id,
        )
        self.company._marketplace_setup()
        self.assertEqual(self.env["account.tax"].search_count([]), taxes)
        self.assertEqual(
            before, (product.taxes_id, self.company.marketplace_journal_commission_id)
        )

    # -- what is earned -------------------------------------------------------------

    def test_commission_is_earned_when_nothing_waits_for_delivery(self):
        offer = self._create_offer(self.a, 50.00)
        group = self._sell([(offer, 2)], delivered=None)
        order = group.sale_order_ids
        line = order.order_line.filtered("offer_id")
        self.assertFalse(self._invoice_commission("2026-03-31"))
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, quantities={line.id: 1}
        )
        shipment.action_ship()
        shipment.action_deliver(date=fields.Date.to_date("2026-03-05"))
        self.assertFalse(self._invoice_commission("2026-03-31"))
        self._refund(group, [(line, 1, None)], date="2026-03-08")
        self.assertFalse(self._invoice_commission("2026-03-07"))
        self._assert_document(
            self._invoice_commission("2026-03-08"), self.a, 5.00, 1.00
        )

    def test_unpaid_order_earns_nothing(self):
        self._sell(
            [(self._create_offer(self.a, 50.00), 1)], delivered=None, captured=False
        )
        self.assertFalse(self.Line._invoiceable(self.company, vendors=self.a))

    def test_order_refunded_before_delivery_makes_no_document(self):
        """Its commission and reversal add up to zero; they wait for the next one."""
        offer = self._create_offer(self.a, 50.00)
        group = self._sell([(offer, 1)], delivered=None)
        line = group.sale_order_ids.order_line.filtered("offer_id")
        self._refund(group, [(line, 1, None)], date="2026-03-03")
        self.assertFalse(self._invoice_commission("2026-03-10"))
        self._sell([(offer, 1)])
        move = self._invoice_commission("2026-03-10")
        self._assert_document(move, self.a, 5.00, 1.00)
        self.assertEqual(len(move.marketplace_commission_line_ids), 3)

    def test_invoicing_again_makes_nothing(self):
        self._sell([(self._create_offer(self.a, 50.00), 1)])
        lines = self.Line._invoiceable(self.company)
        move = lines._invoice(fields.Date.to_date("2026-03-10"))
        self.assertTrue(move)
        self.assertFalse(lines._invoice(fields.Date.to_date("2026-03-10")))
        self.assertFalse(self._invoice_commission("2026-03-10"))
        self.assertEqual(lines.move_id, move)

    # -- documents are not changed by hand ------------------------------------------

    def test_document_is_not_undone_by_hand(self):
        self._sell([(self._create_offer(self.a, 50.00), 1)])
        move = self._invoice_commission("2026-03-10")
        for undo in (move.button_draft, move.button_cancel, move._reverse_moves):
            with self.assertRaisesRegex(UserError, "not changed by hand"):
                undo()
        self.assertEqual(move.state, "posted")

    def test_locked_date_is_refused_before_anything_is_written(self):
        self._sell([(self._create_offer(self.a, 50.00), 1)])
        self.company.sale_lock_date = "2026-03-31"
        lines = self.Line._invoiceable(self.company)
        with self.assertRaisesRegex(UserError, "locked period"):
            lines._invoice(fields.Date.to_date("2026-03-10"))
        self.assertFalse(lines.move_line_id)

    def test_missing_tax_on_commission_is_named(self):
        self._sell([(self._create_offer(self.a, 50.00), 1)])
        self.company._marketplace_commission_product().taxes_id = False
        with self.assertRaisesRegex(UserError, "has no sale tax"):
            self._invoice_commission("2026-03-10")

    def test_label_speaks_the_language_of_the_vendor(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.a.lang = "fr_FR"
        offers = [self._create_offer(self.a, 50.00) for _rank in range(2)]
        self._sell([(offer, 1) for offer in offers])
        move = self._invoice_commission("2026-03-10")
        self.assertIn(
            "Commission sur vos ventes du 02/03/2026", move.invoice_line_ids.name
        )

    def test_one_line_is_not_called_lines(self):
        self._sell([(self._create_offer(self.a, 50.00), 1)])
        move = self._invoice_commission("2026-03-10")
        self.assertIn("(1 line, listed in the annex)", move.invoice_line_ids.name)

    def test_commission_of_a_line_delivered_in_part_is_found_until_it_is_invoiced(self):
        group = self._sell([(self._create_offer(self.a, 50.00), 2)], delivered=None)
        line = group.sale_order_ids.order_line
        found = [("vendor_id", "=", self.a.id), ("is_waiting", "=", True)]
        self.assertFalse(self.Line.search(found), "nothing is due yet")
        shipment = self.env["marketplace.shipment"]._create_for_order(
            group.sale_order_ids,
            {line.id: 1},
            carrier_name="Colissimo",
            tracking_ref="6A1",
        )
        shipment.action_ship()
        shipment.action_deliver(date=fields.Date.to_date("2026-03-05"))
        waiting = self.Line.search(found)
        self.assertEqual((len(waiting), waiting.is_waiting), (1, True))
        self.assertFalse(self._invoice_commission("2026-03-10"))
        self._refund(group, [(line, 1, None)], date="2026-03-11")
        self.assertFalse(self.Line.search(found), "nothing is pending any more")
        self._assert_document(self._invoice_commission("2026-03-12"), self.a, 5, 1)

    # -- speed ----------------------------------------------------------------------

    def test_invoicing_more_vendors_adds_what_odoo_itself_needs(self):
        """Six queries a document: numbering, tags and followers of Odoo's own."""

        def cost(count):
            vendors = [
                self._create_vendor(f"Many {self._next()}") for _rank in range(count)
            ]
            self._sell([(self._create_offer(vendor, 20.00), 1) for vendor in vendors])
            lines = self.Line._invoiceable(self.company)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            moves = lines._invoice(fields.Date.to_date("2026-03-10"))
            self.env.flush_all()
            self.assertEqual(len(moves), count)
            return self.cr.sql_log_count - before

        cost(1)  # fills the caches of metadata
        few, many = cost(5), cost(15)
        self.assertLessEqual(many - few, 10 * 6)
