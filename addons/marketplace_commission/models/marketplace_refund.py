from odoo import models


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_apply(self):
        result = super()._after_apply()
        self.env["marketplace.commission.line"]._reverse(self.line_ids)
        return result

    def _effect_commission(self, parts):
        """Add the commission given back, by the arithmetic of the reversal itself."""
        result = super()._effect_commission(parts)
        reversals = self.env["marketplace.commission.line"]._reversals(parts)
        for line, minor in reversals:
            vendor_id = line.vendor_id.id
            result[vendor_id] = result.get(vendor_id, 0) + minor
        return result
