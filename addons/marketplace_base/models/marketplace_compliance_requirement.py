from odoo import api, fields, models

from ..const_catalogue import COMPLIANCE_EFFECTS, COMPLIANCE_KINDS


class MarketplaceComplianceRequirement(models.Model):
    """What the law asks for products of a category that are sold in a country."""

    _name = "marketplace.compliance.requirement"
    _description = "Compliance Requirement"
    _order = "categ_id, kind, id"
    _rec_name = "kind"

    categ_id = fields.Many2one(
        "product.category",
        string="Category",
        required=True,
        index=True,
        ondelete="cascade",
        help="With the categories below it.",
    )
    country_id = fields.Many2one(
        "res.country",
        help="Country of the company that sells. Empty: every country.",
    )
    kind = fields.Selection(COMPLIANCE_KINDS, string="What", required=True)
    effect = fields.Selection(
        COMPLIANCE_EFFECTS,
        required=True,
        default="block",
        help="Offers without it are taken off sale, or only marked.",
    )
    note = fields.Char(translate=True, help="Explained to the vendor, with the source.")

    _requirement_uniq = models.UniqueIndex(
        "(categ_id, kind, coalesce(country_id, 0))",
        "This is asked for in this category and country already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        requirements = super().create(vals_list)
        requirements.categ_id._marketplace_refresh_compliance()
        return requirements

    def write(self, vals):
        categories = self.categ_id
        result = super().write(vals)
        (categories | self.categ_id)._marketplace_refresh_compliance()
        return result

    def unlink(self):
        categories = self.categ_id
        result = super().unlink()
        categories._marketplace_refresh_compliance()
        return result

    def _gravest(self):
        """Return the gravest effect of requirements that are not met, or False."""
        effects = set(self.mapped("effect"))
        return "block" if "block" in effects else "warn" if effects else False


class ProductCategory(models.Model):
    _inherit = "product.category"

    def write(self, vals):
        result = super().write(vals)
        if "parent_id" in vals:
            self._marketplace_refresh_compliance()
        return result

    def _marketplace_refresh_compliance(self):
        """Look again at the offers of categories and of those below them."""
        # sudo: what is sold follows the requirements, whoever changed them
        offers = self.env["marketplace.offer"].sudo()
        offers.search(
            [("product_categ_id", "child_of", self.ids)]
        )._refresh_compliance()
