"""Arithmetic of what vendors are charged besides commission.

Amounts are integers of minor units, rates ``Decimal`` fractions, rounding half up.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from odoo.addons.marketplace_base.engine.money import (
    allocate,
    cumulative_share,
    percent_of,
)


def months(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Yield the first and last day charged in each month of a period, both included.

    >>> [first.day for first, _last in months(date(2026, 1, 20), date(2026, 3, 1))]
    [20, 1, 1]
    """
    first = start
    while first <= end:
        last = first.replace(day=monthrange(first.year, first.month)[1])
        yield first, last
        first = last + timedelta(days=1)


def monthly_amount(amount: int, first: date, last: date) -> int:
    """Return what a month costs: pro rata by day when it is not begun on the first.

    >>> monthly_amount(3000, date(2026, 4, 16), date(2026, 4, 30))
    1500
    >>> monthly_amount(999, date(2026, 2, 28), date(2026, 2, 28))
    36
    """
    return cumulative_share(amount, last.day, last.day - first.day + 1)


def psp_shares(fee: int, weights: Sequence[int], borne: Sequence[Decimal]) -> list[int]:
    """Return what each part of a purchase bears of the fee of its payment.

    The fee is shared over all parts by largest remainder; each then bears its rate of
    its share, the operator the rest.

    :param weights: what the customer paid for each part, the operator's own included.
    :param borne: part of its share that each bears, zero to one.

    >>> psp_shares(59, [700, 300], [Decimal(1), Decimal("0.5")])
    [41, 9]
    """
    return [
        percent_of(share, rate)
        for share, rate in zip(allocate(fee, weights), borne, strict=True)
    ]


def rebate(
    charged: int, turnover: int, tiers: Sequence[tuple[int, Decimal]]
) -> tuple[int, Decimal | None]:
    """Return what a period's turnover gives back of its commission, and the rate.

    The commission of the period is computed again at the rate of the tier reached, on
    the whole turnover; a rate above what was charged gives nothing back.

    :param charged: commission of the period after its refunds.
    :param turnover: base of that commission after refunds.
    :param tiers: (lower bound of the turnover, rate), ascending.

    >>> rebate(1000, 10000, [(5000, Decimal("0.08")), (20000, Decimal("0.05"))])
    (200, Decimal('0.08'))
    >>> rebate(1000, 4999, [(5000, Decimal("0.08"))])
    (0, None)
    """
    reached = [rate for start, rate in tiers if turnover >= start]
    if not reached:
        return 0, None
    return max(charged - percent_of(turnover, reached[-1]), 0), reached[-1]
