"""Which offer of a product sells when nobody chooses one."""

from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain

from ..engine.pricing import Candidate, pick_winner

WIN_REASONS = [
    ("only", "Only offer"),
    ("price", "Lowest price with delivery"),
    ("stock", "Same price, most stock"),
    ("score", "Same price and stock, best vendor"),
    ("oldest", "All equal, oldest offer"),
]
# What of an offer can change who wins.
RANKED_FIELDS = {
    "active",
    "amount_shipping",
    "currency_id",
    "is_sellable",
    "price",
    "product_id",
    "quantity",
}


class MarketplaceOfferWinner(models.Model):
    """Hold the winning offer of each product, company and currency, and why it wins.

    Offers write it when they change; nobody else.
    """

    _name = "marketplace.offer.winner"
    _description = "Winning Offer"
    _order = "product_id, currency_id"
    _rec_name = "offer_id"

    product_id = fields.Many2one(
        "product.product", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True)
    offer_id = fields.Many2one(
        "marketplace.offer", required=True, index=True, ondelete="cascade"
    )
    vendor_id = fields.Many2one(
        related="offer_id.vendor_id", store=True, precompute=True
    )
    amount_total = fields.Monetary(
        string="Price and Delivery", help="What was compared, taxes included."
    )
    reason = fields.Selection(WIN_REASONS, string="Wins By", required=True)
    offer_count = fields.Integer(string="Offers Compared")

    _winner_uniq = models.UniqueIndex(
        "(product_id, company_id, currency_id)",
        "A product has one winning offer per company and currency.",
    )

    @api.model
    @api.private
    def _refresh(self, offers, products=None):
        """Choose again for the products of offers that changed, in one batch.

        :param products: other products to choose for.
        """
        # sudo: who wins follows from the offers, whoever changes one
        model = self.sudo()
        offers = offers.sudo()
        products = (products or offers.env["product.product"]) | offers.product_id
        # An offer that left its product leaves the place it held there.
        products |= model.search([("offer_id", "in", offers.ids)]).product_id
        known = {
            (row.product_id, row.company_id, row.currency_id): row
            for row in model.search([("product_id", "in", products.ids)])
        }
        wanted = offers._choose(products)
        fresh = []
        for key, vals in wanted.items():
            if row := known.pop(key, None):
                row._update_if_other(vals)
                continue
            product, company, currency = key
            fresh.append(
                {
                    **vals,
                    "product_id": product.id,
                    "company_id": company.id,
                    "currency_id": currency.id,
                }
            )
        model.browse(row.id for row in known.values()).unlink()
        model.create(fresh)

    def _update_if_other(self, vals):
        """Write what differs; the ORM sends the writes of a batch together."""
        changed = {
            name: value
            for name, value in vals.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed:
            self.write(changed)


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    amount_shipping = fields.Monetary(
        string="Delivery",
        tracking=True,
        help="What a customer pays for the delivery of one unit. Offers of a product "
        "are compared by price and delivery.",
    )
    winner_ids = fields.One2many(
        "marketplace.offer.winner",
        "offer_id",
        string="Wins",
        readonly=True,
        groups="marketplace_base.group_viewer",
    )

    _amount_shipping_positive = models.Constraint(
        "CHECK (amount_shipping >= 0)", "The delivery of an offer costs zero or more."
    )

    def unlink(self):
        products = self.product_id
        res = super().unlink()
        self.env["marketplace.offer.winner"]._refresh(self.browse(), products)
        return res

    def _after_offer_change(self, fields_changed):
        res = super()._after_offer_change(fields_changed)
        if fields_changed & RANKED_FIELDS:
            self.env["marketplace.offer.winner"]._refresh(self)
        return res

    @api.model
    def _choose(self, products):
        """Return who wins: {(product, company, currency): values of the winner}."""
        offers = self.search(
            Domain("product_id", "in", products.ids) & Domain("is_sellable", "=", True)
        )
        groups = defaultdict(list)
        for offer in offers:
            for currency in offer._price_currencies():
                groups[currency].append(offer.id)
        scores = offers.vendor_id._offer_scores()
        found = defaultdict(list)
        for currency, ids in groups.items():
            own = offers.browse(ids)
            prices = own._prices_for(currency=currency)
            minor = currency._marketplace_minor
            for offer in own:
                if prices[offer.id] is None:
                    continue
                # The delivery is told in the offer's own currency: no conversion.
                same = offer.currency_id == currency
                shipping = minor(offer.amount_shipping) if same else 0
                found[offer.product_id, offer.company_id, currency].append(
                    Candidate(
                        offer.id,
                        minor(prices[offer.id]) + shipping,
                        Decimal(str(offer.quantity)),
                        scores[offer.vendor_id.id],
                    )
                )
        winners = {}
        for key, candidates in found.items():
            best, reason = pick_winner(candidates)
            winners[key] = {
                "offer_id": best.ref,
                "amount_total": key[2]._marketplace_amount(best.total),
                "reason": reason,
                "offer_count": len(candidates),
            }
        return winners

    def _price_currencies(self):
        """Return the currencies in which one offer may have a price."""
        self.ensure_one()
        return self.currency_id | self.price_line_ids.currency_id

    @api.model
    def _default_for_products(self, products, company, currency=None):
        """Return the winning offer of each product; see ``marketplace.offer.winner``.

        :param currency: offers in that one are compared; the company's by default.
        :return: {product id: offer}; products nobody sells are absent.
        """
        # sudo: who wins is no secret, and whoever sells must find it
        rows = (
            self.env["marketplace.offer.winner"]
            .sudo()
            .search(
                Domain("product_id", "in", products.ids)
                & Domain("company_id", "=", company.id)
                & Domain("currency_id", "=", (currency or company.currency_id).id)
                & Domain("offer_id.is_sellable", "=", True)
            )
        )
        best = {row.product_id.id: self.browse(row.offer_id.id) for row in rows}
        # Offers older than the table, or hidden by what no offer was told of.
        if silent := products.filtered(lambda product: product.id not in best):
            for key, vals in self.sudo()._choose(silent).items():
                if key[1:] == (company, currency or company.currency_id):
                    best[key[0].id] = self.browse(vals["offer_id"])
        return best

    def action_view_rivals(self):
        """Open the offers of the same product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_offer_action"
        )
        return {**action, "domain": [("product_id", "=", self.product_id.id)]}


class ResPartner(models.Model):
    _inherit = "res.partner"

    vendor_offer_score = fields.Integer(
        string="Score",
        groups="marketplace_base.group_viewer",
        help="From 0 to 100. Of two offers with the same price and stock, that of the "
        "vendor with the higher score wins.",
    )

    _vendor_offer_score_range = models.Constraint(
        "CHECK (vendor_offer_score >= 0 AND vendor_offer_score <= 100)",
        "The score of a vendor lies between 0 and 100.",
    )

    def _offer_scores(self):
        """Return {vendor id: score}; to extend with what is measured."""
        # sudo: compared only
        return {vendor.id: vendor.sudo().vendor_offer_score for vendor in self}

    def write(self, vals):
        res = super().write(vals)
        if "vendor_offer_score" in vals:
            # sudo: who wins follows from the score, whoever gives it
            self.env["marketplace.offer.winner"]._refresh(self.sudo().vendor_offer_ids)
        return res


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def write(self, vals):
        res = super().write(vals)
        if "active" in vals:
            self._refresh_offer_winners()
        return res

    def _refresh_offer_winners(self):
        products = self.with_context(active_test=False).product_variant_ids
        self.env["marketplace.offer.winner"]._refresh(
            self.env["marketplace.offer"], products
        )


class ProductProduct(models.Model):
    _inherit = "product.product"

    def write(self, vals):
        res = super().write(vals)
        if "active" in vals:
            self.env["marketplace.offer.winner"]._refresh(
                self.env["marketplace.offer"], self
            )
        return res
