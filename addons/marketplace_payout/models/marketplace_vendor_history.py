from odoo import fields, models

from ..const import SUSPENSION_PAYOUTS


class MarketplaceVendorHistory(models.Model):
    _inherit = "marketplace.vendor.history"

    payouts = fields.Selection(
        SUSPENSION_PAYOUTS, readonly=True, help="What a suspension decided on payouts."
    )
