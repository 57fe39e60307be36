from odoo import fields, models


class MarketplaceCloseReason(models.TransientModel):
    """Ask why a check is waived, or a closed month opened again."""

    _name = "marketplace.close.reason"
    _description = "Reason of a Close Decision"

    close_id = fields.Many2one("marketplace.close", required=True)
    check_id = fields.Many2one("marketplace.close.check")
    decision = fields.Selection(
        [("waive", "Waive"), ("reopen", "Reopen")], required=True, readonly=True
    )
    reason = fields.Text(required=True)

    def action_apply(self):
        """Take the decision in the name of the user."""
        self.ensure_one()
        close = self.close_id._check_closing_right()
        if self.decision == "reopen":
            close._reopen(self.reason)
        else:
            # sudo: the right to close was checked; the check must be of that close
            (self.check_id.sudo() & close.check_ids)._waive(self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
