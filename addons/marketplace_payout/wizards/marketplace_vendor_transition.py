from odoo import fields, models
from odoo.exceptions import UserError

from ..const import SUSPENSION_PAYOUTS


class MarketplaceVendorTransition(models.TransientModel):
    _inherit = "marketplace.vendor.transition"

    payouts = fields.Selection(
        SUSPENSION_PAYOUTS,
        help="A suspension must say what happens to the money already earned.",
    )

    def action_apply(self):
        """Suspend with an answer about payouts, and hold them if that is it."""
        suspending = self.target == "suspended"
        if suspending and not self.payouts:
            raise UserError(
                self.env._(
                    "Say what happens to the payouts of the suspended vendors: "
                    "continue or hold."
                )
            )
        result = super().action_apply()
        if suspending and self.payouts == "hold":
            # sudo: the catalogue role, checked by the transition, does not see bank
            # and payout data; it may only hold, lifting is the accountant's
            self.vendor_ids.sudo().write(
                {"payout_hold": True, "payout_hold_reason": self.reason}
            )
        return result

    def _prepare_history_vals(self):
        vals = super()._prepare_history_vals()
        if self.target == "suspended":
            vals["payouts"] = self.payouts
        return vals
