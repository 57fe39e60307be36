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
NAMES_PER_CALL = 250  # of vendors
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
        self.shop: dict[str, Any] | None = None  # read once, see ``_known``

    def upsert(self, offers: Sequence[Offer]) -> list[Result]:
        """See :meth:`Adapter.upsert_offers`; the external id is the variant's."""
        if not offers:
            return []
        errors = self.find_errors(offers)
        products: dict[str, dict[str, Any]] = {}
        good = [offer for offer in offers if offer.ref not in errors]
        for start in range(0, len(good), PRODUCTS_PER_CALL):
            part = good[start : start + PRODUCTS_PER_CALL]
            payloads = self.transport.mutate_each(
                SET,
                ["ProductSetIdentifiers", "ProductSetInput!", "ID!"],
                [
                    [{"handle": offer.ref}, self.values(offer), self.publication]
                    for offer in part
                ],
            )
            for offer, payload in zip(part, payloads, strict=True):
                if error := user_errors(payload):
                    errors[offer.ref] = error
                else:
                    products[offer.ref] = payload["product"]
        errors |= self.publish(
            {
                ref: product["id"]
                for ref, product in products.items()
                if not product["publishedOnPublication"]
            }
        )
        self.set_stock(
            [
                (
                    _variant(products[offer.ref])["inventoryItem"]["id"],
                    offer.stock_available,
                )
                for offer in good
                if offer.ref in products and offer.stock_available is not None
            ]
        )
        return [
            Result(offer.ref, error=errors[offer.ref])
            if offer.ref in errors
            else Result(offer.ref, tail(_variant(products[offer.ref])["id"]))
            for offer in offers
        ]

    def find_errors(self, offers: Sequence[Offer]) -> dict[str, str]:
        """Read what the others need; return {reference: what stands against it}."""
        self._read(offers)
        return {
            offer.ref: f"The shop does not know the vendor {offer.vendor_ref}."
            for offer in offers
            if offer.vendor_ref not in self._names
        }

    def _read(self, offers: Iterable[Offer]) -> None:
        missing = sorted({offer.vendor_ref for offer in offers} - self._names.keys())
        for start in range(0, len(missing), NAMES_PER_CALL):
            part = missing[start : start + NAMES_PER_CALL]
            self._names.update(read_names(self.transport, part))

    @property
    def publication(self) -> str:
        return self._known["publications"]["nodes"][0]["id"]

    @property
    def channel(self) -> list[dict[str, str]]:
        """Return where products are put on sale, as mutations take it."""
        return [{"publicationId": self.publication}]

    @property
    def _known(self) -> dict[str, Any]:
        """Return what does not change of the shop."""
        if not self.shop:
            shop = self.transport.query(READ_SHOP)
            if not shop["locations"]["nodes"] or not shop["publications"]["nodes"]:
                raise InvalidError("The shop has no location or no sales channel.")
            self.shop = shop
        return self.shop

    def values(self, offer: Offer) -> dict[str, Any]:
        currency = self._known["shop"]["currencyCode"]
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

    def publish(self, products: dict[str, str]) -> dict[str, str]:
        """Put products on sale, which none is by itself; return {reference: error}.

        :param products: {reference: product}.
        """
        errors = {}
        refs = list(products)
        for start in range(0, len(refs), PUBLISHED_PER_CALL):
            part = refs[start : start + PUBLISHED_PER_CALL]
            payloads = self.transport.mutate_each(
                PUBLISH,
                ["ID!", "[PublicationInput!]!"],
                [[products[ref], self.channel] for ref in part],
            )
            for ref, payload in zip(part, payloads, strict=True):
                if error := user_errors(payload):
                    errors[ref] = error
        return errors

    def set_stock(self, stocks: Sequence[tuple[str, int]]) -> None:
        """Say what can be bought: the shop keeps what it has sold out of that.

        :param stocks: (inventory item, pieces).
        """
        for start in range(0, len(stocks), STOCK_PER_CALL):
            part = stocks[start : start + STOCK_PER_CALL]
            location = self._known["locations"]["nodes"][0]["id"]
            self.transport.mutate(
                SET_STOCK,
                input={
                    "name": "available",
                    "reason": "correction",
                    "quantities": [
                        {
                            "inventoryItemId": item,
                            "locationId": location,
                            "quantity": quantity,
                            # Whatever it was: Odoo says how many.
                            "changeFromQuantity": None,
                        }
                        for item, quantity in part
                    ],
                },
                # A key of its own each time: the same figure may be told twice, with
                # sales in between.
                key=str(uuid.uuid4()),
            )


def numbered(call: str, *names: str) -> str:
    """Return a call of ``mutate_each`` with names for the values of a row.

    >>> numbered("tagsAdd(id: $0, tags: $1)", "id", "tags")
    'tagsAdd(id: $id, tags: $tags)'
    """
    for place, name in enumerate(names):
        call = call.replace(f"${place}", f"${name}")
    return call


def _variant(product: dict[str, Any]) -> dict[str, Any]:
    return product["variants"]["nodes"][0]
