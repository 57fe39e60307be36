"""An order that was changed in the shop after its import: what is different, and may
it be followed without asking?

Quantities are compared with what the back office has, not with the earlier document:
our own cancellations come back from the shop, and must not be taken off twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .contract import (
    Fee,
    Line,
    Order,
    OrderState,
    PaymentState,
    RefundState,
    Shipping,
    TaxMode,
)


class Verdict(str, Enum):
    """What is to be done about a change."""

    SAME = "same"  # the back office has it already
    APPLY = "apply"
    COVERED = "covered"  # refunds of the shop say the same
    ASK = "ask"  # a person decides


@dataclass(frozen=True, slots=True)
class Part:
    """What the customer pays for; ``charged`` after discounts, tax included."""

    quantity: int
    charged: int
    item: Line | Fee | Shipping


@dataclass(frozen=True, slots=True)
class Change:
    """References by what happened to them; ``excess`` is still to be given back.

    ``offset`` is what the back office has the customer pay above the shop's total since
    earlier changes were covered by refunds: refunds lower only the shop's figure.
    """

    verdict: Verdict
    lowered: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    repriced: tuple[str, ...] = ()
    excess: int = 0
    offset: int = 0
    parts: Mapping[str, Part] = field(default_factory=dict)


def total_of(order: Order) -> int:
    """Return what the customer has to pay of an order in all."""
    return 0 if order.state is OrderState.CANCELLED else order.total


def parts_of(order: Order) -> dict[str, Part]:
    """Return what is left of an order by reference; nothing of a cancelled one."""
    if order.state is OrderState.CANCELLED:
        return {}
    lines = {
        line.ref: Part(line.quantity, _charged(line, order), line)
        for line in order.lines
        if line.quantity
    }
    charges = {
        item.ref: Part(1, _charged(item, order), item)
        for item in (*order.fees, *order.shippings)
        if item.amount_discounted
    }
    return {**lines, **charges}


def judge(
    before: Order | None,
    after: Order,
    held: Mapping[str, int],
    payable: int,
    tolerance: int = 0,
) -> Change:
    """Compare an order with what the back office has of it.

    Nothing captured: everything is followed.  Captured: what the customer buys in
    addition is followed; what he gets less is, once the shop has given the money back.

    :param before: the order as it was agreed last, None when it is not known.
    :param held: units by reference, without those cancelled before payment.
    :param payable: what the back office has the customer pay in all, minor units.
    """
    parts = parts_of(after)
    known = parts_of(before) if before else {}
    captured = sum(
        item.amount for item in after.payments if item.state is PaymentState.CAPTURED
    )
    if captured and before:
        offset = payable - total_of(before)
        settled = {
            ref for ref in held if _units(parts, ref) == _units(known, ref)
        }  # a lower quantity that was agreed already
    else:
        offset, settled = 0, set()
    lowered = [
        ref
        for ref, units in held.items()
        if _units(parts, ref) < units and ref not in settled
    ]
    raised = [ref for ref, units in held.items() if _units(parts, ref) > units]
    added = [ref for ref in parts if ref not in held]
    repriced = [
        ref
        for ref, units in held.items()
        if ref in parts
        and ref in known
        and known[ref].quantity == parts[ref].quantity
        and (parts[ref].quantity == units or ref in settled)
        and known[ref].charged != parts[ref].charged
    ]
    cheaper = [ref for ref in repriced if parts[ref].charged < known[ref].charged]
    refunded = sum(
        item.amount for item in after.refunds if item.state is RefundState.DONE
    )
    total = total_of(after)
    excess = max(captured - refunded - total, 0) if captured else 0
    less, more = bool(lowered or cheaper), bool(raised or added)
    more = more or len(repriced) > len(cheaper)
    if any(isinstance(parts[ref].item, Shipping) for ref in added):
        verdict = Verdict.ASK  # whose it is, nobody said
    elif not (less or more):
        gap = abs(payable - offset - total)
        verdict = Verdict.SAME if gap <= tolerance else Verdict.ASK
    elif not captured:
        verdict = Verdict.APPLY
    elif excess > tolerance or (less and more):
        verdict = Verdict.ASK
    else:
        verdict = Verdict.COVERED if less else Verdict.APPLY
    return Change(
        verdict,
        tuple(lowered),
        tuple(raised),
        tuple(added),
        tuple(repriced),
        excess,
        offset,
        parts,
    )


def _units(parts: Mapping[str, Part], ref: str) -> int:
    return parts[ref].quantity if ref in parts else 0


def _charged(item: Line | Fee | Shipping, order: Order) -> int:
    taxes = sum(tax.amount for tax in item.taxes)
    beside = taxes if order.tax_mode is TaxMode.EXCLUDED else 0
    return item.amount_discounted + beside
