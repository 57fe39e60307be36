from odoo import fields, models

REFUSAL_REFUNDS = [
    ("draft", "Prepare a refund, a person applies it"),
    ("apply", "Refund at once"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_refusal_refund = fields.Selection(
        REFUSAL_REFUNDS,
        string="Refused Units",
        required=True,
        default="draft",
        help="What happens to the money the customer paid for units that a vendor "
        "refuses.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_refusal_refund = fields.Selection(
        related="company_id.marketplace_refusal_refund", readonly=False, required=True
    )
