"""Parcels and refunds: look first, then act, so that a repeat does nothing."""

from __future__ import annotations

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
from .documents import (
    ADD_FULFILMENT,
    CANCEL,
    MOVE_FULFILMENT,
    ORDER_STATE,
    REFUND,
    SETTLE_REFUND,
)
from .transport import Transport

# The steps Vendure allows, in order.
_FULFILMENT_STEPS = ["Pending", "Shipped", "Delivered"]
_TARGETS = {
    FulfilmentState.SHIPPED: "Shipped",
    FulfilmentState.DELIVERED: "Delivered",
}


def push_fulfilment(transport: Transport, command: FulfilmentCommand) -> Result:
    """See :meth:`Adapter.push_fulfilment`."""
    order = _read_order(transport, command.order_ref)
    found = next(
        (
            fulfilment
            for fulfilment in order["fulfillments"] or ()
            if fulfilment["customFields"]["odooRef"] == command.ref
            and fulfilment["state"] != "Cancelled"
        ),
        None,
    )
    fulfilment = found or _add_fulfilment(transport, command)
    rank = _FULFILMENT_STEPS.index(fulfilment["state"])
    target = _FULFILMENT_STEPS.index(_TARGETS[command.state])
    for state in _FULFILMENT_STEPS[rank + 1 : target + 1]:
        transport.mutate(MOVE_FULFILMENT, id=fulfilment["id"], state=state)
    return Result(command.ref, fulfilment["id"], note=_tracking_note(found, command))


def _tracking_note(found: dict[str, Any] | None, command: FulfilmentCommand) -> str:
    """Say which tracking the shop keeps: it cannot change that of a fulfilment.

    Vendure has no mutation for it (vendurehq/vendure, issue 589).
    """
    if not found:
        return ""
    kept = (found["method"] or "", found["trackingCode"] or "")
    if kept == (command.carrier, command.tracking):
        return ""
    return (
        "Vendure cannot change the tracking of a parcel: the shop still shows "
        f"“{' '.join(filter(None, kept)) or 'none'}” instead of "
        f"“{' '.join(filter(None, (command.carrier, command.tracking))) or 'none'}”. "
        "Tell the customer."
    )


def _add_fulfilment(transport: Transport, command: FulfilmentCommand) -> dict[str, Any]:
    arguments = {
        "method": command.carrier,
        "trackingCode": command.tracking,
        "reference": command.ref,
    }
    handler = {
        "code": "marketplace-fulfillment",
        "arguments": [
            {"name": name, "value": value} for name, value in arguments.items()
        ],
    }
    values = {"lines": _lines(command.lines), "handler": handler}
    return transport.mutate(ADD_FULFILMENT, input=values)["fulfilment"]


def find_refund(transport: Transport, command: RefundCommand) -> Result | None:
    """See :meth:`Adapter.find_refund`.

    A refund has no field of ours and no key; the reference is in its reason.
    """
    order = _read_order(transport, command.order_ref)
    refunds = [refund for payment in order["payments"] for refund in payment["refunds"]]
    found = next(
        (
            refund
            for refund in refunds
            if read_reason(refund["reason"] or "")[1] == command.ref
            and refund["state"] != "Failed"
        ),
        None,
    )
    return _settle(transport, command, found) if found else None


def make_refund(transport: Transport, command: RefundCommand) -> Result:
    """See :meth:`Adapter.make_refund`."""
    values = {
        "paymentId": command.payment_ref,
        "amount": command.amount,
        "lines": _lines(command.lines),
        "shipping": 0,
        "adjustment": 0,
        "reason": write_reason(command.reason, command.ref),
    }
    return _settle(transport, command, transport.mutate(REFUND, input=values)["refund"])


def _settle(
    transport: Transport, command: RefundCommand, refund: dict[str, Any]
) -> Result:
    if refund["state"] == "Pending":
        values = {"id": refund["id"], "transactionId": command.ref}
        transport.mutate(SETTLE_REFUND, input=values)
    return Result(command.ref, refund["id"])


def cancel_order(transport: Transport, command: CancelCommand) -> Result:
    """See :meth:`Adapter.cancel_order`; the shop's history keeps the reference."""
    order = _read_order(transport, command.order_ref)
    reasons = [entry["data"].get("reason") or "" for entry in order["history"]["items"]]
    done = any(reason.endswith(f"[{command.ref}]") for reason in reasons)
    if not done and order["state"] != "Cancelled":
        values = {
            "orderId": command.order_ref,
            "reason": write_reason(command.reason, command.ref),
        }
        if command.lines:
            values["lines"] = _lines(command.lines)
        else:
            values["cancelShipping"] = True
        transport.mutate(CANCEL, input=values)
    return Result(command.ref, command.order_ref)


def _read_order(transport: Transport, ref: str) -> dict[str, Any]:
    order = transport.query(ORDER_STATE, id=ref)["order"]
    if not order:
        raise InvalidError(f"The shop has no order {ref}.")
    return order


def _lines(lines: tuple[LineQuantity, ...]) -> list[dict[str, Any]]:
    return [{"orderLineId": line.line_ref, "quantity": line.quantity} for line in lines]
