"""Price and taxes of an order line that an offer serves."""

from odoo import fields, models
from odoo.fields import Domain

from ..exceptions import MarketplaceError

CURRENCY_POLICIES = [
    ("refuse", "Refuse the line"),
    ("convert", "Convert at the company's rates"),
]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    price_rate = fields.Float(
        string="Rate Used",
        digits=0,
        copy=False,
        readonly=True,
        help="What one unit of the offer's currency was worth in that of the order; "
        "zero when nothing was converted.",
    )
    price_rate_date = fields.Date(string="Rate of", copy=False, readonly=True)
    price_rate_source = fields.Char(
        string="Source of the Rate", copy=False, readonly=True
    )

    def _prepare_offer_price_vals(self):
        """Return the price of the offer for the quantity, and how it was converted.

        :raises MarketplaceError: when the offer has no price in the currency of the
            order and the company converts none.
        """
        self.ensure_one()
        # sudo: the price of an offer must not depend on who types the order
        offer = self.offer_id.sudo()
        product, company = offer.product_id, self.company_id or self.env.company
        currency = self.currency_id or company.currency_id
        date = self._get_order_date() or fields.Datetime.now()
        unit = self.product_uom_id or product.uom_id
        quantity = unit._compute_quantity(self.product_uom_qty, product.uom_id)
        price = offer._price_for("", currency, date, quantity)
        conversion = dict.fromkeys(
            ("price_rate", "price_rate_date", "price_rate_source"), False
        )
        if price is None:
            source = offer._price_for("", offer.currency_id, date, quantity)
            conversion = self._prepare_conversion_vals(offer, currency, company, date)
            price = currency.round(source * conversion["price_rate"])
        price = product.uom_id._compute_price(price, unit)
        return {"price_unit": price, "technical_price_unit": price, **conversion}

    def _prepare_conversion_vals(self, offer, currency, company, date):
        """Return the rate used, its day and its source; never without the rule."""
        if company.sudo().marketplace_currency_policy != "convert":
            raise MarketplaceError(
                self.env._(
                    "%(offer)s has no price in %(currency)s. Add one to its special "
                    "prices, or let the marketplace settings convert prices.",
                    offer=offer.display_name,
                    currency=currency.name,
                )
            )
        day = fields.Date.to_date(date)
        rate = self.env["res.currency"]._get_conversion_rate(
            offer.currency_id, currency, company, day
        )
        row = (
            self.env["res.currency.rate"]
            .sudo()
            .search(
                Domain("currency_id", "in", (offer.currency_id | currency).ids)
                & Domain("company_id", "in", [company.root_id.id, False])
                & Domain("name", "<=", day),
                order="name DESC",
                limit=1,
            )
        )
        return {
            "price_rate": rate,
            "price_rate_date": row.name or day,
            "price_rate_source": self.env._(
                "Exchange rates of %(company)s, %(source)s to %(target)s",
                company=company.name,
                source=offer.currency_id.name,
                target=currency.name,
            ),
        }

    def _marketplace_offer_taxes(self):
        """Return the taxes of the offer where the goods go.

        A rule for the country of delivery decides; without one the domestic taxes
        apply, as the fiscal position maps them.
        """
        self.ensure_one()
        offer = self.offer_id.sudo()
        country = self.order_id.partner_shipping_id.country_id
        company = offer.company_id
        if country and country != company.account_fiscal_country_id:
            known = company.marketplace_tax_rule_ids.country_id
            if country in known and not offer._decide_taxes(country)[offer.id].missing:
                return offer._get_sale_taxes(country)
        return self.order_id.fiscal_position_id.map_tax(offer._get_sale_taxes())


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_currency_policy = fields.Selection(
        CURRENCY_POLICIES,
        string="Prices in Other Currencies",
        default="refuse",
        required=True,
        help="What happens when an offer is put on a quotation in a currency it has no "
        "price in. A conversion keeps its rate, day and source on the line.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_currency_policy = fields.Selection(
        related="company_id.marketplace_currency_policy", readonly=False, required=True
    )
