"""Parcels, refunds and cancellations, each once per reference of ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from odoo.addons.marketplace_base.engine.money import allocate

from ...engine.contract import (
    CancelCommand,
    FulfilmentCommand,
    FulfilmentState,
    RefundCommand,
    Result,
)
from ..errors import InvalidError
from ..money import to_decimal, to_minor
from .orders import REF
from .transport import NotFoundError, Transport, read_meta, write_meta

ORDERS = "wc/v3/orders"
STATE = "_marketplace_state"
CANCELLED = "_marketplace_cancelled"


def read_order(transport: Transport, ref: str) -> dict[str, Any]:
    try:
        return transport.get(f"{ORDERS}/{ref}", dp=6)
    except NotFoundError as error:
        raise InvalidError(f"The shop has no order {ref}.") from error


# ---- parcels ---------------------------------------------------------------


def push_fulfilment(transport: Transport, command: FulfilmentCommand) -> Result:
    """See :meth:`Adapter.push_fulfilment`, by WooCommerce's order fulfillments.

    They know "fulfilled"; that a parcel arrived is told in a field of ours, and the
    order is completed when all its pieces have.
    """
    order = read_order(transport, command.order_ref)
    path = f"{ORDERS}/{command.order_ref}/fulfillments"
    try:
        parcels = transport.get(path)
    except NotFoundError as error:
        raise InvalidError(
            "The shop shows no parcels: switch on “Order fulfillments” in its advanced "
            "settings (WooCommerce 10.2 or later)."
        ) from error
    found = next((row for row in parcels if read_meta(row, REF) == command.ref), None)
    values = _parcel_values(command, found)
    if not found:
        parcel = transport.post(path, values)
        parcels = [*parcels, parcel]
    else:
        parcel = found
        if _told(found) != _told(values):
            parcel = transport.put(f"{path}/{found['id']}", values)
            parcels = [parcel if row["id"] == parcel["id"] else row for row in parcels]
    if order["status"] == "processing" and _all_arrived(order, parcels):
        transport.put(f"{ORDERS}/{command.order_ref}", {"status": "completed"})
    return Result(command.ref, str(parcel["id"]))


def _parcel_values(
    command: FulfilmentCommand, found: dict[str, Any] | None
) -> dict[str, Any]:
    """Return all meta data: what an update leaves out, the shop forgets."""
    state = command.state.value
    if found and read_meta(found, STATE) == FulfilmentState.DELIVERED.value:
        state = FulfilmentState.DELIVERED.value
    return {
        "status": "fulfilled",
        "is_fulfilled": True,
        "meta_data": write_meta(
            **{
                "_items": [
                    {"item_id": int(line.line_ref), "qty": line.quantity}
                    for line in command.lines
                ],
                "_tracking_number": command.tracking,
                "_shipment_provider": command.carrier,
                REF: command.ref,
                STATE: state,
            }
        ),
    }


def _told(parcel: dict[str, Any]) -> dict[str, Any]:
    return {meta["key"]: meta["value"] for meta in parcel["meta_data"]}


def _all_arrived(order: dict[str, Any], parcels: list[dict[str, Any]]) -> bool:
    left = {line["id"]: line["quantity"] for line in order["line_items"]}
    for parcel in parcels:
        if read_meta(parcel, STATE) == FulfilmentState.DELIVERED.value:
            for item in read_meta(parcel, "_items") or ():
                left[item["item_id"]] = left.get(item["item_id"], 0) - item["qty"]
    return all(quantity <= 0 for quantity in left.values())


# ---- refunds ---------------------------------------------------------------


def find_refund(transport: Transport, command: RefundCommand) -> Result | None:
    """See :meth:`Adapter.find_refund`; the reference is in the refund's meta data."""
    try:
        refunds = transport.get(f"{ORDERS}/{command.order_ref}/refunds", per_page=100)
    except NotFoundError as error:
        raise InvalidError(f"The shop has no order {command.order_ref}.") from error
    found = next((row for row in refunds if read_meta(row, REF) == command.ref), None)
    return Result(command.ref, str(found["id"])) if found else None


def make_refund(transport: Transport, command: RefundCommand) -> Result:
    """See :meth:`Adapter.make_refund`: the payment method gives the money back.

    The pieces stay off the shelf: Odoo says how many there are.
    """
    order = read_order(transport, command.order_ref)
    values = {
        "amount": f"{to_decimal(command.amount, order['currency'])}",
        "reason": command.reason,
        "api_refund": True,
        "api_restock": False,
        "line_items": _refund_items(order, command),
        "meta_data": write_meta(**{REF: command.ref}),
    }
    made = transport.post(f"{ORDERS}/{command.order_ref}/refunds", values)
    return Result(command.ref, str(made["id"]))


def _refund_items(
    order: dict[str, Any], command: RefundCommand
) -> list[dict[str, Any]]:
    """Share the amount over the pieces by what they cost, taxes told beside."""
    currency = order["currency"]
    lines = {str(line["id"]): line for line in order["line_items"]}
    parts = [
        (lines[part.line_ref], part.quantity)
        for part in command.lines
        if part.line_ref in lines
    ]
    worths = [
        to_minor(
            (Decimal(line["total"]) + Decimal(line["total_tax"]))
            * part
            / (line["quantity"] or 1),
            currency,
        )
        for line, part in parts
    ]
    if not any(worths):
        return []
    items = []
    for (line, part), amount in zip(
        parts, allocate(command.amount, worths), strict=True
    ):
        taxes = [tax for tax in line["taxes"] if tax["total"]]
        weights = [to_minor(line["total"], currency)]
        weights += [to_minor(tax["total"], currency) for tax in taxes]
        net, *shares = allocate(amount, weights)
        items.append(
            {
                "id": line["id"],
                "quantity": part,
                "refund_total": f"{to_decimal(net, currency)}",
                "refund_tax": [
                    {"id": tax["id"], "refund_total": f"{to_decimal(share, currency)}"}
                    for tax, share in zip(taxes, shares, strict=True)
                ],
            }
        )
    return items


# ---- cancellations ---------------------------------------------------------


def cancel_order(transport: Transport, command: CancelCommand) -> Result:
    """See :meth:`Adapter.cancel_order`; the order's meta data keeps the references."""
    order = read_order(transport, command.order_ref)
    done = (read_meta(order, CANCELLED) or "").split()
    if command.ref not in done and order["status"] != "cancelled":
        values: dict[str, Any] = {
            "meta_data": write_meta(**{CANCELLED: " ".join([*done, command.ref])})
        }
        if command.lines:
            values["line_items"] = _without(order, command)
        else:
            values["status"] = "cancelled"
        transport.put(f"{ORDERS}/{command.order_ref}", values)
    return Result(command.ref, command.order_ref)


def _without(order: dict[str, Any], command: CancelCommand) -> list[dict[str, Any]]:
    """Return the lines with less pieces; their totals are not computed by the shop."""
    lines = {str(line["id"]): line for line in order["line_items"]}
    items = []
    for part in command.lines:
        line = lines.get(part.line_ref)
        if not line:
            continue
        left = max(line["quantity"] - part.quantity, 0)
        item: dict[str, Any] = {"id": line["id"], "quantity": left}
        if left:
            for key in ("subtotal", "total"):
                item[key] = f"{Decimal(line[key]) * left / line['quantity']:.6f}"
        items.append(item)
    return items
