from datetime import timedelta

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError


class MarketplaceReconcile(models.TransientModel):
    """Compare a period now, instead of tonight."""

    _name = "marketplace.reconcile"
    _description = "Compare Shops, Books and Provider"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    storefront_ids = fields.Many2many(
        "marketplace.storefront",
        string="Storefronts",
        domain="[('state', '=', 'connected'), ('company_id', '=', company_id)]",
        help="Empty: all that are connected.",
    )
    date_from = fields.Date(
        string="Orders Placed from",
        required=True,
        default=lambda self: self.env.company._marketplace_today() - timedelta(days=7),
    )
    date_to = fields.Date(
        string="Until",
        required=True,
        default=lambda self: self.env.company._marketplace_today(),
    )

    def action_reconcile(self):
        """Queue the comparison."""
        self.ensure_one()
        if self.date_from > self.date_to:
            raise MarketplaceError(self.env._("The period ends before it begins."))
        # sudo: comparing is the system's act; the right to ask for it was checked when
        # this record was made.
        wanted = self.storefront_ids.sudo() or self.env[
            "marketplace.storefront"
        ].sudo().search(
            [("state", "=", "connected"), ("company_id", "=", self.company_id.id)]
        )
        wanted._check_connected()
        wanted._queue_reconciliation(self.date_from, self.date_to)
        self.company_id._queue_reconciliation(self.date_from, self.date_to)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("The comparison has begun."),
                "type": "info",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
