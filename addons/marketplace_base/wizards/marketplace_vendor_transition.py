from odoo import fields, models

from ..const import VENDOR_REASONS


class MarketplaceVendorTransition(models.TransientModel):
    _name = "marketplace.vendor.transition"
    _description = "Refuse, Suspend or Close Vendors"

    vendor_ids = fields.Many2many(
        "res.partner",
        required=True,
        default=lambda self: self.env.context.get("active_ids", []),
    )
    target = fields.Selection(
        [("rejected", "Reject"), ("suspended", "Suspend"), ("closed", "Close")],
        string="Decision",
        required=True,
    )
    reason_code = fields.Selection(
        [reason for reason in VENDOR_REASONS if reason[0] != "progress"],
        string="Reason",
        required=True,
    )
    reason = fields.Text(
        string="Details", required=True, help="Kept in the history of the vendor."
    )

    def action_apply(self):
        self.ensure_one()
        self.vendor_ids._vendor_transition(
            self.target,
            reason=self.reason,
            reason_code=self.reason_code,
            history_vals=self._prepare_history_vals(),
        )
        return True

    def _prepare_history_vals(self):
        """Return what else the history keeps of the decision; to extend."""
        return {}
