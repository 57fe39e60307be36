"""What a customer has to pay of a purchase, once amendments changed it."""

from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.amend import sold
from ..engine.money import to_minor
from ..engine.refund import refund


class Tier(NamedTuple):
    """Orders of a group that are paid together, after those of earlier tiers.

    ``payable`` is what the customer has to pay for them, in minor units: what was
    bought first, then what each amendment added.
    """

    lines: models.BaseModel
    payable: int


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    amount_cancelled = fields.Monetary(
        string="Cancelled before Payment",
        compute="_compute_amount_payable",
        help="Part of what was bought that the customer never has to pay.",
    )
    amount_added = fields.Monetary(
        string="Added Afterwards",
        compute="_compute_amount_payable",
        help="What amendments sold in addition.",
    )
    amount_payable = fields.Monetary(
        string="To Pay in All",
        compute="_compute_amount_payable",
        help="Charged at the purchase, plus what amendments added, less what was "
        "cancelled before it was captured.",
    )
    amount_to_capture = fields.Monetary(
        string="Still to Capture", compute="_compute_amount_payable"
    )
    amendment_count = fields.Integer(
        string="Amendments", compute="_compute_amendment_count"
    )

    @api.depends(
        "amount_charged",
        "payment_ids.state",
        "payment_ids.amount",
        "refund_ids.state",
        "sale_order_ids.amendment_id",
        "sale_order_ids.order_line.amount_vendor",
    )
    def _compute_amount_payable(self):
        for group in self:
            currency = group.currency_id
            added = group.sale_order_ids.filtered("amendment_id").order_line
            cancelled = group.refund_ids.filtered(
                lambda refund: refund._is_unpaid() and refund.state == "done"
            )
            captured = group.payment_ids.filtered(
                lambda payment: payment.state == "captured"
            )
            group.amount_added = currency.round(sum(added.mapped("amount_vendor")))
            group.amount_cancelled = currency.round(sum(cancelled.mapped("amount")))
            group.amount_payable = currency.round(
                group.amount_charged + group.amount_added - group.amount_cancelled
            )
            group.amount_to_capture = currency.round(
                group.amount_payable - sum(captured.mapped("amount"))
            )

    def _compute_amendment_count(self):
        counts = dict(
            self.env["marketplace.order.amendment"]._read_group(
                [("order_id", "in", self.ids)], ["order_id"], ["__count"]
            )
        )
        for group in self:
            group.amendment_count = counts.get(group, 0)

    def action_amend(self):
        """Open a draft amendment of this order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Amendment of %(order)s", order=self.name),
            "res_model": "marketplace.order.amendment",
            "view_mode": "form",
            "context": {"default_order_id": self.id},
        }

    def action_view_amendments(self):
        self.ensure_one()
        return {
            **self._related_action(
                self.env._("Amendments"), "marketplace.order.amendment"
            ),
            "domain": [("order_id", "=", self.id)],
        }

    def _payable_tiers(self, states):
        """Return what is to be paid of a group, first what was bought, in order.

        :param states: {order line: LineMoney} of its lines.
        :return: [Tier].
        """
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        by_amendment = defaultdict(self.env["sale.order.line"].browse)
        for order in self.sale_order_ids:
            by_amendment[order.amendment_id] |= order.order_line.filtered(
                "amount_vendor"
            )
        tiers = []
        for amendment in sorted(by_amendment, key=lambda record: record.number):
            lines = by_amendment[amendment]
            payable = sum(line._marketplace_charge_minor() for line in lines)
            if not amendment:
                payable = minor(self.amount_charged)
                payable -= sum(
                    minor(refund.amount_rounding)
                    for refund in self.refund_ids
                    if refund.before_capture and refund.state == "done"
                )
            payable -= sum(
                states[line].cancelled + states[line].off_account for line in lines
            )
            tiers.append(Tier(lines, payable))
        return tiers

    def _is_paid(self, order=None):
        """Say whether what a vendor order belongs to is captured, all of it.

        What an amendment added later is not waited for, unless it is the order.
        """
        self.ensure_one()
        if order and order._marketplace_is_guaranteed():
            return True
        required = self.amount_payable
        if order and not order.amendment_id:
            required -= self._added_left()
        paid = self.amount_captured - sum(self._surplus_refunds().mapped("amount"))
        return self.currency_id.compare_amounts(paid, required) >= 0

    def _added_left(self):
        """Return what amendments added, less what of it was cancelled unpaid."""
        added = self.sale_order_ids.filtered("amendment_id")
        cancelled = self.refund_ids.filtered(
            lambda refund: refund._is_unpaid() and refund.state == "done"
        ).line_ids.filtered(lambda item: item.sale_line_id.order_id in added)
        return self.amount_added - sum(cancelled.mapped("amount"))

    def _orphan_rounding_minor(self, cancelled):
        """Return the rounding of the charge when nothing of the purchase is left.

        Minor units; the customer must not owe a cent of an order that is no more.

        :param cancelled: minor units about to be cancelled of its lines.
        """
        self.ensure_one()
        if self.payment_ids.filtered(lambda payment: payment.state == "captured"):
            return 0
        lines = self.sale_order_ids.order_line
        states = lines._marketplace_ledger_state()
        open_minor = sum(
            line._marketplace_charge_minor()
            - states[line].cancelled
            - states[line].off_account
            for line in lines
        )
        if open_minor - cancelled:
            return 0
        return self.currency_id._marketplace_minor(self.amount_payable) - cancelled


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amendment_id = fields.Many2one(
        "marketplace.order.amendment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The change of the purchase that added this order.",
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    amendment_line_id = fields.Many2one(
        "marketplace.order.amendment.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_supplement = fields.Boolean(
        readonly=True,
        copy=False,
        help="A higher price of units sold before: nothing is shipped for it.",
    )

    def _marketplace_ships(self):
        """Say whether a vendor has goods to send for the line."""
        self.ensure_one()
        return bool(
            self.vendor_id
            and self.marketplace_kind == "goods"
            and not self.is_supplement
        )

    def _marketplace_preview_less(self, money, quantity):
        """Return what taking units away changes: (customer, seller), minor units.

        :param money: what happened to the line so far; nothing when it is None.
        """
        if not money:
            return 0, 0
        state = self._marketplace_sold_state(money)
        units = min(
            to_minor(max(quantity, 0.0), QUANTITY_DECIMALS),
            state.quantity - state.quantity_back,
        )
        part, _after = refund(state, units, None)
        return part.charged, part.credit

    def _marketplace_less_parts(self, money, less):
        """Return where what a customer pays less comes from, in minor units.

        First what is not captured, then what he owes on account, then what he paid.

        :param money: what happened to the line so far.
        :return: (cancelled before the capture, off the account, paid back).
        """
        self.ensure_one()
        open_minor = self._marketplace_charge_minor() - money.state.charged
        cancelled = min(less, max(open_minor, 0))
        off_account = min(less - cancelled, money.collect)
        return cancelled, off_account, less - cancelled - off_account

    def _marketplace_sold_state(self, money):
        """Return the line as it was sold, for the engine.

        :param money: what happened to it so far.
        """
        self.ensure_one()
        return sold(
            money,
            self._marketplace_charge_minor(),
            self.currency_id._marketplace_minor(self.amount_vendor),
            self._marketplace_tax_minor() if self._marketplace_tax_role() else 0,
        )
