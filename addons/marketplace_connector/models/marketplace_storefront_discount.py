from decimal import Decimal

from odoo import fields, models

from odoo.addons.marketplace_base.const import DISCOUNT_FUNDERS
from odoo.addons.marketplace_base.engine.split import SHARING

from ..engine.mapping import Funding


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
        [*DISCOUNT_FUNDERS, (SHARING, "Both")],
        string="Paid by",
        required=True,
        default="marketplace",
    )
    vendor_share = fields.Float(
        string="Vendors Pay",
        digits=(6, 5),
        default=0.5,
        help="Share of a promotion paid by both that the vendors pay.",
    )
    promised_by = fields.Selection(
        DISCOUNT_FUNDERS, help="Who announced it; empty: who pays for it."
    )

    _code_uniq = models.UniqueIndex(
        "(storefront_id, upper(code))", "This promotion is already listed."
    )
    _vendor_share_fraction = models.Constraint(
        "CHECK (vendor_share >= 0 AND vendor_share <= 1)",
        "Vendors pay between 0 % and 100 % of a promotion.",
    )

    def _get_funding(self):
        self.ensure_one()
        shared = self.funder == SHARING
        return Funding(
            self.funder,
            Decimal(f"{self.vendor_share:.5f}") if shared else None,
            self.promised_by or "",
        )
