"""Deadlines of returns, and what a label costs the customer. Pure, no clock."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from .money import allocate


def withdrawal_end(
    delivered: date, days: int, is_holiday: Callable[[date], bool]
) -> date:
    """Return the last day on which a consumer may withdraw.

    The day of delivery does not count. A period that would end on a Saturday, a
    Sunday or a public holiday ends with the next working day (regulation 1182/71,
    article 3; directive 2011/83/EU, article 9 and recital 41).

    >>> withdrawal_end(date(2026, 3, 2), 14, lambda day: False)
    datetime.date(2026, 3, 16)
    >>> withdrawal_end(date(2026, 3, 7), 14, lambda day: False)
    datetime.date(2026, 3, 23)
    >>> withdrawal_end(date(2026, 3, 23), 14, {date(2026, 4, 6)}.__contains__)
    datetime.date(2026, 4, 7)
    """
    end = delivered + timedelta(days=days)
    while end.weekday() >= 5 or is_holiday(end):
        end += timedelta(days=1)
    return end


def less_label(amounts: Sequence[int], label: int) -> list[int]:
    """Return what is refunded of each line when the customer pays the label.

    Minor units. The label is shared by amount, largest remainder, and never takes
    more than there is.

    >>> less_label([3000, 1000], 590)
    [2557, 853]
    >>> less_label([300], 590)
    [0]
    """
    parts = allocate(min(label, sum(amounts)), amounts)
    return [amount - part for amount, part in zip(amounts, parts, strict=True)]
