from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOperatorVat(MarketplaceCommon):
    """VAT that the operator owes himself: deemed supplier, and deliveries he sells."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls._create_vendor("Nansen", vat_debtor="operator")
        cls.foreign_offer = cls._create_offer(cls.foreign, 119.99)
        cls.carried = cls._create_vendor("Carried", shipping_recipient="operator")
        cls.carried_offer = cls._create_offer(cls.carried, 60.0)
        cls.other = cls._create_vendor("Other")
        cls.other_offer = cls._create_offer(cls.other, 40.0)
        cls.tax = cls.company._marketplace_tax(20.0)

    def _moves(self, group, event):
        return group.ledger_line_ids.filtered(lambda x: x.event == event).move_id

    def _vat_item(self, move, role):
        account = self.company._marketplace_account(role)
        return move.line_ids.filtered(lambda item: item.account_id == account)

    def assertVat(self, move, role, amount, base, document):
        """Assert the VAT item of an entry: balance, base, tax, its side and tags."""
        item = self._vat_item(move, role)
        self.assertEqual(
            (f"{item.balance:.2f}", f"{item.tax_base_amount:.2f}"), (amount, base)
        )
        self.assertEqual(item.tax_line_id, self.tax)
        repartition = item.tax_repartition_line_id
        self.assertEqual(repartition.document_type, document)
        self.assertEqual(item.tax_tag_ids, repartition.tag_ids)
        bases = move.line_ids.filtered("tax_ids")
        self.assertEqual(bases.tax_ids, self.tax)
        self.assertEqual(
            bases.tax_tag_ids, self.tax.get_tax_tags(document == "refund", "base")
        )
        # What the VAT return will add up.
        self.assertEqual(f"{sum(bases.mapped('balance')):.2f}", base)

    # -- deemed supplier ------------------------------------------------------------

    def test_s10_deemed_supplier(self):
        """S10: 119.99 = 99.99 + 20.00; delivered; 60.00 back = 50.00 + 10.00."""
        group = self._import_order([(self.foreign_offer, 1)], date="2026-03-02")
        self.assertMove(
            self._moves(group, "capture"),
            [
                ("PSP_CLEARING", self.psp, 119.99, 0),
                ("VENDOR_PENDING", self.foreign, 0, 99.99),
                ("VAT_DEEMED", self.foreign, 0, 20.0),
            ],
        )
        self.assertVat(
            self._moves(group, "capture"), "VAT_DEEMED", "-20.00", "-99.99", "invoice"
        )
        self.assertBalances(self.foreign, pending=99.99)
        self._ship_and_deliver(group, date="2026-03-09")
        self.assertMove(
            self._moves(group, "entitlement"),
            [
                ("VENDOR_PENDING", self.foreign, 99.99, 0),
                ("VENDOR_DUE", self.foreign, 0, 99.99),
            ],
        )
        refund = self.env["marketplace.refund"].create(
            {"order_id": group.id, "date": "2026-03-12", "amount": 60.0}
        )
        refund._apply()
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_DUE", self.foreign, 50.0, 0),
                ("VAT_DEEMED", self.foreign, 10.0, 0),
                ("PSP_CLEARING", self.psp, 0, 60.0),
            ],
        )
        self.assertVat(
            self._moves(group, "refund"), "VAT_DEEMED", "10.00", "50.00", "refund"
        )
        self.assertBalances(self.foreign, due=49.99)
        self.assertEqual(f"{refund.line_ids.amount_vendor:.2f}", "60.00")
        # The rest goes back: nothing stays, neither with the vendor nor as VAT.
        self.env["marketplace.refund"].create(
            {"order_id": group.id, "date": "2026-03-13", "amount": 59.99}
        )._apply()
        self.assertBalances(self.foreign)
        vat = self._vat_item(group.ledger_line_ids.move_id, "VAT_DEEMED")
        self.assertTrue(self.currency.is_zero(sum(vat.mapped("balance"))))
        self.assertTiedOut()
        self.assertEqual(self.env["marketplace.health"]._check(self.company), [])

    def test_no_cent_is_lost_on_the_suspense_account(self):
        """Accounting 1.7: one amount in six does not survive a recomputed VAT."""
        for cents in range(11991, 11999):
            group = self._import_order([(self.foreign_offer, 1, cents / 100)])
            order = group.sale_order_ids
            move = self._moves(group, "capture")
            self.assertEqual(len(move.line_ids), 3)
            vat = self._vat_item(move, "VAT_DEEMED")
            self.assertEqual(self._minor(-vat.balance), self._minor(order.amount_tax))
        self.assertTiedOut()

    def test_vat_of_partial_payments_ends_on_the_document(self):
        """Three captures of one order: their VAT adds up to the order's, exactly."""
        payload = self._prepare_payload([(self.foreign_offer, 1)])
        [payment] = payload["payments"]
        payload["payments"] = [
            {**payment, "ref": f"{payment['ref']}{n}", "amount_minor": part}
            for n, part in enumerate((1, 3333, 8665))
        ]
        group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        vat = self._vat_item(self._moves(group, "capture"), "VAT_DEEMED")
        self.assertEqual(f"{sum(vat.mapped('balance')):.2f}", "-20.00")
        self.assertBalances(self.foreign, pending=99.99)
        self.assertTiedOut()

    def test_discount_of_the_marketplace_is_part_of_the_taxable_amount(self):
        """The third party's part is taxed too (CJEU C-398/99): VAT on 119.99."""
        group = self._import_order(
            [(self.foreign_offer, 1)], discounts=[(20.0, "marketplace")]
        )
        self.assertMove(
            self._moves(group, "capture"),
            [
                ("PSP_CLEARING", self.psp, 99.99, 0),
                ("DISCOUNT_MKT", self.foreign, 20.0, 0),
                ("VENDOR_PENDING", self.foreign, 0, 99.99),
                ("VAT_DEEMED", self.foreign, 0, 20.0),
            ],
        )
        self.assertTiedOut()

    def test_two_taxes_on_what_the_operator_declares_are_refused(self):
        payload = self._prepare_payload([(self.foreign_offer, 1)])
        payload["lines"][0]["tax_ids"] = []
        groups, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(groups)
        self.assertIn("exactly one tax", problems[0][0])

    # -- deliveries sold by the operator --------------------------------------------

    def test_delivery_sold_by_the_operator(self):
        """F3: 12.00 of delivery is the operator's revenue and VAT, not the vendor's."""
        group = self._import_order(
            [(self.carried_offer, 1)],
            shippings=[(12.0, self.carried)],
            date="2026-03-02",
        )
        own = group.sale_order_ids.filtered(lambda order: not order.vendor_id)
        vendor_order = group.sale_order_ids - own
        self.assertEqual(f"{vendor_order.amount_total:.2f}", "60.00")
        self.assertEqual(f"{own.amount_total:.2f}", "12.00")
        self.assertEqual(own.order_line.shipping_vendor_id, self.carried)
        customer = self.customer
        self.assertMove(
            self._moves(group, "capture"),
            [
                ("PSP_CLEARING", self.psp, 72.0, 0),
                ("VENDOR_PENDING", self.carried, 0, 60.0),
                ("SHIPPING_INC", customer, 0, 10.0),
                ("VAT_OUT", None, 0, 2.0),
            ],
        )
        self.assertVat(
            self._moves(group, "capture"), "VAT_OUT", "-2.00", "-10.00", "invoice"
        )
        # It is booked: no invoice of it as well.
        self.assertEqual(own.invoice_status, "no")
        self._ship_and_deliver(vendor_order, date="2026-03-05")
        self.assertBalances(self.carried, due=60.0)
        self.assertTiedOut()
        self._refund(group, [(own.order_line, 1, 6.0)], date="2026-03-08")
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("SHIPPING_INC", customer, 5.0, 0),
                ("VAT_OUT", None, 1.0, 0),
                ("PSP_CLEARING", self.psp, 0, 6.0),
            ],
        )
        self.assertVat(
            self._moves(group, "refund"), "VAT_OUT", "1.00", "5.00", "refund"
        )
        self.assertBalances(self.carried, due=60.0)
        self.assertTiedOut()
        self.assertEqual(self.env["marketplace.health"]._check(self.company), [])

    def test_shared_delivery_goes_to_each_by_his_contract(self):
        """F3: of 10.00 shared 60/40, one part is the operator's, one the vendor's."""
        group = self._import_order(
            [(self.carried_offer, 1), (self.other_offer, 1)], shippings=[(10.0, None)]
        )
        amounts = {
            order.vendor_id: f"{order.amount_total:.2f}"
            for order in group.sale_order_ids
        }
        self.assertEqual(
            amounts,
            {
                self.carried: "60.00",
                self.other: "44.00",
                self.env["res.partner"]: "6.00",
            },
        )
        self.assertBalances(self.carried, pending=60.0)
        self.assertBalances(self.other, pending=44.0)
        self.assertTiedOut()

    def test_the_method_of_the_storefront_wins_over_the_contract(self):
        """F3: recipient set per method, either way."""
        for offer, vendor, recipient, kept in (
            (self.carried_offer, self.carried, "vendor", 65.0),
            (self.other_offer, self.other, "operator", 40.0),
        ):
            payload = self._prepare_payload([(offer, 1)], shippings=[(5.0, vendor)])
            payload["shippings"][0]["recipient"] = recipient
            _group, problems = self.env["marketplace.order"]._import_batch([payload])
            self.assertFalse(problems)
            self.assertBalances(vendor, pending=kept)
        self.assertTiedOut()

    def test_delivery_paid_by_the_marketplace_is_its_own_event(self):
        """F3: free for the customer, paid to the vendor, an event of its own."""
        payload = self._prepare_payload(
            [(self.other_offer, 1)], shippings=[(5.0, self.other)]
        )
        payload["shippings"][0]["paid_by"] = "marketplace"
        payload["amount_charged_minor"] -= 500
        payload["payments"][0]["amount_minor"] -= 500
        group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        funding = group.ledger_line_ids.filtered(
            lambda line: line.event == "shipping_funding"
        )
        self.assertEqual(
            (funding.role_debit, funding.role_credit, f"{funding.amount:.2f}"),
            ("DISCOUNT_MKT", "VENDOR_PENDING", "5.00"),
        )
        self.assertFalse(
            group.ledger_line_ids.filtered(lambda x: x.event == "discount_funding")
        )
        self.assertEqual(f"{group.amount_funded:.2f}", "5.00")
        self._ship_and_deliver(group)
        self.assertBalances(self.other, due=45.0)
        self.assertTiedOut()
        self.assertEqual(self.env["marketplace.health"]._check(self.company), [])

    def test_quotation_follows_the_contracts_too(self):
        """A delivery typed in the back office is split by who sells it."""
        Line = self.env["sale.order.line"]
        product = self.env.ref("marketplace_base.product_shipping")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create({"product_id": offer.product_id.id})
                    for offer in (self.carried_offer, self.other_offer)
                ]
                + [
                    Command.create(
                        Line._marketplace_line_vals(product, 1.0, 10.0, self.tax.ids)
                    )
                ],
            }
        )
        order.action_confirm()
        group = order.marketplace_order_id
        own = group.sale_order_ids.filtered(lambda part: not part.vendor_id)
        self.assertEqual(f"{own.amount_total:.2f}", "6.00")
        self.assertEqual(own.order_line.shipping_vendor_id, self.carried)
        self.assertEqual(f"{group.amount_charged:.2f}", "110.00")
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": "QUOTE-1",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": 11000,
                    "date": fields.Datetime.now(),
                }
            ],
        )
        self.assertBalances(self.carried, pending=60.0)
        self.assertBalances(self.other, pending=44.0)
        self.assertTiedOut()
