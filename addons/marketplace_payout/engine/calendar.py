"""Settlement calendars and payment days. Dates are local to the company.

A period is half-open, ``[start, end)``: the day on which the next one starts is
not part of it, so that a daily job run on that day settles the period before.
"""

from calendar import monthrange
from datetime import date, timedelta

import holidays

ONE_DAY = timedelta(days=1)
# First days of the periods of a month: 1st-10th, 11th-20th, 21st-end; and two halves.
MONTH_STARTS = {"dekad": (1, 11, 21), "half_month": (1, 16)}


def period(calendar: str, day: date, anchor: int = 1) -> tuple[date, date]:
    """Return ``[start, end)`` of the period that holds a day.

    Weeks start on Monday (ISO 8601).

    :param anchor: day on which a monthly period starts, 1 to 31; in a shorter month
        its last day.

    :raises ValueError: for a calendar without periods, such as ``manual``.

    >>> period("dekad", date(2028, 2, 29))
    (datetime.date(2028, 2, 21), datetime.date(2028, 3, 1))
    >>> period("weekly", date(2026, 3, 1))
    (datetime.date(2026, 2, 23), datetime.date(2026, 3, 2))
    >>> period("half_month", date(2028, 2, 29))
    (datetime.date(2028, 2, 16), datetime.date(2028, 3, 1))
    >>> period("monthly", date(2028, 2, 29), anchor=31)
    (datetime.date(2028, 2, 29), datetime.date(2028, 3, 31))
    """
    if calendar == "daily":
        return day, day + ONE_DAY
    if calendar == "weekly":
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=7)
    if calendar in MONTH_STARTS:
        starts = [day.replace(day=first) for first in MONTH_STARTS[calendar]]
        ends = [*starts[1:], _month_day(day, 1, 1)]
        return next(
            (start, end) for start, end in zip(starts, ends, strict=True) if day < end
        )
    if calendar == "monthly":
        months = 0 if day >= _month_day(day, 0, anchor) else -1
        return _month_day(day, months, anchor), _month_day(day, months + 1, anchor)
    raise ValueError(f"no periods in calendar {calendar!r}")


def last_cutoff(calendar: str, today: date, anchor: int = 1) -> date:
    """Return the last day, included, of the latest period that is over.

    The answer is the same on every day of a period: a job that missed the first
    day of the period settles the same cut-off later.

    >>> last_cutoff("monthly", date(2028, 3, 1))
    datetime.date(2028, 2, 29)
    >>> last_cutoff("dekad", date(2026, 3, 20))
    datetime.date(2026, 3, 10)
    """
    start, _end = period(calendar, today, anchor)
    return start - ONE_DAY


def payment_day(day: date) -> date:
    """Return the first day from ``day`` on which the euro payment system settles.

    TARGET is closed on Saturdays, Sundays and six holidays (European Central
    Bank calendar, as kept by the ``holidays`` package).

    >>> payment_day(date(2026, 4, 3))  # Good Friday
    datetime.date(2026, 4, 7)
    """
    target = holidays.financial_holidays("ECB", years=(day.year, day.year + 1))
    while not target.is_working_day(day):
        day += ONE_DAY
    return day


def _month_day(day: date, months: int, anchor: int) -> date:
    """Return a day of the month some months away, or that month's last day."""
    first = add_months(day.replace(day=1), months)
    return first.replace(day=min(anchor, monthrange(first.year, first.month)[1]))


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of a shorter month.

    >>> add_months(date(2028, 1, 31), 1)
    datetime.date(2028, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
