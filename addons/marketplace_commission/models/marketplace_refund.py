from odoo import models


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_apply(self):
        result = super()._after_apply()
        self.env["marketplace.commission.line"]._reverse(self.line_ids)
        return result
