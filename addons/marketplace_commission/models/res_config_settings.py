from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_journal_commission_id = fields.Many2one(
        related="company_id.marketplace_journal_commission_id", readonly=False
    )
    marketplace_vat_on_debits = fields.Boolean(
        related="company_id.marketplace_vat_on_debits", readonly=False
    )
    marketplace_vies_days = fields.Integer(
        related="company_id.marketplace_vies_days", readonly=False
    )
    marketplace_vies_policy = fields.Selection(
        related="company_id.marketplace_vies_policy", readonly=False
    )
