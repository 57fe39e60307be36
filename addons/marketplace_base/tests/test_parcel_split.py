from odoo.tests import tagged

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestParcelSplit(MarketplaceCommon):
    """A delivery in several parcels costs the customer, and pays the vendor, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 9.44)

    def _parcel(self, order, quantity):
        goods = order.order_line.filtered("offer_id")
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, {goods.id: quantity}
        )
        shipment.action_ship()
        return shipment

    def _shipping_due(self, order):
        shipping = order.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
        )
        self.assertEqual(len(shipping), 1)
        return order.marketplace_order_id.ledger_line_ids.filtered(
            lambda line: line.event == "entitlement" and line.sale_line_id == shipping
        ).mapped("amount")

    def test_shipping_is_due_with_the_first_parcel_only(self):
        order = self._import_order(
            [(self.offer, 3)], shippings=[(3.46, self.vendor)]
        ).sale_order_ids
        charged = order.amount_total
        for quantity, due in ((1, [3.46]), (1, [3.46]), (1, [3.46])):
            self._parcel(order, quantity).action_deliver()
            self.assertEqual(self._shipping_due(order), due)
        self.assertEqual(order.amount_total, charged)
        self.assertEqual(order.marketplace_order_id.amount_charged, charged)
        self.assertBalances(self.vendor, due=31.78)
        self.assertTiedOut()

    def test_parcels_delivered_in_one_batch_pay_shipping_once(self):
        """Also when both arrive in the same job."""
        order = self._import_order(
            [(self.offer, 2)], shippings=[(3.46, self.vendor)]
        ).sale_order_ids
        parcels = self._parcel(order, 1) | self._parcel(order, 1)
        parcels.action_deliver()
        self.assertEqual(self._shipping_due(order), [3.46])
        self.assertBalances(self.vendor, due=22.34)

    def test_shared_shipping_of_two_vendors_is_not_multiplied(self):
        """Two vendors, two parcels each: the customer's one charge, shared once."""
        other = self._create_vendor("Bruno")
        group = self._import_order(
            [(self.offer, 2), (self._create_offer(other, 20.0), 2)],
            shippings=[(6.90, None)],
        )
        for order in group.sale_order_ids:
            self._parcel(order, 1).action_deliver()
            self._parcel(order, 1).action_deliver()
        due = [
            amount
            for order in group.sale_order_ids
            for amount in self._shipping_due(order)
        ]
        self.assertEqual(len(due), 2)
        self.assertEqual(f"{sum(due):.2f}", "6.90")
        self.assertTiedOut()
