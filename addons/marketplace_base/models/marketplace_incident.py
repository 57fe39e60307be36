from odoo import api, fields, models
from odoo.fields import Command

from ..const import QUANTITY_DECIMALS
from ..const_returns import (
    INCIDENT_DAYS,
    INCIDENT_REASONS,
    INCIDENT_STATES,
    INCIDENT_TRANSITIONS,
    PARTIES,
)
from ..engine.money import from_minor
from ..exceptions import MarketplaceError

# What an incident is about stays: money is frozen by it.
FACTS = {"sale_line_id", "opened_by", "date", "external_ref"}


class MarketplaceIncident(models.Model):
    """Something is wrong with one order line: its money waits until it is settled.

    While the incident is open no settlement takes what the line makes due; nothing
    moves in the ledger. Released or refunded, the next settlement takes it by itself.
    """

    _name = "marketplace.incident"
    _description = "Incident"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "external_ref", "sale_order_id.name"]
    _state_transitions = INCIDENT_TRANSITIONS

    # never empty: create() numbers; `required` would stop the form before that
    name = fields.Char(string="Number", readonly=True, copy=False, index="trigram")
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('vendor_id', '!=', False), ('state', '=', 'sale'),"
        " ('order_id.marketplace_order_id', '!=', False),"
        " ('marketplace_kind', 'in', ('goods', 'shipping'))]",
    )
    sale_order_id = fields.Many2one(
        related="sale_line_id.order_id",
        string="Vendor Order",
        store=True,
        precompute=True,
        index=True,
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        string="Order Group",
        store=True,
        precompute=True,
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id",
        string="Vendor",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        related="sale_line_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="sale_line_id.currency_id", store=True, precompute=True
    )
    channel = fields.Char(
        related="marketplace_order_id.channel", store=True, precompute=True
    )
    partner_id = fields.Many2one(related="sale_order_id.partner_id", string="Customer")
    opened_by = fields.Selection(PARTIES, required=True, default="operator")
    external_ref = fields.Char(
        string="Reference",
        copy=False,
        help="Reference of the incident at the storefront.",
    )
    reason_code = fields.Selection(
        INCIDENT_REASONS, string="Reason", required=True, tracking=True
    )
    note = fields.Text(string="What is Wrong")
    date = fields.Date(
        string="Opened On",
        required=True,
        default=lambda self: self.env.company._marketplace_today(),
    )
    date_deadline = fields.Date(
        string="Settle Until",
        compute="_compute_date_deadline",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Day until which the parties should agree.",
    )
    date_closed = fields.Date(string="Closed On", readonly=True, copy=False)
    state = fields.Selection(
        INCIDENT_STATES,
        required=True,
        readonly=True,
        default="open",
        copy=False,
        tracking=True,
        index=True,
    )
    refund_ids = fields.One2many("marketplace.refund", "incident_id", string="Refunds")
    refund_count = fields.Integer(compute="_compute_refund_count")
    amount_frozen = fields.Monetary(
        string="Frozen",
        compute="_compute_amount_frozen",
        help="What the line makes due to the vendor and no settlement takes meanwhile.",
    )

    _open_uniq = models.UniqueIndex(
        "(sale_line_id) WHERE state = 'open'",
        "An incident is open for this order line already.",
    )
    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref) WHERE external_ref IS NOT NULL",
        "This incident of the storefront is already recorded.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("date")
    def _compute_date_deadline(self):
        for incident in self:
            incident.date_deadline = incident.date and fields.Date.add(
                incident.date, days=INCIDENT_DAYS
            )

    @api.depends("refund_ids")
    def _compute_refund_count(self):
        for incident in self:
            incident.refund_count = len(incident.refund_ids)

    @api.depends("state", "sale_line_id")
    def _compute_amount_frozen(self):
        # sudo: a sum of the incident's own line, for whoever reads the incident
        Frozen = self.env["marketplace.frozen.line"].sudo()
        amounts = dict(
            Frozen._read_group(
                [("incident_id", "in", self.ids)], ["incident_id"], ["amount:sum"]
            )
        )
        for incident in self:
            incident.amount_frozen = amounts.get(incident._origin, 0.0)

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        names = (
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(self._name, self.env.company, len(vals_list))
        )
        incidents = super().create(
            [
                {**vals, "name": vals.get("name") or name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )
        incidents._check_lines()
        incidents._schedule_deadlines()
        return incidents

    def write(self, vals):
        if FACTS & vals.keys():
            raise MarketplaceError(
                self.env._(
                    "%(incidents)s: what an incident is about stays; close it and open "
                    "another.",
                    incidents=", ".join(self.mapped("name")),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        for incident in self:
            raise MarketplaceError(
                self.env._(
                    "%(incident)s froze money: release it instead.",
                    incident=incident.name,
                )
            )

    def _check_lines(self):
        """Accept lines of vendors in confirmed purchases only."""
        for incident in self:
            line = incident.sale_line_id
            if (
                not line.order_id.vendor_id
                or not line.order_id.marketplace_order_id
                or line.marketplace_kind not in ("goods", "shipping")
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(line)s is no line that a vendor sold: nothing to freeze.",
                        line=line.display_name,
                    )
                )

    def _schedule_deadlines(self):
        """Remind the vendors' responsibles of the incidents to settle, in batch."""
        # sudo: the reminder is the operator's own, whoever opened the incident
        for (user, deadline), incidents in (
            self.sudo()
            .grouped(
                lambda r: (r.vendor_id._marketplace_responsible(), r.date_deadline)
            )
            .items()
        ):
            incidents.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=deadline,
                summary=self.env._("Incident to settle"),
                user_id=user.id,
            )

    # -- life -----------------------------------------------------------------------

    @api.private
    def _transition(self, target, values=None):
        """Close incidents: dated today, and the reminder goes."""
        moved = self.browse()
        for company, incidents in self.grouped("company_id").items():
            moved |= super(MarketplaceIncident, incidents)._transition(
                target, {"date_closed": company._marketplace_today(), **(values or {})}
            )
        # sudo: the reminder is the operator's own
        moved.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        return moved

    def action_release(self):
        """Close incidents in the vendor's favour: the next settlement pays."""
        self._transition("released")
        return True

    def action_refund(self):
        """Prepare a refund of all that is left of the line, and open it.

        Applied, for the whole or a part, it closes the incident: what is then left of
        the line is the vendor's.

        :raises MarketplaceError: when nothing is left to refund.
        """
        self.ensure_one()
        refund = self.refund_ids.filtered(lambda refund: refund.state == "draft")[:1]
        if not refund:
            refund = refund.create(self._prepare_refund_vals())
        return refund._get_records_action(name=self.env._("Refund"))

    def action_view_refunds(self):
        """Open the refunds made for the incident."""
        return self.refund_ids._get_records_action(name=self.env._("Refunds"))

    def _prepare_refund_vals(self):
        self.ensure_one()
        line = self.sale_line_id
        state = line._marketplace_ledger_state()[line].state
        if self.state != "open" or not state.left:
            raise MarketplaceError(
                self.env._(
                    "%(incident)s is closed, or nothing of %(line)s is left to refund.",
                    incident=self.name,
                    line=line.display_name,
                )
            )
        units = max(state.quantity - state.quantity_back, 0)
        if line.marketplace_kind == "shipping":
            units = 0
        reasons = self.env["marketplace.refund"]._fields["reason_code"]
        known = dict(reasons._description_selection(self.env))
        return {
            "order_id": self.marketplace_order_id.id,
            "incident_id": self.id,
            "reason_code": self.reason_code if self.reason_code in known else "other",
            "line_ids": [
                Command.create(
                    {
                        "sale_line_id": line.id,
                        "quantity": float(from_minor(units, QUANTITY_DECIMALS)),
                        "amount": line.currency_id._marketplace_amount(state.left),
                    }
                )
            ],
        }


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    incident_id = fields.Many2one(
        "marketplace.incident",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _after_apply(self):
        result = super()._after_apply()
        # sudo: an incident follows its refund, whoever applies it
        self.incident_id.sudo().filtered(
            lambda incident: incident.state == "open"
        )._transition("refunded")
        return result


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    incident_ids = fields.One2many(
        "marketplace.incident", "sale_line_id", string="Incidents"
    )

    @api.depends("incident_ids.state")
    def _compute_marketplace_state(self):
        return super()._compute_marketplace_state()

    def _marketplace_line_in_dispute(self):
        """Return the set of ids of the lines that have an open incident."""
        # sudo: whether money is frozen must not depend on who asks
        return super()._marketplace_line_in_dispute() | {
            line.id
            for (line,) in self.env["marketplace.incident"]
            .sudo()
            ._read_group(
                [("sale_line_id", "in", self.ids), ("state", "=", "open")],
                ["sale_line_id"],
            )
        }
