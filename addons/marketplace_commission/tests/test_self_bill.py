from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .facturx_checks import FacturxChecks
from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestSelfBill(FacturxChecks, VendorDocumentCommon):
    """L3: bills made in the vendor's name; he has a copy, accepts or objects."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._create_plan(0.15, base_tax="excluded")
        cls.seller = cls._create_seller("Alma", posture="principal")
        cls.offer = cls._create_offer(cls.seller, 120.0)
        cls.company.write({"vat": "FR83404833048", "company_registry": "404833048"})
        cls.company.partner_id.write(
            {"street": "1 place du Marché", "zip": "75002", "city": "Paris"}
        )
        cls.company.country_id = cls.france
        cls.Bill = cls.env["marketplace.self.bill"]
        cls.accountant = new_test_user(
            cls.env,
            "bill_accountant",
            groups="marketplace_base.group_accountant,account.group_account_invoice",
        )

    def _bill(self, lines=None, **options):
        group = self._sell(lines, **options)
        group.sale_order_ids._issue_principal_documents()
        return group, group.sale_order_ids.self_bill_ids

    def _debit(self, group, quantity=1):
        line = group.sale_order_ids.order_line[0]
        refund = self._refund(group, [(line, quantity, None)])
        refund.line_ids._issue_principal_refunds()
        return group.sale_order_ids.self_bill_ids.filtered("refund_id")

    def _answer(self, bill, outcome, user=None):
        answers = self.env["marketplace.self.bill.answer"]
        return (
            answers.with_user(user or self.accountant)
            .create({"bill_ids": bill.ids, "outcome": outcome, "answer": "We looked."})
            .action_answer()
        )

    # -- the copy -------------------------------------------------------------------

    def test_copy_says_what_was_posted(self):
        group, bill = self._bill()
        self.assertEqual(bill.name, bill.move_id.name)
        self.assertEqual(
            (bill.move_id.move_type, bill.vendor_id, bill.mandate_id.terms_id),
            ("in_invoice", self.seller, self.terms),
        )
        self.assertEqual(bill.content["total"], self._minor(bill.move_id.amount_total))
        self.assertEqual(bill.content["tax"], self._minor(bill.move_id.amount_tax))
        self.assertEqual(bill.move_id.invoice_date_due, bill.date, "due at once")
        self.assertEqual((bill.date_contest_limit - self._today()).days, 30)
        debit = self._debit(group)
        self.assertEqual(
            (debit.kind, debit.content["invoice"]), ("credit_note", bill.name)
        )

    def _today(self):
        return self.company._marketplace_today()

    @mute_logger("factur-x")
    def test_files_of_bill_and_debit_are_valid(self):
        """L4: types 389 and 261 of self-billing, by schema and schematron."""
        low = self._create_offer(self.seller, 9.99, tax_rate=5.5)
        group, bill = self._bill([(self.offer, 2), (low, 3)])
        debit = self._debit(group)
        for document, code in ((bill, "389"), (debit, "261")):
            tree, text = self._check_files(document)
            self.assertEqual(self._document_type(tree), code)
            total = self._minor(document.move_id.amount_total)
            self.assertEqual(self._summation(tree, "GrandTotalAmount") * 100, total)
            self.assertEqual(self._summation(tree, "DuePayableAmount") * 100, total)
            self.assertEqual(
                self._summation(tree, "TaxTotalAmount") * 100,
                self._minor(document.move_id.amount_tax),
            )
            self.assertIn("Autofacturation", text)
            self.assertIn(document.name, text)
            self.assertEqual(
                self._node_texts(tree, "//ram:SellerTradeParty/ram:Name"), ["Alma"]
            )
            self.assertEqual(
                self._node_texts(tree, "//ram:BuyerTradeParty/ram:Name"),
                [self.company.name],
            )

    @mute_logger("factur-x")
    def test_exempt_vendor_has_his_mention(self):
        self.seller = self._create_seller(
            "Petite", posture="principal", vat=False, is_vat_exempt=True
        )
        offer = self._create_offer(self.seller, 12.0, tax_rate=0.0)
        _group, bill = self._bill([(offer, 1)])
        _tree, text = self._check_files(bill)
        self.assertIn("TVA non applicable, art. 293 B du CGI", text)

    def test_incomplete_vendor_is_not_billed(self):
        vendor = self._create_seller("Vide", posture="principal", city=False)
        _group, bill = self._bill([(self._create_offer(vendor, 12.0), 1)])
        self.assertFalse(bill)
        self.assertIn("Complete Vide", _group.sale_order_ids.vendor_document_problem)

    def test_copy_does_not_change(self):
        _group, bill = self._bill()
        with self.assertRaisesRegex(AccessError, "never changed"):
            bill.name = "X"
        with self.assertRaisesRegex(AccessError, "do not change"):
            bill._unlocked().content = {}
        with self.assertRaisesRegex(AccessError, "are kept"):
            bill._unlocked().unlink()

    def test_copies_cost_the_same_queries_for_more_bills(self):
        def cost(count):
            groups = [self._sell() for _rank in range(count)]
            orders = self.env["sale.order"].union(*(g.sale_order_ids for g in groups))
            with patch.object(type(self.Bill), "_issue"):
                orders._issue_principal_documents()
            moves = self.env["account.move"].search(
                [
                    ("marketplace_principal_order_id", "in", orders.ids),
                    ("move_type", "=", "in_invoice"),
                ]
            )
            self.assertEqual(len(moves), count)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.Bill._issue(moves)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        cost(1)  # fills the caches of metadata
        few, many = cost(2), cost(8)
        self.assertLessEqual(many, few + 3)

    # -- the vendor's answer --------------------------------------------------------

    def test_accepted_bill_is_not_contested_any_more(self):
        _group, bill = self._bill()
        user = self.seller.user_ids
        self.assertEqual(bill.acceptance, "open")
        bill._accept_document(user)
        bill._accept_document(user)
        self.assertEqual((bill.acceptance, bill.accepted_user_id), ("accepted", user))
        with self.assertRaisesRegex(MarketplaceError, "You accepted"):
            bill._contest(user, "Too little")

    def test_silence_is_consent_after_the_period(self):
        _group, bill = self._bill()
        bill.flush_recordset()
        self.cr.execute(
            "UPDATE marketplace_self_bill SET date_contest_limit = '2020-01-01'"
            " WHERE id = %s",
            [bill.id],
        )
        bill.invalidate_recordset()
        self.assertEqual(bill.acceptance, "tacit")
        with self.assertRaisesRegex(MarketplaceError, "could be contested until"):
            bill._contest(self.seller.user_ids, "Too late")

    def test_objection_stops_the_payment_until_it_is_answered(self):
        _group, bill = self._bill()
        user = self.seller.user_ids
        bill._contest(user, "Two pieces, not one")
        self.assertEqual((bill.acceptance, bill.contest_user_id), ("contested", user))
        self.assertEqual(bill.move_id.payment_state, "blocked")
        self.assertIn("Two pieces", bill.move_id.message_ids[0].body)
        with self.assertRaisesRegex(MarketplaceError, "contested already"):
            bill._accept_document(user)
        queue = self.env.ref("marketplace_commission.queue_self_bill_contest")
        self.assertIn(bill, self.Bill.search(queue._item_domain()))
        self._answer(bill, "stands")
        self.assertEqual(bill.acceptance, "answered")
        self.assertEqual(bill.move_id.payment_state, "not_paid")
        self.assertNotIn(bill, self.Bill.search(queue._item_domain()))
        with self.assertRaisesRegex(MarketplaceError, "no open objection"):
            self._answer(bill, "stands")

    def test_bill_that_does_not_stand_is_credited_for_what_is_left(self):
        group, bill = self._bill([(self.offer, 3)])
        self._debit(group)
        bill._contest(self.seller.user_ids, "Not my price")
        self._answer(bill, "credited")
        bills = group.sale_order_ids.self_bill_ids
        credit = bills.filtered(lambda b: b.kind == "credit_note" and not b.refund_id)
        self.assertEqual(self._minor(credit.amount_untaxed), 17000)
        self.assertEqual(
            self._minor(bill.amount_untaxed),
            self._minor(sum((bills - bill).mapped("amount_untaxed"))),
        )
        self.assertEqual(credit.content["invoice"], bill.name)
        # The vendor bills himself from now on: refunds do not debit him here.
        self._debit(group, 2)
        self.assertEqual(group.sale_order_ids.self_bill_ids, bills)

    def test_debit_is_not_credited(self):
        group, _bill = self._bill([(self.offer, 2)])
        debit = self._debit(group)
        debit._contest(self.seller.user_ids, "I sent them")
        with self.assertRaisesRegex(MarketplaceError, "a debit is not credited"):
            self._answer(debit, "credited")
        self._answer(debit, "stands")
        self.assertEqual(debit.acceptance, "answered")

    def test_only_accountants_answer(self):
        _group, bill = self._bill()
        bill._contest(self.seller.user_ids, "Wrong")
        viewer = new_test_user(
            self.env, "bill_viewer", groups="marketplace_base.group_order_desk"
        )
        with self.assertRaises(AccessError):
            self._answer(bill, "stands", user=viewer)
        with self.assertRaisesRegex(MarketplaceError, "role Accountant"):
            bill.with_user(viewer)._answer_contest("Yes")
