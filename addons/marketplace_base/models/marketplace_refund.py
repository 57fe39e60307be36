from odoo import api, fields, models
from odoo.fields import Command

from ..const import (
    QUANTITY_DECIMALS,
    REFUND_REASONS,
    REFUND_STATES,
    REFUND_TRANSITIONS,
)
from ..engine.money import from_minor, to_minor
from ..engine.refund import RefundError, plan, refund, transfers
from ..exceptions import MarketplaceError

# What a refund that was done keeps for good, also once it is reversed.
FROZEN_FIELDS = {
    "order_id",
    "payment_id",
    "vendor_id",
    "date",
    "line_ids",
    "amount",
    "amount_rounding",
    "borne_by",
    "dispute_id",
    "return_id",
    "incident_id",
    "fault",
    "off_account",
}


class MarketplaceRefund(models.Model):
    """Money given back to a customer for parts of one order."""

    _name = "marketplace.refund"
    _description = "Order Refund"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "external_ref", "order_id.name"]
    _state_transitions = REFUND_TRANSITIONS

    name = fields.Char(string="Number", readonly=True, copy=False, index="trigram")
    order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True
    )
    channel = fields.Char(related="order_id.channel", store=True, precompute=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    currency_id = fields.Many2one(
        related="order_id.currency_id", store=True, precompute=True
    )
    payment_id = fields.Many2one(
        "marketplace.payment",
        string="Paid Back on",
        compute="_compute_payment_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('order_id', '=', order_id), ('state', '=', 'captured')]",
        help="Captured payment that the money goes back on.",
    )
    external_ref = fields.Char(
        string="Reference",
        copy=False,
        help="Reference of the refund at the storefront.",
    )
    date = fields.Date(
        required=True,
        default=lambda self: self.env.company._marketplace_today(),
        tracking=True,
    )
    reason_code = fields.Selection(REFUND_REASONS, string="Reason", tracking=True)
    note = fields.Text()
    state = fields.Selection(
        REFUND_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    line_ids = fields.One2many("marketplace.refund.line", "refund_id", string="Lines")
    vendor_id = fields.Many2one(
        "res.partner",
        string="Only of Vendor",
        domain="[('is_marketplace_vendor', '=', True)]",
        help="Share an amount without lines over the lines of this vendor only, by "
        "what is left on each; over all sellers of the order when empty.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        tracking=True,
        help="What the customer gets back. Without lines it is shared over all lines "
        "of the order, by what is left on each.",
    )
    amount_rounding = fields.Monetary(
        string="Rounding",
        readonly=True,
        help="Part that belongs to no line: the rounding the customer had paid above "
        "them.",
    )

    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref) WHERE external_ref IS NOT NULL",
        "This refund of the storefront is already recorded.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("order_id")
    def _compute_payment_id(self):
        for record in self:
            captured = record.order_id.payment_ids.filtered(
                lambda payment: payment.state == "captured"
            )
            record.payment_id = captured.sorted(
                lambda payment: (-payment.amount_left, payment.id)
            )[:1]

    @api.depends("line_ids.amount", "amount_rounding")
    def _compute_amount(self):
        for record in self:
            if record.borne_by == "operator":
                continue
            if record.line_ids or record.state != "draft":
                record.amount = record.currency_id.round(
                    sum(record.line_ids.mapped("amount")) + record.amount_rounding
                )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        names = (
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(self._name, self.env.company, len(vals_list))
        )
        return super().create(
            [
                {**vals, "name": vals.get("name") or name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )

    def write(self, vals):
        """Keep what a done refund says: it is in the ledger."""
        if FROZEN_FIELDS & vals.keys():
            self.filtered(lambda record: record.state != "draft")._refuse_done()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self.filtered(lambda record: record.state != "draft")._refuse_done()

    def _refuse_done(self):
        """Refuse to change refunds that are done; nothing to say about none."""
        if not self:
            return
        raise MarketplaceError(
            self.env._(
                "%(refunds)s: a refund that is done cannot change.",
                refunds=", ".join(self.mapped("name")),
            )
        )

    # -- applying -------------------------------------------------------------------

    def action_apply(self):
        self._apply()
        return True

    @api.private
    def _apply(self):
        """Refund: check what is left, record the ledger, move to done; in one batch.

        :return: the refunds that were applied; those done before are left alone.
        :raises MarketplaceError: above what is left of a line or of the payment,
            naming it.
        """
        # Refunds of an order share what is left; deliveries move it.
        self.order_id.sale_order_ids._marketplace_take_turn()
        todo = self.filtered(lambda record: record.state == "draft")
        todo._check_returns()
        money = todo.order_id.sale_order_ids.order_line._marketplace_ledger_state()
        rounding = {
            order: order._rounding_left_minor()
            for order in todo.filtered("amount_rounding").order_id
        }
        before = {line: item.state for line, item in money.items()}
        entries = []
        for record in todo.sorted("id"):
            if record.before_capture:
                record._cancel_lines(money)
                continue
            record._check_payment()
            record._check_account(money)
            record._check_dispute()
            if record.borne_by == "operator":
                entries += record._goodwill_entries()
                continue
            record._check_rounding(rounding)
            if not record.line_ids:
                record._share_over_lines(money)
            entries += record._apply_lines(money)
            entries += record._rounding_entries() + record._label_entries()
        # Once per vendor order: what is left is counted after all of these refunds.
        last = {
            part: record
            for record in todo.sorted("id")
            for part in record.line_ids.sale_line_id.order_id
        }
        for part, record in last.items():
            entries += part.order_line._marketplace_entitle_rest(
                money, record.date, f"refund:{record.id}:rest"
            )
        todo.sorted("id").line_ids._fix_parts(before)
        todo._link_origins(entries)
        done = todo._transition("done")
        done.payment_id._check_ceiling()
        self.env["marketplace.ledger.line"].sudo()._record(entries)
        done._after_apply()
        return done

    def _after_apply(self):
        """Act on refunds just done, in batch; to extend."""

    def _share_over_lines(self, money):
        """Turn an amount without lines into lines, by what is left on each."""
        self.ensure_one()
        currency = self.currency_id
        states = {line: money[line].state for line in self._lines_to_share()}
        try:
            shares = plan(
                currency._marketplace_minor(self.amount),
                [],
                0,
                states,
                [],
                0 if self.vendor_id else self.order_id._rounding_left_minor(),
            )
        except RefundError as error:
            raise MarketplaceError(
                self._too_much(self.order_id, error, self.name)
            ) from error
        self.write(self._prepare_plan_vals(shares, currency))

    def _lines_to_share(self):
        """Return the lines that an amount without lines is shared over."""
        lines = self.order_id.sale_order_ids.order_line.filtered("amount_vendor")
        if self.vendor_id:
            lines = lines.filtered(
                lambda line: line.order_id.vendor_id == self.vendor_id
            )
        return lines

    @api.model
    def _prepare_plan_vals(self, shares, currency):
        """Return the values of a refund planned by the engine."""
        return {
            "amount_rounding": currency._marketplace_amount(shares.excess),
            "line_ids": [
                Command.create(
                    {
                        "sale_line_id": part.line.id,
                        "quantity": float(from_minor(part.quantity, QUANTITY_DECIMALS)),
                        "amount": currency._marketplace_amount(part.amount),
                    }
                )
                for part in shares.parts
            ],
        }

    def _apply_lines(self, money):
        """Return the entries of one refund's lines, and bring ``money`` forward."""
        self.ensure_one()
        entries = []
        for item in self.line_ids:
            line = item.sale_line_id
            if line not in money:
                raise MarketplaceError(
                    self.env._(
                        "%(line)s is not a line of %(order)s.",
                        line=line.display_name,
                        order=self.order_id.display_name,
                    )
                )
            try:
                part, state = refund(
                    money[line].state,
                    to_minor(item.quantity, QUANTITY_DECIMALS),
                    self.currency_id._marketplace_minor(item.amount),
                )
            except RefundError as error:
                raise MarketplaceError(
                    self._too_much(line, error, self.name)
                ) from error
            item.amount_vendor = self.currency_id._marketplace_amount(part.credit)
            money[line], roles = self._line_transfers(line, part, state, money[line])
            entries += [
                self.order_id._line_entry(
                    line,
                    minor,
                    event=self._ledger_event(),
                    event_key=f"refund:{self.id}",
                    source_key=f"refund:{item.id}:{debit}:{credit}",
                    role_debit=debit,
                    role_credit=credit,
                    date_event=self.date,
                    date_available=self.date,
                    counterparty_id=self.payment_id.psp_partner_id.id,
                    tax_id=line.tax_ids.id if part.tax else False,
                )
                for debit, credit, minor in roles
            ]
        return entries

    def _line_transfers(self, line, part, state, money):
        """Return the money of a line after one refund, and the transfers it makes.

        What the seller loses is taken from what is not due yet, then from what is. The
        customer gets his part; the marketplace gets back what it had paid for him: the
        discount first, then the rounding. VAT that the operator owed goes back too.
        """
        role, net = line._marketplace_credit_role(), part.credit - part.tax
        if role == "VENDOR_PENDING":
            pending = min(money.pending, net)
            sources = [("VENDOR_PENDING", pending), ("VENDOR_DUE", net - pending)]
        else:
            pending = 0
            sources = [(role, net)]
        sources.append((line._marketplace_tax_role(), part.tax))
        funded = min(money.funded, part.credit - part.charged)
        targets = [
            (self._customer_role(), part.charged),
            ("DISCOUNT_MKT", funded),
            ("OPERATOR_COST", part.credit - part.charged - funded),
        ]
        after = money._replace(
            state=state, pending=money.pending - pending, funded=money.funded - funded
        )
        return after, transfers(sources, targets)

    def _rounding_entries(self):
        """Return the entry of the part that belongs to no line."""
        self.ensure_one()
        return [
            {
                **self._operator_entry(self._ledger_event(), self.amount_rounding),
                "source_key": f"refund:{self.id}:rounding",
            }
        ]
