from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import PSP_SETTLEMENT_STATES, PSP_SETTLEMENT_TRANSITIONS


class MarketplacePspSettlement(models.Model):
    """Book what the payment service provider pays to the bank, net of its fee."""

    _name = "marketplace.psp.settlement"
    _description = "PSP Settlement"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _state_transitions = PSP_SETTLEMENT_TRANSITIONS

    name = fields.Char(default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    psp_partner_id = fields.Many2one(
        "res.partner",
        string="Payment Service Provider",
        required=True,
        default=lambda self: self.env.company.marketplace_psp_partner_id,
    )
    reference = fields.Char(
        required=True,
        copy=False,
        help="The provider's own reference of the report: each is booked once.",
    )
    date = fields.Date(required=True, default=fields.Date.context_today, copy=False)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    amount_gross = fields.Monetary(
        string="Gross",
        help="Payments less refunds of the report, before the fee. Negative when the "
        "provider takes money back from the bank account.",
    )
    amount_fee = fields.Monetary(string="Fee")
    amount_net = fields.Monetary(
        string="Net to the Bank", compute="_compute_amount_net", store=True
    )
    state = fields.Selection(
        PSP_SETTLEMENT_STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    ledger_line_ids = fields.Many2many(
        "marketplace.ledger.line", compute="_compute_ledger_line_ids"
    )

    _reference_uniq = models.UniqueIndex(
        "(company_id, psp_partner_id, reference)",
        "This report of the payment service provider is already recorded.",
    )

    @api.depends("amount_gross", "amount_fee")
    def _compute_amount_net(self):
        for settlement in self:
            settlement.amount_net = settlement.amount_gross - settlement.amount_fee

    @api.depends("state")
    def _compute_ledger_line_ids(self):
        lines = self.env["marketplace.ledger.line"].search(
            [("event_key", "in", [self._event_key(record) for record in self])]
        )
        by_key = lines.grouped("event_key")
        for record in self:
            record.ledger_line_ids = by_key.get(self._event_key(record), False)

    @api.constrains("amount_fee")
    def _check_amount_fee(self):
        for settlement in self:
            if settlement.currency_id.compare_amounts(settlement.amount_fee, 0.0) < 0:
                raise ValidationError(
                    self.env._(
                        "The fee of %(reference)s is negative. Enter a positive fee.",
                        reference=settlement.reference,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        names = (
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(self._name, self.env.company, len(vals_list))
        )
        return super().create(
            [
                {**vals, "name": name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )

    def write(self, vals):
        facts = {
            "company_id",
            "psp_partner_id",
            "reference",
            "date",
            "currency_id",
            "amount_gross",
            "amount_fee",
        }
        if facts & set(vals) and "posted" in self.mapped("state"):
            raise UserError(
                self.env._(
                    "A posted report is a fact. Record a second one to correct it."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_draft_only(self):
        if "posted" in self.mapped("state"):
            raise UserError(self.env._("A posted report cannot be deleted."))

    @api.model
    def _event_key(self, settlement):
        return f"psp_settlement:{settlement.id}"

    def action_post(self):
        """Post the report to the ledger; a second call changes nothing."""
        posted = self._transition("posted")
        self.env["marketplace.ledger.line"]._record(
            [entry for record in posted for entry in record._prepare_ledger_entries()]
        )
        return True

    def _prepare_ledger_entries(self):
        """Return the bank and the fee movements; a negative net swaps its roles."""
        self.ensure_one()
        key = self._event_key(self)
        common = {
            "company_id": self.company_id.id,
            "event_key": key,
            "currency_id": self.currency_id.id,
            "date_event": self.date,
            "counterparty_id": self.psp_partner_id.commercial_partner_id.id,
        }
        debit, credit = "BANK", "PSP_CLEARING"
        if self.currency_id.compare_amounts(self.amount_net, 0.0) < 0:
            debit, credit = credit, debit
        return [
            {
                **common,
                "event": "psp_settlement",
                "source_key": f"{key}:net",
                "role_debit": debit,
                "role_credit": credit,
                "amount": abs(self.amount_net),
            },
            {
                **common,
                "event": "psp_fee",
                "source_key": f"{key}:fee",
                "role_debit": "PSP_FEES",
                "role_credit": "PSP_CLEARING",
                "amount": self.amount_fee,
            },
        ]

    def action_open_ledger(self):
        """Open the ledger lines of the report."""
        return self.ledger_line_ids._get_records_action(name=self.env._("Ledger Lines"))
