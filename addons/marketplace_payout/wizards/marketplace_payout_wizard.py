from odoo import api, fields, models

from ..const_rails import RAILS
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
    rail = fields.Selection(
        RAILS,
        string="Paid By",
        required=True,
        default="sepa",
        help="Only vendors who are paid this way are in the run.",
    )
    psp_account_id = fields.Many2one(
        "marketplace.payout.provider",
        string="Payment Provider",
        check_company=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
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
            self.date,
            self.company_id,
            self.journal_id,
            self.vendor_ids or None,
            **self._rail_values(),
        )
        return run._get_records_action()

    def _rail_values(self):
        """Return what names the way of paying, see ``_prepare`` of the run."""
        if self.rail == "foreign":
            return {"foreign_currency": self.currency_id}
        if self.rail == "sepa":
            return {}
        return {"psp_account": self.psp_account_id, "currency": self.currency_id}
