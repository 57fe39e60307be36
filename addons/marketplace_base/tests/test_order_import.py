from datetime import date

from odoo.tests import tagged

from ..exceptions import MarketplaceError
from .order_import_common import OrderImportCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderImport(OrderImportCommon):
    """Purchases of a storefront become groups, vendor orders and ledger lines."""

    def test_s3_vendor_documents(self):
        """Three vendors, two VAT rates, a vendor-funded discount, shared shipping."""
        group = self._import_s3()
        orders = self._by_vendor(group)
        self.assertRecordValues(
            orders[0] | orders[1] | orders[2],
            [
                {"amount_untaxed": 39.23, "amount_tax": 6.92, "amount_total": 46.15},
                {"amount_untaxed": 38.89, "amount_tax": 6.17, "amount_total": 45.06},
                {"amount_untaxed": 0.80, "amount_tax": 0.16, "amount_total": 0.96},
            ],
        )
        self.assertEqual(set(group.sale_order_ids.mapped("state")), {"sale"})
        self.assertEqual(set(group.sale_order_ids.mapped("invoice_status")), {"no"})
        self.assertRecordValues(
            group,
            [
                {
                    "amount_charged": 92.17,
                    "amount_vendor_total": 92.17,
                    "amount_funded": 0.0,
                    "amount_rounding": 0.0,
                    "payment_state": "paid",
                    "state": "to_ship",
                    "vendor_count": 3,
                }
            ],
        )
        goods = group.sale_order_ids.order_line.filtered("offer_id")
        by_offer = {line.offer_id: line for line in goods}
        self.assertEqual(
            [self._minor(by_offer[o].amount_discount_vendor) for o in self.offers],
            [400, 74, 130, 333, 10],
        )
        self.assertEqual(
            [self._minor(by_offer[o].amount_vendor) for o in self.offers],
            [3598, 671, 1169, 3000, 89],
        )
        shipping = [
            order.order_line.filtered(lambda x: x.marketplace_kind == "shipping")
            for order in orders
        ]
        self.assertEqual(
            [self._minor(line.amount_vendor) for line in shipping], [346, 337, 7]
        )
        for order in orders:
            for total, field in (
                (order.amount_total, "amount_vendor"),
                (order.amount_untaxed, "amount_vendor_untaxed"),
            ):
                self.assertEqual(
                    self._minor(total),
                    sum(self._minor(line[field]) for line in order.order_line),
                )

    def test_s3_taxes_per_document(self):
        """VAT is extracted once per vendor document and rate (accounting 4.3)."""
        group = self._import_s3()
        bases = []
        for order in self._by_vendor(group):
            [subtotal] = order.tax_totals["subtotals"]
            bases.append(
                sorted(
                    (self._minor(g["base_amount"]), self._minor(g["tax_amount"]))
                    for g in subtotal["tax_groups"]
                )
            )
        self.assertEqual(
            bases,
            [[(636, 35), (3287, 657)], [(1108, 61), (2781, 556)], [(80, 16)]],
        )

    def test_s3_capture_entry(self):
        """One capture is one entry: the PSP owes, each vendor is credited his part."""
        group = self._import_s3()
        a, b, c = self.vendors
        self.assertMove(
            group.ledger_line_ids.move_id,
            [
                ("PSP_CLEARING", self.psp, 92.17, 0),
                ("VENDOR_PENDING", a, 0, 46.15),
                ("VENDOR_PENDING", b, 0, 45.06),
                ("VENDOR_PENDING", c, 0, 0.96),
            ],
        )
        self.assertEqual(set(group.ledger_line_ids.mapped("date")), {date(2026, 3, 2)})
        self.assertTiedOut()

    def test_marketplace_funded_discount_leaves_vendor_price(self):
        """The vendor is credited the full price, the marketplace pays the rest."""
        vendor = self.vendors[0]
        group = self._import_order(
            [(self.offers[0], 1)], discounts=[(5.0, "marketplace")], date="2026-03-02"
        )
        self.assertRecordValues(
            group,
            [
                {
                    "amount_charged": 14.99,
                    "amount_vendor_total": 19.99,
                    "amount_funded": 5.0,
                    "amount_rounding": 0.0,
                }
            ],
        )
        self.assertMove(
            group.ledger_line_ids.move_id,
            [
                ("PSP_CLEARING", self.psp, 14.99, 0),
                ("DISCOUNT_MKT", vendor, 5.0, 0),
                ("VENDOR_PENDING", vendor, 0, 19.99),
            ],
        )
        self.assertTiedOut()

    def test_order_free_for_the_customer_credits_the_vendor(self):
        """No payment will come: the marketplace's part is recorded at confirmation."""
        group = self._import_order(
            [(self.offers[0], 1)], discounts=[(19.99, "marketplace")], captured=False
        )
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.vendors[0], pending=19.99)

    def test_bundle_is_shared_equally(self):
        """Scenario S2: 100.00 over three vendors, the odd cent to the first line."""
        payload = self._prepare_payload([(o, 1) for o in self.offers[1:4:2]], ref="S2")
        payload["bundles"] = [{"ref": "set", "amount_minor": 10001}]
        for line in payload["lines"]:
            line["gross_minor"] = None
            line["bundle_ref"] = "set"
        payload["amount_charged_minor"] = payload["payments"][0]["amount_minor"] = 10001
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        self.assertEqual(
            sorted(self._minor(order.amount_total) for order in groups.sale_order_ids),
            [5000, 5001],
        )

    def test_line_discounts_of_both_funders(self):
        """Discounts already on a line stay there, before shared ones."""
        payload = self._prepare_payload([(self.offers[3], 1)], captured=False)
        payload["lines"][0]["discounts"] = [
            {"funder": "vendor", "amount_minor": 333, "name": "Loyalty"},
            {"funder": "marketplace", "amount_minor": 500, "name": "Welcome"},
        ]
        payload["amount_charged_minor"] = 2500
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        order = groups.sale_order_ids
        self.assertEqual(self._minor(order.amount_total), 3000)
        discount = order.order_line.filtered(lambda x: x.marketplace_kind == "discount")
        self.assertRecordValues(
            discount, [{"price_unit": -3.33, "name": "Loyalty, Welcome"}]
        )

    def test_operator_goods_are_an_order_of_their_own(self):
        """The operator's own goods: native order, customer advance, native pickings."""
        product = self.env["product.product"].create(
            {"name": "Own mug", "is_storable": True}
        )
        payload = self._prepare_payload(
            [(self.offers[0], 1)], discounts=[(3.0, "marketplace")]
        )
        payload["lines"].append(
            {
                "ref": "own",
                "product_id": product.id,
                "name": "Own mug",
                "quantity": 2,
                "gross_minor": 1000,
                "tax_ids": self.company._marketplace_tax(20.0).ids,
            }
        )
        payload["amount_charged_minor"] += 1000
        payload["payments"][0]["amount_minor"] += 1000
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        own = groups.sale_order_ids.filtered(lambda order: not order.vendor_id)
        theirs = groups.sale_order_ids - own
        self.assertFalse(own.posture)
        # 3.00 over 19.99 and 10.00: what falls on own goods lowers their price.
        self.assertEqual(self._minor(own.amount_total), 900)
        self.assertEqual(self._minor(theirs.amount_total), 1999)
        self.assertEqual(self._minor(groups.amount_funded), 200)
        self.assertTrue(own.picking_ids)
        self.assertFalse(theirs.picking_ids)
        self.assertFalse(own.marketplace_shipping_state)
        advance = groups.ledger_line_ids.filtered(
            lambda line: line.role_credit == "CUST_ADVANCE"
        )
        self.assertEqual(self._minor(advance.amount), 900)
        self.assertEqual(advance.credit_move_line_id.partner_id, self.customer)
        self.assertTiedOut()

    def test_principal_posture_credits_the_customer_advance(self):
        """When the operator sells, the vendor is credited nothing by the payment."""
        vendor = self._create_vendor("Principal", posture="principal")
        offer = self._create_offer(vendor, 120.0)
        group = self._import_order([(offer, 1)])
        self.assertEqual(group.sale_order_ids.posture, "principal")
        self.assertEqual(group.ledger_line_ids.mapped("role_credit"), ["CUST_ADVANCE"])
        self.assertBalances(vendor)
        invoice = group.sale_order_ids._create_invoices()
        self.assertEqual(self._minor(invoice.amount_total), 12000)

    def test_agent_order_cannot_be_invoiced(self):
        """The vendor sells: the operator's own invoicing is refused in words."""
        group = self._import_order([(self.offers[0], 1)])
        with self.assertRaisesRegex(MarketplaceError, "the vendor sells this order"):
            group.sale_order_ids._create_invoices()

    def test_paid_order_cannot_be_cancelled(self):
        """What the customer paid is refunded first."""
        group = self._import_order([(self.offers[0], 1)])
        with self.assertRaisesRegex(MarketplaceError, "refund it from"):
            group.sale_order_ids.action_cancel()
        unpaid = self._import_order([(self.offers[0], 1)], captured=False)
        unpaid.sale_order_ids.action_cancel()
        self.assertEqual(unpaid.state, "cancelled")

    def test_confirmed_purchase_does_not_change(self):
        """Lines and terms are what the customer bought; refunds correct them."""
        order = self._import_order([(self.offers[0], 1)]).sale_order_ids
        line = order.order_line
        for change in (
            lambda: line.write({"product_uom_qty": 2}),
            lambda: line.write({"price_unit": 1.0}),
            lambda: line.copy({"order_id": order.id}),
            lambda: order.write({"posture": "principal"}),
            lambda: order.write({"vendor_id": self.vendors[1].id}),
        ):
            with self.assertRaisesRegex(MarketplaceError, "cannot change"):
                change()
        line.name = "Better words"

    # -- currencies ----------------------------------------------------------------

    def _import_in(self, code, gross, shipping, discount):
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)])
        )
        currency.active = True
        for vendor in self.vendors:
            vendor.vendor_contract_ids.other_currency_ids = currency
        payload = self._prepare_payload(self.cart, captured=False)
        payload["currency_id"] = currency.id
        for line, minor in zip(payload["lines"], gross, strict=True):
            line["gross_minor"] = minor
        tax = self.company._marketplace_tax(20.0)
        payload["shippings"] = [
            {
                "ref": "S",
                "name": "Post",
                "amount_minor": shipping,
                "vendor_id": None,
                "tax_ids": tax.ids,
            }
        ]
        payload["discounts"] = [
            {
                "ref": "D",
                "name": "Ten",
                "amount_minor": discount,
                "funder": "vendor",
                "line_refs": None,
            }
        ]
        charged = sum(gross) + shipping - discount
        payload["amount_charged_minor"] = charged
        payload["payments"] = [
            {
                "ref": f"{code}-P",
                "provider": "x",
                "state": "captured",
                "amount_minor": charged,
                "date": payload["date_order"],
            }
        ]
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        orders = groups.sale_order_ids
        self.assertEqual(orders.currency_id, currency)
        minor = currency._marketplace_minor
        self.assertEqual(sum(minor(order.amount_total) for order in orders), charged)
        for order in orders:
            self.assertEqual(
                minor(order.amount_total),
                sum(minor(line.amount_vendor) for line in order.order_line),
            )
        credited = groups.ledger_line_ids
        self.assertEqual(sum(minor(line.amount) for line in credited), charged)
        return groups

    def test_yen_without_decimals(self):
        """0 decimals: the split holds to the yen."""
        self._import_in("JPY", [3998, 745, 1299, 3333, 99], 690, 947)
        self.assertTiedOut()

    def test_dinar_with_three_decimals(self):
        """3 decimals: prices of a thousandth survive Odoo's own rounding."""
        group = self._import_in("KWD", [39981, 7452, 12993, 33337, 991], 6907, 9473)
        self.assertEqual(group.currency_id.decimal_places, 3)

    # -- payments ------------------------------------------------------------------

    def test_authorized_payment_moves_nothing_until_captured(self):
        """An authorization is no money; its capture is, once."""
        group = self._import_s3(captured=False)
        Payment = self.env["marketplace.payment"]
        payment = {
            "ref": "PAY-1",
            "provider": "payflow",
            "state": "authorized",
            "amount_minor": 9217,
            "date": group.date_order,
        }
        Payment._record_batch(group, [payment])
        self.assertEqual(group.payment_state, "authorized")
        self.assertFalse(group.ledger_line_ids)
        captured = {**payment, "state": "captured"}
        Payment._record_batch(group, [captured])
        lines = group.ledger_line_ids
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(sum(self._minor(line.amount) for line in lines), 9217)
        Payment._record_batch(group, [captured, payment])
        self.assertEqual(len(group.payment_ids), 1)
        self.assertEqual(group.ledger_line_ids, lines)

    def test_two_captures_share_what_is_left(self):
        """A gift card and a card: each cent is credited once, funding with the last."""
        group = self._import_s3("marketplace", captured=False)
        Payment = self.env["marketplace.payment"]
        base = {"provider": "x", "state": "captured", "date": group.date_order}
        Payment._record_batch(group, [{**base, "ref": "GIFT", "amount_minor": 1001}])
        self.assertEqual(group.payment_state, "partial")
        self.assertNotIn("discount_funding", group.ledger_line_ids.mapped("event"))
        Payment._record_batch(group, [{**base, "ref": "CARD", "amount_minor": 8216}])
        self.assertEqual(group.payment_state, "paid")
        for order in group.sale_order_ids:
            credited = group.ledger_line_ids.filtered(
                lambda line, order=order: line.sale_order_id == order
            )
            self.assertEqual(
                sum(self._minor(line.amount) for line in credited),
                self._minor(order.amount_total),
            )
        self.assertTiedOut()

    def test_capture_above_the_charge_is_refused(self):
        """More money than the customer was charged is never swallowed."""
        group = self._import_s3()
        extra = {
            "ref": "AGAIN",
            "provider": "x",
            "state": "captured",
            "amount_minor": 1,
            "date": group.date_order,
        }
        with self.assertRaisesRegex(MarketplaceError, "exceed"):
            self.env["marketplace.payment"]._record_batch(group, [extra])
