from odoo import fields
from odoo.tests import freeze_time, new_test_user, tagged

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorSla(MarketplaceCommon):
    """What vendors are measured by, per period of the company's calendar."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor(
            "Alma", acceptance_required=True, acceptance_hours=72
        )
        cls.offer = cls._create_offer(cls.vendor, 10.0)
        cls.company.partner_id.tz = "Europe/Paris"
        cls.Sla = cls.env["marketplace.vendor.sla"]

    def _sell(self, moment, **options):
        with freeze_time(moment):
            return self._import_order([(self.offer, 2)], **options).sale_order_ids

    def _ship(self, order, moment):
        with freeze_time(moment):
            self._ship_and_deliver(order)

    def _row(self, order):
        return self.Sla.search([("sale_order_id", "=", order.id)])

    def test_hours_without_the_time_on_hold(self):
        """Seen at 8, held from 10 to 16, accepted at 18, shipped next day at 8."""
        order = self._sell("2026-03-02 08:00:00")
        with freeze_time("2026-03-02 10:00:00"):
            order._marketplace_hold("address")
        with freeze_time("2026-03-02 16:00:00"):
            order._marketplace_release()
        with freeze_time("2026-03-02 18:00:00"):
            order._marketplace_accept("vendor")
        self._ship(order, "2026-03-03 08:00:00")
        self.assertRecordValues(
            self._row(order),
            [
                {
                    "vendor_id": self.vendor.id,
                    "acceptance_hours": 4.0,
                    "dispatch_hours": 18.0,
                    "rate_cancelled": 0.0,
                    "rate_refunded": 0.0,
                    "rate_disputed": 0.0,
                }
            ],
        )

    def test_order_without_a_whole_answer_has_no_time(self):
        order = self._sell("2026-03-02 08:00:00")
        with freeze_time("2026-03-02 09:00:00"):
            order._marketplace_refuse("vendor", {order.order_line: 1}, "out_of_stock")
        self.assertFalse(self._row(order).acceptance_hours)
        with freeze_time("2026-03-02 11:00:00"):
            order._marketplace_accept("vendor")
        self.env.invalidate_all()
        self.assertEqual(self._row(order).acceptance_hours, 3.0)

    def test_hold_before_the_vendor_sees_it_is_no_time_of_his(self):
        order = self._sell("2026-03-02 08:00:00", hold={"reason_code": "fraud"})
        with freeze_time("2026-03-05 08:00:00"):
            order._marketplace_release()
        with freeze_time("2026-03-05 09:30:00"):
            order._marketplace_accept("vendor")
        row = self._row(order)
        self.assertEqual(row.acceptance_hours, 1.5)
        self.assertEqual(str(row.date), "2026-03-05")

    def test_period_ends_at_midnight_of_the_company(self):
        """The last second of March in Paris is in March, the next one in April."""
        last = self._sell("2026-03-31 21:59:59")
        first = self._sell("2026-03-31 22:00:00")
        self.assertEqual(str(self._row(last).date), "2026-03-31")
        self.assertEqual(str(self._row(first).date), "2026-04-01")
        self.env.flush_all()
        months = self.Sla._read_group(
            [("sale_order_id", "in", (last | first).ids)],
            ["date:month"],
            ["order_count:sum"],
        )
        self.assertEqual(
            months,
            [
                (fields.Date.to_date("2026-03-01"), 1),
                (fields.Date.to_date("2026-04-01"), 1),
            ],
        )

    def test_rates_of_a_period(self):
        """Of four orders one is refused, one refunded, one charged back."""
        orders = self.env["sale.order"].union(
            *(self._sell("2026-05-04 08:00:00") for _number in range(4))
        )
        refused, refunded, disputed, _good = orders
        refused._marketplace_refuse("vendor", {refused.order_line: 1}, "out_of_stock")
        refused.marketplace_order_id.refund_ids._apply()
        (orders - refused)._marketplace_accept("vendor")
        self._ship(orders - refused, "2026-05-05 08:00:00")
        self._refund(refunded.marketplace_order_id, [(refunded.order_line, 1, None)])
        dispute = self.env["marketplace.dispute"].create(
            {"payment_id": disputed.marketplace_order_id.payment_ids.id}
        )
        dispute.action_open()
        [row] = self.Sla._read_group(
            [("vendor_id", "=", self.vendor.id)],
            ["vendor_id"],
            [
                "order_count:sum",
                "rate_cancelled:avg",
                "rate_refunded:avg",
                "rate_disputed:avg",
                "dispatch_hours:avg",
            ],
        )
        self.assertEqual(row, (self.vendor, 4, 0.25, 0.25, 0.25, 24.0))

    def test_fraud_is_not_the_vendor_s_cancellation(self):
        """Neither what was held and cancelled, nor what is refused as fraud later."""
        held = self._sell("2026-06-01 08:00:00", hold={"reason_code": "payment"})
        held._marketplace_cancel_held("other", "Not paid")
        fraud = self._sell("2026-06-01 08:00:00")
        fraud._marketplace_refuse("operator", {fraud.order_line: 2}, "fraud")
        self.assertFalse(self._row(held) | self._row(fraud))

    def test_viewer_reads_the_figures_of_his_companies(self):
        order = self._sell("2026-06-01 08:00:00")
        viewer = new_test_user(
            self.env, "sla.viewer", groups="marketplace_base.group_viewer"
        )
        self.assertTrue(self._row(order).with_user(viewer).read(["acceptance_hours"]))
        action = self.vendor.with_user(viewer).action_view_vendor_sla()
        self.assertEqual(self.Sla.search(action["domain"]), self._row(order))
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "sla.stranger",
            groups="marketplace_base.group_viewer",
            company_id=other.id,
            company_ids=other.ids,
        )
        self.assertFalse(
            self.Sla.with_user(stranger)
            .with_context(allowed_company_ids=other.ids)
            .search([])
        )
