from odoo import fields, models

from ..const import KYC_AUDIENCES


class MarketplaceKycDocumentType(models.Model):
    _name = "marketplace.kyc.document.type"
    _description = "KYC Document Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Char(
        translate=True, help="Shown to the vendor: what we accept, how old it may be."
    )
    audience = fields.Selection(
        KYC_AUDIENCES, string="Asked of", required=True, default="all"
    )
    is_required = fields.Boolean(
        string="Required",
        help="The KYC of a vendor cannot be approved without an accepted document of "
        "this type, and has to be renewed once it has expired.",
    )
    has_expiry = fields.Boolean(
        string="Expires", help="Documents of this type need an expiry date."
    )

    def _for_vendor(self, vendor):
        """Return the types that a vendor of his kind is asked for."""
        kinds = {"all", vendor.vendor_kind}
        return self.filtered(lambda kind: kind.audience in kinds)
