from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionParcels(CommissionCommon):
    """However many parcels an order takes, its delivery is sold once."""

    def test_two_parcels_are_one_shipping_charge_and_one_commission(self):
        """Neither the charge nor its commission follows the number of parcels."""
        self.default_rule.write({"base_shipping": True, "rate_shipping": 0.10})
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 30.0)
        found = {}
        for parcels in ((2,), (1, 1)):
            group = self._import_order([(offer, 2)], shippings=[(5.0, vendor)])
            order = group.sale_order_ids
            goods = order.order_line.filtered("offer_id")
            for quantity in parcels:
                shipment = self.env["marketplace.shipment"]._create_for_order(
                    order, {goods.id: quantity}
                )
                shipment.action_ship()
                shipment.action_deliver()
            shipping = order.order_line - goods
            due = group.ledger_line_ids.filtered(
                lambda line, shipping=shipping: line.event == "entitlement"
                and line.sale_line_id == shipping
            )
            lines = self.Line.search([("sale_order_id", "=", order.id)])
            found[len(parcels)] = (
                len(order.marketplace_shipment_ids),
                order.amount_total,
                shipping.mapped("amount_vendor"),
                due.mapped("amount"),
                sorted(lines.mapped("amount")),
            )
        self.assertEqual(found[1][0], 1)
        self.assertEqual(found[2][0], 2)
        self.assertEqual(found[1][1:], found[2][1:])
        self.assertEqual(found[2][1:4], (65.0, [5.0], [5.0]))
        self.assertEqual(sum(found[2][4]), 6.5)
        self.assertTiedOut()
