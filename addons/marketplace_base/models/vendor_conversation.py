from odoo import models
from odoo.fields import Domain


class MarketplaceVendorUser(models.Model):
    """Which messages the portal and the API show a vendor."""

    _inherit = "marketplace.vendor.user"

    def _owned_domain(self, model_name):
        domain = super()._owned_domain(model_name)
        if model_name in ("marketplace.conversation", "marketplace.message"):
            # Not before the order itself is shown.
            orders = Domain(self._owned_domain("sale.order"))
            domain = Domain(domain) & Domain("sale_order_id", "any", orders)
        if model_name == "marketplace.message":
            domain &= self.env["marketplace.message"]._domain_for_vendor()
        return domain
