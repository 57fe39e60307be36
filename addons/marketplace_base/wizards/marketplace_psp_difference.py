from odoo import fields, models

from ..models.marketplace_psp_settlement_line import BOOKING_ROLES


class MarketplacePspDifference(models.TransientModel):
    """Ask who bears the difference of a report's line, and why."""

    _name = "marketplace.psp.difference"
    _description = "Book a Difference with a PSP Report"

    line_id = fields.Many2one(
        "marketplace.psp.settlement.line", required=True, readonly=True
    )
    currency_id = fields.Many2one(related="line_id.currency_id")
    amount = fields.Monetary(
        related="line_id.amount_difference", string="Difference", readonly=True
    )
    role = fields.Selection(
        BOOKING_ROLES, string="Booked as", required=True, default="PSP_FEES"
    )
    reason = fields.Char(required=True)

    def action_apply(self):
        """Book the difference in the name of the user."""
        self.ensure_one()
        self.line_id._book_difference(self.role, self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
