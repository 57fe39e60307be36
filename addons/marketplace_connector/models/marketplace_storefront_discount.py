from odoo import fields, models

from odoo.addons.marketplace_base.const import DISCOUNT_FUNDERS


class MarketplaceStorefrontDiscount(models.Model):
    """Who pays for a promotion of the shop."""

    _name = "marketplace.storefront.discount"
    _description = "Storefront Promotion"
    _order = "storefront_id, code"

    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, index=True, ondelete="cascade"
    )
    code = fields.Char(
        required=True,
        help="Coupon code, or name of a promotion without coupon; capitals do not "
        "matter.",
    )
    funder = fields.Selection(
        DISCOUNT_FUNDERS, string="Paid by", required=True, default="marketplace"
    )

    _code_uniq = models.UniqueIndex(
        "(storefront_id, upper(code))", "This promotion is already listed."
    )
