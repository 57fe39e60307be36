"""What shoppers are told of a product beside its offers; changes go to the shops."""

from odoo import api, models

from .product_pim import TOLD_LATER

SENT_PRODUCT_FIELDS = {"barcode", "categ_id", "description_sale", "name"}


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    def _get_category_path(self):
        """Return the names of the product's category, from the root."""
        self.ensure_one()
        names, category = [], self.product_id.categ_id
        while category:
            names.append(category.name)
            category = category.parent_id
        return tuple(reversed(names))


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    def _get_eco_contributions(self, offers):
        """Return {offer: minor units for one unit} where there is one.

        The offer's own amount wins over the product's, that of the one country the shop
        delivers to over the general one.
        """
        country = self.country_ids if len(self.country_ids) == 1 else False
        parts = self.env["marketplace.price.part"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "eco"),
                ("currency_id", "=", self.currency_id.id),
                ("country_id", "in", [False, country.id] if country else [False]),
                "|",
                ("offer_id", "in", offers.ids),
                ("product_tmpl_id", "in", offers.product_id.product_tmpl_id.ids),
            ]
        )
        amounts = {}
        for part in parts.sorted(lambda item: bool(item.country_id)):
            owner = part.offer_id or part.product_tmpl_id
            amounts[owner] = self.currency_id._marketplace_minor(part.amount)
        return {
            offer: amount
            for offer in offers
            if (
                amount := amounts.get(
                    offer, amounts.get(offer.product_id.product_tmpl_id)
                )
            )
        }


class MarketplacePricePart(models.Model):
    _inherit = "marketplace.price.part"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._tell_storefronts()
        return parts

    def write(self, vals):
        self._tell_storefronts()  # the offers it leaves
        res = super().write(vals)
        self._tell_storefronts()
        return res

    def unlink(self):
        self._tell_storefronts()
        return super().unlink()

    def _tell_storefronts(self):
        """Queue the offers whose price holds these parts."""
        offers = self.offer_id | self.product_tmpl_id._get_marketplace_offers()
        self.env["marketplace.outbox"]._enqueue_everywhere("offer", offers)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def write(self, vals):
        res = super().write(vals)
        told_later = self.env.context.get("marketplace_told_later") is TOLD_LATER
        if SENT_PRODUCT_FIELDS & vals.keys() and not told_later:
            self.env["marketplace.outbox"]._enqueue_everywhere(
                "offer", self._get_marketplace_offers()
            )
        return res

    def _get_marketplace_offers(self):
        """Return the offers of all variants."""
        # sudo: a product is changed by whoever may, its offers follow
        Offer = self.env["marketplace.offer"].sudo()
        return Offer.search([("product_id.product_tmpl_id", "in", self.ids)])


class ProductProduct(models.Model):
    _inherit = "product.product"

    def write(self, vals):
        res = super().write(vals)
        if "barcode" in vals:
            # sudo: as above
            offers = self.env["marketplace.offer"].sudo()
            self.env["marketplace.outbox"]._enqueue_everywhere(
                "offer", offers.search([("product_id", "in", self.ids)])
            )
        return res
