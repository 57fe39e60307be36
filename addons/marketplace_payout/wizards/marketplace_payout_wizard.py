from odoo import api, fields, models

from ..engine import calendar
from ..models.res_users import PREPARER


class MarketplacePayoutWizard(models.TransientModel):
    """Ask for the day and the bank of a payout run, then prepare it."""

    _name = "marketplace.payout.wizard"
    _description = "New Payout Run"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="Date of the payout entry in the books.",
    )
    date_execution = fields.Date(
        string="Execution Date", compute="_compute_date_execution"
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('type', '=', 'bank')]",
    )
    vendor_ids = fields.Many2many(
        "res.partner",
        string="Vendors",
        domain=[("is_marketplace_vendor", "=", True)],
        help="Pay these only; every vendor when empty.",
    )

    @api.depends("date")
    def _compute_date_execution(self):
        for wizard in self:
            wizard.date_execution = wizard.date and calendar.payment_day(wizard.date)

    @api.depends("company_id")
    def _compute_journal_id(self):
        for wizard in self:
            wizard.journal_id = wizard.company_id._marketplace_bank_journal()

    def action_prepare(self):
        """Prepare the run and open it."""
        self.ensure_one()
        Run = self.env["marketplace.payout.run"]
        Run._check_role(PREPARER)
        self.company_id._marketplace_check_selected()
        run = Run._prepare(
            self.date, self.company_id, self.journal_id, self.vendor_ids or None
        )
        return run._get_records_action()
