from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_journal_settlement_id = fields.Many2one(
        related="company_id.marketplace_journal_settlement_id", readonly=False
    )
    marketplace_journal_payout_id = fields.Many2one(
        related="company_id.marketplace_journal_payout_id", readonly=False
    )
    marketplace_payout_posting = fields.Selection(
        related="company_id.marketplace_payout_posting", readonly=False, required=True
    )
