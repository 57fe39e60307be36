from odoo import models

# What of an offer the shop shows; other fields send nothing.
SENT_FIELDS = {
    "active",
    "condition",
    "is_sellable",
    "price",
    "product_id",
    "quantity",
    "vendor_sku",
}


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    def _after_offer_change(self, fields_changed):
        res = super()._after_offer_change(fields_changed)
        if fields_changed & SENT_FIELDS:
            self.env["marketplace.outbox"]._enqueue_everywhere("offer", self)
        return res
