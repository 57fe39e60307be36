from odoo import models


class MarketplaceVendorUser(models.Model):
    _inherit = "marketplace.vendor.user"

    def _owned_domain(self, model_name):
        """Hide cancelled statements."""
        domain = super()._owned_domain(model_name)
        if model_name == "marketplace.settlement":
            domain.append(("state", "!=", "cancelled"))
        return domain
