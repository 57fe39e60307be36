"""Parcels, refunds, cancellations: look first, then act; a repeat does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ...engine.contract import (
    CancelCommand,
    FulfilmentCommand,
    FulfilmentState,
    LineQuantity,
    RefundCommand,
    Result,
)
from ..errors import InvalidError
from ..texts import read_reason, write_reason
from .documents import FULFILMENT_FIELDS, PROFILE_FIELDS, read_order, tell_profiles
from .orders import CANCELLED
from .places import REF, amount_of, rounded
from .transport import Transport

CARRIER = "marketplace_carrier"  # in a parcel's metadata: the shop has no field
ITEM_FIELDS = ["id", "status", "currency_code", "*items", "*items.detail"]
PAYMENT_FIELDS = [
    *("id", "*payment_collections.payments"),
    *("*payment_collections.payments.refunds",),
    *("*payment_collections.payments.captures",),
]


# ---- parcels -----------------------------------------------------------------


def push_fulfilment(
    transport: Transport, groups: bool, command: FulfilmentCommand
) -> Result:
    """See :meth:`Adapter.push_fulfilment`.

    A parcel of several sellers' orders, which nobody sends, would be refused.
    """
    fields = [*ITEM_FIELDS, *FULFILMENT_FIELDS, *PROFILE_FIELDS]
    order = _order_of(
        read_order(transport, command.order_ref, groups, fields), command.lines
    )
    found = _find_fulfilment(order, command.ref)
    fulfilment = found or _add_fulfilment(transport, order, command)
    path = f"orders/{order['id']}/fulfillments/{fulfilment['id']}"
    if not fulfilment["shipped_at"]:
        label = {"tracking_number": command.tracking, "tracking_url": ""}
        body: dict[str, Any] = {"items": _items(command.lines)}
        if command.tracking:
            body["labels"] = [{**label, "label_url": ""}]
        transport.post(f"{path}/shipments", body, fields="id")
    wanted = command.state is FulfilmentState.DELIVERED
    if wanted and not fulfilment["delivered_at"]:
        transport.post(f"{path}/mark-as-delivered", {}, fields="id")
    return Result(command.ref, fulfilment["id"], note=_tracking_note(found, command))


def _order_of(
    orders: Sequence[dict[str, Any]], lines: Sequence[LineQuantity]
) -> dict[str, Any]:
    """Return the order that has the lines.

    :raises InvalidError: they are of no order, or of several.
    """
    wanted = {line.line_ref for line in lines}
    for order in orders:
        if wanted <= {item["id"] for item in order["items"]}:
            return order
    raise InvalidError("The shop has no order with all of these lines.")


def _find_fulfilment(order: dict[str, Any], ref: str) -> dict[str, Any] | None:
    return next(
        (
            fulfilment
            for fulfilment in order["fulfillments"] or ()
            if (fulfilment["metadata"] or {}).get(REF) == ref
            and not fulfilment["canceled_at"]
        ),
        None,
    )


def _add_fulfilment(
    transport: Transport, order: dict[str, Any], command: FulfilmentCommand
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "items": _items(command.lines),
        "metadata": {REF: command.ref, CARRIER: command.carrier},
    }
    # Left to itself, the shop takes delivery and place from the order's first delivery,
    # which may be another vendor's, and then refuses the parcel.
    refs = [line.line_ref for line in command.lines]
    tell_profiles(transport, [order])
    profiles = {i["shipping_profile_id"] for i in order["items"] if i["id"] in refs}
    options = [
        method["shipping_option_id"]
        for method in order["shipping_methods"]
        if method["shipping_profile_id"] and method["shipping_profile_id"] in profiles
    ]
    if options:
        body["shipping_option_id"] = options[0]
    answer = transport.get("reservations", line_item_id=refs, limit=100)
    locations = {row["location_id"] for row in answer["reservations"]}
    if len(locations) == 1:
        body["location_id"] = locations.pop()
    answer = transport.post(
        f"orders/{order['id']}/fulfillments", body, fields=",".join(FULFILMENT_FIELDS)
    )
    made = _find_fulfilment(answer["order"], command.ref)
    if not made:
        raise InvalidError("The shop made a parcel and does not show it.")
    return made


def _items(lines: Sequence[LineQuantity]) -> list[dict[str, Any]]:
    return [{"id": line.line_ref, "quantity": line.quantity} for line in lines]


def _tracking_note(found: dict[str, Any] | None, command: FulfilmentCommand) -> str:
    """Say which tracking the shop keeps: it cannot change that of a parcel."""
    if not found or not found["shipped_at"]:
        return ""
    kept = [label["tracking_number"] for label in found["labels"] or ()]
    carrier = (found["metadata"] or {}).get(CARRIER, "")
    if (carrier, *kept) == (command.carrier, *filter(None, [command.tracking])):
        return ""
    return (
        "Medusa cannot change the tracking of a parcel: the shop still shows "
        f"“{' '.join(filter(None, [carrier, *kept])) or 'none'}” instead of "
        f"“{' '.join(filter(None, [command.carrier, command.tracking])) or 'none'}”. "
        "Tell the customer."
    )


# ---- refunds -----------------------------------------------------------------


def find_refund(
    transport: Transport, groups: bool, command: RefundCommand
) -> Result | None:
    """See :meth:`Adapter.find_refund`.

    A refund has no key, and sent twice it is booked twice: our reference is in its
    note.
    """
    orders = read_order(transport, command.order_ref, groups, PAYMENT_FIELDS)
    found = next(
        (
            refund
            for order in orders
            for collection in order["payment_collections"] or ()
            for payment in collection["payments"] or ()
            for refund in payment["refunds"] or ()
            if read_reason(refund["note"] or "")[1] == command.ref
        ),
        None,
    )
    return Result(command.ref, found["id"]) if found else None


def make_refund(transport: Transport, command: RefundCommand) -> Result:
    """See :meth:`Adapter.make_refund`.

    The shop lets a refund go a little above the payment, so that is refused here.
    """
    path = f"payments/{command.payment_ref}"
    fields = "id,currency_code,*captures,*refunds"
    payment = transport.get(path, fields=fields)["payment"]
    amount = amount_of(command.amount, payment["currency_code"])
    left = _sum(payment["captures"]) - _sum(payment["refunds"])
    # A payment is not rounded, and what was paid is: half a cent may be missing.
    if amount > rounded(left, payment["currency_code"]):
        raise InvalidError(f"Of the payment, only {left} can be given back.")
    body = {
        "amount": min(amount, left),
        "note": write_reason(command.reason, command.ref),
    }
    answer = transport.post(f"{path}/refund", body, fields="id,*refunds")
    made = [
        refund["id"]
        for refund in answer["payment"]["refunds"]
        if read_reason(refund["note"] or "")[1] == command.ref
    ]
    if not made:
        raise InvalidError("The shop gave the money back and shows no refund.")
    return Result(command.ref, made[-1])


def _sum(rows: Sequence[dict[str, Any]]) -> Decimal:
    return sum((Decimal(str(row["amount"])) for row in rows or ()), Decimal())


# ---- cancellations -----------------------------------------------------------


def cancel_order(transport: Transport, groups: bool, command: CancelCommand) -> Result:
    """See :meth:`Adapter.cancel_order`.

    Pieces leave by an edit of the order that keeps our reference.  Whole orders are
    cancelled only when nothing was captured: the shop gives back what it took, in
    Mercur of the whole group at once.
    """
    fields = [*ITEM_FIELDS, *PAYMENT_FIELDS]
    orders = read_order(transport, command.order_ref, groups, fields)
    if command.lines:
        for order in orders:
            own = {item["id"] for item in order["items"]}
            lines = [line for line in command.lines if line.line_ref in own]
            if lines and order["status"] != CANCELLED:
                _take_off(transport, order, lines, command)
        return Result(command.ref, command.order_ref)
    live = [order for order in orders if order["status"] != CANCELLED]
    if any(_captured(order) for order in live):
        raise InvalidError(
            "The order is paid: refund it, and cancel it in the shop, which else "
            "gives the money back by itself."
        )
    for order in live:
        transport.post(f"orders/{order['id']}/cancel", {}, fields="id")
    return Result(command.ref, command.order_ref)


def _captured(order: dict[str, Any]) -> bool:
    return any(
        payment["captures"]
        for collection in order["payment_collections"] or ()
        for payment in collection["payments"] or ()
    )


def _take_off(
    transport: Transport,
    order: dict[str, Any],
    lines: Sequence[LineQuantity],
    command: CancelCommand,
) -> None:
    """Edit an order: begun, filled, confirmed; each step may have been done before."""
    path = f"order-edits/{order['id']}"
    changes = transport.get(f"orders/{order['id']}/changes")["order_changes"]
    own = [c for c in changes if _is_ours(c, command.ref)]
    if any(change["status"] == "confirmed" for change in own):
        return
    if any(change["status"] in ("pending", "requested") for change in own):
        # How far an earlier try came is not worth finding out: begin again.
        transport.delete(path)
    note = write_reason(command.reason, command.ref)
    transport.post(
        "order-edits", {"order_id": order["id"], "internal_note": note}, fields="id"
    )
    items = {item["id"]: item for item in order["items"]}
    for line in lines:
        left = Decimal(str(items[line.line_ref]["quantity"])) - line.quantity
        body = {"quantity": max(int(left), 0)}
        transport.post(f"{path}/items/item/{line.line_ref}", body, fields="id")
    transport.post(f"{path}/request", {}, fields="id")
    transport.post(f"{path}/confirm", {}, fields="id")


def _is_ours(change: dict[str, Any], ref: str) -> bool:
    note = change["internal_note"] or ""
    return change["change_type"] == "edit" and note.endswith(f"[{ref}]")
