"""Change a purchase after its confirmation: what is taken away, what is added.

A confirmed line never changes. What the customer gets or pays less is cancelled while
it is not captured, and refunded afterwards; what he gets or pays more is a new line.
Amounts are minor units with VAT, quantities integers of a common denominator.
"""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from .money import cumulative_share
from .refund import LineMoney, LineState, Part, RefundError, refund, unit_amount


class Change(NamedTuple):
    """What an amendment does to one line.

    ``less`` goes back to the customer, or is no longer charged, with ``less_quantity``
    units; ``supplement`` is a higher price of units he keeps; ``more`` is the price of
    ``more_quantity`` further units.
    """

    less_quantity: int = 0
    less: int = 0
    supplement: int = 0
    more_quantity: int = 0
    more: int = 0

    @property
    def delta(self) -> int:
        """What the customer pays more, negative when less."""
        return self.supplement + self.more - self.less


def sold(money: LineMoney, charge: int, credit: int, tax: int) -> LineState:
    """Return a line as it was sold, whatever is captured of it by now.

    :param charge: what the customer was to pay for it, ``credit`` what the seller was
        to be credited, ``tax`` the VAT in the credit that the operator owes.
    """
    return replace(money.state, charged=charge, credit=credit, tax=tax)


def unit_credit(state: LineState, unit: int) -> Decimal:
    """Return what a seller is credited for one unit, in minor units, not rounded.

    :param unit: the integer that counts one unit.

    >>> unit_credit(LineState(4000000, 2000, 3000), 1000000)
    Decimal('750')
    """
    if not state.quantity:
        return Decimal(0)
    return Decimal(state.credit) * unit / state.quantity


def change(
    state: LineState, quantity: int, price: Decimal | None, unit: int, extra: Decimal
) -> Change:
    """Return what brings a line to a new quantity and price.

    Units taken away cost what a refund of them would give back, so that a chain of
    amendments and refunds ends exactly on the line.

    :param state: the line as sold, see :func:`sold`.
    :param quantity: units the customer has after the change.
    :param price: per unit, None when it stays.
    :param unit: the integer that counts one unit.
    :param extra: what one more unit costs when the price stays, in minor units.
    :raises RefundError: on a negative quantity, naming the units left.

    Three units sold 28.33: one less; all a euro dearer; and two more at 9.50:

    >>> line = LineState(3, 2833, 2833)
    >>> change(line, 2, None, 1, Decimal(950))
    Change(less_quantity=1, less=944, supplement=0, more_quantity=0, more=0)
    >>> change(line, 3, Decimal(1044), 1, Decimal(950)).supplement
    299
    >>> change(line, 5, None, 1, Decimal(950)).more
    1900

    Two units at 8.00 instead of three at 9.44:

    >>> change(line, 2, Decimal(800), 1, Decimal(950))
    Change(less_quantity=1, less=1233, supplement=0, more_quantity=0, more=0)
    """
    before = state.quantity - state.quantity_back
    if quantity < 0:
        raise RefundError("quantity", before)
    fewer, further = max(before - quantity, 0), max(quantity - before, 0)
    less = unit_amount(state, fewer)
    supplement = 0
    if price is not None:
        gap = _round(price * (before - fewer) / unit) - (state.left - less)
        supplement, less = max(gap, 0), less + max(-gap, 0)
    more = _round((extra if price is None else price) * further / unit)
    return Change(fewer, less, supplement, further, more)


def cancel(
    money: LineMoney, whole: LineState, quantity: int, amount: int
) -> tuple[Part, LineMoney]:
    """Take a part of a line away that is not captured; return it and what it leaves.

    In the state it counts as charged and given back: shares of what is left stay as
    they were, and a later capture covers the rest only.

    :param whole: the line as sold, see :func:`sold`.
    :raises RefundError: above the units left, or what is still to be captured.

    30.00 of which the marketplace pays 10.00, three units, nothing captured:

    >>> line = LineMoney(LineState(3, 0, 0), 0, 0)
    >>> part, line = cancel(line, LineState(3, 2000, 3000), 1, 667)
    >>> part
    Part(quantity=1, charged=667, credit=1001, tax=0)
    >>> line.state.left, line.cancelled, line.cancelled_funded
    (0, 667, 334)
    """
    state = money.state
    if amount > whole.charged - state.charged:
        raise RefundError("amount", max(whole.charged - state.charged, 0))
    part, _after = refund(whole, quantity, amount)
    state = replace(
        state,
        quantity_back=state.quantity_back + quantity,
        charged=state.charged + part.charged,
        charged_back=state.charged_back + part.charged,
        credit=state.credit + part.credit,
        credit_back=state.credit_back + part.credit,
        tax=state.tax + part.tax,
        tax_back=state.tax_back + part.tax,
    )
    return part, money._replace(
        state=state,
        cancelled=money.cancelled + part.charged,
        cancelled_funded=money.cancelled_funded + part.credit - part.charged,
    )


def without(
    money: LineMoney, charged: int, credit: int, whole_tax: int, whole: int
) -> LineMoney:
    """Count what was cancelled before its capture in what happened to a line.

    Its units are in ``quantity_back`` already.

    :param whole_tax: VAT of the line that the operator owes, ``whole`` its credit.

    >>> without(LineMoney(LineState(3, 1333, 1999, 1), 0, 0), 667, 1001, 0, 3000)
    ... # doctest: +NORMALIZE_WHITESPACE
    LineMoney(state=LineState(quantity=3, charged=2000, credit=3000, quantity_back=1,
    charged_back=667, credit_back=1001, tax=0, tax_back=0), pending=0, funded=0,
    cancelled=667, cancelled_funded=334, collect=0, off_account=0)
    """
    state = money.state
    tax = cumulative_share(whole_tax, whole, credit) if whole_tax else 0
    return money._replace(
        state=replace(
            state,
            charged=state.charged + charged,
            charged_back=state.charged_back + charged,
            credit=state.credit + credit,
            credit_back=state.credit_back + credit,
            tax=state.tax + tax,
            tax_back=state.tax_back + tax,
        ),
        cancelled=charged,
        cancelled_funded=credit - charged,
    )


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
