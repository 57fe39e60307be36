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

    def _after_tracking_change(self):
        """Send the parcel again: its key makes it an update of the same one."""
        res = super()._after_tracking_change()
        self._tell_storefront()
        return res

    def _tell_storefront(self):
        """Queue the parcels of storefront orders for the shop they came from."""
        # sudo: a vendor who ships in the portal reads no order group.
        for storefront, shipments in (
            self.sudo()
            .grouped(lambda shipment: shipment.marketplace_order_id.storefront_id)
            .items()
        ):
            if storefront:
                self.env["marketplace.outbox"]._enqueue(
                    storefront, "fulfilment", shipments
                )
