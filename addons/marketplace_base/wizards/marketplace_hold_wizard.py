from odoo import fields, models

from ..models.marketplace_hold import HOLD_REASONS

# What the refusal of a cancelled order says, by the reason of its hold.
REFUSAL_BY_HOLD = {"fraud": "fraud", "address": "address"}


class MarketplaceHoldWizard(models.TransientModel):
    _name = "marketplace.hold.wizard"
    _description = "Hold, Release or Cancel Vendor Orders"

    decision = fields.Selection(
        [
            ("hold", "Hold"),
            ("release", "Release to the vendors"),
            ("cancel", "Cancel, the customer gets his money back"),
        ],
        required=True,
    )
    sale_order_ids = fields.Many2many(
        "sale.order",
        string="Vendor Orders",
        required=True,
        default=lambda self: self.env.context.get("active_ids", []),
        domain=[("vendor_id", "!=", False)],
    )
    reason_code = fields.Selection(HOLD_REASONS, string="Reason", default="fraud")
    note = fields.Text(string="Details", help="Kept with the hold.")

    def action_apply(self):
        """Hold the orders, or end their holds."""
        self.ensure_one()
        # What is done as superuser below is what this right stands for.
        self.sale_order_ids.check_access("write")
        orders = self.sale_order_ids
        if self.decision == "hold":
            orders._marketplace_hold(self.reason_code, self.note)
        elif self.decision == "release":
            orders._marketplace_release(self.note)
        else:
            for reason, held in orders.grouped(
                lambda order: order.hold_id.reason_code
            ).items():
                held._marketplace_cancel_held(
                    REFUSAL_BY_HOLD.get(reason, "other"), self.note
                )
        return True
