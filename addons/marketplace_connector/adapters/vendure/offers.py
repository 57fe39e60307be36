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
from ..errors import InvalidError
from .categories import FACET_CODE, ensure_categories
from .transport import Transport
from .vendors import VendorPlace, read_places

GROUP_CODE = "marketplace-seller"
GROUP_NAME = "Seller"

READ = """
query($offers: [String!]!, $products: [String!]!, $options: [String!]!, $group: String!)
{
  activeChannel { defaultLanguageCode }
  productVariants(options: {take: 1000, filter: {odooRef: {in: $offers}}}) {
    items {
      id customFields { odooRef } channels { id }
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

CREATE_PRODUCT = """createProduct(input: $input) {
  id optionGroups { code } facetValues { id facet { code } }
}"""

CREATE_VARIANTS = """
mutation($input: [CreateProductVariantInput!]!) {
  variants: createProductVariants(input: $input) { id customFields { odooRef } }
}"""

UPDATE_VARIANTS = """
mutation($input: [UpdateProductVariantInput!]!) {
  variants: updateProductVariants(input: $input) { id }
}"""

UPDATE_PRODUCTS = """
mutation($input: [UpdateProductInput!]!) { updateProducts(input: $input) { id } }"""


def upsert_offers(transport: Transport, offers: Sequence[Offer]) -> list[Result]:
    """See :meth:`Adapter.upsert_offers`; the external id is the variant's.

    The shop refuses a list as a whole.  Then it is cut in halves until the faulty
    offers stand alone, and the others are done.
    """
    if not offers:
        return []
    try:
        return _Writer(transport, offers).upsert()
    except InvalidError as error:
        if len(offers) == 1:
            return [Result(offers[0].ref, error=str(error))]
        half = len(offers) // 2
        return [
            *upsert_offers(transport, offers[:half]),
            *upsert_offers(transport, offers[half:]),
        ]


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
        self.places: dict[str, VendorPlace] = read_places(
            transport, sorted({offer.vendor_ref for offer in offers})
        )
        shop = transport.query(
            READ,
            offers=[offer.ref for offer in offers],
            products=sorted({offer.product_ref for offer in offers}),
            options=sorted({option_code(offer) for offer in offers}),
            group=GROUP_CODE,
        )
        self.language = shop["activeChannel"]["defaultLanguageCode"]
        self.variants = _by_reference(shop["productVariants"])
        self.products = _by_reference(shop["products"])
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
            self._create_options(new)
        self.category_ids = ensure_categories(
            self.transport, {offer.category for offer in good}, self.language
        )
        self._upsert_products(good)
        self._create_variants(new)
        self._update_variants(known)
        self._assign(good)
        self._update_seller_prices(known)
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

    def _create_options(self, offers: Iterable[Offer]) -> None:
        if not self.group:
            values = {"code": GROUP_CODE, "translations": [self._text(GROUP_NAME)]}
            answer = self.transport.mutate(CREATE_GROUP, input=values)
            self.group = answer["created"]["id"]
        labels = {option_code(offer): offer.label for offer in offers}
        missing = [code for code in labels if code not in self.options]
        created = self._each(
            "createProductOption(input: $input) { id }",
            "CreateProductOptionInput!",
            [
                {
                    "productOptionGroupId": self.group,
                    "code": code,
                    "translations": [self._text(labels[code])],
                }
                for code in missing
            ],
        )
        self.options.update(
            (code, option["id"]) for code, option in zip(missing, created, strict=True)
        )

    def _upsert_products(self, offers: Iterable[Offer]) -> None:
        wanted = {offer.product_ref: offer for offer in offers}
        missing = [ref for ref in wanted if ref not in self.products]
        created = self._each(
            CREATE_PRODUCT,
            "CreateProductInput!",
            [
                {
                    "enabled": True,
                    "customFields": {"odooRef": ref},
                    "translations": [self._product_text(wanted[ref], with_slug=True)],
                    "facetValueIds": self._facet_values(wanted[ref]),
                }
                for ref in missing
            ],
        )
        self.products.update(zip(missing, created, strict=True))
        groupless = [
            self.products[ref]["id"]
            for ref in wanted
            if all(g["code"] != GROUP_CODE for g in self.products[ref]["optionGroups"])
        ]
        self._each(
            "addOptionGroupToProduct(productId: $input, optionGroupId: "
            f'"{self.group}") {{ id }}',
            "ID!",
            groupless,
        )
        changed = [
            {
                "id": self.products[ref]["id"],
                "translations": [self._product_text(offer)],
                "facetValueIds": self._facet_values(offer),
            }
            for ref, offer in wanted.items()
            if ref not in missing and self._product_differs(offer)
        ]
        if changed:
            self.transport.mutate(UPDATE_PRODUCTS, input=changed)

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

    def _create_variants(self, offers: Sequence[Offer]) -> None:
        if not offers:
            return
        values = [
            {
                **self._variant_values(offer),
                "productId": self.products[offer.product_ref]["id"],
                "optionIds": [self.options[option_code(offer)]],
            }
            for offer in offers
        ]
        created = self.transport.mutate(CREATE_VARIANTS, input=values)["variants"]
        for variant in created:
            reference = variant["customFields"]["odooRef"]
            self.variants[reference] = {**variant, "channels": []}

    def _update_variants(self, offers: Sequence[Offer]) -> None:
        if offers:
            values = [
                {**self._variant_values(offer), "id": self.variants[offer.ref]["id"]}
                for offer in offers
            ]
            self.transport.mutate(UPDATE_VARIANTS, input=values)

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

    def _assign(self, offers: Iterable[Offer]) -> None:
        """Put variants into their seller's channel, with the price they have."""
        missing = defaultdict(list)
        for offer in offers:
            variant = self.variants[offer.ref]
            channel = self.places[offer.vendor_ref].channel_id
            if all(found["id"] != channel for found in variant["channels"]):
                missing[channel].append(variant["id"])
        self._each(
            "assignProductVariantsToChannel(input: $input) { id }",
            "AssignProductVariantsToChannelInput!",
            [
                {"channelId": channel, "productVariantIds": ids, "priceFactor": 1}
                for channel, ids in missing.items()
            ],
        )

    def _update_seller_prices(self, offers: Iterable[Offer]) -> None:
        prices = defaultdict(list)
        for offer in offers:
            token = self.places[offer.vendor_ref].channel_token
            variant = self.variants[offer.ref]["id"]
            prices[token].append({"id": variant, "price": offer.price})
        for token, values in prices.items():
            self.transport.mutate(UPDATE_VARIANTS, channel=token, input=values)

    def _each(self, call: str, kind: str, inputs: Sequence[Any]) -> list[Any]:
        """Send one mutation per input, all in one request, by aliases."""
        if not inputs:
            return []
        names = [f"i{rank}" for rank in range(len(inputs))]
        parameters = ", ".join(f"${name}: {kind}" for name in names)
        calls = "\n".join(f"{n}: {call.replace('$input', f'${n}')}" for n in names)
        answer = self.transport.mutate(
            f"mutation({parameters}) {{\n{calls}\n}}",
            **dict(zip(names, inputs, strict=True)),
        )
        return [answer[name] for name in names]

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
