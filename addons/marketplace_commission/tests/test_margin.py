from odoo.exceptions import AccessError
from odoo.fields import Date
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestMargin(CommissionCommon):
    """B2: the margin view adds up to the income and cost accounts."""

    MEASURES = ("gmv", "refunds", "commission", "fees", "coupons", "vendor_net")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Atelier A", "Brume B"))
        cls.Margin = cls.env["marketplace.margin"]

    def _sums(self, *groupby, domain=()):
        names = [f"{name}:sum" for name in (*self.MEASURES, "net_revenue", "take_rate")]
        return self.Margin._read_group(
            [
                ("vendor_id", "in", (self.a | self.b).ids),
                ("company_id", "=", self.company.id),
                *domain,
            ],
            groupby,
            names,
        )

    def _trade(self):
        """Sell 100.00 of A with a coupon of ours, 50.00 of B; refund 50.00 of A."""
        group = self._import_order(
            [(self._create_offer(self.a, 50.00), 2)],
            discounts=[(10.00, "marketplace")],
            date="2026-02-20 10:00:00",
        )
        group |= self._import_order(
            [(self._create_offer(self.b, 50.00), 1)], date="2026-03-02 10:00:00"
        )
        self._ship_and_deliver(group, date="2026-03-03")
        fee = self.env["marketplace.fee"].create(
            {
                "name": "Photos",
                "vendor_id": self.b.id,
                "amount": 20.00,
                "date": "2026-03-04",
            }
        )
        fee.action_approve()
        lines = self.Line._invoiceable(self.company, vendors=self.a | self.b)
        lines._invoice(Date.to_date("2026-03-05"), fee)
        first = group.filtered(lambda order: self.a in order.sale_order_ids.vendor_id)
        line = first.sale_order_ids.order_line.filtered("offer_id")
        self._refund(first, [(line, 1, None)], date="2026-03-12")
        self._invoice_commission("2026-03-20", vendors=self.a)
        self.Ledger.search([("debit_move_line_id", "=", False)])._post()
        self.env.flush_all()

    def _account_total(self, role):
        """Return credit less debit of the vendors on the account of a role."""
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.company._marketplace_account(role).id),
                ("partner_id", "in", (self.a | self.b).ids),
                ("parent_state", "=", "posted"),
            ]
        )
        return -sum(items.mapped("balance"))

    def test_totals_are_those_of_the_accounts(self):
        self._trade()
        [(gmv, refunds, commission, fees, coupons, _net, revenue, rate)] = self._sums()
        money = self.assertAlmostEqual
        money(commission, self._account_total("COMMISSION"))
        money(fees, self._account_total("SUBSCRIPTION"))
        money(coupons, -self._account_total("DISCOUNT_MKT"))
        money(gmv, 140.00)
        money(refunds, 45.00)
        money(fees, 20.00)
        money(revenue, commission + fees - coupons)
        money(rate, revenue / gmv)

    def test_groups_add_up_to_the_total(self):
        self._trade()
        [total] = self._sums()
        for groupby in ("vendor_id", "categ_id", "channel", "date:month"):
            rows = self._sums(groupby)
            for rank, name in enumerate(self.MEASURES):
                self.assertAlmostEqual(
                    sum(row[rank + 1] or 0.0 for row in rows),
                    total[rank],
                    msg=f"{name} by {groupby}",
                )
        months = {str(row[0]): row[1] for row in self._sums("date:month")}
        self.assertAlmostEqual(months["2026-02-01"], 90.00)
        self.assertAlmostEqual(months["2026-03-01"], 50.00)

    def test_row_opens_its_document(self):
        self._trade()
        row = self.Margin.search([("vendor_id", "=", self.b.id), ("fees", ">", 0)])
        action = row.action_open_source()
        self.assertEqual(action["res_model"], "account.move")
        move = self.env["account.move"].browse(action["res_id"])
        self.assertEqual(move.marketplace_fee_ids.mapped("amount"), [20.00])

    def _dashboard(self, **options):
        period = {"preset": "custom", "first": "2026-03-01", "last": "2026-03-31"}
        return self.Margin.get_dashboard(**{**period, **options})

    def test_dashboard_compares_with_the_days_before(self):
        """B3: March beside the 31 days before it; the table adds up to the figures."""
        self._trade()
        data = self._dashboard()
        figures = {figure["name"]: figure for figure in data["figures"]}
        gmv = figures["gmv"]
        self.assertEqual(
            (self._minor(gmv["value"]), self._minor(gmv["previous"])), (5000, 9000)
        )
        self.assertAlmostEqual(gmv["change"], -40 / 90)
        self.assertEqual((gmv["tone"], figures["fees"]["tone"]), ("bad", "good"))
        self.assertIsNone(figures["fees"]["change"], "nothing to compare 20.00 with")
        rate = figures["take_rate"]
        self.assertAlmostEqual(
            rate["value"], figures["net_revenue"]["value"] / gmv["value"]
        )
        self.assertAlmostEqual(rate["change"], rate["value"] - rate["previous"])
        for by in ("vendor_id", "categ_id", "channel"):
            rows = self._dashboard(by=by)["rows"]
            for rank, name in ((0, "gmv"), (1, "commission"), (2, "net_revenue")):
                for side in ("value", "previous"):
                    self.assertEqual(
                        sum(self._minor(row["figures"][rank][side]) for row in rows),
                        self._minor(figures[name][side]),
                        f"{name}, {side}, by {by}",
                    )

    def test_dashboard_leads_to_the_lines(self):
        self._trade()
        data = self._dashboard()
        [row] = [row for row in data["rows"] if row["label"] == self.b.display_name]
        lines = self.Margin.search(row["domain"])
        self.assertEqual(lines.vendor_id, self.b)
        self.assertEqual(self._minor(sum(lines.mapped("gmv"))), 5000)
        sales = [self._minor(bar["gmv"]) for bar in data["bars"]]
        self.assertEqual((len(sales), sum(sales)), (31, 5000))
        bar = data["bars"][sales.index(5000)]
        self.assertEqual(
            self._minor(sum(self.Margin.search(bar["domain"]).mapped("gmv"))), 5000
        )

    def test_dashboard_without_anything_says_so(self):
        data = self._dashboard(first="2020-01-01", last="2020-01-31")
        self.assertTrue(data["is_empty"])
        self.assertFalse(data["rows"])
        for wrong in ({"last": "2026-02-01"}, {"preset": "week"}, {"first": None}):
            with self.assertRaisesRegex(MarketplaceError, "Choose a first day"):
                self._dashboard(**wrong)
        with self.assertRaisesRegex(MarketplaceError, "Compare by vendor"):
            self._dashboard(by="move_id")

    def test_dashboard_is_the_accountants(self):
        viewer = new_test_user(
            self.env, "margin_viewer", groups="marketplace_base.group_viewer"
        )
        with self.assertRaises(AccessError):
            self.Margin.with_user(viewer).get_dashboard()

    def test_each_measure_is_its_accounts(self):
        """B2: commission, fees, resale, coupons and costs are those of the P&L."""
        self._sponsor(self.a, 0.25)
        self._trade()
        bill = self._bill_sponsors()
        own = self._create_vendor("Propre", posture="principal")
        own.write(
            {
                "vat": "FR23334175221",
                "company_registry": "334175221",
                "einvoice_scheme": "0225",
                "einvoice_address": "334175221",
            }
        )
        group = self._import_order(
            [(self._create_offer(own, 120.0), 1)], date="2026-03-02 10:00:00"
        )
        self._ship_and_deliver(group, date="2026-03-05")
        self.env["marketplace.terms.acceptance"].create(
            {
                "terms_id": self._mandate().id,
                "vendor_id": own.id,
                "user_id": self.env.uid,
                "date": "2026-01-01 08:00:00",
                "ip_address": "203.0.113.7",
            }
        )
        group.sale_order_ids._issue_principal_documents()
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_margin",
                "date": "2026-03-11",
                "amount_gross": 120.0,
                "amount_fee": 3.18,
            }
        )
        settlement.action_post()
        self.Ledger.search([("debit_move_line_id", "=", False)])._post()
        self.env.flush_all()
        measures = {
            "commission": (("COMMISSION",), -1),
            "fees": (("SUBSCRIPTION",), -1),
            "resale": (("SALES", "PURCHASES"), -1),
            "coupons": (("DISCOUNT_MKT",), 1),
            "psp_cost": (("PSP_FEES",), 1),
            "sponsor_cost": ((), 1),
            "other_cost": (("OPERATOR_COST", "BAD_DEBT"), 1),
        }
        [sums] = self.Margin._read_group(
            [("company_id", "=", self.company.id)],
            [],
            [f"{name}:sum" for name in (*measures, "net_revenue")],
        )
        *values, revenue = map(self._minor, sums)
        for value, (name, (roles, sign)) in zip(values, measures.items(), strict=True):
            accounts = [self.company._marketplace_account(role).id for role in roles]
            if name == "sponsor_cost":
                accounts = bill.invoice_line_ids.account_id.ids
            items = self.env["account.move.line"].search(
                [("account_id", "in", accounts), ("parent_state", "=", "posted")]
            )
            self.assertEqual(
                value, sign * self._minor(sum(items.mapped("balance"))), name
            )
        self.assertEqual(values[2], 1200, "100.00 sold, 88.00 paid to the vendor")
        self.assertEqual(values[4], 318)
        self.assertEqual(values[5], 125, "a quarter of 10.00, of which 5.00 went back")
        self.assertEqual(revenue, sum(values[:3]) - sum(values[3:]))

    def test_sponsor_cost_is_the_bill_as_posted(self):
        """K19: a bill of 2.50, corrected to 2.00 by hand, is spread as posted."""
        self._sponsor(self.a | self.b, 0.25)
        self._trade()
        [before] = self._sums()
        bill = self._bill_sponsors(post=False)
        domain = [("sponsor_cost", "!=", 0)]
        self.env.flush_all()
        self.assertFalse(self.Margin.search(domain), "a draft is no cost yet")
        self.assertEqual(self._minor(bill.amount_untaxed), 250)
        bill.invoice_line_ids.price_unit = 2.00
        bill._post()
        self.env.flush_all()
        rows = self.Margin._read_group(domain, ["vendor_id"], ["sponsor_cost:sum"])
        costs = {vendor: self._minor(cost) for vendor, cost in rows}
        self.assertEqual(costs, {self.a: 100, self.b: 100})
        [after] = self._sums()
        revenue = len(self.MEASURES)
        self.assertEqual(self._minor(before[revenue] - after[revenue]), 200)
        row = self.Margin.search([*domain, ("vendor_id", "=", self.b.id)])
        self.assertEqual(row.action_open_source()["res_id"], bill.id)
        lamps = self.env["product.category"].create({"name": "Lamps"})
        row.sale_order_id.order_line.product_id.categ_id = lamps
        self.env.flush_all()
        row.invalidate_recordset()
        self.assertEqual(row.categ_id, lamps)
        [figure] = [
            figure
            for figure in self._dashboard()["figures"]
            if figure["name"] == "sponsor_cost"
        ]
        self.assertEqual((self._minor(figure["value"]), figure["tone"]), (200, "bad"))

    def test_known_payment_costs_are_the_vendors(self):
        """K18: 1.01 on 70.00, 20.00 and 10.00; what was posted stays the total."""
        c = self._create_vendor("Cabane C")
        parts = ((self.a, 70.0), (self.b, 20.0), (c, 10.0))
        group = self._import_order(
            [(self._create_offer(vendor, price), 1) for vendor, price in parts],
            date="2026-03-02 10:00:00",
        )
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_share",
                "date": "2026-03-11",
                "amount_gross": 100.0,
                "amount_fee": 1.01,
            }
        )
        settlement.action_post()
        self.Ledger.search([("debit_move_line_id", "=", False)])._post()
        domain = [("company_id", "=", self.company.id), ("psp_cost", "!=", 0)]

        def costs():
            self.env.flush_all()
            rows = self.Margin._read_group(domain, ["vendor_id"], ["psp_cost:sum"])
            return {vendor: self._minor(cost) for vendor, cost in rows}

        nobody = self.env["res.partner"]
        self.assertEqual(costs(), {nobody: 101})
        group.payment_ids._record_psp_fees({group.payment_ids: 101})
        self.assertEqual(costs(), {self.a: 71, self.b: 20, c: 10, nobody: 0})
        taken = self.Margin.search([*domain, ("psp_cost", "<", 0)])
        with self.assertRaisesRegex(MarketplaceError, "rows of the vendors"):
            taken.action_open_source()
        row = self.Margin.search([*domain, ("vendor_id", "=", c.id)])
        self.assertEqual(row.action_open_source()["res_model"], "sale.order")

    def _sponsor(self, vendors, rate):
        sponsor = self.env["res.partner"].create({"name": "Chambre des Métiers"})
        vendors.vendor_contract_ids.write(
            {"sponsor_id": sponsor.id, "sponsor_rate": rate}
        )

    def _bill_sponsors(self, post=True):
        """Bill the shares of the vendors, on an expense account of their own."""
        self.env.ref(
            "marketplace_commission.product_sponsor"
        ).property_account_expense_id = self.env["account.account"].create(
            {"name": "Sponsors", "code": "622299", "account_type": "expense"}
        )
        shares = self.env["marketplace.sponsor.share"].search(
            [("vendor_id", "in", (self.a | self.b).ids)]
        )
        action = shares.action_bill()
        bills = self.env["account.move"].search(action["domain"])
        bills.invoice_date = "2026-03-25"
        if post:
            bills._post()
        return bills

    def _mandate(self):
        terms = self.env["marketplace.terms"].create(
            {"name": "Mandate", "kind": "mandate", "body": "<p>We invoice.</p>"}
        )
        terms.action_publish()
        return terms
