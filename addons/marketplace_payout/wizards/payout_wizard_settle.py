from odoo import api, fields, models


class MarketplacePayoutWizard(models.TransientModel):
    """Settle the vendors first, for one run that does everything."""

    _inherit = "marketplace.payout.wizard"

    date_cutoff = fields.Date(
        string="Settle Up To",
        compute="_compute_date_cutoff",
        store=True,
        readonly=False,
        help="Last day whose movements “Settle and Prepare” settles; it must be over.",
    )

    @api.depends("company_id")
    def _compute_date_cutoff(self):
        for wizard in self:
            today = wizard.company_id._marketplace_today()
            wizard.date_cutoff = fields.Date.subtract(today, days=1)

    def action_settle_and_prepare(self):
        """Start a run that settles vendors, then lists their payouts; open it."""
        self.ensure_one()
        Run = self.env["marketplace.payout.run"]
        Run._check_starting_right()
        self.company_id._marketplace_check_selected()
        run = Run._start(
            self.date_cutoff,
            self.date,
            self.company_id,
            self.journal_id,
            self.vendor_ids or None,
            **self._rail_values(),
        )
        return run._get_records_action()
