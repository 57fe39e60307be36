from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderSplit(MarketplaceCommon):
    """A quotation typed with goods of several vendors splits when it is confirmed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = [cls._create_vendor(name) for name in ("Alma", "Bora", "Cima")]
        a, b, c = cls.vendors
        cls.offers = [
            cls._create_offer(a, 19.99),
            cls._create_offer(a, 7.45, tax_rate=5.5),
            cls._create_offer(b, 4.33, tax_rate=5.5),
            cls._create_offer(b, 33.33),
            cls._create_offer(c, 0.99),
        ]
        cls.tax20 = cls.company._marketplace_tax(20.0)
        cls.own = cls.env["product.product"].create(
            {
                "name": "Own mug",
                "type": "service",
                "taxes_id": [Command.set(cls.tax20.ids)],
            }
        )
        cls.shipping = cls.env.ref("marketplace_base.product_shipping")
        cls.discount = cls.env.ref("marketplace_base.product_discount")

    def _shared(self, product, price, **vals):
        return Command.create(
            {
                "product_id": product.id,
                "price_unit": price,
                "tax_ids": [Command.set(self.tax20.ids)],
                **vals,
            }
        )

    def _quotation(self, offers, *extra):
        """Return a quotation as a salesperson types it: products and quantities."""
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    *(
                        Command.create(
                            {
                                "product_id": offer.product_id.id,
                                "product_uom_qty": quantity,
                            }
                        )
                        for offer, quantity in offers
                    ),
                    *extra,
                ],
            }
        )

    def _parts(self, quotation):
        return {
            order.vendor_id: order
            for order in quotation.marketplace_order_id.sale_order_ids
        }

    def test_product_brings_offer_price_and_tax(self):
        """A typed product takes the cheapest offer: vendor, price with VAT, taxes."""
        cheaper = self._create_offer(
            self.vendors[2], 15.0, product=self.offers[0].product_id
        )
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.offers[0].product_id
        self.assertRecordValues(
            form.record.order_line,
            [
                {
                    "offer_id": cheaper.id,
                    "vendor_id": self.vendors[2].id,
                    "price_unit": 15.0,
                    "price_total": 15.0,
                    "tax_ids": self.tax20.ids,
                }
            ],
        )

    def test_s3_typed_as_a_quotation(self):
        """The back office splits as the import does, to the cent."""
        tax55 = self.company._marketplace_tax(5.5)
        quotation = self._quotation(
            zip(self.offers, (2, 1, 3, 1, 1), strict=True),
            self._shared(self.shipping, 6.90),
            # Ten percent, one line per tax as Odoo's own discount makes them.
            self._shared(self.discount, -7.43),
            self._shared(self.discount, -2.04, tax_ids=[Command.set(tax55.ids)]),
        )
        quotation.action_confirm()
        parts = self._parts(quotation)
        self.assertEqual(set(parts), set(self.env["res.partner"].concat(*self.vendors)))
        self.assertEqual(parts[self.vendors[0]], quotation)
        self.assertEqual({order.state for order in parts.values()}, {"sale"})
        group = quotation.marketplace_order_id
        self.assertRecordValues(
            group,
            [
                {
                    "amount_charged": 92.17,
                    "amount_vendor_total": 92.17,
                    "amount_rounding": 0.0,
                    "channel": "odoo",
                    "payment_state": "not_paid",
                }
            ],
        )
        # 20 %: 743 over 39.98, 33.33, 0.99; 5.5 %: 204 over 7.45, 12.99; shipping 690
        # over 42.69, 41.69, 0.89: the shares of S3.
        self.assertEqual(
            {
                vendor.name: self._minor(order.amount_total)
                for vendor, order in parts.items()
            },
            {"Alma": 4615, "Bora": 4506, "Cima": 96},
        )
        for order in parts.values():
            self.assertEqual(
                self._minor(order.amount_total),
                sum(self._minor(line.amount_vendor) for line in order.order_line),
            )
            self.assertEqual(order.posture, "agent")
            self.assertTrue(order.contract_id)
            self.assertFalse(order.picking_ids)

    def test_what_was_typed_survives_the_split(self):
        """Names, prices and taxes typed by hand move with their lines."""
        quotation = self._quotation([(self.offers[0], 1), (self.offers[3], 2)])
        line = quotation.order_line[1]
        tax55 = self.company._marketplace_tax(5.5)
        line.write({"name": "As agreed", "price_unit": 30.0, "tax_ids": tax55.ids})
        quotation.action_confirm()
        part = self._parts(quotation)[self.vendors[1]]
        self.assertEqual(part.order_line, line)
        self.assertRecordValues(
            line,
            [{"name": "As agreed", "price_total": 60.0, "tax_ids": tax55.ids}],
        )

    def test_own_goods_stay_in_the_quotation(self):
        """The quotation keeps the operator's goods; vendors get orders of their own."""
        quotation = self._quotation(
            [(self.offers[0], 1)],
            self._shared(self.own, 10.0),
            self._shared(self.shipping, 3.0),
        )
        quotation.action_confirm()
        self.assertFalse(quotation.vendor_id)
        self.assertFalse(quotation.posture)
        self.assertIn(self.own, quotation.order_line.product_id)
        self.assertEqual(self._minor(quotation.amount_total), 1100)
        [vendor_order] = quotation.marketplace_order_id.sale_order_ids - quotation
        self.assertEqual(self._minor(vendor_order.amount_total), 2199)

    def test_marketplace_funded_discount(self):
        """A discount the marketplace pays leaves the vendors' orders at full price."""
        quotation = self._quotation(
            [(self.offers[0], 1), (self.offers[3], 1)],
            self._shared(self.discount, -5.0, discount_funder="marketplace"),
        )
        quotation.action_confirm()
        group = quotation.marketplace_order_id
        self.assertRecordValues(
            group,
            [
                {
                    "amount_vendor_total": 53.32,
                    "amount_funded": 5.0,
                    "amount_charged": 48.32,
                    "amount_rounding": 0.0,
                }
            ],
        )
        self.assertNotIn(self.discount, group.sale_order_ids.order_line.product_id)

    def test_odoo_discount_line_is_shared(self):
        """Odoo's own discount wizard makes lines that are shared like any discount."""
        quotation = self._quotation([(self.offers[0], 1), (self.offers[3], 1)])
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": quotation.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.10,
            }
        ).action_apply_discount()
        total = quotation.amount_total
        quotation.action_confirm()
        group = quotation.marketplace_order_id
        self.assertEqual(self._minor(group.amount_charged), self._minor(total))
        goods = group.sale_order_ids.order_line.filtered("offer_id")
        self.assertEqual(
            sum(self._minor(line.amount_discount_vendor) for line in goods),
            5332 - self._minor(total),
        )

    def test_prices_without_vat(self):
        """B2B prices: the order is the sum of the vendors' documents (4.1 rule 3)."""
        tax = self.company._marketplace_tax(20.0, included=False)
        quotation = self._quotation([(self.offers[0], 1), (self.offers[3], 1)])
        quotation.order_line.tax_ids = tax
        shipping = self._shared(self.shipping, 9.99, tax_ids=[Command.set(tax.ids)])
        quotation.order_line = [shipping]
        quotation.action_confirm()
        group = quotation.marketplace_order_id
        untaxed = sum(self._minor(o.amount_untaxed) for o in group.sale_order_ids)
        self.assertEqual(untaxed, 1999 + 3333 + 999)
        for order in group.sale_order_ids:
            self.assertEqual(
                self._minor(order.amount_total),
                sum(self._minor(line.amount_vendor) for line in order.order_line),
            )
        self.assertEqual(
            self._minor(group.amount_charged),
            sum(self._minor(order.amount_total) for order in group.sale_order_ids),
        )

    def test_marketplace_discount_without_vat_is_refused(self):
        """What the marketplace owes includes VAT; the price does not."""
        tax = self.company._marketplace_tax(20.0, included=False)
        quotation = self._quotation(
            [(self.offers[0], 1)],
            self._shared(self.discount, -5.0, discount_funder="marketplace"),
        )
        quotation.order_line[0].tax_ids = tax
        with self.assertRaisesRegex(MarketplaceError, "needs prices that include VAT"):
            quotation.action_confirm()

    def test_single_vendor_keeps_the_quotation_as_it_is(self):
        """One vendor: no new order, no line touched, one group."""
        quotation = self._quotation(
            [(self.offers[0], 1)], self._shared(self.shipping, 3.0)
        )
        lines = quotation.order_line
        quotation.action_confirm()
        self.assertEqual(quotation.marketplace_order_id.sale_order_ids, quotation)
        self.assertEqual(quotation.order_line, lines)
        self.assertEqual(quotation.vendor_id, self.vendors[0])

    def test_quotation_without_vendors_is_plain_odoo(self):
        """Nothing of ours happens to an ordinary order."""
        quotation = self._quotation([], self._shared(self.own, 10.0))
        quotation.action_confirm()
        self.assertFalse(quotation.marketplace_order_id)
        self.assertEqual(quotation.invoice_status, "to invoice")

    def test_vendor_without_contract_stops_the_confirmation(self):
        """Nothing is split when one vendor cannot sell."""
        quotation = self._quotation([(self.offers[0], 1), (self.offers[3], 1)])
        contract = self.vendors[1].current_contract_id
        contract._transition("draft")
        with self.assertRaisesRegex(MarketplaceError, "Bora has no contract in force"):
            quotation.action_confirm()
        self.assertEqual(quotation.state, "draft")
        self.assertFalse(quotation.marketplace_order_id)

    def test_discount_above_the_goods_is_refused(self):
        """The message names the line that cannot be shared."""
        quotation = self._quotation(
            [(self.offers[4], 1)], self._shared(self.discount, -5.0, name="Too much")
        )
        with self.assertRaisesRegex(MarketplaceError, "Too much"):
            quotation.action_confirm()

    def test_salesperson_confirms_without_marketplace_rights(self):
        """Selling is enough to confirm: the group is the marketplace's business."""
        user = new_test_user(
            self.env,
            "seller",
            groups="sales_team.group_sale_salesman_all_leads",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        quotation = self._quotation(
            [(self.offers[0], 1), (self.offers[3], 1)],
            self._shared(self.shipping, 3.0),
        )
        quotation.with_user(user).action_confirm()
        self.assertEqual(len(quotation.marketplace_order_id.sale_order_ids), 2)

    def test_typed_order_is_paid_by_hand(self):
        """A captured payment of a typed order credits its vendors."""
        quotation = self._quotation([(self.offers[0], 1), (self.offers[3], 1)])
        quotation.action_confirm()
        group = quotation.marketplace_order_id
        payment = self.env["marketplace.payment"].create(
            {"order_id": group.id, "provider": "transfer", "amount": 53.32}
        )
        payment.action_capture()
        payment.action_capture()
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.vendors[0], pending=19.99)
        self.assertBalances(self.vendors[1], pending=33.33)
        self.assertTiedOut()
