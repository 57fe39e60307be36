"""The money of a return: a refund of its units, in the states the contract allows."""

from odoo import api, fields, models
from odoo.fields import Command

from ..const import QUANTITY_DECIMALS
from ..const_returns import (
    DEFAULT_FAULT,
    PARTIES,
    REASON_FAULTS,
    RETURN_REFUND_STATES,
)
from ..engine.money import from_minor, to_minor
from ..engine.refund import unit_amount
from ..engine.returns import less_label
from ..exceptions import MarketplaceError
from ..formatting import format_quantity
from .marketplace_ledger_line import keep_facts


class MarketplaceReturn(models.Model):
    _inherit = "marketplace.return"

    refund_shipping = fields.Boolean(
        string="Refund Delivery too",
        compute="_compute_refund_shipping",
        store=True,
        readonly=False,
        help="What the customer paid for delivery goes back with the goods. Proposed "
        "when all goods of the order come back (EU directive 2011/83, article 13), or "
        "when the customer is not answerable.",
    )
    refund_ids = fields.One2many("marketplace.refund", "return_id", string="Refunds")
    refund_count = fields.Integer(compute="_compute_refunds")
    amount_refunded = fields.Monetary(string="Refunded", compute="_compute_refunds")
    is_refundable = fields.Boolean(
        compute="_compute_is_refundable",
        help="In a state in which the contract lets the goods be refunded.",
    )

    @api.depends("fault", "line_ids.quantity", "line_ids.sale_line_id", "sale_order_id")
    def _compute_refund_shipping(self):
        for record in self:
            asked = {
                line.sale_line_id: line.quantity
                for line in record.line_ids
                if line.sale_line_id
            }
            whole = all(
                line.product_uom_id.compare(asked.get(line, 0.0), line.product_uom_qty)
                >= 0
                for line in record.sale_order_id.order_line
                if line.marketplace_kind == "goods"
            )
            record.refund_shipping = bool(record.sale_order_id) and (
                whole or record.fault != "customer"
            )

    @api.depends("refund_ids.state", "refund_ids.amount")
    def _compute_refunds(self):
        for record in self:
            done = record.refund_ids.filtered(lambda refund: refund.state == "done")
            record.refund_count = len(record.refund_ids)
            record.amount_refunded = sum(done.mapped("amount"))

    @api.depends("state", "sale_order_id")
    def _compute_is_refundable(self):
        for record in self:
            # sudo: terms of the contract apply, whoever looks may not read them
            step = record.sale_order_id.sudo().contract_id.return_refund_from
            record.is_refundable = record.state in RETURN_REFUND_STATES.get(step, ())

    def write(self, vals):
        """Keep who paid the label once a refund has settled it."""
        if {"label_payer", "label_cost"} & vals.keys():
            for record in self:
                if record._label_settled():
                    raise MarketplaceError(
                        self.env._(
                            "%(record)s is refunded: its label is settled.",
                            record=record.name,
                        )
                    )
        return super().write(vals)

    def action_refund(self):
        """Prepare the refund of what came back, and open it; one draft at a time.

        :raises MarketplaceError: in a state the contract does not allow, or when
            nothing is left to refund.
        """
        self.ensure_one()
        self._check_refundable()
        refund = self.refund_ids.filtered(lambda refund: refund.state == "draft")[:1]
        if not refund:
            refund = refund.create(self._prepare_refund_vals())
        return refund._get_records_action(name=self.env._("Refund"))

    def action_view_refunds(self):
        """Open the refunds made for the return."""
        return self.refund_ids._get_records_action(name=self.env._("Refunds"))

    def _check_refundable(self):
        """Refuse the refund of a return before the step its contract names.

        :raises MarketplaceError: naming the return and that step.
        """
        for record in self:
            if not record.is_refundable:
                # sudo: terms of the contract apply, whoever refunds may not read them
                contract = record.sale_order_id.sudo().contract_id
                steps = dict(
                    contract._fields["return_refund_from"]._description_selection(
                        self.env
                    )
                )
                states = dict(self._fields["state"]._description_selection(self.env))
                raise MarketplaceError(
                    self.env._(
                        "%(record)s is “%(state)s”: the contract of %(vendor)s lets it "
                        "be refunded “%(step)s”.",
                        record=record.name,
                        state=states[record.state],
                        vendor=record.vendor_id.name,
                        step=steps[contract.return_refund_from],
                    )
                )

    def _prepare_refund_vals(self):
        """Return the refund of the units left: their price, less the label if due."""
        self.ensure_one()
        units = self.line_ids._units_refundable()
        lines = self.line_ids.filtered(lambda line: units[line])
        if not lines:
            raise MarketplaceError(
                self.env._("%(record)s: nothing is left to refund.", record=self.name)
            )
        states = self.sale_order_id.order_line._marketplace_ledger_state()
        items = [
            (line.sale_line_id, to_minor(units[line], QUANTITY_DECIMALS), line)
            for line in lines
        ]
        amounts = [
            min(unit_amount(states[line].state, quantity), states[line].state.left)
            for line, quantity, _return_line in items
        ]
        if self.label_payer == "customer" and not self._label_settled():
            label = self.currency_id._marketplace_minor(self.label_cost)
            amounts = less_label(amounts, label)
        if self.refund_shipping:
            for line in self.sale_order_id.order_line:
                if line.marketplace_kind == "shipping" and states[line].state.left:
                    items.append((line, 0, self.env["marketplace.return.line"]))
                    amounts.append(states[line].state.left)
        return {
            "order_id": self.marketplace_order_id.id,
            "return_id": self.id,
            "reason_code": self.reason_code,
            "fault": self.fault,
            "line_ids": [
                Command.create(
                    {
                        "sale_line_id": line.id,
                        "return_line_id": return_line.id,
                        "quantity": float(from_minor(quantity, QUANTITY_DECIMALS)),
                        "amount": self.currency_id._marketplace_amount(amount),
                    }
                )
                for (line, quantity, return_line), amount in zip(
                    items, amounts, strict=True
                )
            ],
        }

    def _label_settled(self):
        """Say whether a refund of the return is done: it has settled the label."""
        return any(refund.state == "done" for refund in self.refund_ids)


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    return_id = fields.Many2one(
        "marketplace.return",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    fault = fields.Selection(
        PARTIES,
        string="Caused by",
        compute="_compute_fault",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Who is answerable, by the reason. What becomes of the commission may "
        "depend on it.",
    )

    @api.depends("reason_code")
    def _compute_fault(self):
        for record in self:
            record.fault = REASON_FAULTS.get(record.reason_code, DEFAULT_FAULT)

    def _check_returns(self):
        """Refuse to refund units that wait in a return, but through it.

        What the customer already got at the storefront is a fact: it counts as the
        refund of the return that holds the units.

        :raises MarketplaceError: naming the return.
        """
        self.return_id._check_refundable()
        lines = self.line_ids.sale_line_id
        held = lines._marketplace_units_in_returns()
        back = lines._marketplace_quantities_refunded()
        for item in self.sorted("id").line_ids.filtered("quantity"):
            line, compare = item.sale_line_id, item.sale_line_id.product_uom_id.compare
            waiting = held.get(line, {})
            others = {
                other: units
                for other, units in waiting.items()
                if other != item.return_line_id
            }
            free = line.product_uom_qty - back.get(line.id, 0.0) - sum(others.values())
            if compare(item.quantity, free) > 0 and others:
                holder = next(iter(others))
                if not item.refund_id.external_ref or item.return_line_id:
                    item._refuse_held(holder)
                item.return_line_id = holder.sudo(self.env.su)
            if item.return_line_id:
                own = waiting.get(item.return_line_id, 0.0)
                if compare(item.quantity, own) > 0 and not item.refund_id.external_ref:
                    item._refuse_above(own)
                if own:
                    waiting[item.return_line_id] = max(own - item.quantity, 0.0)
            back[line.id] = back.get(line.id, 0.0) + item.quantity

    def _label_entries(self):
        """Return the entry of a return label that the operator pays, once."""
        self.ensure_one()
        source = self.return_id
        if source.label_payer != "operator" or source._label_settled():
            return []
        return [
            {
                "company_id": self.company_id.id,
                "vendor_id": source.vendor_id.id,
                "marketplace_order_id": self.order_id.id,
                "sale_order_id": source.sale_order_id.id,
                "event": "return_label",
                "event_key": f"return:{source.id}",
                "source_key": f"return_label:{source.id}",
                "role_debit": "OPERATOR_COST",
                "role_credit": "VENDOR_DUE",
                "amount": source.label_cost,
                "currency_id": self.currency_id.id,
                "date_event": self.date,
                "date_available": self.date,
            }
        ]

    def _after_apply(self):
        result = super()._after_apply()
        # sudo: a return follows its refund, whoever applies it
        self.line_ids.return_line_id.return_id.sudo()._close_refunded()
        return result


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    return_line_id = fields.Many2one(
        "marketplace.return.line",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _refuse_held(self, holder):
        raise MarketplaceError(
            self.env._(
                "%(refund)s: units of %(line)s are in %(record)s (%(state)s). Refund "
                "them from there, or cancel it.",
                refund=self.refund_id.name,
                line=self.sale_line_id.display_name,
                record=holder.return_id.name,
                state=dict(
                    holder.return_id._fields["state"]._description_selection(self.env)
                )[holder.return_id.state],
            )
        )

    def _refuse_above(self, left):
        raise MarketplaceError(
            self.env._(
                "%(refund)s: only %(left)s units of %(line)s are left to refund in "
                "%(record)s.",
                refund=self.refund_id.name,
                left=format_quantity(self.env, left),
                line=self.sale_line_id.display_name,
                record=self.return_line_id.return_id.name,
            )
        )


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[("return_label", "Return label paid by the operator")],
        ondelete={"return_label": keep_facts},
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "return_label": "marketplace_journal_order_id",
        }
