"""How vendors deliver, where, and at which price."""

from odoo import api, fields, models
from odoo.fields import Domain

from ..engine import shipping
from ..engine.money import to_minor
from ..exceptions import MarketplaceError

SHIPPING_BASES = [
    (shipping.AMOUNT, "Amount of the goods"),
    (shipping.WEIGHT, "Weight of the goods"),
]
GRAM_DECIMALS = 3  # of a kilogram: the engine counts weights in whole grams


class MarketplaceShippingMethod(models.Model):
    _name = "marketplace.shipping.method"
    _description = "Vendor Shipping Method"
    _check_company_auto = True
    _order = "vendor_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    country_ids = fields.Many2many(
        "res.country",
        string="Delivers to",
        help="Countries of delivery; everywhere when empty.",
    )
    basis = fields.Selection(
        SHIPPING_BASES, string="Price by", required=True, default=shipping.AMOUNT
    )
    step_ids = fields.One2many(
        "marketplace.shipping.step", "method_id", string="Prices", copy=True
    )
    has_free_delivery = fields.Boolean(string="Free From an Amount")
    free_from = fields.Monetary(
        help="Amount of the vendor's goods in the basket, taxes included, from which "
        "he delivers for nothing."
    )
    delivery_days = fields.Integer(
        string="Delivery Time (days)", help="Days from dispatch to the customer's door."
    )
    tax_id = fields.Many2one(
        "account.tax",
        check_company=True,
        domain=[("type_tax_use", "=", "sale"), ("amount_type", "=", "percent")],
        default=lambda self: self.env.company.account_sale_tax_id,
        help="Included in the prices.",
    )

    _figures_positive = models.Constraint(
        "CHECK (free_from >= 0 AND delivery_days >= 0)",
        "Free delivery starts at zero or more, and a delivery takes zero or more days.",
    )

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    @api.constrains("step_ids", "active")
    def _check_steps(self):
        for method in self:
            if method.active and not method.step_ids:
                raise MarketplaceError(
                    self.env._(
                        "%(method)s has no price: add one, from zero on.",
                        method=method.name,
                    )
                )

    # -- prices ---------------------------------------------------------------------

    def _engine_method(self):
        """Return the method as the engine reads it."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        return shipping.Method(
            ref=self.id,
            basis=self.basis,
            steps=[
                shipping.Step(
                    shipping_grams(step.minimum)
                    if self.basis == shipping.WEIGHT
                    else minor(step.minimum),
                    minor(step.price),
                )
                for step in self.step_ids
            ],
            zones=frozenset(self.country_ids.mapped("code")),
            free_from=minor(self.free_from) if self.has_free_delivery else None,
        )

    @api.model
    @api.private
    def _quote(self, company, country, parts):
        """Return what each vendor asks for the delivery of his part of a basket.

        One query per table, whatever the number of vendors.

        :param parts: {vendor id: engine Part}, in the company's currency.
        :return: {vendor id: [(method, price in minor units)]}, the cheapest first;
            empty where he does not deliver.
        """
        # sudo: a price list is for whoever buys
        methods = self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("vendor_id", "in", list(parts)),
            order="sequence, id",
        )
        by_vendor = methods.grouped("vendor_id")
        return {
            vendor.id: [
                (methods.browse(quote.ref), quote.price)
                for quote in shipping.quotes(
                    [
                        method._engine_method()
                        for method in by_vendor.get(vendor, methods.browse())
                    ],
                    parts[vendor.id],
                    country.code or "",
                )
            ]
            for vendor in self.env["res.partner"].browse(list(parts))
        }

    @api.model
    @api.private
    def _quote_basket(self, company, country, lines):
        """Return the delivery prices of a basket, for a shop's checkout.

        :param lines: [(offer, quantity)], at the prices of the offers.
        :return: {vendor id: [dict with ``method_id``, ``name``, ``amount_minor`` taxes
            included, ``delivery_days``]}, the cheapest first.
        """
        amounts = {}
        for offer, quantity in lines:
            amount, weight = amounts.get(offer.vendor_id.id, (0, 0))
            price = offer.currency_id.round(offer.price * quantity)
            amounts[offer.vendor_id.id] = (
                amount + offer.currency_id._marketplace_minor(price),
                # sudo: the weight of what the shop sells
                weight + shipping_grams(offer.sudo().product_id.weight * quantity),
            )
        parts = {vendor: shipping.Part(*figures) for vendor, figures in amounts.items()}
        return {
            vendor: [
                {
                    "method_id": method.id,
                    "name": method.name,
                    "amount_minor": amount,
                    "delivery_days": method.delivery_days,
                }
                for method, amount in found
            ]
            for vendor, found in self._quote(company, country, parts).items()
        }

    def _get_sale_tax(self, order):
        """Return the tax of the method, included in its price, as the order has it."""
        self.ensure_one()
        if not self.tax_id:
            return self.tax_id
        # sudo: account roles of the company, to find the included twin of the tax
        tax = self.env["marketplace.offer"]._get_included_tax(
            self.company_id.sudo(), self.tax_id.sudo()
        )
        return order.fiscal_position_id.map_tax(tax.sudo(self.env.su))


class MarketplaceShippingStep(models.Model):
    _name = "marketplace.shipping.step"
    _description = "Vendor Shipping Price"
    _order = "method_id, minimum, id"
    _rec_name = "minimum"

    method_id = fields.Many2one(
        "marketplace.shipping.method", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="method_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="method_id.currency_id")
    minimum = fields.Float(
        string="From",
        digits=(16, 3),
        help="Amount of the goods, taxes included, or their weight in kilograms.",
    )
    price = fields.Monetary(help="What the customer pays, taxes included.")

    _minimum_uniq = models.UniqueIndex(
        "(method_id, minimum)", "A method has one price from each amount or weight."
    )
    _figures_positive = models.Constraint(
        "CHECK (minimum >= 0 AND price >= 0)",
        "Prices of a delivery, and where they start, are zero or more.",
    )


def shipping_grams(kilograms):
    """Return a weight in whole grams."""
    return to_minor(kilograms, GRAM_DECIMALS)
