from odoo.tests import tagged

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPrincipalDiscount(VendorDocumentCommon):
    """A discount of the marketplace on its own sale is a lower price, nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._create_plan(0.15, base_tax="excluded")
        cls.seller = cls._create_seller("Alma", posture="principal")
        cls.offer = cls._create_offer(cls.seller, 120.0)

    def _documents(self, group):
        group.sale_order_ids._issue_principal_documents()
        moves = self.env["account.move"].search(
            [("marketplace_principal_order_id", "in", group.sale_order_ids.ids)]
        )
        return moves.grouped("move_type")

    def _sell_with(self, funder, amount=12.0, **options):
        return self._sell(
            [(self.offer, 1)], discounts=[(amount, funder)] if amount else (), **options
        )

    def assertBilled(self, bill, untaxed, tax):
        self.assertMove(
            bill,
            [
                ("PURCHASES", self.seller, untaxed, 0),
                ("VAT_IN", self.seller, tax, 0),
                ("AP_VENDOR", self.seller, 0, untaxed + tax),
            ],
        )

    def test_customer_pays_less_and_the_vendor_gets_the_same(self):
        """X1 less 12.00 of ours: sold 90.00, bought 85.00 as before, margin 5.00."""
        group = self._sell_with("marketplace")
        self.assertMove(
            group.ledger_line_ids.move_id,
            [
                ("PSP_CLEARING", self.psp, 108.0, 0),
                ("CUST_ADVANCE", self.customer, 0, 108.0),
            ],
        )
        documents = self._documents(group)
        self.assertMove(
            documents["out_invoice"],
            [
                ("CUST_AR", self.customer, 108.0, 0),
                ("SALES", self.customer, 0, 100.0),
                ("SALES", self.customer, 10.0, 0),
                ("VAT_OUT", self.customer, 0, 18.0),
            ],
        )
        self.assertBilled(documents["in_invoice"], 85.0, 17.0)
        events = set(group.ledger_line_ids.mapped("event"))
        self.assertEqual(events, {"capture", "advance_applied"})
        self.assertTiedOut()

    def test_discount_of_the_vendor_lowers_his_price_too(self):
        """90.00 sold, less 15 %: 76.50."""
        documents = self._documents(self._sell_with("vendor"))
        self.assertEqual(self._minor(documents["out_invoice"].amount_total), 10800)
        self.assertBilled(documents["in_invoice"], 76.5, 15.3)

    def test_delivery_given_is_a_lower_price_too(self):
        """4.80 of delivery: the customer pays nothing of it, its vendor gets 4.00."""
        payload = self._prepare_payload(
            [(self.offer, 1)], shippings=[(4.8, self.seller)], date="2026-03-02"
        )
        payload["shippings"][0]["paid_by"] = "marketplace"
        payload["amount_charged_minor"] = payload["payments"][0]["amount_minor"] = 12000
        groups, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        self.assertMove(
            groups.ledger_line_ids.move_id,
            [
                ("PSP_CLEARING", self.psp, 120.0, 0),
                ("CUST_ADVANCE", self.customer, 0, 120.0),
            ],
        )
        self._ship_and_deliver(groups, date="2026-03-05")
        documents = self._documents(groups)
        self.assertEqual(self._minor(documents["out_invoice"].amount_total), 12000)
        bill = documents["in_invoice"]
        lines = bill.invoice_line_ids.mapped("price_subtotal")
        self.assertEqual(sorted(map(self._minor, lines)), [400, 8500])

    def test_refunds_end_on_both_documents(self):
        """Of three units sold for 108.00, one comes back, then the others."""
        self.offer.price = 40.0
        group = self._sell(
            [(self.offer, 3)], discounts=[(12.0, "marketplace")], date="2026-03-02"
        )
        self._documents(group)
        line = group.sale_order_ids.order_line.filtered(
            lambda item: item.marketplace_kind == "goods"
        )
        for quantity in (1, 2):
            refund = self._refund(group, [(line, quantity, None)], date="2026-03-12")
            refund.line_ids._issue_principal_refunds()
        documents = self._documents(group)
        for kind, untaxed in (("out", 9000), ("in", 8500)):
            credited = documents[f"{kind}_refund"].mapped("amount_untaxed")
            self.assertEqual(len(credited), 2)
            self.assertEqual(sum(map(self._minor, credited)), untaxed)
        self.assertNotIn(
            "DISCOUNT_MKT",
            group.ledger_line_ids.mapped("role_debit")
            + group.ledger_line_ids.mapped("role_credit"),
        )
        self.assertTiedOut()

    def test_given_away_is_bought_and_taken_back_all_the_same(self):
        """One of two articles is free: its vendor gets 85.00, and owes it on return."""
        offers = self.offer | self._create_offer(self.seller, 60.0)
        payload = self._prepare_payload(
            [(offer, 1) for offer in offers],
            discounts=[(120.0, "marketplace")],
            date="2026-03-02",
        )
        payload["discounts"][0]["line_refs"] = [payload["lines"][0]["ref"]]
        group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        self._ship_and_deliver(group, date="2026-03-05")
        line = group.sale_order_ids.order_line.filtered("amount_discount_operator")
        self.assertEqual(
            [self._minor(line.amount_vendor), self._minor(line.amount_purchase)],
            [0, 8500],
        )
        self.assertEqual(
            self._minor(self._documents(group)["in_invoice"].amount_untaxed), 12750
        )
        goods = group.sale_order_ids.order_line.filtered(
            lambda item: item.marketplace_kind == "goods"
        )
        refund = self._refund(
            group, [(item, 1, None) for item in goods], date="2026-03-12"
        )
        refund.line_ids._issue_principal_refunds()
        documents = self._documents(group)
        self.assertEqual(self._minor(documents["out_refund"].amount_total), 6000)
        self.assertEqual(self._minor(documents["in_refund"].amount_untaxed), 12750)
        self.assertTiedOut()
