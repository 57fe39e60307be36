from odoo import api, fields, models

from ..const_catalogue import ASSORTMENT_MODES
from ..exceptions import MarketplaceError
from .res_partner import GROUP_VIEWER


class MarketplaceAssortmentRule(models.Model):
    """What a vendor may sell, by category with all below it, and by brand.

    A product is refused when a rule denies it, or when the vendor has rules that allow
    and none of them covers it.
    """

    _name = "marketplace.assortment.rule"
    _description = "Assortment Rule of a Vendor"
    _order = "vendor_id, mode desc, id"

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    mode = fields.Selection(
        ASSORTMENT_MODES,
        string="Rule",
        required=True,
        default="deny",
        help="As soon as one rule says what the vendor may sell, all else is refused.",
    )
    categ_id = fields.Many2one(
        "product.category",
        string="Category",
        index="btree_not_null",
        ondelete="cascade",
        help="With the categories below it. Empty: every category.",
    )
    brand_id = fields.Many2one(
        "marketplace.brand",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: every brand.",
    )
    note = fields.Char(help="Why, for colleagues.")

    _covers_something = models.Constraint(
        "CHECK (categ_id IS NOT NULL OR brand_id IS NOT NULL)",
        "An assortment rule needs a category, a brand or both.",
    )
    _rule_uniq = models.UniqueIndex(
        "(company_id, vendor_id, coalesce(categ_id, 0), coalesce(brand_id, 0))",
        "The vendor has a rule for this category and brand already.",
    )

    @api.depends("categ_id", "brand_id")
    def _compute_display_name(self):
        for rule in self:
            parts = (rule.brand_id.name, rule.categ_id.display_name)
            rule.display_name = " · ".join(part for part in parts if part)

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    # -- CRUD: offers follow at once ------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.vendor_id._vendor_refresh_offers()
        return rules

    def write(self, vals):
        vendors = self.vendor_id
        result = super().write(vals)
        (vendors | self.vendor_id)._vendor_refresh_offers()
        return result

    def unlink(self):
        vendors = self.vendor_id
        result = super().unlink()
        vendors._vendor_refresh_offers()
        return result

    # -- business -------------------------------------------------------------------

    @api.model
    def _rules_of(self, vendors, companies):
        """Return the rules of vendors: {(vendor id, company id): rules}."""
        # sudo: the rules bind whoever enters an offer, whatever he may read
        rules = self.sudo().search(
            [("vendor_id", "in", vendors.ids), ("company_id", "in", companies.ids)]
        )
        return rules.grouped(lambda rule: (rule.vendor_id.id, rule.company_id.id))

    def _covers(self, category, brand):
        self.ensure_one()
        path = category.parent_path or ""
        if self.categ_id and not path.startswith(self.categ_id.parent_path):
            return False
        return not self.brand_id or self.brand_id == brand

    def _refusal(self, category, brand):
        """Return why the rules of one vendor refuse a product, in words, or False."""
        denying = self.filtered(lambda rule: rule.mode == "deny")
        for rule in denying:
            if rule._covers(category, brand):
                return self.env._(
                    "%(vendor)s may not sell %(what)s.",
                    vendor=rule.vendor_id.name,
                    what=rule.display_name,
                )
        allowing = self - denying
        if allowing and not any(rule._covers(category, brand) for rule in allowing):
            return self.env._(
                "%(vendor)s may sell only %(what)s.",
                vendor=allowing.vendor_id.name,
                what=", ".join(allowing.mapped("display_name")),
            )
        return False


class ResPartner(models.Model):
    _inherit = "res.partner"

    vendor_assortment_rule_ids = fields.One2many(
        "marketplace.assortment.rule",
        "vendor_id",
        string="Assortment",
        groups=GROUP_VIEWER,
    )


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    @api.constrains("vendor_id", "company_id", "product_id")
    def _check_assortment(self):
        problems = [
            self.env._(
                "The offer %(sku)s is refused. %(reason)s",
                sku=offer.vendor_sku,
                reason=reason,
            )
            for offer, reason in self._assortment_refusals().items()
        ]
        if problems:
            raise MarketplaceError("\n".join(problems))

    def _assortment_refusals(self):
        """Return why offers are outside the assortment of their vendor, in words."""
        rules = self.env["marketplace.assortment.rule"]._rules_of(
            self.vendor_id._origin, self.company_id
        )
        refusals = {}
        for offer in self:
            own = rules.get((offer.vendor_id._origin.id, offer.company_id.id))
            # sudo: the category and brand of the product decide for everybody
            product = offer.sudo().product_id
            if own and (
                reason := own._refusal(product.categ_id, product.marketplace_brand_id)
            ):
                refusals[offer] = reason
        return refusals
