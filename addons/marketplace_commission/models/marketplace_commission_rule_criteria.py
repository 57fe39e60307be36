"""Criteria of a rule beyond vendor, catalogue, price and period."""

from odoo import fields, models


class MarketplaceCommissionRule(models.Model):
    _inherit = "marketplace.commission.rule"

    brand_ids = fields.Many2many(
        "product.tag",
        "marketplace_commission_rule_brand_rel",
        string="Brands",
        help="Product tags; a brand is one of them.",
    )
    condition_ids = fields.Many2many(
        "marketplace.commission.criterion",
        "marketplace_commission_rule_condition_rel",
        string="Offer Conditions",
        domain=[("dimension", "=", "condition")],
    )
    channel_ids = fields.Many2many(
        "marketplace.commission.criterion",
        "marketplace_commission_rule_channel_rel",
        string="Channels",
        domain=[("dimension", "=", "channel")],
        help="Where the customer bought: the code of a storefront, or odoo.",
    )
    order_type_ids = fields.Many2many(
        "marketplace.commission.criterion",
        "marketplace_commission_rule_order_type_rel",
        string="Order Types",
        domain=[("dimension", "=", "order_type")],
        help="Business: the customer is a company.",
    )
    order_currency_ids = fields.Many2many(
        "res.currency",
        "marketplace_commission_rule_currency_rel",
        string="Order Currencies",
    )
    country_ids = fields.Many2many(
        "res.country",
        "marketplace_commission_rule_country_rel",
        string="Delivered to",
        help="Country of the delivery address.",
    )

    def _engine_accepted(self):
        return {
            **super()._engine_accepted(),
            "brand": frozenset(self.brand_ids.ids),
            "condition": frozenset(self.condition_ids.mapped("code")),
            "channel": frozenset(self.channel_ids.mapped("code")),
            "order_currency": frozenset(self.order_currency_ids.ids),
            "order_type": frozenset(self.order_type_ids.mapped("code")),
            "country": frozenset(self.country_ids.ids),
        }
