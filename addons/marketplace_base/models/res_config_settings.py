from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_posting_mode = fields.Selection(
        related="company_id.marketplace_posting_mode", readonly=False, required=True
    )
    marketplace_psp_partner_id = fields.Many2one(
        related="company_id.marketplace_psp_partner_id", readonly=False
    )
    marketplace_journal_order_id = fields.Many2one(
        related="company_id.marketplace_journal_order_id", readonly=False
    )
    marketplace_journal_correction_id = fields.Many2one(
        related="company_id.marketplace_journal_correction_id", readonly=False
    )

    def action_marketplace_setup(self):
        """Create the accounts, journals and roles the company lacks."""
        self.ensure_one()
        self.company_id.action_marketplace_setup()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
