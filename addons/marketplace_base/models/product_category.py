from odoo import api, fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    marketplace_attribute_ids = fields.Many2many(
        "product.attribute",
        "marketplace_category_attribute_rel",
        "categ_id",
        "attribute_id",
        string="Required Attributes",
        help="Products of this category and of those below it are sold by vendors only "
        "once they have a value of each.",
    )
    marketplace_tax_ids = fields.Many2many(
        "account.tax",
        "marketplace_category_tax_rel",
        "categ_id",
        "tax_id",
        string="Sale Taxes of New Products",
        domain=[("type_tax_use", "=", "sale")],
        help="Taxes of the products that vendors propose in this category and in those "
        "below it. Empty: as the category above, in the end the default sale tax of "
        "the company.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        categories = super().create(vals_list)
        if any("marketplace_attribute_ids" in vals for vals in vals_list):
            categories._marketplace_refresh_offers()
        return categories

    def write(self, vals):
        result = super().write(vals)
        if {"marketplace_attribute_ids", "parent_id"} & vals.keys():
            self._marketplace_refresh_offers()
        return result

    def _marketplace_refresh_offers(self):
        # sudo: what is sold follows the category, whoever changed it
        offers = self.env["marketplace.offer"].sudo()
        offers.search([("product_categ_id", "child_of", self.ids)])._refresh_sellable()

    def _marketplace_line(self):
        """Return a category and those above it, the nearest first."""
        self.ensure_one()
        path = [int(part) for part in (self.parent_path or "").split("/") if part]
        # one prefetch for the whole tree: the categories of a batch share parents
        return self.browse(reversed(path)) if path else self

    def _marketplace_required_attributes(self):
        """Return what a product of each category must say: {category: attributes}."""
        lines = {category: category._marketplace_line() for category in self}
        everything = self.union(*lines.values())
        required = {
            category.id: category.marketplace_attribute_ids for category in everything
        }
        attributes = self.env["product.attribute"]
        return {
            category: attributes.union(*(required[above.id] for above in line))
            for category, line in lines.items()
        }

    def _marketplace_sale_taxes(self, company):
        """Return the taxes of a new product of the category in a company."""
        self.ensure_one()
        for category in self._marketplace_line():
            taxes = category.marketplace_tax_ids._filter_taxes_by_company(company)
            if taxes:
                return taxes
        return company.account_sale_tax_id
