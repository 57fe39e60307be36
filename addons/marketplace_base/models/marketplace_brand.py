from odoo import fields, models


class MarketplaceBrand(models.Model):
    _name = "marketplace.brand"
    _description = "Brand"
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    product_ids = fields.One2many(
        "product.template", "marketplace_brand_id", string="Products"
    )
    product_count = fields.Integer(compute="_compute_product_count")

    _name_uniq = models.UniqueIndex("(lower(name))", "This brand exists already.")

    def _compute_product_count(self):
        counts = dict(
            self.env["product.template"]._read_group(
                [("marketplace_brand_id", "in", self.ids)],
                ["marketplace_brand_id"],
                ["__count"],
            )
        )
        for brand in self:
            brand.product_count = counts.get(brand, 0)

    def action_view_products(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sale.product_template_action"
        )
        return {
            **action,
            "domain": [("marketplace_brand_id", "=", self.id)],
            "context": {"default_marketplace_brand_id": self.id},
        }

    def _by_name(self):
        """Return the brands, archived ones too, by name in lower case."""
        brands = self.with_context(active_test=False).search([])
        return {brand.name.lower(): brand for brand in brands}


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_brand_id = fields.Many2one(
        "marketplace.brand",
        string="Brand",
        index="btree_not_null",
        ondelete="restrict",
        help="Vendors may be allowed or refused the products of a brand.",
    )
