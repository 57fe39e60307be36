"""Reading orders: which fields, and a document that is the same when read twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ...engine.contract import Document
from ...engine.idempotency import fingerprint
from .transport import NotFoundError, Transport

PURCHASE_FIELDS = ["id", "display_id"]
PROFILE_FIELDS = ["*shipping_methods", "items.variant.product.shipping_profile.id"]
ORDER_FIELDS = [
    *("id", "display_id", "status", "version", "created_at", "email"),
    *("currency_code", "customer_id", "item_total", "shipping_total", "*customer"),
    *("*items", "*items.detail", "*items.tax_lines", "*items.adjustments"),
    *PROFILE_FIELDS,
    "*shipping_methods.tax_lines",
    *("*shipping_methods.adjustments", "*shipping_address", "*billing_address"),
    "*payment_collections.payments",
    "*payment_collections.payments.captures",
    "*payment_collections.payments.refunds",
    *("*returns", "*returns.items"),
]
FULFILMENT_FIELDS = ["*fulfillments", "*fulfillments.items", "*fulfillments.labels"]
# Of no meaning to anybody, told or left out at the shop's whim, or changed by reading.
NOISE = {
    *("updated_at", "deleted_at", "summary", "thumbnail", "variant", "item"),
    *(
        "fulfillment_status",
        "payment_status",
        "payment_session",
        "variant_option_values",
    ),
}


def read_documents(
    transport: Transport, refs: Sequence[str], groups: bool
) -> list[Document]:
    """Read whole purchases; unknown references are left out.

    :param groups: purchases are order groups (Mercur), else they are orders.
    """
    if not refs:
        return []
    if groups:
        found = _read_groups(transport, refs)
    else:
        found = {
            order["id"]: {"display_id": order["display_id"], "orders": [order]}
            for order in _read_orders(transport, refs)
        }
    return [_document(ref, found[ref]) for ref in dict.fromkeys(refs) if ref in found]


def _read_groups(transport: Transport, refs: Sequence[str]) -> dict[str, dict]:
    groups = transport.get(
        "order-groups",
        id=list(refs),
        limit=len(refs),
        fields=",".join([*PURCHASE_FIELDS, "orders.id"]),
    )["order_groups"]
    ids = [order["id"] for group in groups for order in group["orders"] if order]
    orders = {order["id"]: order for order in _read_orders(transport, ids)}
    found = {}
    for group in groups:
        own = [orders[o["id"]] for o in group["orders"] if o and o["id"] in orders]
        if own:
            found[group["id"]] = {
                "display_id": group["display_id"],
                "orders": sorted(own, key=lambda order: order["display_id"]),
            }
    return found


def _read_orders(transport: Transport, ids: Sequence[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    orders = transport.get(
        "orders", id=list(ids), limit=len(ids), fields=",".join(ORDER_FIELDS)
    )["orders"]
    tell_profiles(transport, orders)
    _tell_reasons(transport, orders)
    return [clean(order) for order in orders]


def tell_profiles(transport: Transport, orders: Iterable[dict[str, Any]]) -> None:
    """Write the shipping profile to each line and delivery: it joins the two."""
    methods = [method for order in orders for method in order["shipping_methods"]]
    ids = sorted(filter(None, {method["shipping_option_id"] for method in methods}))
    profiles = {}
    if ids:
        options = transport.get(
            "shipping-options",
            id=ids,
            limit=len(ids),
            fields="id,shipping_profile_id",
        )["shipping_options"]
        profiles = {option["id"]: option["shipping_profile_id"] for option in options}
    for method in methods:
        method["shipping_profile_id"] = profiles.get(method["shipping_option_id"])
    for order in orders:
        for item in order["items"]:
            product = (item.get("variant") or {}).get("product") or {}
            item["shipping_profile_id"] = (product.get("shipping_profile") or {}).get(
                "id"
            )


def _tell_reasons(transport: Transport, orders: Iterable[dict[str, Any]]) -> None:
    """Write on what comes back why: Medusa 2.13 fails on an order that is asked it."""
    items = [
        item
        for order in orders
        for back in order.get("returns") or ()
        for item in back["items"]
        if item.get("reason_id")
    ]
    if not items:
        return
    ids = sorted({item["reason_id"] for item in items})
    reasons = transport.get("return-reasons", id=ids, limit=len(ids), fields="id,label")
    labels = {reason["id"]: reason["label"] for reason in reasons["return_reasons"]}
    for item in items:
        item["reason"] = {"label": labels.get(item["reason_id"])}


def read_order(
    transport: Transport, ref: str, groups: bool, fields: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the orders of a purchase, with the fields a command needs.

    :raises NotFoundError: there is no such purchase.
    """
    ids = [ref]
    if groups:
        path = f"order-groups/{ref}"
        group = transport.get(path, fields="id,orders.id")["order_group"]
        ids = [order["id"] for order in (group or {}).get("orders") or () if order]
    orders = transport.get("orders", id=ids, limit=100, fields=",".join(fields))
    if not ids or not orders["orders"]:
        raise NotFoundError(f"The shop has no order {ref}.")
    return orders["orders"]


def _document(ref: str, payload: dict[str, Any]) -> Document:
    payload = {"id": ref, **payload}
    return Document(
        kind="order",
        ref=ref,
        number=str(payload["display_id"]),
        payload=payload,
        digest=fingerprint(payload),
    )


def clean(value: Any) -> Any:
    """Keep what says something, in one order, amounts as exact texts.

    The shop writes an amount twice: as a number that has lost decimals, and exactly
    under ``raw_``.

    >>> clean({"total": Decimal("3.191"), "raw_total": {"value": "3.19168", "x": 20},
    ...        "updated_at": "now", "items": [{"id": "b"}, {"id": "a"}]})
    {'total': '3.19168', 'items': [{'id': 'a'}, {'id': 'b'}]}
    """
    if isinstance(value, Mapping):
        kept = {
            key: clean(item)
            for key, item in value.items()
            if key not in NOISE and not key.startswith("raw_")
        }
        for key, item in value.items():
            if key.startswith("raw_") and isinstance(item, Mapping):
                kept[key.removeprefix("raw_")] = str(item["value"])
        return kept
    if isinstance(value, list):
        rows = [clean(item) for item in value]
        if all(isinstance(row, dict) and row.get("id") for row in rows):
            rows.sort(key=lambda row: row["id"])
        return rows
    return str(value) if isinstance(value, Decimal) else value
