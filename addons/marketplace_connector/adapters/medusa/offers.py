"""Offers in Medusa: one product with one variant for each.

A product has one way to be shipped and, in Mercur, one seller, so two vendors of one
master product have two products; both carry its reference in their metadata.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from ...engine.contract import Offer, Result
from ..errors import InvalidError
from .places import Place, Places, amount_of
from .settings import default_currency, read_store, read_types
from .transport import Transport

OPTION = "Seller"
PRODUCT_FIELDS = (
    "id,external_id,*variants,variants.inventory_items.inventory_item_id,"
    "*variants.inventory_items.inventory.location_levels"
)


def upsert_offers(
    transport: Transport, places: Places, offers: Sequence[Offer]
) -> list[Result]:
    """See :meth:`Adapter.upsert_offers`; the external id is the variant's.

    The shop refuses a list as a whole.  Then it is cut in halves until the faulty
    offers stand alone, and the others are done.
    """
    if not offers:
        return []
    try:
        return _Writer(transport, places, offers).upsert()
    except InvalidError as error:
        if len(offers) == 1:
            return [Result(offers[0].ref, error=str(error))]
        half = len(offers) // 2
        return [
            *upsert_offers(transport, places, offers[:half]),
            *upsert_offers(transport, places, offers[half:]),
        ]


def handle_of(offer: Offer) -> str:
    """Return the part of the shop's address that is the product's own.

    It is made once, so that a renamed product keeps its address.

    >>> from types import SimpleNamespace as Some
    >>> handle_of(Some(product_name="Café, Crème 2", ref="offer-7"))
    'cafe-creme-2-offer-7'
    """
    return "-".join(filter(None, [slug(offer.product_name), offer.ref]))


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore")
    return "-".join(re.findall(r"[a-z0-9]+", plain.decode().lower()))


class _Writer:
    def __init__(self, transport: Transport, places: Places, offers: Sequence[Offer]):
        self.transport = transport
        self.places = places
        self.offers = offers
        self.place_of: dict[str, Place] = places.read(o.vendor_ref for o in offers)
        store = read_store(transport)
        self.currency = default_currency(store)
        self.channel = store["default_sales_channel_id"]
        self.types = read_types(transport)
        self.categories = _Categories(transport, [offer.category for offer in offers])
        self.products = self._read_products([offer.ref for offer in offers])
        self.skus = self._free_skus()

    def upsert(self) -> list[Result]:
        errors = {offer.ref: self._refusal(offer) for offer in self.offers}
        good = [offer for offer in self.offers if not errors[offer.ref]]
        self._create([offer for offer in good if offer.ref not in self.products])
        self._update(good)
        self._set_stock(good)
        return [
            Result(offer.ref, error=errors[offer.ref])
            if errors[offer.ref]
            else Result(offer.ref, self._variant(offer)["id"])
            for offer in self.offers
        ]

    def _read_products(self, refs: Sequence[str]) -> dict[str, dict[str, Any]]:
        rows = self.transport.pages(
            "products", "products", external_id=list(refs), fields=PRODUCT_FIELDS
        )
        return {row["external_id"]: row for row in rows}

    def _free_skus(self) -> dict[str, str]:
        """Return the SKU of each offer: they are unique in the shop.

        Two vendors may use the same; the second one's gets our reference behind it.
        """
        wanted = sorted({offer.sku for offer in self.offers if offer.sku})
        rows = self.transport.pages(
            "inventory-items",
            "inventory_items",
            sku=wanted or [""],
            fields="id,sku,variants.product.external_id",
        )
        owner_of = {
            row["sku"]: (variant.get("product") or {}).get("external_id")
            for row in rows
            for variant in row.get("variants") or [{}]
        }
        skus = {}
        for offer in self.offers:
            owner = owner_of.setdefault(offer.sku, offer.ref)
            skus[offer.ref] = offer.sku
            if offer.sku and owner != offer.ref:
                skus[offer.ref] = f"{offer.sku}-{offer.ref}"
        return skus

    def _refusal(self, offer: Offer) -> str:
        if offer.vendor_ref not in self.place_of:
            return f"The shop does not know the vendor {offer.vendor_ref}."
        if offer.tax_code not in self.types:
            return f"The shop does not know the tax {offer.tax_code}."
        return ""

    def _variant(self, offer: Offer) -> dict[str, Any]:
        variants = self.products[offer.ref]["variants"]
        if len(variants) != 1:
            raise InvalidError(
                f"The product of {offer.ref} has {len(variants)} variants in the shop; "
                "one is needed."
            )
        return variants[0]

    # ---- products ----------------------------------------------------------

    def _create(self, offers: Sequence[Offer]) -> None:
        """Make products, each by a call of its own as what is the vendor's."""
        for offer in offers:
            place = self.place_of[offer.vendor_ref]
            values = {
                **self._product_values(offer),
                "handle": handle_of(offer),
                "external_id": offer.ref,
                # Not on the shelf before it has its stock.
                "status": "draft",
                "options": [{"title": OPTION, "values": [offer.label]}],
                "variants": [
                    {
                        **self._variant_values(offer),
                        "manage_inventory": True,
                        "options": {OPTION: offer.label},
                    }
                ],
            }
            self.places.post(place.seller_id, "products", values)
        if offers:
            self.products.update(self._read_products([offer.ref for offer in offers]))

    def _update(self, offers: Iterable[Offer]) -> None:
        updates = [
            {
                **self._product_values(offer),
                "id": self.products[offer.ref]["id"],
                "status": "published" if offer.active else "draft",
                "variants": [
                    {**self._variant_values(offer), "id": self._variant(offer)["id"]}
                ],
            }
            for offer in offers
        ]
        if updates:
            self.transport.post("products/batch", {"update": updates}, fields="id")

    def _product_values(self, offer: Offer) -> dict[str, Any]:
        place = self.place_of[offer.vendor_ref]
        values = {
            "title": offer.product_name,
            "subtitle": offer.label,
            "description": offer.product_description,
            "type_id": self.types[offer.tax_code],
            "shipping_profile_id": place.profile_id,
            "sales_channels": [{"id": self.channel}],
            "metadata": {
                "marketplace_product": offer.product_ref,
                "marketplace_vendor": offer.vendor_ref,
                # For the web shop: the deliveries of this profile are this product's.
                "marketplace_profile": place.profile_id,
                # Part of the price, in minor units, for one piece.
                "marketplace_eco_contribution": offer.eco_contribution,
                # In its own field it would be unique, and vendors share products.
                "marketplace_barcode": offer.barcode,
            },
        }
        if offer.category:
            # Without one, those that the shop's staff chose stay.
            values["categories"] = [{"id": self.categories.get(offer.category)}]
        return values

    def _variant_values(self, offer: Offer) -> dict[str, Any]:
        amount = amount_of(offer.price, self.currency)
        return {
            "title": offer.label,
            "sku": self.skus[offer.ref] or None,
            "prices": [{"currency_code": self.currency, "amount": amount}],
        }

    # ---- stock -------------------------------------------------------------

    def _set_stock(self, offers: Iterable[Offer]) -> None:
        create, update = [], []
        for offer in offers:
            if offer.stock_available is None:
                continue
            location = self.place_of[offer.vendor_ref].location_id
            for item in self._variant(offer)["inventory_items"]:
                level = next(
                    (
                        level
                        for level in item["inventory"]["location_levels"] or ()
                        if level["location_id"] == location
                    ),
                    None,
                )
                # To the shop, pieces are on hand until they are in a parcel; what it
                # keeps aside for orders is taken off what can be bought.
                reserved = int(level["reserved_quantity"]) if level else 0
                values = {
                    "inventory_item_id": item["inventory_item_id"],
                    "location_id": location,
                    "stocked_quantity": offer.stock_available
                    + min(offer.stock_held, reserved),
                }
                (update if level else create).append(values)
        if create or update:
            body = {"create": create, "update": update}
            self.transport.post("inventory-items/location-levels/batch", body)


class _Categories:
    """The shop's tree of categories, by path; what is missing is made."""

    def __init__(self, transport: Transport, paths: Iterable[Sequence[str]]):
        self.transport = transport
        self.ids: dict[tuple[str, ...], str] = {}
        if not any(paths):
            return
        rows = {
            row["id"]: row
            for row in transport.pages(
                "product-categories",
                "product_categories",
                fields="id,name,parent_category_id",
            )
        }
        for key, row in rows.items():
            path = [row["name"]]
            while row := rows.get(row["parent_category_id"]):
                path.insert(0, row["name"])
            self.ids[tuple(path)] = key

    def get(self, path: tuple[str, ...]) -> str:
        if path not in self.ids:
            values = {"name": path[-1], "is_active": True}
            if path[:-1]:
                values["parent_category_id"] = self.get(path[:-1])
                # Of the name alone, two branches could not have a leaf of one name.
                values["handle"] = "-".join(filter(None, map(slug, path)))
            answer = self.transport.post("product-categories", values)
            self.ids[path] = answer["product_category"]["id"]
        return self.ids[path]
