from odoo import fields, models


class MarketplaceStorefront(models.Model):
    """How the orders of a shop are read."""

    _inherit = "marketplace.storefront"

    fee_product_id = fields.Many2one(
        "product.product",
        string="Product of Fees",
        domain=[("type", "=", "service")],
        ondelete="restrict",
        help="What fees that the shop charges on a whole order are booked as: gift "
        "wrap, payment surcharge. The marketplace sells it. Empty: orders with a fee "
        "go to quarantine.",
    )
