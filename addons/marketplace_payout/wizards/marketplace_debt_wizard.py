from odoo import api, fields, models


class MarketplaceDebtWizard(models.TransientModel):
    """Ask what is needed to record something about a debt."""

    _name = "marketplace.debt.wizard"
    _description = "Act on a Vendor Debt"

    debt_id = fields.Many2one("marketplace.debt", required=True, readonly=True)
    currency_id = fields.Many2one(related="debt_id.currency_id")
    amount_open = fields.Monetary(related="debt_id.amount_open")
    operation = fields.Selection(
        [
            ("payment", "Record a Payment"),
            ("plan", "Agree on Instalments"),
            ("impairment", "Impair"),
            ("write_off", "Ask for Write-off"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(
        help="Payment: what reached our bank. Impairment: what is expected to be lost "
        "in all, excluding VAT that the tax office gives back.",
    )
    date = fields.Date(default=fields.Date.context_today)
    reference = fields.Char(
        string="Bank Reference", help="As the bank statement shows it; used once."
    )
    parts = fields.Integer(string="Instalments", default=3)
    reason = fields.Char()

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if values.get("debt_id"):
            case = self.env["marketplace.debt"].browse(values["debt_id"])
            values["amount"] = case.amount_open
        return values

    def action_apply(self):
        """Do what was asked, as an accountant."""
        self.ensure_one()
        case = self.debt_id._as_accountant()
        if self.operation == "payment":
            case._record_payment(self.amount, self.date, self.reference)
        elif self.operation == "plan":
            case._plan_instalments(self.date, self.parts)
        elif self.operation == "impairment":
            case._impair(self.amount, self.date)
        else:
            case._request_write_off(self.reason)
        return {"type": "ir.actions.act_window_close"}
