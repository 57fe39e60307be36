from odoo import fields, models


class MarketplaceStorefrontShipping(models.Model):
    """A flat-rate delivery that the shop offers."""

    _name = "marketplace.storefront.shipping"
    _description = "Storefront Delivery"
    _order = "storefront_id, sequence, id"
    _check_company_auto = True

    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="storefront_id.company_id")
    currency_id = fields.Many2one(related="storefront_id.currency_id")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    is_shared = fields.Boolean(
        string="Shared",
        help="One delivery for all vendors of an order, who share its price. Otherwise "
        "each vendor has this delivery for his own goods.",
    )
    amount = fields.Monetary(
        string="Price", required=True, help="What the customer pays, tax included."
    )
    tax_id = fields.Many2one(
        "account.tax",
        check_company=True,
        ondelete="restrict",
        domain=[("type_tax_use", "=", "sale"), ("price_include", "=", True)],
    )

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "The price of a delivery is zero or more."
    )
