from odoo import fields, models

from odoo.addons.marketplace_base.models.marketplace_order_allocation import (
    ALLOCATION_KEYS,
)

from ..engine.contract import TaxMode
from ..engine.mapping import Funding

CUSTOMER_MATCHES = [
    ("reference", "Account in the shop"),
    ("email", "Account in the shop, else e-mail address"),
]


class MarketplaceStorefront(models.Model):
    """How prices are told to a shop, and how its orders are read."""

    _inherit = "marketplace.storefront"

    tax_mode = fields.Selection(
        [
            (TaxMode.INCLUDED.value, "Include taxes"),
            (TaxMode.EXCLUDED.value, "Exclude taxes"),
        ],
        string="Prices in the Shop",
        required=True,
        default=TaxMode.INCLUDED.value,
        help="How the shop writes prices. Each order says by itself which way it was "
        "made; its taxes must agree with ours either way.",
    )
    fee_product_id = fields.Many2one(
        "product.product",
        string="Product of Fees",
        domain=[("type", "=", "service")],
        ondelete="restrict",
        help="What fees that the shop charges on a whole order are booked as: gift "
        "wrap, payment surcharge. The marketplace sells it. Empty: orders with a fee "
        "go to quarantine.",
    )
    allocation_key = fields.Selection(
        ALLOCATION_KEYS,
        string="Share Amounts by",
        help="What the delivery and the discounts of a whole order are shared by. "
        "Empty: as the company does.",
    )
    customer_match = fields.Selection(
        CUSTOMER_MATCHES,
        string="Same Customer by",
        required=True,
        default="reference",
        help="By e-mail address, a guest becomes the customer with this address that "
        "the company has on file. An address typed at a checkout proves nothing: "
        "choose it only if the shop verifies addresses.",
    )
    adds_taxes = fields.Boolean(
        string="Add Unknown Taxes",
        help="A tax of the shop that is not listed is mapped to our sale tax of the "
        "same rate, and marked for review. Otherwise its orders go to quarantine.",
    )

    def _get_default_funding(self):
        self.ensure_one()
        return Funding(self.default_funder) if self.default_funder else None
