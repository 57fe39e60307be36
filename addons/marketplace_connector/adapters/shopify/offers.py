"""Offers in Shopify: one product with one variant per offer.

The handle of a product, unique in the shop, is our reference, and ``productSet`` makes
or changes the product of a handle: it may be sent again after any error.
"""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from ...engine.contract import Offer, Result
from ..errors import InvalidError
from ..money import to_decimal
from .transport import Transport, tail, user_errors
from .vendors import read_names

PRODUCTS_PER_CALL = 10  # a mutation costs ten points and more of the thousand of a call
PUBLISHED_PER_CALL = 50
# What the shop calls the only choice of a product without a choice.
OPTION, OPTION_VALUE = "Title", "Default Title"
STOCK_PER_CALL = 250  # the longest list that any call takes

READ_SHOP = """
query {
  shop { currencyCode }
  locations(first: 1) { nodes { id } }
  publications(first: 1) { nodes { id } }
}"""

SET = """
productSet(identifier: $0, input: $1, synchronous: true) {
  product {
    id publishedOnPublication(publicationId: $2)
    variants(first: 1) { nodes { id inventoryItem { id } } }
  }
  userErrors { field message }
}"""

PUBLISH = """
publishablePublish(id: $0, input: $1) { userErrors { field message } }"""

SET_STOCK = """
mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors { field message }
  }
}"""


class Offers:
    """Write offers; what does not change of the shop is read once."""

    def __init__(self, transport: Transport):
        self.transport = transport
        self._names: dict[str, str] = {}
        self._shop: dict[str, Any] | None = None

    def upsert(self, offers: Sequence[Offer]) -> list[Result]:
        """See :meth:`Adapter.upsert_offers`; the external id is the variant's."""
        if not offers:
            return []
        self._read(offers)
        errors = {
            offer.ref: ""
            if offer.vendor_ref in self._names
            else f"The shop does not know the vendor {offer.vendor_ref}."
            for offer in offers
        }
        products: dict[str, dict[str, Any]] = {}
        good = [offer for offer in offers if not errors[offer.ref]]
        for start in range(0, len(good), PRODUCTS_PER_CALL):
            part = good[start : start + PRODUCTS_PER_CALL]
            payloads = self.transport.mutate_each(
                SET,
                ["ProductSetIdentifiers", "ProductSetInput!", "ID!"],
                [
                    [{"handle": offer.ref}, self._values(offer), self._publication]
                    for offer in part
                ],
            )
            for offer, payload in zip(part, payloads, strict=True):
                if error := user_errors(payload):
                    errors[offer.ref] = error
                else:
                    products[offer.ref] = payload["product"]
        self._publish(products.values())
        self._set_stock([offer for offer in good if offer.ref in products], products)
        return [
            Result(offer.ref, error=errors[offer.ref])
            if errors[offer.ref]
            else Result(offer.ref, tail(_variant(products[offer.ref])["id"]))
            for offer in offers
        ]

    def _read(self, offers: Iterable[Offer]) -> None:
        if not self._shop:
            shop = self.transport.query(READ_SHOP)
            if not shop["locations"]["nodes"] or not shop["publications"]["nodes"]:
                raise InvalidError("The shop has no location or no sales channel.")
            self._shop = shop
        missing = {offer.vendor_ref for offer in offers} - self._names.keys()
        self._names.update(read_names(self.transport, sorted(missing)))

    @property
    def _publication(self) -> str:
        return self._shop["publications"]["nodes"][0]["id"]

    def _values(self, offer: Offer) -> dict[str, Any]:
        currency = self._shop["shop"]["currencyCode"]
        tags = [f"tax:{offer.tax_code}"]
        metafields = []
        if offer.eco_contribution:
            metafields.append(
                {
                    "namespace": "marketplace",
                    "key": "eco_contribution",
                    "type": "number_decimal",
                    "value": f"{to_decimal(offer.eco_contribution, currency)}",
                }
            )
        return {
            "handle": offer.ref,
            "title": f"{offer.product_name}, {offer.label}",
            "descriptionHtml": html.escape(offer.product_description).replace(
                "\n", "<br>"
            ),
            "vendor": self._names[offer.vendor_ref],
            "productType": offer.category[-1] if offer.category else "",
            # The shop computes taxes itself; overrides of the usual rate are made for
            # collections, and a collection gathers products by such a tag.
            "tags": tags,
            "status": "ACTIVE" if offer.active else "ARCHIVED",
            "metafields": metafields,
            "productOptions": [
                {"name": "Title", "values": [{"name": "Default Title"}]}
            ],
            "variants": [
                {
                    "optionValues": [{"optionName": "Title", "name": "Default Title"}],
                    "price": f"{to_decimal(offer.price, currency)}",
                    "barcode": offer.barcode,
                    "taxable": True,
                    "inventoryPolicy": "DENY",
                    "inventoryItem": {"sku": offer.sku, "tracked": True},
                }
            ],
        }

    def _publish(self, products: Iterable[dict[str, Any]]) -> None:
        """Put into the sales channel what is not there: nothing is by itself."""
        rows = [
            [product["id"], [{"publicationId": self._publication}]]
            for product in products
            if not product["publishedOnPublication"]
        ]
        for start in range(0, len(rows), PUBLISHED_PER_CALL):
            part = rows[start : start + PUBLISHED_PER_CALL]
            kinds = ["ID!", "[PublicationInput!]!"]
            self.transport.check(self.transport.mutate_each(PUBLISH, kinds, part))

    def _set_stock(
        self, offers: Iterable[Offer], products: dict[str, dict[str, Any]]
    ) -> None:
        """Say what can be bought: the shop keeps what it has sold out of that."""
        location = self._shop["locations"]["nodes"][0]["id"]
        quantities = [
            {
                "inventoryItemId": _variant(products[offer.ref])["inventoryItem"]["id"],
                "locationId": location,
                "quantity": offer.stock_available,
                "changeFromQuantity": None,  # whatever it was: Odoo says how many
            }
            for offer in offers
            if offer.stock_available is not None
        ]
        for start in range(0, len(quantities), STOCK_PER_CALL):
            self.transport.mutate(
                SET_STOCK,
                input={
                    "name": "available",
                    "reason": "correction",
                    "quantities": quantities[start : start + STOCK_PER_CALL],
                },
                # A key of its own each time: the same figure may be told twice, with
                # sales in between.
                key=str(uuid.uuid4()),
            )


def _variant(product: dict[str, Any]) -> dict[str, Any]:
    return product["variants"]["nodes"][0]
