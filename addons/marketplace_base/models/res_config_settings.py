from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_posting_mode = fields.Selection(
        related="company_id.marketplace_posting_mode", readonly=False, required=True
    )
    marketplace_psp_partner_id = fields.Many2one(
        related="company_id.marketplace_psp_partner_id", readonly=False
    )
    marketplace_tz = fields.Selection(
        related="company_id.marketplace_tz", readonly=False
    )
    marketplace_journal_order_id = fields.Many2one(
        related="company_id.marketplace_journal_order_id", readonly=False
    )
    marketplace_journal_correction_id = fields.Many2one(
        related="company_id.marketplace_journal_correction_id", readonly=False
    )

    marketplace_late_days = fields.Integer(
        related="company_id.marketplace_late_days", readonly=False
    )

    def action_marketplace_setup(self):
        """Create the accounts, journals and roles the company lacks.

        What was chosen by hand and cannot work is told, not changed.
        """
        self.ensure_one()
        self.company_id.action_marketplace_setup()
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        problems = self.company_id._marketplace_setup_problems()
        if not problems:
            return reload
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("The set-up needs your decision"),
                "message": "\n".join(problems),
                "next": reload,
            },
        }
