from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionRefusal(CommissionCommon):
    """Units that a vendor refuses cost him no commission, paid or not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.offer = cls._create_offer(cls.vendor, 10.0)

    def _commission(self, order):
        order.invalidate_recordset(["amount_commission"])
        return order.amount_commission

    def test_refused_unpaid_units_free_their_commission(self):
        order = self._import_order([(self.offer, 3)], captured=False).sale_order_ids
        whole = self._commission(order)
        self.assertGreater(whole, 0.0)
        order._marketplace_refuse("vendor", {order.order_line: 1}, "out_of_stock")
        self.assertAlmostEqual(self._commission(order), whole * 2 / 3, places=2)
        order._marketplace_refuse("vendor", {order.order_line: 2}, "out_of_stock")
        self.assertAlmostEqual(self._commission(order), 0.0)

    def test_refused_paid_units_free_it_with_their_refund(self):
        group = self._import_order([(self.offer, 3)])
        order = group.sale_order_ids
        whole = self._commission(order)
        order._marketplace_refuse("vendor", {order.order_line: 3}, "out_of_stock")
        self.assertAlmostEqual(self._commission(order), whole)
        group.refund_ids.action_apply()
        self.assertAlmostEqual(self._commission(order), 0.0)
