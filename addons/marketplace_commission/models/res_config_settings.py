from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_journal_commission_id = fields.Many2one(
        related="company_id.marketplace_journal_commission_id", readonly=False
    )
