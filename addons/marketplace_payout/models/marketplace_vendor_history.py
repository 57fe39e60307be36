from odoo import fields, models

from ..const import SUSPENSION_PAYOUTS


class MarketplaceVendorHistory(models.Model):
    _inherit = "marketplace.vendor.history"

    payouts = fields.Selection(
        SUSPENSION_PAYOUTS, readonly=True, help="What a suspension decided on payouts."
    )
    is_dac7 = fields.Boolean(
        string="For Tax Data",
        readonly=True,
        help="Suspended by the job for data of the DAC7 report; lifted by it as well.",
    )
