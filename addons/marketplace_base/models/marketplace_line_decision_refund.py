"""Give back, or cancel, what was refused."""

from odoo import models
from odoo.fields import Command

from ..const import QUANTITY_DECIMALS, SHIPMENT_GONE
from ..engine.money import from_minor, to_minor
from ..engine.refund import refund
from .marketplace_line_decision import DECIDING

# Refunds of one refusal, by where the money is, and what makes them that.
REFUSAL_REFUNDS = {
    "before_capture": {"before_capture": True},
    "off_account": {"off_account": True},
    "paid": {},
}


class MarketplaceLineDecision(models.Model):
    _inherit = "marketplace.line.decision"

    def _refund(self, reason_code):
        """Make the refunds of refused units, deliveries included, by purchase.

        What was captured for them goes back, when and as the company wants it; what
        was not is cancelled at once, and lowers the customer's account if he bought on
        account: there is no money to check.
        """
        # sudo: the refund follows the decision, whoever made it
        Refund = self.env["marketplace.refund"].sudo()._state_unlocked()
        groups = self.grouped(lambda item: item.sale_order_id.marketplace_order_id)
        vals_list = []
        for group, own in groups.items():
            common = {
                "order_id": group.id,
                "is_refusal": True,
                "reason_code": Refund._refund_reason(reason_code),
                "note": "\n".join(filter(None, dict.fromkeys(own.mapped("note")))),
            }
            for kind, line_vals in own._prepare_refund_lines(group).items():
                vals_list.append(
                    {
                        **common,
                        **REFUSAL_REFUNDS[kind],
                        **own._prepare_refusal_rounding(group, kind, line_vals),
                        "line_ids": [Command.create(vals) for vals in line_vals],
                    }
                )
        refunds = Refund.with_context(marketplace_deciding=DECIDING).create(vals_list)
        # The line that holds the units; the others hold money of theirs.
        holders = {
            item.sale_line_id: item for item in refunds.line_ids.filtered("quantity")
        }
        for decision in self.with_context(marketplace_deciding=DECIDING):
            decision.refund_line_id = holders[decision.sale_line_id]
        unpaid = refunds.filtered(lambda record: record._is_unpaid())
        unpaid._apply()
        (refunds - unpaid)._apply_refusals()
        self.sale_order_id._marketplace_acceptance_done()

    def _prepare_refusal_rounding(self, group, kind, line_vals):
        """Return the rounding that is cancelled with the last unpaid units."""
        if kind != "before_capture":
            return {}
        minor = group.currency_id._marketplace_minor
        rounding = group._orphan_rounding_minor(
            sum(minor(vals["amount"]) for vals in line_vals)
        )
        return {"amount_rounding": group.currency_id._marketplace_amount(rounding)}

    def _prepare_refund_lines(self, group):
        """Return the refund lines of refused units of one purchase, by kind of refund.

        Units stay with the refund that a person may still look at, if there is one:
        they are not gone before it is done.

        :return: {kind of :data:`REFUSAL_REFUNDS`: values}, kinds without lines absent.
        """
        quantities = {}
        for decision in self:
            line = decision.sale_line_id
            units = to_minor(decision.quantity, QUANTITY_DECIMALS)
            quantities[line] = quantities.get(line, 0) + units
        fees = self._refused_fees()
        lines = self.sale_line_id | fees
        money = lines._marketplace_ledger_state()
        for line in fees:
            state = money[line].state
            quantities[line] = state.quantity - state.quantity_back
        result = {}
        for line, units in quantities.items():
            if units <= 0:
                continue
            part, _after = refund(
                line._marketplace_sold_state(money[line]), units, None
            )
            kinds = ("before_capture", "off_account", "paid")
            parts = line._marketplace_less_parts(money[line], part.charged)
            amounts = dict(zip(kinds, parts, strict=True))
            holder = next((kind for kind in reversed(kinds) if amounts[kind]), None)
            if not holder:
                # Nothing to pay for them: cancelled, unless somebody paid the seller.
                holder = "paid" if money[line].state.credit else "before_capture"
            for kind in kinds:
                if amounts[kind] or kind == holder:
                    held = units if kind == holder else 0
                    result.setdefault(kind, []).append(
                        {
                            "sale_line_id": line.id,
                            "quantity": float(from_minor(held, QUANTITY_DECIMALS)),
                            "amount": group.currency_id._marketplace_amount(
                                amounts[kind]
                            ),
                        }
                    )
        return result

    def _refused_fees(self):
        """Return the delivery fees of vendors who deliver nothing any more."""
        orders = self.sale_order_id
        left = orders.order_line._marketplace_quantities_to_ship()
        empty = orders.filtered(
            lambda order: not any(left.get(line.id) for line in order.order_line)
            and not order.marketplace_shipment_ids.filtered(
                lambda shipment: shipment.state not in SHIPMENT_GONE
            )
        )
        return orders.marketplace_order_id.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
            and (line.order_id in empty or line.shipping_vendor_id in empty.vendor_id)
        )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _apply_refusals(self):
        """Apply new refunds of captured money, if the company wants that at once.

        One that no single payment can bear is left to a person.
        """
        ready = self.filtered(
            lambda record: record.company_id.marketplace_refusal_refund == "apply"
            and record.currency_id.compare_amounts(
                record.amount, record.payment_id.amount_left
            )
            <= 0
        )
        if ready:
            ready._apply()
