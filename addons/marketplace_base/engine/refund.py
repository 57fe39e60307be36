"""Arithmetic of what goes back: refunds, and what a delivery entitles to.

Amounts are integer minor units, quantities integers of a common denominator. Every
part is the difference of two cumulated shares, so that a chain of partial refunds or
deliveries ends exactly on the line (accounting design, 4.1 rule 7 and 4.5).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from .money import allocate, cumulative_share

# Roles that hold what a sale is worth to its seller, and events that change it.
TAX_ROLES = frozenset({"VAT_DEEMED", "VAT_OUT"})
SELLER_ROLES = TAX_ROLES | {
    "VENDOR_PENDING",
    "VENDOR_DUE",
    "CUST_ADVANCE",
    "SHIPPING_INC",
}
SALE_EVENTS = frozenset(
    {
        "capture",
        "discount_funding",
        "shipping_funding",
        "rounding",
        "refund",
        "dispute_lost",
        "dispute_recovered",
        "on_account",
    }
)
# Events that undo another one: each line is that of the other, the other way round.
UNDOING_EVENTS = frozenset({"dispute_recovered"})
# Roles that a customer pays through: a provider, what the operator owes him, or the
# vendor who takes his cash.
PAYMENT_ROLES = frozenset({"PSP_CLEARING", "GIFT_CARDS", "VENDOR_CASH"})
# Roles that hold what the customer paid, or owes and we guarantee.
CHARGED_ROLES = PAYMENT_ROLES | {"CUST_COLLECT"}
# Roles that his money goes back through: his payment, his bank's claim, his account
# when he has not paid yet, or a transfer to make to who paid in cash.
CUSTOMER_ROLES = CHARGED_ROLES | {"DISPUTES", "CUST_REFUND"}


class RefundError(ValueError):
    """Refuse a refund above what is left; ``left`` says how much that is."""

    def __init__(self, code: str, left: int):
        super().__init__(f"{code}: {left} left")
        self.code = code
        self.left = left


@dataclass(frozen=True, slots=True)
class LineState:
    """What happened so far to one order line.

    ``charged`` was captured from the customer, ``credit`` credited to the seller: the
    difference is what the marketplace paid. ``tax`` is the part of the credit that the
    operator owes as VAT himself, where he does. ``*_back`` is what was undone of each.
    """

    quantity: int
    charged: int
    credit: int
    quantity_back: int = 0
    charged_back: int = 0
    credit_back: int = 0
    tax: int = 0
    tax_back: int = 0

    @property
    def left(self) -> int:
        """What can still be refunded to the customer."""
        return self.charged - self.charged_back


class LineMoney(NamedTuple):
    """Where the money of one order line is.

    ``pending`` waits for delivery; ``funded`` is what the marketplace paid for the
    customer and did not get back. ``cancelled`` was to be charged and never will, and
    ``cancelled_funded`` was to be paid by the marketplace: both are part of the state.
    ``collect`` is what the customer owes on account of what we guarantee,
    ``off_account`` what was taken off it without being paid.
    """

    state: LineState
    pending: int
    funded: int
    cancelled: int = 0
    cancelled_funded: int = 0
    collect: int = 0
    off_account: int = 0


def line_money(
    moves: Iterable[tuple[str, str, str, int]], quantity: int, quantity_back: int
) -> LineMoney:
    """Read the ledger of one order line: (event, debit role, credit role, amount).

    Sold 30.00 of which 20.00 charged, one unit of three refunded and one delivered:

    >>> line_money([("capture", "PSP_CLEARING", "VENDOR_PENDING", 2000),
    ...             ("discount_funding", "DISCOUNT_MKT", "VENDOR_PENDING", 1000),
    ...             ("refund", "VENDOR_PENDING", "PSP_CLEARING", 667),
    ...             ("refund", "VENDOR_PENDING", "DISCOUNT_MKT", 334),
    ...             ("entitlement", "VENDOR_PENDING", "VENDOR_DUE", 1000)], 3, 1)
    ... # doctest: +NORMALIZE_WHITESPACE
    LineMoney(state=LineState(quantity=3, charged=2000, credit=3000, quantity_back=1,
    charged_back=667, credit_back=1001, tax=0, tax_back=0), pending=999, funded=666,
    cancelled=0, cancelled_funded=0, collect=0, off_account=0)

    A claim that was lost, then won: as if it had never been.

    >>> line_money([("capture", "PSP_CLEARING", "VENDOR_PENDING", 2000),
    ...             ("dispute_lost", "VENDOR_PENDING", "DISPUTES", 2000),
    ...             ("dispute_recovered", "PSP_CLEARING", "VENDOR_PENDING", 2000)],
    ...            1, 0) == line_money(
    ...     [("capture", "PSP_CLEARING", "VENDOR_PENDING", 2000)], 1, 0)
    True
    """
    charged = credit = charged_back = credit_back = pending = funded = 0
    tax = tax_back = collect = off_account = 0
    for event, debit, credit_role, amount in moves:
        if event in UNDOING_EVENTS:
            debit, credit_role, amount = credit_role, debit, -amount
        pending += amount * (
            (credit_role == "VENDOR_PENDING") - (debit == "VENDOR_PENDING")
        )
        collect += amount * (
            (debit == "CUST_COLLECT") - (credit_role == "CUST_COLLECT")
        )
        if event not in SALE_EVENTS:
            continue
        off_account += amount * (credit_role == "CUST_COLLECT")
        funded += amount * ((debit == "DISCOUNT_MKT") - (credit_role == "DISCOUNT_MKT"))
        if credit_role in SELLER_ROLES:
            credit += amount
            tax += amount * (credit_role in TAX_ROLES)
            charged += amount * (debit in CHARGED_ROLES)
        elif debit in SELLER_ROLES:
            credit_back += amount
            tax_back += amount * (debit in TAX_ROLES)
            charged_back += amount * (credit_role in CUSTOMER_ROLES)
    state = LineState(
        quantity,
        charged,
        credit,
        quantity_back,
        charged_back,
        credit_back,
        tax,
        tax_back,
    )
    return LineMoney(state, pending, funded, collect=collect, off_account=off_account)


@dataclass(frozen=True, slots=True)
class Part:
    """One refund of one line: to the customer, and at the seller's expense.

    ``tax`` is the part of the credit that the operator no longer owes as VAT.
    """

    quantity: int
    charged: int
    credit: int
    tax: int = 0


def unit_amount(state: LineState, quantity: int) -> int:
    """Return what the customer gets back for some units, never more than is left.

    :raises RefundError: when there are not so many units left.

    A line of 3 units sold 28.33, one unit at a time (scenario S5):

    >>> line = LineState(quantity=3, charged=2833, credit=2833)
    >>> unit_amount(line, 1)
    944
    >>> unit_amount(replace(line, quantity_back=1, charged_back=944), 1)
    945
    """
    before = state.quantity_back
    if not 0 <= quantity <= state.quantity - before:
        raise RefundError("quantity", state.quantity - before)
    if not quantity:
        return 0
    due = cumulative_share(state.charged, state.quantity, before + quantity)
    return min(
        due - cumulative_share(state.charged, state.quantity, before), state.left
    )


def refund(
    state: LineState, quantity: int, amount: int | None
) -> tuple[Part, LineState]:
    """Return one refund of a line and the state it leaves.

    The seller's part follows the customer's: when half of what was charged is back,
    half of the credit is. What the seller loses above the customer's amount goes back
    to the marketplace, which had paid it.

    :param amount: to the customer; None for the price of the units.
    :raises RefundError: above the units or the amount left.

    Credit 30.00, of which the customer paid 20.00:

    >>> line = LineState(quantity=3, charged=2000, credit=3000)
    >>> part, line = refund(line, 1, None); part
    Part(quantity=1, charged=667, credit=1001, tax=0)
    >>> part, line = refund(line, 2, None); part
    Part(quantity=2, charged=1333, credit=1999, tax=0)

    Deemed supplier (scenario S10): 119.99, of which 20.00 VAT; 60.00 goes back.

    >>> refund(LineState(1, 11999, 11999, tax=2000), 0, 6000)[0]
    Part(quantity=0, charged=6000, credit=6000, tax=1000)
    """
    charged = unit_amount(state, quantity)
    if amount is not None:
        charged = amount
    if not 0 <= charged <= state.left:
        raise RefundError("amount", state.left)
    quantity_back = state.quantity_back + quantity
    charged_back = state.charged_back + charged
    if state.charged:
        credit_back = cumulative_share(state.credit, state.charged, charged_back)
    else:
        credit_back = cumulative_share(state.credit, state.quantity, quantity_back)
    # A capture between two refunds may have changed the ratio: stay within bounds.
    credit_back = max(state.credit_back + charged, min(credit_back, state.credit))
    credit = credit_back - state.credit_back
    tax_back = state.tax_back
    if state.tax:
        share = cumulative_share(
            state.tax, state.credit, min(credit_back, state.credit)
        )
        tax_back = min(max(share, tax_back), tax_back + credit)
    part = Part(quantity, charged, credit, tax_back - state.tax_back)
    after = replace(
        state,
        quantity_back=quantity_back,
        charged_back=charged_back,
        credit_back=credit_back,
        tax_back=tax_back,
    )
    return part, after


def tax_part(
    total: int, tax: int, before: int, tax_before: int, amount: int, given: int | None
) -> int:
    """Return the VAT in a refund of a line, so that refunds end exactly on its VAT.

    Extracted by cumulative difference; what earlier refunds took of it with figures of
    their own is made up by the last one.

    :param total: what the customer paid for the line, of which ``tax`` is VAT.
    :param before: what he got back before, of which ``tax_before`` was VAT.
    :param given: the VAT that the storefront says is in ``amount``, or None.
    :raises RefundError: when the VAT given, or the net beside it, is more than is left.

    100.00 and 6.00 of VAT; 10.00 and 1.00 go back, then the rest:

    >>> tax_part(10600, 600, 0, 0, 1100, 100)
    100
    >>> tax_part(10600, 600, 1100, 100, 9500, None)
    500
    >>> tax_part(2833, 472, 0, 0, 944, None), tax_part(2833, 472, 944, 157, 944, None)
    (157, 158)
    """
    left = tax - tax_before
    net_left = total - before - left
    low, high = max(amount - net_left, 0), min(amount, left)
    if given is not None:
        if not low <= given <= high:
            raise RefundError("tax", left)
        return given
    share = cumulative_share(tax, total, before + amount) if total else 0
    return min(max(share - tax_before, low), high)


class Wanted(NamedTuple):
    """Ask to refund units of a line, for an amount or (None) for their price."""

    line: Hashable
    quantity: int
    amount: int | None = None


class Plan(NamedTuple):
    """What a refund does: an amount per line, and a part that belongs to none."""

    parts: list[Wanted]
    excess: int


def plan(
    amount: int | None,
    wanted: Sequence[Wanted],
    shipping: int,
    states: Mapping[Hashable, LineState],
    shipping_lines: Sequence[Hashable],
    rounding_left: int = 0,
) -> Plan:
    """Share what a customer got back over the lines of his order.

    ``amount`` is the truth, None for the sum of the rest. Lines without an amount of
    their own absorb the difference; without such lines it is shared over all lines by
    what is left on each, and lastly given from the rounding he had paid.

    :raises RefundError: above what is left, or when the parts exceed the amount.

    >>> states = {"a": LineState(2, 3598, 3598), "b": LineState(1, 671, 671),
    ...           "post": LineState(1, 346, 346)}
    >>> plan(None, [Wanted("a", 1)], 100, states, ["post"]).parts
    ... # doctest: +NORMALIZE_WHITESPACE
    [Wanted(line='a', quantity=1, amount=1799),
     Wanted(line='post', quantity=0, amount=100)]
    >>> [part.amount for part in plan(500, [], 0, states, ["post"]).parts]
    [390, 73, 37]
    >>> plan(4617, [], 0, states, ["post"], rounding_left=2).excess
    2
    """
    quantities = {item.line: 0 for item in wanted}
    amounts = dict.fromkeys(quantities, 0)
    free: dict[Hashable, int] = {}
    for item in wanted:
        price = unit_amount(states[item.line], item.quantity)
        quantities[item.line] += item.quantity
        if item.amount is None:
            free[item.line] = free.get(item.line, 0) + price
        else:
            amounts[item.line] += item.amount
    if shipping:
        lefts = [states[line].left for line in shipping_lines]
        for line, part in zip(shipping_lines, _share(shipping, lefts), strict=True):
            amounts[line] = amounts.get(line, 0) + part
    fixed = sum(amounts.values())
    rest = sum(free.values()) if amount is None else amount - fixed
    if rest < 0:
        raise RefundError("sum", fixed)
    excess = 0
    if free:
        shares = zip(free, allocate(rest, list(free.values())), strict=True)
    else:
        lefts = [
            max(state.left - amounts.get(line, 0), 0) for line, state in states.items()
        ]
        excess = min(max(rest - sum(lefts), 0), rounding_left)
        shares = zip(states, _share(rest - excess, lefts), strict=True)
    for line, part in shares:
        amounts[line] = amounts.get(line, 0) + part
    parts = [
        Wanted(line, quantities.get(line, 0), total)
        for line, total in amounts.items()
        if total or quantities.get(line)
    ]
    return Plan(parts, excess)


def _share(amount: int, lefts: Sequence[int]) -> list[int]:
    """Share an amount over lines by what is left on each, none above its own."""
    if not 0 <= amount <= sum(lefts):
        raise RefundError("amount", sum(lefts))
    return allocate(amount, lefts)


def transfers(
    sources: Iterable[tuple[str, int]], targets: Iterable[tuple[str, int]]
) -> list[tuple[str, str, int]]:
    """Pair what is taken from some roles with what is given to others, in order.

    >>> transfers([("PENDING", 70), ("DUE", 50)], [("PSP", 100), ("DISCOUNT", 20)])
    [('PENDING', 'PSP', 70), ('DUE', 'PSP', 30), ('DUE', 'DISCOUNT', 20)]
    """
    waiting = [[role, amount] for role, amount in sources if amount]
    result = []
    for target, wanted in targets:
        while wanted:
            role, available = waiting[0]
            moved = min(available, wanted)
            result.append((role, target, moved))
            wanted -= moved
            waiting[0][1] -= moved
            if not waiting[0][1]:
                waiting.pop(0)
    assert not waiting, "sources and targets must have the same sum"
    return result


def entitled(
    state: LineState, pending: int, delivered_before: int, delivered_now: int
) -> int:
    """Return what a delivery moves from pending to due on one line.

    By quantity, cumulated, and never more than is pending. When delivered and
    refunded units make up the line, nothing may stay behind: all that is pending.

    >>> line = LineState(quantity=3, charged=2833, credit=2833)
    >>> entitled(line, 2833, 0, 1), entitled(line, 1889, 1, 2)
    (944, 1889)

    One unit of three was refunded for less than its price; the others arrive:

    >>> line = replace(line, quantity_back=1, charged_back=500, credit_back=500)
    >>> entitled(line, 2333, 0, 2)
    2333
    """
    delivered = delivered_before + delivered_now
    if delivered + state.quantity_back >= state.quantity:
        return pending
    owed = state.credit - state.tax
    due = cumulative_share(owed, state.quantity, delivered)
    before = cumulative_share(owed, state.quantity, delivered_before)
    return min(due - before, pending)
