from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        res = super().write(vals)
        if "name" in vals:
            vendors = self.filtered("is_marketplace_vendor")
            self.env["marketplace.outbox"]._enqueue_everywhere("vendor", vendors)
        return res
