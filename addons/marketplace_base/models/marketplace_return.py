from odoo import api, fields, models
from odoo.tools import format_date

from ..const_returns import (
    DEFAULT_FAULT,
    PARTIES,
    REASON_FAULTS,
    RETURN_REASONS,
    RETURN_STATES,
    RETURN_TRANSITIONS,
)
from ..exceptions import MarketplaceError

# What was asked for stays once the vendor has answered.
FROZEN_FIELDS = {"sale_order_id", "external_ref", "date"}


class MarketplaceReturn(models.Model):
    """Goods of one vendor order that the customer sends back.

    The customer asks, the vendor answers, receives and checks; the operator may do
    each step in his place, and overrule a refusal. The money goes back by a refund,
    made from the return in the states that the contract allows.
    """

    _name = "marketplace.return"
    _description = "Customer Return"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "external_ref", "sale_order_id.name", "tracking_ref"]
    _state_transitions = RETURN_TRANSITIONS

    # never empty: create() numbers; `required` would stop the form before that
    name = fields.Char(string="Number", readonly=True, copy=False, index="trigram")
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('vendor_id', '!=', False), ('state', '=', 'sale'),"
        " ('marketplace_order_id', '!=', False)]",
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        string="Order Group",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id",
        string="Vendor",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        related="sale_order_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="sale_order_id.currency_id", store=True, precompute=True
    )
    channel = fields.Char(
        related="marketplace_order_id.channel", store=True, precompute=True
    )
    partner_id = fields.Many2one(related="sale_order_id.partner_id", string="Customer")
    external_ref = fields.Char(
        string="Reference",
        copy=False,
        index="btree_not_null",
        help="Reference of the request at the storefront.",
    )
    date = fields.Date(
        string="Requested on",
        required=True,
        default=lambda self: self.env.company._marketplace_today(),
        tracking=True,
    )
    reason_code = fields.Selection(
        RETURN_REASONS, string="Reason", required=True, default="withdrawal"
    )
    note = fields.Text(string="Customer's Words")
    state = fields.Selection(
        RETURN_STATES,
        required=True,
        readonly=True,
        default="requested",
        copy=False,
        tracking=True,
        index=True,
    )
    line_ids = fields.One2many("marketplace.return.line", "return_id", string="Goods")
    fault = fields.Selection(
        PARTIES,
        string="Caused by",
        compute="_compute_fault",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Who is answerable for the return, by its reason: it decides who pays the "
        "label, and may decide about the commission.",
    )
    label_payer = fields.Selection(
        PARTIES,
        string="Label Paid by",
        compute="_compute_label_payer",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Who bears the return label, which the vendor buys. Vendor: nothing more "
        "happens. Customer: its cost is kept from his refund. Operator: its cost is "
        "credited to the vendor.",
    )
    label_cost = fields.Monetary(
        string="Cost of the Label",
        tracking=True,
        help="What the return label costs, VAT included; zero when the customer sends "
        "the goods at his own expense.",
    )
    carrier_name = fields.Char(string="Carrier", tracking=True)
    tracking_ref = fields.Char(string="Tracking Number", tracking=True, index="trigram")
    tracking_url = fields.Char(string="Tracking Link")
    refusal_reason = fields.Text(
        string="Refused Because",
        copy=False,
        tracking=True,
        help="Told to the customer.",
    )
    date_answer = fields.Date(
        string="Answer Until",
        readonly=True,
        copy=False,
        help="Last day for the vendor to accept or refuse: see his contract.",
    )
    date_withdrawal_end = fields.Date(
        string="Withdrawal Until",
        readonly=True,
        copy=False,
        help="Last day to withdraw: 14 days after the last parcel of the order (EU "
        "directive 2011/83, article 9), moved to the next working day. Empty while "
        "goods are under way.",
    )
    is_late = fields.Boolean(
        string="Asked too Late",
        compute="_compute_is_late",
        store=True,
        help="A withdrawal asked for after its last day: the vendor may refuse it.",
    )
    date_received = fields.Date(string="Received on", readonly=True, copy=False)

    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref, sale_order_id)"
        " WHERE external_ref IS NOT NULL",
        "This return of the storefront is already recorded.",
    )
    _label_positive = models.Constraint(
        "CHECK (label_cost >= 0)", "The cost of a label is zero or more."
    )
    _to_answer_idx = models.Index("(date_answer) WHERE state = 'requested'")

    # -- computes -------------------------------------------------------------------

    @api.depends("reason_code")
    def _compute_fault(self):
        for record in self:
            record.fault = REASON_FAULTS.get(record.reason_code, DEFAULT_FAULT)

    @api.depends("fault", "sale_order_id")
    def _compute_label_payer(self):
        """Let whoever caused the return pay; the contract says, for the customer."""
        for record in self:
            # sudo: terms of the contract apply, whoever asks may not read them
            contract = record.sale_order_id.sudo().contract_id
            payer = record.fault
            if payer == "customer":
                payer = contract.return_label_payer or payer
            record.label_payer = payer

    @api.depends("date", "date_withdrawal_end", "reason_code")
    def _compute_is_late(self):
        for record in self:
            record.is_late = bool(
                record.reason_code == "withdrawal"
                and record.date_withdrawal_end
                and record.date > record.date_withdrawal_end
            )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        names = (
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(self._name, self.env.company, len(vals_list))
        )
        records = super().create(
            [
                {**vals, "name": vals.get("name") or name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )
        for record in records:
            if not record.line_ids:
                raise MarketplaceError(
                    self.env._(
                        "%(record)s returns nothing: add the goods.", record=record.name
                    )
                )
        records._set_deadlines()
        records._schedule_answers()
        return records

    def write(self, vals):
        if FROZEN_FIELDS & vals.keys():
            for record in self:
                if record.state != "requested":
                    raise MarketplaceError(
                        self.env._(
                            "%(record)s is answered: what was asked for stays.",
                            record=record.name,
                        )
                    )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        for record in self:
            raise MarketplaceError(
                self.env._(
                    "%(record)s is the customer's request: cancel it instead.",
                    record=record.name,
                )
            )

    def _set_deadlines(self):
        """Freeze until when the customer may withdraw, and the vendor answers."""
        ends = self.sale_order_id._marketplace_withdrawal_ends()
        for record in self:
            # sudo: terms of the contract apply, whoever asks may not read them
            days = record.sale_order_id.sudo().contract_id.return_answer_days
            record.date_answer = fields.Date.add(record.date, days=days)
            record.date_withdrawal_end = ends.get(record.sale_order_id)

    def _schedule_answers(self):
        """Remind the vendor's responsible of the returns to answer, in one batch."""
        # sudo: the reminder is the operator's own, whoever asked for the return
        for (user, deadline), records in (
            self.sudo()
            .grouped(lambda r: (r.vendor_id._marketplace_responsible(), r.date_answer))
            .items()
        ):
            records.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=deadline,
                summary=self.env._("Return to answer"),
                user_id=user.id,
            )

    # -- steps ----------------------------------------------------------------------

    @api.private
    def _transition(self, target, values=None):
        """Move returns; the reminder to answer goes once they are answered."""
        moved = super()._transition(target, values)
        if target in ("accepted", "refused", "cancelled"):
            # sudo: the reminder is the operator's own, the vendor answers
            moved.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        return moved

    def action_accept(self):
        """Accept requests, or overrule a refusal: the units must still be there."""
        self.sale_order_id._marketplace_take_turn()
        self._transition("accepted").line_ids._check_units()
        return True

    def action_refuse(self):
        """Refuse requests; the customer is owed a reason.

        :raises MarketplaceError: without a reason.
        """
        for record in self:
            if not (record.refusal_reason or "").strip():
                raise MarketplaceError(
                    self.env._(
                        "%(record)s: say why it is refused, the customer is told.",
                        record=record.name,
                    )
                )
        self._transition("refused")
        return True

    def action_send(self):
        """Take note that the customer handed the goods to a carrier."""
        self._transition("in_transit")
        return True

    def action_receive(self):
        """Take note that the goods came back; all count as compliant until checked."""
        received = self.browse()
        for company, records in self.grouped("company_id").items():
            received |= records._transition(
                "received", {"date_received": company._marketplace_today()}
            )
        for line in received.line_ids:
            line.quantity_compliant = line.quantity
        return True

    def action_compliant(self):
        """Accept the goods in the quantities of the lines, and put them back on sale.

        :raises MarketplaceError: when no unit is compliant.
        """
        for record in self:
            if not any(record.line_ids.mapped("quantity_compliant")):
                raise MarketplaceError(
                    self.env._(
                        "%(record)s: enter the units that are compliant; for none, use "
                        "“Not Compliant”.",
                        record=record.name,
                    )
                )
        moved = self._transition("compliant")
        moved.line_ids._restock()
        moved._close_refunded()
        return True

    def action_non_compliant(self):
        """Refuse the goods after a look at them: nothing is refunded for them."""
        self.line_ids.quantity_compliant = 0.0
        self._transition("non_compliant")
        return True

    def action_cancel(self):
        """Forget requests that the customer gave up."""
        self._transition("cancelled")
        return True

    def action_close(self):
        """Close checked returns.

        :raises MarketplaceError: while compliant goods wait for their refund.
        """
        left = self.line_ids._units_refundable()
        for line, units in left.items():
            if units and line.return_id.state == "compliant":
                raise MarketplaceError(
                    self.env._(
                        "%(record)s: refund %(line)s first.",
                        record=line.return_id.name,
                        line=line.sale_line_id.display_name,
                    )
                )
        self._transition("closed")
        return True

    def _close_refunded(self):
        """Close the returns that are checked and of which all is refunded."""
        left = self.line_ids._units_refundable()
        self.filtered(
            lambda record: record.state == "compliant"
            and not any(left[line] for line in record.line_ids)
        )._transition("closed")

    @api.depends("name", "date_withdrawal_end", "is_late")
    def _compute_display_name(self):
        for record in self:
            record.display_name = record.name
            if record.is_late:
                record.display_name = self.env._(
                    "%(name)s (withdrawal ended on %(date)s)",
                    name=record.name,
                    date=format_date(self.env, record.date_withdrawal_end),
                )
