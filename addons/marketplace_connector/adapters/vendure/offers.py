"""Offers in Vendure: one product per master product, one variant per offer.

All products share one option group, *Seller*, whose options tell the offers of a
product apart.  A variant is in the default channel, where shoppers are, and in its
seller's channel, which is how the shop knows who sells it.  Prices are per channel
and are written in both.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from ...engine.contract import Offer, Result
from . import bulk
from .bulk import Call
from .categories import FACET_CODE, ensure_categories
from .transport import Transport
from .vendors import VendorPlace, channel_code, is_seller_channel, read_places

GROUP_CODE = "marketplace-seller"
GROUP_NAME = "Seller"

READ = """
query(
  $vendors: [String!]!, $codes: [String!]!
  $offers: [String!]!, $products: [String!]!, $options: [String!]!, $group: String!
) {
  activeChannel { defaultLanguageCode }
  channels(options: {take: 1000, filter: {code: {in: $codes}}}) { items { id code } }
  stockLocations(options: {take: 1000, filter: {odooRef: {in: $vendors}}}) {
    items { id customFields { odooRef } }
  }
  productVariants(options: {take: 1000, filter: {odooRef: {in: $offers}}}) {
    items {
      id customFields { odooRef } channels { id code }
      stockLevels { stockLocationId stockAllocated }
    }
  }
  products(options: {take: 1000, filter: {odooRef: {in: $products}}}) {
    items {
      id name description customFields { odooRef } optionGroups { code }
      facetValues { id facet { code } }
    }
  }
  taxCategories(options: {take: 1000}) { items { id customFields { odooRef } } }
  productOptionGroups(options: {filter: {code: {eq: $group}}}) { items { id } }
  productOptions(options: {take: 1000, filter: {code: {in: $options}}}) {
    items { id code group { code } }
  }
}"""

CREATE_GROUP = """
mutation($input: CreateProductOptionGroupInput!) {
  created: createProductOptionGroup(input: $input) { id }
}"""

CREATE_OPTION = "createProductOption(input: $input) { id }"
CREATE_PRODUCT = """createProduct(input: $input) {
  id optionGroups { code } facetValues { id facet { code } }
}"""
ADD_GROUP = 'addOptionGroupToProduct(productId: $input, optionGroupId: "{}") {{ id }}'
UPDATE_PRODUCTS = "updateProducts(input: $input) { id }"
CREATE_VARIANTS = """createProductVariants(input: $input) {
  id customFields { odooRef } channels { id code }
}"""
UPDATE_VARIANTS = "updateProductVariants(input: $input) { id }"
ASSIGN = "assignProductVariantsToChannel(input: $input) { id }"
REMOVE = "removeProductVariantsFromChannel(input: $input) { id }"


def upsert_offers(transport: Transport, offers: Sequence[Offer]) -> list[Result]:
    """See :meth:`Adapter.upsert_offers`; the external id is the variant's."""
    return bulk.together_or_halves(
        lambda some: _Writer(transport, some).upsert(), offers
    )


def option_code(offer: Offer) -> str:
    """Return the code of the option by which shoppers choose ``offer``.

    Two vendors of one name have two options.
    """
    key = f"{offer.vendor_ref}|{offer.label}"
    return f"{GROUP_CODE}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


class _Writer:
    def __init__(self, transport: Transport, offers: Sequence[Offer]):
        self.transport = transport
        self.offers = offers
        vendors = sorted({offer.vendor_ref for offer in offers})
        shop = transport.query(
            READ,
            vendors=vendors,
            codes=[channel_code(ref) for ref in vendors],
            offers=[offer.ref for offer in offers],
            products=sorted({offer.product_ref for offer in offers}),
            options=sorted({option_code(offer) for offer in offers}),
            group=GROUP_CODE,
        )
        self.places: dict[str, VendorPlace] = read_places(shop, vendors)
        self.language = shop["activeChannel"]["defaultLanguageCode"]
        self.variants = _by_reference(shop["productVariants"])
        self.products = _by_reference(shop["products"])
        self.created: set[str] = set()  # references of products made by this batch
        self.categories = _by_reference(shop["taxCategories"])
        groups = shop["productOptionGroups"]["items"]
        self.group = groups[0]["id"] if groups else None
        self.options = {
            item["code"]: item["id"]
            for item in shop["productOptions"]["items"]
            if item["group"]["code"] == GROUP_CODE
        }

    def upsert(self) -> list[Result]:
        errors = {offer.ref: self._refusal(offer) for offer in self.offers}
        good = [offer for offer in self.offers if not errors[offer.ref]]
        new = [offer for offer in good if offer.ref not in self.variants]
        known = [offer for offer in good if offer.ref in self.variants]
        if new:
            self._ensure_group()
        self.category_ids = ensure_categories(
            self.transport, {offer.category for offer in good}, self.language
        )
        self._create_options_and_products(new, good)
        self._write_variants(good, new, known)
        # A new variant begins in all channels of its product.
        self._send(self._calls_for_channels(new))
        return [
            Result(offer.ref, error=errors[offer.ref])
            if errors[offer.ref]
            else Result(offer.ref, self.variants[offer.ref]["id"])
            for offer in self.offers
        ]

    def _refusal(self, offer: Offer) -> str:
        if offer.vendor_ref not in self.places:
            return f"The shop does not know the vendor {offer.vendor_ref}."
        if offer.tax_code not in self.categories:
            return f"The shop does not know the tax {offer.tax_code}."
        return ""

    def _ensure_group(self) -> None:
        if not self.group:
            values = {"code": GROUP_CODE, "translations": [self._text(GROUP_NAME)]}
            answer = self.transport.mutate(CREATE_GROUP, input=values)
            self.group = answer["created"]["id"]

    def _create_options_and_products(
        self, new: Iterable[Offer], offers: Iterable[Offer]
    ) -> None:
        """Create what variants are made of, where it is missing."""
        labels = {option_code(offer): offer.label for offer in new}
        codes = [code for code in labels if code not in self.options]
        wanted = {offer.product_ref: offer for offer in offers}
        refs = [ref for ref in wanted if ref not in self.products]
        answers = self._send(
            [
                *(self._option_call(code, labels[code]) for code in codes),
                *(self._product_call(wanted[ref]) for ref in refs),
            ]
        )
        options, products = answers[: len(codes)], answers[len(codes) :]
        self.options.update(
            (code, option["id"]) for code, option in zip(codes, options, strict=True)
        )
        self.created = set(refs)
        self.products.update(zip(refs, products, strict=True))

    def _option_call(self, code: str, label: str) -> Call:
        values = {
            "productOptionGroupId": self.group,
            "code": code,
            "translations": [self._text(label)],
        }
        return Call(CREATE_OPTION, "CreateProductOptionInput!", values)

    def _product_call(self, offer: Offer) -> Call:
        values = {
            "enabled": True,
            "customFields": {"odooRef": offer.product_ref},
            "translations": [self._product_text(offer, with_slug=True)],
            "facetValueIds": self._facet_values(offer),
        }
        return Call(CREATE_PRODUCT, "CreateProductInput!", values)

    def _calls_for_products(self, offers: Iterable[Offer]) -> list[Call]:
        """Return what brings the products up to date."""
        wanted = {offer.product_ref: offer for offer in offers}
        text = ADD_GROUP.format(self.group)
        groupless = [
            Call(text, "ID!", self.products[ref]["id"])
            for ref in wanted
            if all(g["code"] != GROUP_CODE for g in self.products[ref]["optionGroups"])
        ]
        changed = [
            {
                "id": self.products[ref]["id"],
                "translations": [self._product_text(offer)],
                "facetValueIds": self._facet_values(offer),
            }
            for ref, offer in wanted.items()
            if ref not in self.created and self._product_differs(offer)
        ]
        return [*groupless, Call(UPDATE_PRODUCTS, "[UpdateProductInput!]!", changed)]

    def _product_differs(self, offer: Offer) -> bool:
        found = self.products[offer.product_ref]
        facet_values = sorted(value["id"] for value in found["facetValues"])
        return (found["name"], found["description"], facet_values) != (
            offer.product_name,
            offer.product_description,
            sorted(self._facet_values(offer)),
        )

    def _facet_values(self, offer: Offer) -> list[str]:
        """Return the category of a product, and what the shop's staff gave it."""
        found = self.products.get(offer.product_ref, {}).get("facetValues", ())
        kept = [v["id"] for v in found if v["facet"]["code"] != FACET_CODE]
        if offer.category:
            kept.append(self.category_ids[offer.category])
        return kept

    def _write_variants(
        self, offers: Sequence[Offer], new: Sequence[Offer], known: Sequence[Offer]
    ) -> None:
        """Bring products and known variants up to date, and create new variants."""
        made = [
            {
                **self._variant_values(offer),
                "productId": self.products[offer.product_ref]["id"],
                "optionIds": [self.options[option_code(offer)]],
            }
            for offer in new
        ]
        kept = [
            {**self._variant_values(offer), "id": self.variants[offer.ref]["id"]}
            for offer in known
        ]
        answers = self._send(
            [
                *self._calls_for_products(offers),
                Call(UPDATE_VARIANTS, "[UpdateProductVariantInput!]!", kept),
                *self._calls_for_channels(known),
                Call(CREATE_VARIANTS, "[CreateProductVariantInput!]!", made),
            ]
        )
        self.variants.update(
            (variant["customFields"]["odooRef"], variant) for variant in answers[-1]
        )

    def _variant_values(self, offer: Offer) -> dict[str, Any]:
        values = {
            "enabled": offer.active,
            "sku": offer.sku,
            "price": offer.price,
            "taxCategoryId": self.categories[offer.tax_code]["id"],
            "trackInventory": "TRUE",
            "customFields": {
                "odooRef": offer.ref,
                "barcode": offer.barcode,
                "ecoContribution": offer.eco_contribution,
            },
            "translations": [self._text(f"{offer.product_name}, {offer.label}")],
        }
        if offer.stock_available is not None:
            location = self.places[offer.vendor_ref].location_id
            # To the shop, pieces are on hand until they are in a parcel or cancelled.
            # Refunded ones too: what it still keeps aside, only the shop knows.
            held = min(offer.stock_held, self._allocated(offer, location))
            values["stockLevels"] = [
                {
                    "stockLocationId": location,
                    "stockOnHand": offer.stock_available + held,
                }
            ]
        return values

    def _allocated(self, offer: Offer, location: str) -> int:
        levels = self.variants.get(offer.ref, {}).get("stockLevels", ())
        return sum(
            level["stockAllocated"]
            for level in levels
            if level["stockLocationId"] == location
        )

    def _calls_for_channels(self, offers: Iterable[Offer]) -> list[Call]:
        """Put variants into their seller's channel, and take them out of others'.

        What is in a channel already gets the price it has where shoppers are. The shop
        puts a new variant into every channel its product is in: those of the sellers
        who offer it, too. A variant of several sellers would be nobody's.
        """
        own, others = defaultdict(list), defaultdict(list)
        for offer in offers:
            variant = self.variants[offer.ref]
            place = self.places[offer.vendor_ref].channel_id
            own[place].append(variant["id"])
            for channel in variant["channels"]:
                if channel["id"] != place and is_seller_channel(channel["code"]):
                    others[channel["id"]].append(variant["id"])
        return [
            *(
                Call(
                    ASSIGN,
                    "AssignProductVariantsToChannelInput!",
                    {"channelId": channel, "productVariantIds": ids, "priceFactor": 1},
                )
                for channel, ids in own.items()
            ),
            *(
                Call(
                    REMOVE,
                    "RemoveProductVariantsFromChannelInput!",
                    {"channelId": channel, "productVariantIds": ids},
                )
                for channel, ids in others.items()
            ),
        ]

    def _send(self, calls: Sequence[Call]) -> list[Any]:
        return bulk.send(self.transport, calls)

    def _text(self, name: str) -> dict[str, str]:
        return {"languageCode": self.language, "name": name}

    def _product_text(self, offer: Offer, with_slug: bool = False) -> dict[str, str]:
        text = self._text(offer.product_name)
        text["description"] = offer.product_description
        if with_slug:
            text["slug"] = offer.product_ref
        return text


def _by_reference(page: dict[str, Any]) -> dict[str, Any]:
    return {item["customFields"]["odooRef"]: item for item in page["items"]}
