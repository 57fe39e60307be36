"""The carrier's number of a parcel may change after it left; its contents may not."""

from odoo import models

from ..exceptions import MarketplaceError

TRACKING_FIELDS = {"carrier_name", "tracking_ref", "tracking_url"}


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def write(self, vals):
        names = TRACKING_FIELDS & vals.keys()
        changed = self.filtered(
            lambda shipment: any(
                (shipment[name] or "") != (vals[name] or "") for name in names
            )
        )
        for shipment in changed:
            if shipment.state == "cancelled":
                raise MarketplaceError(
                    self.env._(
                        "%(shipment)s is cancelled: it has no tracking number to "
                        "correct.",
                        shipment=shipment.name,
                    )
                )
        res = super().write(vals)
        told = changed.filtered(lambda shipment: shipment.state != "draft")
        if told:
            told._after_tracking_change()
        return res

    def _after_tracking_change(self):
        """Act on parcels on their way whose tracking was corrected; to extend."""
