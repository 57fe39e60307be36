"""Parcels, refunds and cancellations, each once per reference of ours.

Of these, only a refund has a key and a note.  What we did about parcels and
cancellations is kept in the order, in metafields of ours.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ...engine.contract import (
    CancelCommand,
    FulfilmentCommand,
    FulfilmentState,
    RefundCommand,
    Result,
)
from ..errors import InvalidError
from ..money import to_decimal
from ..texts import read_reason, write_reason
from .orders import root_of
from .transport import Transport, gid, tail

NAMESPACE = "marketplace"
PARCELS = "parcels"
CANCELLATIONS = "cancellations"

ORDER = """
query($id: ID!) {
  order(id: $id) {
    id currencyCode cancelledAt
    parcels: metafield(namespace: "marketplace", key: "parcels") { value }
    cancellations: metafield(namespace: "marketplace", key: "cancellations") { value }
    lineItems(first: 100) { nodes { id currentQuantity } }
    fulfillmentOrders(first: 20) {
      nodes {
        id status
        lineItems(first: 100) { nodes { id remainingQuantity lineItem { id } } }
      }
    }
    fulfillments(first: 50) {
      id status displayStatus
      trackingInfo(first: 1) { company number }
      fulfillmentLineItems(first: 100) { nodes { quantity lineItem { id } } }
    }
    transactions(first: 50) {
      id kind status gateway parentTransaction { id }
    }
    refunds(first: 50) { id note transactions(first: 10) { nodes { kind status } } }
  }
}"""

FULFIL = """
mutation($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id } userErrors { field message }
  }
}"""

TRACK = """
mutation($id: ID!, $tracking: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking) {
    fulfillment { id } userErrors { field message }
  }
}"""

ARRIVE = """
mutation($event: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $event) {
    fulfillmentEvent { id } userErrors { field message }
  }
}"""

REFUND = """
mutation($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id } userErrors { field message }
  }
}"""

CANCEL = """
mutation($id: ID!, $reason: OrderCancelReason!, $note: String) {
  orderCancel(orderId: $id, reason: $reason, restock: false, staffNote: $note) {
    job { id } userErrors { field message }
  }
}"""

BEGIN_EDIT = """
mutation($id: ID!) {
  orderEditBegin(id: $id) {
    calculatedOrder { id lineItems(first: 100) { nodes { id } } }
    userErrors { field message }
  }
}"""

SET_QUANTITY = """
orderEditSetQuantity(id: $0, lineItemId: $1, quantity: $2) {
  userErrors { field message }
}"""

COMMIT_EDIT = """
mutation($id: ID!, $note: String) {
  orderEditCommit(id: $id, notifyCustomer: false, staffNote: $note) {
    order { id } userErrors { field message }
  }
}"""

REMEMBER = """
mutation($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { userErrors { field message } }
}"""


def _read_order(transport: Transport, ref: str) -> dict[str, Any]:
    order = transport.query(ORDER, id=gid("Order", ref))["order"]
    if not order:
        raise InvalidError(f"The shop has no order {ref}.")
    return order


def _recall(order: dict[str, Any], key: str) -> dict[str, Any]:
    return json.loads(order[key]["value"]) if order[key] else {}


def _remember(
    transport: Transport, order: dict[str, Any], key: str, values: dict[str, Any]
) -> None:
    metafield = {
        "ownerId": order["id"],
        "namespace": NAMESPACE,
        "key": key,
        "type": "json",
        "value": json.dumps(values, sort_keys=True),
    }
    transport.mutate(REMEMBER, metafields=[metafield])


# ---- parcels ---------------------------------------------------------------


def push_fulfilment(transport: Transport, command: FulfilmentCommand) -> Result:
    """See :meth:`Adapter.push_fulfilment`.

    A fulfillment bears no reference.  One that was made, and of which no answer came,
    is known by what is in it: the same pieces under the same number, and nobody's yet.
    """
    order = _read_order(transport, command.order_ref)
    known = _recall(order, PARCELS)
    parcels = {
        tail(parcel["id"]): parcel
        for parcel in order["fulfillments"]
        if parcel["status"] != "CANCELLED"
    }
    ref = known.get(command.ref)
    if ref not in parcels:
        ref = _find_unclaimed(parcels, set(known.values()), command)
        ref = ref or _fulfil(transport, order, command)
        _remember(transport, order, PARCELS, {**known, command.ref: ref})
    shown = parcels.get(ref)
    if shown and _tracking(shown) != (command.carrier, command.tracking):
        transport.mutate(
            TRACK,
            id=gid("Fulfillment", ref),
            tracking={"company": command.carrier, "number": command.tracking},
        )
    arrived = shown and shown["displayStatus"] == "DELIVERED"
    if command.state is FulfilmentState.DELIVERED and not arrived:
        event = {"fulfillmentId": gid("Fulfillment", ref), "status": "DELIVERED"}
        transport.mutate(ARRIVE, event=event)
    return Result(command.ref, ref)


def _tracking(parcel: dict[str, Any]) -> tuple[str, str]:
    info = (parcel["trackingInfo"] or [{}])[0]
    return info.get("company") or "", info.get("number") or ""


def _pieces(parcel: dict[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for item in parcel["fulfillmentLineItems"]["nodes"]:
        found[tail(item["lineItem"]["id"])] += item["quantity"]
    return found


def _find_unclaimed(
    parcels: dict[str, dict[str, Any]], claimed: set[str], command: FulfilmentCommand
) -> str | None:
    wanted: Counter[str] = Counter()
    for line in command.lines:
        wanted[line.line_ref] += line.quantity
    for ref, parcel in parcels.items():
        if (
            ref not in claimed
            and _pieces(parcel) == wanted
            and _tracking(parcel)[1] == command.tracking
        ):
            return ref
    return None


def _fulfil(
    transport: Transport, order: dict[str, Any], command: FulfilmentCommand
) -> str:
    """Take the pieces from the fulfillment orders that still have them."""
    wanted: Counter[str] = Counter()
    for line in command.lines:
        wanted[gid("LineItem", line.line_ref)] += line.quantity
    parts = []
    for source in order["fulfillmentOrders"]["nodes"]:
        items = []
        for item in source["lineItems"]["nodes"]:
            taken = min(wanted[item["lineItem"]["id"]], item["remainingQuantity"])
            if taken > 0:
                wanted[item["lineItem"]["id"]] -= taken
                items.append({"id": item["id"], "quantity": taken})
        if items:
            parts.append(
                {"fulfillmentOrderId": source["id"], "fulfillmentOrderLineItems": items}
            )
    if +wanted:
        raise InvalidError("The shop has fewer pieces left to ship in this order.")
    made = transport.mutate(
        FULFIL,
        fulfillment={
            "lineItemsByFulfillmentOrder": parts,
            "notifyCustomer": False,
            "trackingInfo": {"company": command.carrier, "number": command.tracking},
        },
    )
    return tail(made["fulfillmentCreate"]["fulfillment"]["id"])


# ---- refunds ---------------------------------------------------------------


def find_refund(transport: Transport, command: RefundCommand) -> Result | None:
    """See :meth:`Adapter.find_refund`; the reference is in the refund's note."""
    order = _read_order(transport, command.order_ref)
    for refund in order["refunds"]:
        transactions = refund["transactions"]["nodes"]
        failed = transactions and all(
            item["status"] in ("FAILURE", "ERROR") for item in transactions
        )
        if read_reason(refund["note"] or "")[1] == command.ref and not failed:
            return Result(command.ref, tail(refund["id"]))
    return None


def make_refund(transport: Transport, command: RefundCommand) -> Result:
    """See :meth:`Adapter.make_refund`; the shop keeps the key against a second one."""
    order = _read_order(transport, command.order_ref)
    parent = _refundable(order, gid("OrderTransaction", command.payment_ref))
    amount = to_decimal(command.amount, order["currencyCode"])
    values = {
        "orderId": order["id"],
        "note": write_reason(command.reason, command.ref),
        "notify": False,
        "refundLineItems": [
            {
                "lineItemId": gid("LineItem", line.line_ref),
                "quantity": line.quantity,
                "restockType": "NO_RESTOCK",  # Odoo says how many there are
            }
            for line in command.lines
        ],
        "transactions": [
            {
                "orderId": order["id"],
                "parentId": parent["id"],
                "kind": "REFUND",
                "gateway": parent["gateway"],
                "amount": f"{amount}",
            }
        ],
    }
    made = transport.mutate(REFUND, input=values, key=command.ref)
    return Result(command.ref, tail(made["refundCreate"]["refund"]["id"]))


def _refundable(order: dict[str, Any], payment: str) -> dict[str, Any]:
    """Return the transaction that money goes back on: what took it."""
    transactions = order["transactions"]
    for item in transactions:
        if (
            item["kind"] in ("SALE", "CAPTURE")
            and item["status"] == "SUCCESS"
            and root_of(transactions, item["id"]) == payment
        ):
            return item
    raise InvalidError(f"The payment {tail(payment)} was not captured.")


# ---- cancellations ---------------------------------------------------------


def cancel_order(transport: Transport, command: CancelCommand) -> Result:
    """See :meth:`Adapter.cancel_order`.

    What shall be left of each line is written down first; bringing the lines there may
    then be tried as often as it takes.
    """
    order = _read_order(transport, command.order_ref)
    if order["cancelledAt"]:
        return Result(command.ref, command.order_ref)
    note = write_reason(command.reason, command.ref)
    if not command.lines:
        transport.mutate(CANCEL, id=order["id"], reason="INVENTORY", note=note)
        return Result(command.ref, command.order_ref)
    present = {
        line["id"]: line["currentQuantity"] for line in order["lineItems"]["nodes"]
    }
    known = _recall(order, CANCELLATIONS)
    if command.ref not in known:
        targets = {
            identifier: max(present[identifier] - line.quantity, 0)
            for line in command.lines
            if (identifier := gid("LineItem", line.line_ref)) in present
        }
        known = {**known, command.ref: targets}
        _remember(transport, order, CANCELLATIONS, known)
    targets = {
        identifier: left
        for identifier, left in known[command.ref].items()
        if present.get(identifier, 0) > left
    }
    if targets:
        _edit(transport, order, targets, note)
    return Result(command.ref, command.order_ref)


def _edit(
    transport: Transport, order: dict[str, Any], targets: dict[str, int], note: str
) -> None:
    begun = transport.mutate(BEGIN_EDIT, id=order["id"])["orderEditBegin"]
    edit = begun["calculatedOrder"]
    lines = {tail(line["id"]): line["id"] for line in edit["lineItems"]["nodes"]}
    rows = [
        [edit["id"], lines[tail(identifier)], left]
        for identifier, left in targets.items()
        if tail(identifier) in lines
    ]
    kinds = ["ID!", "ID!", "Int!"]
    transport.check(transport.mutate_each(SET_QUANTITY, kinds, rows))
    transport.mutate(COMMIT_EDIT, id=edit["id"], note=note)
