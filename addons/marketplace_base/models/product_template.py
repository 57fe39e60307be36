from odoo import fields, models

from ..const import LINE_KINDS


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_kind = fields.Selection(
        LINE_KINDS,
        default="goods",
        required=True,
        help="What a line of this product is on a marketplace order. Shipping and "
        "discounts of a quotation are shared between its vendors.",
    )
    marketplace_offer_count = fields.Integer(
        string="Vendor Offers",
        compute="_compute_marketplace_offer_count",
        groups="marketplace_base.group_viewer",
    )

    def _compute_marketplace_offer_count(self):
        counts = self.env["marketplace.offer"]._read_group(
            [("product_id.product_tmpl_id", "in", self.ids)],
            ["product_id"],
            ["__count"],
        )
        totals = dict.fromkeys(self._origin, 0)
        for product, count in counts:
            totals[product.product_tmpl_id] += count
        for template in self:
            template.marketplace_offer_count = totals.get(template._origin, 0)

    def action_view_marketplace_offers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_offer_action"
        )
        return {
            **action,
            "domain": [("product_id.product_tmpl_id", "=", self.id)],
            "context": {"default_product_id": self.product_variant_id.id},
        }
