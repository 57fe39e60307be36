from datetime import date

from odoo.tests import tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderImport(MarketplaceCommon):
    """Purchases of a storefront become groups, vendor orders and ledger lines."""

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
        # Scenario S3 of the accounting design.
        cls.cart = list(zip(cls.offers, (2, 1, 3, 1, 1), strict=True))
        cls.Order = cls.env["marketplace.order"]

    def _import_s3(self, funder="vendor", **options):
        return self._import_order(
            self.cart,
            shippings=[(6.90, None)],
            discounts=[(9.47, funder)],
            date="2026-03-02",
            **options,
        )

    def _problems(self, *payloads):
        """Import and return the problems; assert that bad payloads leave nothing."""
        before = self.Order.search_count([])
        groups, problems = self.Order._import_batch(list(payloads))
        self.assertEqual(self.Order.search_count([]) - before, len(groups))
        self.assertEqual(len(groups) + len(problems), len(payloads))
        return groups, problems

    def _by_vendor(self, group):
        orders = {order.vendor_id: order for order in group.sale_order_ids}
        return [orders[vendor] for vendor in self.vendors]

    # -- the split, to the cent ----------------------------------------------------

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

    def test_difference_within_tolerance_is_rounding(self):
        """Two cents less than the lines: the operator bears them, by name."""
        payload = self._prepare_payload(self.cart, tolerance_minor=2)
        charged = payload["amount_charged_minor"] - 2
        payload["amount_charged_minor"] = charged
        payload["payments"][0]["amount_minor"] = charged
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        self.assertEqual(self._minor(groups.amount_rounding), 2)
        rounding = groups.ledger_line_ids.filtered(lambda x: x.event == "rounding")
        self.assertEqual(set(rounding.mapped("role_debit")), {"OPERATOR_COST"})
        self.assertEqual(sum(self._minor(line.amount) for line in rounding), 2)
        credited = sum(self._minor(line.amount) for line in groups.ledger_line_ids)
        self.assertEqual(credited, charged + 2)
        self.assertTiedOut()

    def test_difference_paid_above_the_lines_is_kept(self):
        """One cent more than the lines: the operator keeps it, vendors do not."""
        payload = self._prepare_payload(self.cart, tolerance_minor=2)
        charged = payload["amount_charged_minor"] + 1
        payload["amount_charged_minor"] = charged
        payload["payments"][0]["amount_minor"] = charged
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        [rounding] = groups.ledger_line_ids.filtered(lambda x: x.event == "rounding")
        self.assertRecordValues(
            rounding,
            [
                {
                    "role_debit": "PSP_CLEARING",
                    "role_credit": "OPERATOR_COST",
                    "amount": 0.01,
                }
            ],
        )
        self.assertTiedOut()

    # -- twice ---------------------------------------------------------------------

    def test_second_import_writes_nothing(self):
        """The same purchase again: the same record, no line, no entry, no payment."""
        payload = self._prepare_payload(self.cart)
        first, _problems = self.Order._import_batch([payload])
        models = [
            "marketplace.order",
            "sale.order",
            "sale.order.line",
            "marketplace.payment",
            "marketplace.ledger.line",
            "account.move",
        ]
        before = [self.env[name].search_count([]) for name in models]
        again, problems = self.Order._import_batch([payload, payload])
        self.assertEqual(again, first)
        self.assertFalse(problems)
        self.assertEqual([self.env[name].search_count([]) for name in models], before)

    def test_same_purchase_twice_in_a_batch(self):
        """One of two equal payloads of a batch is written."""
        payload = self._prepare_payload(self.cart)
        groups, problems = self.Order._import_batch([payload, dict(payload)])
        self.assertEqual(len(groups), 1)
        self.assertFalse(problems)

    # -- bad input: words, and nothing written -------------------------------------

    def test_bad_purchases_do_not_stop_the_others(self):
        """Each bad purchase says what is wrong; the good ones of the batch pass."""
        good = self._prepare_payload(self.cart)
        unknown_offer = self._prepare_payload(self.cart)
        unknown_offer["lines"][1]["offer_id"] = 999999999
        unknown_tax = self._prepare_payload(self.cart)
        unknown_tax["lines"][0]["tax_ids"] = [999999999]
        wrong_total = self._prepare_payload(self.cart)
        wrong_total["amount_charged_minor"] += 1
        groups, problems = self._problems(unknown_offer, good, unknown_tax, wrong_total)
        self.assertEqual(groups.external_ref, good["external_ref"])
        self.assertEqual(set(problems), {0, 2, 3})
        self.assertIn("unknown offer", problems[0][0])
        self.assertIn(self.offers[1].product_id.display_name, problems[0][0])
        self.assertIn("unknown tax", problems[2][0])
        self.assertIn("does not add up", problems[3][0])

    def test_all_problems_of_a_purchase_are_told(self):
        """The person who repairs sees everything at once."""
        payload = self._prepare_payload(self.cart)
        payload["lines"][0]["offer_id"] = 999999999
        payload["lines"][1]["tax_ids"] = [999999999]
        payload["lines"][2]["quantity"] = 0
        _groups, problems = self._problems(payload)
        self.assertEqual(len(problems[0]), 3)

    def test_excluded_tax_is_refused(self):
        """Prices come with VAT: a tax on top of them would charge it twice."""
        payload = self._prepare_payload(self.cart)
        tax = self.company._marketplace_tax(20.0, included=False)
        payload["lines"][0]["tax_ids"] = tax.ids
        _groups, problems = self._problems(payload)
        self.assertIn("not included in the price", problems[0][0])

    def test_vendor_without_contract_is_refused(self):
        """The date of the order decides, not today."""
        early = self._prepare_payload(self.cart[:1], date="2024-06-01")
        _groups, problems = self._problems(early)
        self.assertIn("Alma has no contract in force", problems[0][0])

    def test_amounts_that_cannot_be_shared_are_refused(self):
        """Discounts above the goods, deliveries of absent vendors, empty bundles."""
        stranger = self._create_vendor("Stranger")
        discount = self._prepare_payload(self.cart, discounts=[(1000.0, "vendor")])
        discount["amount_charged_minor"] = 0
        delivery = self._prepare_payload(self.cart, shippings=[(5.0, stranger)])
        bundle = self._prepare_payload(self.cart)
        bundle["bundles"] = [{"ref": "set", "amount_minor": 500}]
        _groups, problems = self._problems(discount, delivery, bundle)
        self.assertIn("more than what it lowers", problems[0][0])
        self.assertIn("sells nothing in this order", problems[1][0])
        self.assertIn("no lines", problems[2][0])

    def test_payments_above_the_charge_are_refused(self):
        """A purchase whose payments exceed its total is not written."""
        payload = self._prepare_payload(self.cart)
        payload["payments"][0]["amount_minor"] += 1
        _groups, problems = self._problems(payload)
        self.assertIn("exceed", problems[0][0])

    def test_missing_customer_currency_and_lines(self):
        """A purchase without parties says which are missing."""
        payload = self._prepare_payload([], captured=False)
        payload.update(partner_id=999999999, currency_id=999999999)
        _groups, problems = self._problems(payload)
        self.assertEqual(len(problems[0]), 3)

    # -- speed ---------------------------------------------------------------------

    def _batch(self, count):
        """Return payloads of 6 lines over 3 vendors, in different cities of one day."""
        extra = self._extra_offer
        return [
            self._prepare_payload(
                [*self.cart, (extra, 1)], shippings=[(6.90, None)], date="2026-03-02"
            )
            for _rank in range(count)
        ]

    def _import_queries(self, size):
        batch = self._batch(size)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        _groups, problems = self.Order._import_batch(batch)
        self.env.flush_all()
        self.assertFalse(problems)
        return self.env.cr.sql_log_count - before

    def test_import_budget(self):
        """Queries belong to the batch; an order adds only the number of its entry."""
        self._extra_offer = self._create_offer(self.vendors[2], 12.5)
        self._import_queries(1)
        few, many = self._import_queries(10), self._import_queries(20)
        self.assertLessEqual(few, 150)
        # One journal entry per capture: what Odoo spends on posting and numbering it.
        self.assertLessEqual(many - few, 10 * 5)
        self.company.marketplace_posting_mode = "day_vendor"
        few, many = self._import_queries(10), self._import_queries(20)
        self.assertLessEqual(few, 75)
        self.assertLessEqual(many - few, 5)
