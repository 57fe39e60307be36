from decimal import Decimal

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..formatting import format_number
from .forms import TEXT_MAX_CHARS, has_decimals, parse_number
from .portal import OFFERS_OFF_SALE, MarketplacePortal


class MarketplaceOfferPortal(MarketplacePortal):
    def _get_offer_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": []},
            "on_sale": {
                "label": request.env._("On sale"),
                "domain": [("is_sellable", "=", True)],
            },
            "off_sale": {
                "label": request.env._("Not on sale"),
                "domain": OFFERS_OFF_SALE,
            },
        }

    def _get_offer_sortings(self):
        return {
            "sku": {"label": request.env._("SKU"), "order": "vendor_sku, id"},
            "price": {"label": request.env._("Price"), "order": "price, id"},
            "stock": {"label": request.env._("Stock"), "order": "quantity, id"},
        }

    @http.route(
        ["/my/marketplace/offers", "/my/marketplace/offers/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_offers(self, saved="", **query):
        """List the offers of the vendor."""
        self._marketplace_vendor()
        return self._render_list(
            "marketplace.offer",
            "marketplace_base.portal_offers",
            url="/my/marketplace/offers",
            title=request.env._("Offers"),
            page_name="marketplace_offers",
            sortings=self._get_offer_sortings(),
            filters=self._get_offer_filters(),
            search_fields=("vendor_sku", "product_id"),
            search_label=request.env._("SKU or product"),
            query=query,
            saved=saved.isdecimal()
            and self._get_owned("marketplace.offer", int(saved)),
        )

    @http.route(
        "/my/marketplace/offers/<int:offer_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_offer(self, offer_id, price="", quantity="", **_query):
        """Show an offer; on POST, change its price and stock."""
        offer = self._get_owned("marketplace.offer", offer_id)
        if request.httprequest.method != "POST":
            return self._render_offer(
                offer,
                {
                    "price": f"{offer.price:.{offer.currency_id.decimal_places}f}",
                    "quantity": format_number(offer.quantity),
                },
            )
        values, errors = self._parse_offer(offer, price, quantity)
        if not errors:
            try:
                with request.env.cr.savepoint():
                    offer.with_context(marketplace_price_cause="portal").write(values)
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render_offer(
                offer, {"price": price, "quantity": quantity}, errors
            )
            response.status_code = 422
            return response
        return request.redirect(f"/my/marketplace/offers?saved={offer.id}")

    def _parse_offer(self, offer, price, quantity):
        """Return the values to write on the offer, and what is wrong with the form."""
        currency = offer.currency_id
        values, errors = {}, []
        number = parse_number(price)
        if number is None or not has_decimals(number, currency.decimal_places):
            errors.append(
                request.env._(
                    "The price “%(text)s” is not an amount in %(currency)s. Type a "
                    "number such as %(example)s.",
                    text=price[:TEXT_MAX_CHARS],
                    currency=currency.name,
                    example=f"{Decimal(20):.{currency.decimal_places}f}",
                )
            )
        else:
            values["price"] = float(number)
        number = parse_number(quantity)
        if number is None:
            errors.append(
                request.env._(
                    "The stock “%(text)s” is not a quantity. Type a number such as 12.",
                    text=quantity[:TEXT_MAX_CHARS],
                )
            )
        else:
            values["quantity"] = float(number)
        return values, errors

    def _render_offer(self, offer, form, errors=()):
        return request.render(
            "marketplace_base.portal_offer",
            self._prepare_marketplace_values(
                "marketplace_offers",
                breadcrumbs=[
                    (request.env._("Offers"), "/my/marketplace/offers"),
                    (offer.vendor_sku, None),
                ],
                offer=offer,
                form=form,
                errors=errors,
            ),
        )
