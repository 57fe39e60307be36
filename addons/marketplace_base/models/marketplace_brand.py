from odoo import api, fields, models


class MarketplaceBrand(models.Model):
    _name = "marketplace.brand"
    _description = "Brand"
    _order = "name"

    name = fields.Char(required=True)
    key = fields.Char(
        compute="_compute_key",
        store=True,
        precompute=True,
        export_string_translation=False,
    )
    active = fields.Boolean(default=True)
    product_ids = fields.One2many(
        "product.template", "marketplace_brand_id", string="Products"
    )
    product_count = fields.Integer(compute="_compute_product_count")

    _key_uniq = models.UniqueIndex("(key)", "This brand exists already.")

    @api.depends("name")
    def _compute_key(self):
        for brand in self:
            brand.key = self._key_of(brand.name)

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

    @api.model
    def _key_of(self, name):
        """Return what is the same for all spellings of a brand."""
        return (name or "").strip().lower()

    @api.model
    def _by_key(self, names):
        """Return the brands of some names, archived ones too, by their key."""
        keys = {self._key_of(name) for name in names} - {""}
        brands = self.with_context(active_test=False).search(
            [("key", "in", list(keys))]
        )
        return {brand.key: brand for brand in brands}


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_brand_id = fields.Many2one(
        "marketplace.brand",
        string="Brand",
        index="btree_not_null",
        ondelete="restrict",
        help="Vendors may be allowed or refused the products of a brand.",
    )
