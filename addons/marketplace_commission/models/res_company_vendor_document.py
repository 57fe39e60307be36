from odoo import fields, models

from ..const_vendor_document import DOCUMENT_TRIGGERS, PRIVATE_DOCUMENTS


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_document_trigger = fields.Selection(
        DOCUMENT_TRIGGERS,
        string="Vendors' Invoices",
        default="delivery",
        required=True,
        help="When the job issues the customer's invoice in the vendor's name.",
    )
    marketplace_document_mail = fields.Boolean(
        string="Mail Documents to Customers",
        default=True,
        help="Customers get invoices and credit notes of vendors by mail. Without it "
        "they find them in the storefront only.",
    )
    marketplace_private_document = fields.Selection(
        PRIVATE_DOCUMENTS,
        string="Private Vendors",
        default="none",
        required=True,
        help="What customers get for what a private person sold: no invoice, no VAT.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_document_trigger = fields.Selection(
        related="company_id.marketplace_document_trigger", readonly=False
    )
    marketplace_document_mail = fields.Boolean(
        related="company_id.marketplace_document_mail", readonly=False
    )
    marketplace_private_document = fields.Selection(
        related="company_id.marketplace_private_document", readonly=False
    )
