"""Watch the exchange with each shop: lag, failures in a row, whom to tell."""

from odoo import fields, models


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    user_id = fields.Many2one(
        "res.users",
        string="In Charge",
        tracking=True,
        domain=[("share", "=", False)],
        default=lambda self: self.env.user,
        help="Gets a mail when the exchange fails several times in a row, and is the "
        "first owner of what a comparison finds.",
    )
