from odoo import fields, models


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
    reason = fields.Text(required=True, help="Kept in the history of the vendor.")

    def action_apply(self):
        self.ensure_one()
        self.vendor_ids._vendor_transition(self.target, reason=self.reason)
        return True
