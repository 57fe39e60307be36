from odoo import models


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _after_ship(self):
        res = super()._after_ship()
        self._tell_storefront()
        return res

    def _after_deliver(self):
        res = super()._after_deliver()
        self._tell_storefront()
        return res

    def _tell_storefront(self):
        """Queue the parcels of storefront orders for the shop they came from."""
        # sudo: a vendor who ships in the portal reads no order group.
        groups = self.sudo().sale_order_id.marketplace_order_id
        for storefront in groups.storefront_id:
            shipments = self.filtered(
                lambda shipment: shipment.sudo().marketplace_order_id.storefront_id
                == storefront  # noqa: B023
            )
            self.env["marketplace.outbox"]._enqueue(storefront, "fulfilment", shipments)
