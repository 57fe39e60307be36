"""Does an order make sense?  Every fault is reported, not only the first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .contract import Order, OrderState, PaymentState, RefundState, TaxMode


@dataclass(frozen=True, slots=True)
class Fault:
    """``code`` for programs, ``path`` for the place, ``values`` for the sentence."""

    code: str
    path: str
    values: tuple[tuple[str, object], ...] = ()

    def __getitem__(self, name: str) -> object:
        return dict(self.values)[name]


def fault(kind: str, path: str, /, **values: object) -> Fault:
    """Return a fault; ``values`` are for the sentence about it."""
    return Fault(kind, path, tuple(values.items()))


def order_sum(order: Order) -> int:
    """Return lines − discounts + deliveries + fees (+ taxes, when beside)."""
    parts = [*order.lines, *order.shippings, *order.fees]
    total = sum(part.amount_discounted for part in parts)
    if order.tax_mode is TaxMode.EXCLUDED:
        total += sum(tax.amount for part in parts for tax in part.taxes)
    return total


def check_order(order: Order, tolerance: int = 0) -> list[Fault]:
    """Return what is wrong with ``order``; an empty list means fit to import.

    :param tolerance: largest accepted difference between the sum of the parts and
        the total the customer was charged, in minor units.

    >>> from datetime import datetime, timezone
    >>> from .contract import Address, Customer, Discount, Line, OrderState
    >>> order = Order(
    ...     ref="1", number="A1", placed_at=datetime(2026, 1, 5, tzinfo=timezone.utc),
    ...     currency="EUR", tax_mode=TaxMode.INCLUDED, state=OrderState.OPEN,
    ...     total=1799, customer=Customer("7", "ada@example.test", "Ada"),
    ...     shipping_address=Address(), billing_address=Address(),
    ...     lines=(
    ...         Line("11", "CUP", "", "Cup", 2, 999, 1998,
    ...              discounts=(Discount("TEN", "Ten percent", 200),)),
    ...     ),
    ... )
    >>> [(found.code, found["gap"]) for found in check_order(order)]
    [('total_gap', 1)]
    >>> check_order(order, tolerance=2)
    []
    """
    if order.state is OrderState.CANCELLED:
        return _check_refunds(order)  # of the rest, nothing is left to add up
    return [
        *_check_lines(order),
        *_check_shippings(order),
        *(
            fault("fee_negative", f"fees.{fee.ref}", name=fee.name)
            for fee in order.fees
            if fee.amount < 0
        ),
        *_check_total(order, tolerance),
        *_check_refunds(order),
    ]


def _check_lines(order: Order) -> list[Fault]:
    faults = []
    if not order.lines:
        faults.append(fault("no_line", "lines"))
    for ref, count in Counter(line.ref for line in order.lines).items():
        if count > 1:
            faults.append(fault("line_twice", f"lines.{ref}", ref=ref))
    for line in order.lines:
        path = f"lines.{line.ref}"
        if line.quantity < 0 or line.amount < 0:
            faults.append(fault("line_negative", path, sku=line.sku))
        elif line.amount_discounted < 0:
            faults.append(fault("discount_above_line", path, sku=line.sku))
        if not line.sku and not line.offer_ref:
            faults.append(fault("line_without_sku", path, name=line.name))
    return faults


def _check_shippings(order: Order) -> list[Fault]:
    known = {line.ref for line in order.lines}
    return [
        fault("shipping_of_nothing", f"shippings.{shipping.ref}", name=shipping.name)
        for shipping in order.shippings
        if shipping.amount_discounted and not known.intersection(shipping.line_refs)
    ]


def _check_total(order: Order, tolerance: int) -> list[Fault]:
    computed = order_sum(order)
    gap = order.total - computed
    if abs(gap) <= tolerance:
        return []
    return [
        fault("total_gap", "total", claimed=order.total, computed=computed, gap=gap)
    ]


def _check_refunds(order: Order) -> list[Fault]:
    faults = []
    payments = {payment.ref: payment for payment in order.payments}
    refunded: Counter[str] = Counter()
    for refund in order.refunds:
        if refund.state is RefundState.FAILED:
            continue
        refunded[refund.payment_ref] += refund.amount
    for ref, amount in refunded.items():
        payment = payments.get(ref)
        if not payment or payment.state is not PaymentState.CAPTURED:
            faults.append(fault("refund_without_payment", f"payments.{ref}", ref=ref))
        elif amount > payment.amount:
            faults.append(fault("refund_above_payment", f"payments.{ref}", ref=ref))
    return faults
