from odoo import api, fields, models

from ..const import CARRY_REASONS


class MarketplaceSettlementWizard(models.TransientModel):
    """Ask for a cut-off, show what settling it gives, then settle."""

    _name = "marketplace.settlement.wizard"
    _description = "New Settlement Run"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_cutoff = fields.Date(
        string="Cut-off",
        required=True,
        default=lambda self: fields.Date.subtract(
            fields.Date.context_today(self), days=1
        ),
        help="Last day whose movements are settled.",
    )
    vendor_ids = fields.Many2many(
        "res.partner",
        string="Vendors",
        domain=[("is_marketplace_vendor", "=", True)],
        help="Settle these only; every vendor when empty.",
    )
    is_previewed = fields.Boolean()
    line_ids = fields.One2many(
        "marketplace.settlement.wizard.line", "wizard_id", readonly=True
    )

    @api.onchange("company_id", "date_cutoff", "vendor_ids")
    def _onchange_parameters(self):
        """A preview belongs to the parameters it was made with."""
        self.is_previewed = False
        self.line_ids = False

    def _run(self):
        """Settle with the parameters of the wizard.

        :raises AccessError: when the user is no accountant.
        :raises MarketplaceError: for a company the user does not work in.
        """
        self.ensure_one()
        Settlement = self.env["marketplace.settlement"]
        Settlement._check_settling_right()
        self.company_id._marketplace_check_selected()
        return Settlement._run(
            self.date_cutoff, self.company_id, self.vendor_ids or None
        )

    def action_preview(self):
        """Show the settlements that a run would make, without making them.

        It is the run itself, undone: the figures cannot differ.
        """
        with self.env.cr.savepoint() as savepoint:
            fields_shown = (
                "amount_opening",
                "amount_movements",
                "amount_payout",
                "amount_carried",
                "carry_reason",
            )
            rows = [
                {
                    "vendor_id": settlement.vendor_id.id,
                    "currency_id": settlement.currency_id.id,
                    **{name: settlement[name] for name in fields_shown},
                }
                for settlement in self._run()
            ]
            savepoint.rollback()
        self.write(
            {
                "is_previewed": True,
                "line_ids": [
                    fields.Command.clear(),
                    *(fields.Command.create(row) for row in rows),
                ],
            }
        )
        return self._reopen()

    def action_settle(self):
        """Settle, and open the new settlements."""
        settlements = self._run()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_settlement_action"
        )
        return {**action, "domain": [("id", "in", settlements.ids)], "context": {}}

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Settlement Run"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class MarketplaceSettlementWizardLine(models.TransientModel):
    _name = "marketplace.settlement.wizard.line"
    _description = "Settlement Preview"

    wizard_id = fields.Many2one(
        "marketplace.settlement.wizard", required=True, ondelete="cascade", index=True
    )
    vendor_id = fields.Many2one("res.partner", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_opening = fields.Monetary(string="Opening", readonly=True)
    amount_movements = fields.Monetary(string="Movements", readonly=True)
    amount_payout = fields.Monetary(string="To Pay", readonly=True)
    amount_carried = fields.Monetary(string="Carried Forward", readonly=True)
    carry_reason = fields.Selection(
        CARRY_REASONS, string="Carried Because", readonly=True
    )
