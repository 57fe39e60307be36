"""Give back, or cancel, what was refused."""

from odoo import models
from odoo.fields import Command

from ..const import QUANTITY_DECIMALS
from ..engine.money import from_minor
from .marketplace_line_decision import DECIDING


class MarketplaceLineDecision(models.Model):
    _inherit = "marketplace.line.decision"

    def _refund(self, reason_code):
        """Make the refunds of refused units: one per purchase, deliveries included.

        What was captured for them goes back; nothing captured, they are cancelled.
        """
        # sudo: the refund follows the decision, whoever made it
        Refund = self.env["marketplace.refund"].sudo()
        groups = self.grouped(lambda item: item.sale_order_id.marketplace_order_id)
        refunds = Refund.with_context(marketplace_deciding=DECIDING).create(
            [
                {
                    "order_id": group.id,
                    "is_refusal": True,
                    "reason_code": Refund._refund_reason(reason_code),
                    "note": "\n".join(filter(None, dict.fromkeys(own.mapped("note")))),
                    "line_ids": own._prepare_refund_lines(),
                }
                for group, own in groups.items()
            ]
        )
        for refund in refunds:
            lines = {item.sale_line_id: item for item in refund.line_ids}
            for decision in groups[refund.order_id]:
                decision.with_context(
                    marketplace_deciding=DECIDING
                ).refund_line_id = lines[decision.sale_line_id]
        refunds._apply_refusals()
        self.sale_order_id._marketplace_acceptance_done()

    def _prepare_refund_lines(self):
        """Return the lines of the refund of refused units of one purchase.

        A vendor who delivers nothing does not keep the delivery fee.
        """
        orders = self.sale_order_id
        left = orders.order_line._marketplace_quantities_to_ship()
        vals_list = [
            {"sale_line_id": item.sale_line_id.id, "quantity": item.quantity}
            for item in self
        ]
        empty = orders.filtered(
            lambda order: not any(left.get(line.id) for line in order.order_line)
            and not order.marketplace_shipment_ids.filtered(
                lambda shipment: shipment.state != "cancelled"
            )
        )
        fees = orders.marketplace_order_id.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
            and (line.order_id in empty or line.shipping_vendor_id in empty.vendor_id)
        )
        for line, money in fees._marketplace_ledger_state().items():
            units = money.state.quantity - money.state.quantity_back
            if units > 0:
                vals_list.append(
                    {
                        "sale_line_id": line.id,
                        "quantity": float(from_minor(units, QUANTITY_DECIMALS)),
                    }
                )
        return [Command.create(vals) for vals in vals_list]
