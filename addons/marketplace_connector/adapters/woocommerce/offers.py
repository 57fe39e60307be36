"""Offers in WooCommerce: one product per offer, because its author is the vendor.

A product is found by its SKU, the only key that WooCommerce searches for in bulk, and
recognized by our reference in its meta data.  The SKU is unique in the shop, while two
vendors may use the same one: who comes second gets our reference behind it.  The slug
of a product is our reference, so that one that was made unseen is found when the next
try is given another slug.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...engine.contract import Offer, Result, ShownOffer
from ..errors import InvalidError
from ..money import to_decimal, to_minor
from .settings import read_tax_classes
from .transport import PAGE, Transport, read_meta, write_meta
from .vendors import find_store

PRODUCTS = "wc/v3/products"
REF = "_marketplace_ref"


class Offers:
    """Write offers; what the shop knows of vendors, taxes, categories is read once."""

    def __init__(self, transport: Transport):
        self.transport = transport
        self._authors: dict[str, int | None] = {}
        self._tax_classes: dict[str, str] | None = None
        self._categories: dict[tuple[str, ...], int] | None = None
        self._currency = ""

    def upsert(self, offers: Sequence[Offer]) -> list[Result]:
        """See :meth:`Adapter.upsert_offers`; the external id is the product's."""
        if not offers:
            return []
        self._read_shop(offers)
        errors = {offer.ref: self._refusal(offer) for offer in offers}
        good = [offer for offer in offers if not errors[offer.ref]]
        skus, known = self._find(good)
        done: dict[str, dict[str, Any]] = {}
        for key, part in (
            ("create", [offer for offer in good if offer.ref not in known]),
            ("update", [offer for offer in good if offer.ref in known]),
        ):
            items = [
                self._values(offer, skus[offer.ref], known.get(offer.ref))
                for offer in part
            ]
            answers = self.transport.batch(PRODUCTS, key, items)
            for offer, item, answer in zip(part, items, answers, strict=True):
                if error := answer.get("error"):
                    errors[offer.ref] = f"{error['message']} ({error['code']})"
                elif key == "create" and answer["slug"] != offer.ref:
                    done[offer.ref] = self._take_back(offer, item, answer)
                else:
                    done[offer.ref] = answer
        for offer in good:
            if offer.ref in done:
                self._give_author(offer, done[offer.ref])
        return [
            Result(offer.ref, error=errors[offer.ref])
            if errors[offer.ref]
            else Result(offer.ref, str(done[offer.ref]["id"]))
            for offer in offers
        ]

    # pylint: disable-next=method-required-super
    def read(self, refs: Sequence[str]) -> list[ShownOffer]:
        """See :meth:`Adapter.read_offers`."""
        path = "wc/v3/settings/general/woocommerce_currency"
        currency = self._currency or self.transport.get(path)["value"]
        rows = self.transport.get(
            PRODUCTS, include=",".join(refs), per_page=PAGE, status="any"
        )
        return [
            ShownOffer(
                str(row["id"]),
                row["name"],
                to_minor(row["regular_price"] or "0", currency),
                row["status"] == "publish",
            )
            for row in rows
        ]

    # ---- reading -------------------------------------------------------------

    def _read_shop(self, offers: Iterable[Offer]) -> None:
        if self._tax_classes is None:
            self._tax_classes = read_tax_classes(self.transport)
            path = "wc/v3/settings/general/woocommerce_currency"
            self._currency = self.transport.get(path)["value"]
        for ref in {offer.vendor_ref for offer in offers} - self._authors.keys():
            store = find_store(self.transport, ref)
            if store:  # one that comes later is looked for again
                self._authors[ref] = store["id"]

    def _refusal(self, offer: Offer) -> str:
        if offer.vendor_ref not in self._authors:
            return f"The shop does not know the vendor {offer.vendor_ref}."
        if offer.tax_code not in self._tax_classes:
            return f"The shop does not know the tax {offer.tax_code}."
        return ""

    def _find(
        self, offers: Sequence[Offer]
    ) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """Return (SKU to use, product that is there) by our reference."""
        skus = {offer.ref: offer.sku for offer in offers}
        by_sku = self._by_sku(skus.values())
        owners = {sku: read_meta(row, REF) for sku, row in by_sku.items()}
        taken = {}
        for offer in offers:
            if owners.setdefault(offer.sku.lower(), offer.ref) != offer.ref:
                taken[offer.ref] = f"{offer.sku}-{offer.ref}"
        if taken:
            skus.update(taken)
            by_sku.update(self._by_sku(taken.values()))
        known = {}
        for ref, sku in skus.items():
            found = by_sku.get(sku.lower())
            if found and read_meta(found, REF) == ref:
                known[ref] = found
        return skus, known

    def _by_sku(self, skus: Iterable[str]) -> dict[str, dict[str, Any]]:
        # A comma separates the SKUs of a search; one with a comma is found by its slug.
        wanted = sorted({sku for sku in skus if sku and "," not in sku})
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(wanted), PAGE):
            part = ",".join(wanted[start : start + PAGE])
            for row in self.transport.get(PRODUCTS, sku=part, per_page=PAGE):
                found[row["sku"].lower()] = row
        return found

    # ---- writing -------------------------------------------------------------

    def _values(
        self, offer: Offer, sku: str, known: dict[str, Any] | None
    ) -> dict[str, Any]:
        values: dict[str, Any] = {
            "name": f"{offer.product_name}, {offer.label}",
            "description": offer.product_description,
            # What left the shelf keeps its page and its past for the shop's staff.
            "status": "publish" if offer.active else "private",
            "sku": sku,
            "regular_price": f"{to_decimal(offer.price, self._currency)}",
            "tax_status": "taxable",
            "tax_class": self._tax_classes[offer.tax_code],
            "manage_stock": True,
            # Not the field for barcodes: it is unique, and vendors share products.
            "meta_data": write_meta(
                **{
                    REF: offer.ref,
                    "_marketplace_barcode": offer.barcode,
                    "_marketplace_eco_contribution": str(
                        to_decimal(offer.eco_contribution, self._currency)
                    ),
                }
            ),
        }
        if offer.stock_available is not None:
            # The shop takes off what it sells when it sells it.
            values["stock_quantity"] = offer.stock_available
        if offer.category:
            values["categories"] = [{"id": self._category(offer.category)}]
        if known:
            return {**values, "id": known["id"]}
        return {**values, "type": "simple", "slug": offer.ref}

    def _take_back(
        self, offer: Offer, item: dict[str, Any], made: dict[str, Any]
    ) -> dict[str, Any]:
        """Remove what was made twice and bring what was there up to date.

        The slug was taken: an earlier try, or the offer under another SKU.
        """
        self.transport.delete(f"{PRODUCTS}/{made['id']}")
        found = self.transport.get(PRODUCTS, slug=offer.ref)
        if not found or read_meta(found[0], REF) != offer.ref:
            raise InvalidError(
                f"Another product of the shop has the address {offer.ref}."
            )
        values = {key: value for key, value in item.items() if key != "slug"}
        return self.transport.put(f"{PRODUCTS}/{found[0]['id']}", values)

    def _give_author(self, offer: Offer, product: dict[str, Any]) -> None:
        """Make the vendor the author, one call each: Dokan has no batch for it."""
        author = self._authors[offer.vendor_ref]
        if (product.get("store") or {}).get("id") != author:
            path = f"dokan/v1/products/{product['id']}"
            self.transport.put(path, {"post_author": author})

    def _category(self, path: tuple[str, ...]) -> int:
        """Return the shop's category of a path from the root, made if missing."""
        if self._categories is None:
            self._categories = _by_path(
                self.transport.get_all(f"{PRODUCTS}/categories", orderby="id")
            )
        for depth in range(1, len(path) + 1):
            part = path[:depth]
            if part not in self._categories:
                parent = self._categories.get(part[:-1], 0)
                made = self.transport.post(
                    f"{PRODUCTS}/categories", {"name": part[-1], "parent": parent}
                )
                self._categories[part] = made["id"]
        return self._categories[path]


def _by_path(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], int]:
    """Return {path from the root: id}.

    >>> rows = [(1, "A", 0), (2, "B", 1)]
    >>> _by_path([{"id": i, "name": n, "parent": p} for i, n, p in rows])
    {('A',): 1, ('A', 'B'): 2}
    """
    by_id = {row["id"]: row for row in rows}

    def path_of(row: dict[str, Any]) -> tuple[str, ...]:
        above = by_id.get(row["parent"])
        return (*path_of(above), row["name"]) if above else (row["name"],)

    return {path_of(row): identifier for identifier, row in by_id.items()}
