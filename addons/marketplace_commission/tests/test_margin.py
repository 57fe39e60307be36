from odoo.fields import Date
from odoo.tests import tagged

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
