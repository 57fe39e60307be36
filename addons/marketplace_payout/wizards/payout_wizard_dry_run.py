from odoo import api, fields, models

from ..models.res_users import PREPARER


class MarketplacePayoutWizard(models.TransientModel):
    """Show what the run would be before it is made."""

    _inherit = "marketplace.payout.wizard"

    dry_currency_id = fields.Many2one("res.currency", compute="_compute_dry_run")
    dry_count = fields.Integer(string="Payouts", compute="_compute_dry_run")
    dry_excluded = fields.Integer(string="Not Paid", compute="_compute_dry_run")
    dry_total = fields.Monetary(
        string="Total", compute="_compute_dry_run", currency_field="dry_currency_id"
    )
    dry_html = fields.Html(
        string="Compared With the Run Before",
        compute="_compute_dry_run",
        # Made by the run, every value escaped.
        sanitize=False,
    )

    @api.depends("date", "company_id", "journal_id", "vendor_ids")
    def _compute_dry_run(self):
        Run = self.env["marketplace.payout.run"]
        euro = self.env.ref("base.EUR")
        for wizard in self:
            wizard.dry_currency_id = euro
            company = wizard.company_id
            found = {"count": 0, "excluded": 0, "total": 0.0, "html": False}
            if wizard.date and company in self.env.companies:
                Run._check_role(PREPARER)
                vendors = wizard.vendor_ids._origin or None
                found = Run._dry_run(wizard.date, company, wizard.journal_id, vendors)
            for key, value in found.items():
                wizard[f"dry_{key}"] = value
