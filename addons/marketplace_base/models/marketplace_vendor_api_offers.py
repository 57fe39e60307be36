from collections import defaultdict

from odoo import models

from ..engine.numbers import has_decimals, parse_number
from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action

OFFERS_PER_CALL_MAX = 500


class MarketplaceVendorApi(models.AbstractModel):
    """Offers in the vendor API."""

    _inherit = "marketplace.vendor.api"

    @vendor_action("catalogue")
    def list_offers(self, member, sku=None, limit=80, offset=0):
        """Return the vendor's offers by SKU.

        :param sku: list of SKUs to look for; all when not given.
        """
        domain = []
        if sku is not None:
            if not isinstance(sku, list) or len(sku) > OFFERS_PER_CALL_MAX:
                raise MarketplaceError(self.env._("“sku” is a list of SKUs."))
            domain.append(("vendor_sku", "in", [str(value) for value in sku]))
        offers, total = self._api_page(
            member, "marketplace.offer", domain, "vendor_sku, id", limit, offset
        )
        return {"total": total, "offers": [self._api_offer(offer) for offer in offers]}

    @vendor_action("catalogue")
    def update_offers(self, member, offers):
        """Change price and stock of offers, all or none, and return them.

        :param offers: [{"id": 7, "price": "12.50", "quantity": 4}], at most
            ``OFFERS_PER_CALL_MAX``; price and quantity may be left out.
        """
        if not isinstance(offers, list) or not 0 < len(offers) <= OFFERS_PER_CALL_MAX:
            raise MarketplaceError(
                self.env._(
                    "Send a list of 1 to %(limit)s offers.", limit=OFFERS_PER_CALL_MAX
                )
            )
        ids = [row.get("id") if isinstance(row, dict) else None for row in offers]
        model, domain = member._search_owned(
            "marketplace.offer",
            [("id", "in", [i for i in ids if type(i) is int and 0 < i < 2**31])],
        )
        owned = {offer.id: offer for offer in model.search(domain)}
        problems, changes = [], []
        for number, (offer_id, row) in enumerate(zip(ids, offers, strict=True), 1):
            offer = owned.get(offer_id) if type(offer_id) is int else None
            if not offer:
                problems.append(self.env._("Row %(row)s: no such offer.", row=number))
                continue
            vals, problem = self._api_offer_vals(offer, row)
            if problem:
                problems.append(
                    self.env._(
                        "Row %(row)s, %(sku)s: %(problem)s",
                        row=number,
                        sku=offer.vendor_sku,
                        problem=problem,
                    )
                )
            else:
                changes.append((offer, vals))
        if problems:
            raise MarketplaceError("\n".join(problems))
        # What is set alike is written together.
        alike = defaultdict(model.browse)
        for offer, vals in changes:
            alike[tuple(vals.items())] |= offer
        for vals, group in alike.items():
            group.with_context(marketplace_price_cause="api").write(dict(vals))
        return [self._api_offer(offer) for offer, _vals in changes]

    def _api_offer_vals(self, offer, row):
        """Return what to write on an offer, and what is wrong with the row."""
        vals = {}
        if "price" in row:
            price = self._api_price(row["price"])
            if price is None or not has_decimals(
                price, offer.currency_id.decimal_places
            ):
                return vals, self.env._(
                    "the price is a text such as “12.50”, with the decimals of "
                    "%(currency)s.",
                    currency=offer.currency_id.name,
                )
            vals["price"] = float(price)
        if "quantity" in row:
            if not self._api_is_number(row["quantity"]):
                return vals, self.env._("the quantity is a number from 0.")
            vals["quantity"] = row["quantity"]
        if not vals:
            return vals, self.env._("send a price or a quantity.")
        return vals, None

    def _api_price(self, value):
        return parse_number(value) if isinstance(value, str) else None

    def _api_offer(self, offer):
        return {
            "id": offer.id,
            "sku": offer.vendor_sku,
            "product": offer.product_id.display_name,
            "currency": offer.currency_id.name,
            "price": self._api_amount(offer.price, offer.currency_id),
            "quantity": offer.quantity,
            "is_sellable": offer.is_sellable,
            "inactive_reason": offer.inactive_reason or None,
        }
