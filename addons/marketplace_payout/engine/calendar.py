"""Settlement calendars and payment days. Dates are local to the company.

A period is half-open, ``[start, end)``: the day on which the next one starts is
not part of it, so that a daily job run on that day settles the period before.
"""

from datetime import date, timedelta

import holidays

ONE_DAY = timedelta(days=1)
# First days of the three periods of a month: 1st-10th, 11th-20th, 21st-end.
DEKAD_STARTS = (1, 11, 21)


def period(calendar: str, day: date) -> tuple[date, date]:
    """Return ``[start, end)`` of the period that holds a day.

    Weeks start on Monday (ISO 8601).

    :raises ValueError: for a calendar without periods, such as ``manual``.

    >>> period("dekad", date(2028, 2, 29))
    (datetime.date(2028, 2, 21), datetime.date(2028, 3, 1))
    >>> period("weekly", date(2026, 3, 1))
    (datetime.date(2026, 2, 23), datetime.date(2026, 3, 2))
    """
    if calendar == "daily":
        return day, day + ONE_DAY
    if calendar == "weekly":
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=7)
    if calendar == "dekad":
        starts = [day.replace(day=first) for first in DEKAD_STARTS]
        ends = [*starts[1:], _next_month(day)]
        return next(
            (start, end) for start, end in zip(starts, ends, strict=True) if day < end
        )
    if calendar == "monthly":
        return day.replace(day=1), _next_month(day)
    raise ValueError(f"no periods in calendar {calendar!r}")


def last_cutoff(calendar: str, today: date) -> date:
    """Return the last day, included, of the latest period that is over.

    The answer is the same on every day of a period: a job that missed the first
    day of the period settles the same cut-off later.

    >>> last_cutoff("monthly", date(2028, 3, 1))
    datetime.date(2028, 2, 29)
    >>> last_cutoff("dekad", date(2026, 3, 20))
    datetime.date(2026, 3, 10)
    """
    start, _end = period(calendar, today)
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


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
