"""Price and taxes of an order line that an offer serves."""

from odoo import api, fields, models
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
        compute="_compute_price_rate",
        store=True,
        precompute=True,
        copy=False,
        help="What one unit of the offer's currency was worth in that of the order; "
        "zero when nothing was converted.",
    )
    price_rate_date = fields.Date(
        string="Rate of",
        compute="_compute_price_rate",
        store=True,
        precompute=True,
        copy=False,
    )
    price_rate_source = fields.Char(
        string="Source of the Rate",
        compute="_compute_price_rate",
        store=True,
        precompute=True,
        copy=False,
    )

    @api.depends("offer_id", "currency_id")
    def _compute_price_rate(self):
        """Choose the rate of a line whose offer has no price in its currency.

        Not again when the order is dated anew: the price is not converted again either.
        """
        for line in self:
            line.price_rate = 0.0
            line.price_rate_date = line.price_rate_source = False
            if line._converts_price():
                line.update(line._prepare_conversion_vals())

    def _converts_price(self):
        """Say whether the price of the offer is in another currency than the order."""
        # sudo: the price of an offer must not depend on who types the order
        offer, company = self.offer_id.sudo(), self.company_id or self.env.company
        return (
            bool(offer and self.currency_id)
            and company.sudo().marketplace_currency_policy == "convert"
            and offer._price_for("", self.currency_id, self._price_date()) is None
        )

    def _price_date(self):
        return self._get_order_date() or fields.Datetime.now()

    def _prepare_conversion_vals(self):
        """Return the rate on the day of the order, its own day and its source."""
        source, target = self.offer_id.sudo().currency_id, self.currency_id
        company = (self.company_id or self.env.company).sudo()
        day = fields.Date.to_date(self._price_date())
        Rate = self.env["res.currency.rate"].sudo()
        row = Rate.search(
            Domain("currency_id", "in", (source | target).ids)
            & Domain("company_id", "in", [company.root_id.id, False])
            & Domain("name", "<=", day),
            order="name DESC",
            limit=1,
        )
        return {
            "price_rate": source._get_conversion_rate(source, target, company, day),
            "price_rate_date": row.name or day,
            "price_rate_source": self.env._(
                "Exchange rates of %(company)s, %(before)s to %(after)s",
                company=company.name,
                before=source.name,
                after=target.name,
            ),
        }

    def _prepare_offer_price_vals(self):
        """Return the price of the offer for the quantity, converted by the rule only.

        :raises MarketplaceError: when the offer has no price in the currency of the
            order and the company converts none.
        """
        self.ensure_one()
        # sudo: the price of an offer must not depend on who types the order
        offer = self.offer_id.sudo()
        product = offer.product_id
        currency = self.currency_id or offer.company_id.currency_id
        unit = self.product_uom_id or product.uom_id
        quantity = unit._compute_quantity(self.product_uom_qty, product.uom_id)
        date = self._price_date()
        price = offer._price_for("", currency, date, quantity)
        if price is None and self.price_rate:
            own = offer._price_for("", offer.currency_id, date, quantity)
            price = currency.round(own * self.price_rate)
        if price is None:
            raise MarketplaceError(
                self.env._(
                    "%(offer)s has no price in %(currency)s. Add one to its special "
                    "prices, or let the marketplace settings convert prices.",
                    offer=offer.display_name,
                    currency=currency.name,
                )
            )
        price = product.uom_id._compute_price(price, unit)
        return {"price_unit": price, "technical_price_unit": price}

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
