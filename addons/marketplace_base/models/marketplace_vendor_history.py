from odoo import fields, models
from odoo.fields import Domain

from ..const import VENDOR_REASONS, VENDOR_STATES
from .res_partner import GROUP_VIEWER


class MarketplaceVendorHistory(models.Model):
    """Keep who moved a vendor to which state, when and why; only the gate writes it."""

    _name = "marketplace.vendor.history"
    _description = "Vendor State Change"
    _order = "date desc, id desc"
    _rec_name = "vendor_id"

    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True)
    state_from = fields.Selection(VENDOR_STATES, string="From", readonly=True)
    state_to = fields.Selection(
        VENDOR_STATES, string="To", required=True, readonly=True
    )
    reason_code = fields.Selection(
        VENDOR_REASONS, string="Reason", required=True, readonly=True
    )
    reason = fields.Text(string="Details", readonly=True)


class ResPartner(models.Model):
    _inherit = "res.partner"

    vendor_history_ids = fields.One2many(
        "marketplace.vendor.history",
        "vendor_id",
        string="State Changes",
        readonly=True,
        groups=GROUP_VIEWER,
    )

    def _vendor_record_history(self, target, vals):
        """Write down that each vendor moves from his present state to another."""
        now = fields.Datetime.now()
        # sudo: nobody may write the history but the gate that calls this
        self.env["marketplace.vendor.history"].sudo().create(
            [
                {
                    **vals,
                    "vendor_id": vendor.id,
                    "date": now,
                    "user_id": self.env.uid,
                    "state_from": vendor.vendor_state,
                    "state_to": target,
                }
                for vendor in self
            ]
        )

    def _vendor_sold_on(self, date):
        """Return whether the vendor was approved at a moment of the past (UTC)."""
        self.ensure_one()
        if not date:
            return False
        # sudo: an order may be imported by someone who does not read vendors
        last = (
            self.env["marketplace.vendor.history"]
            .sudo()
            .search(
                Domain("vendor_id", "=", self.id) & Domain("date", "<=", date), limit=1
            )
        )
        return last.state_to == "approved"
