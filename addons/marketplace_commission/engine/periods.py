"""Periods that a manager looks at, each with the one it is compared to.

Pure: today comes in, days go out, first and last included.
"""

from datetime import date, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}
LAST_DAYS = {"last_7": 7, "last_30": 30}
# A chart of more days than this shows months.
DAILY_MAX = 62


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def spans(
    preset: str, today: date, first: date | None = None, last: date | None = None
) -> tuple[Span, Span]:
    """Return (period, the one before) of a preset.

    A running month is compared to the same days of the month before, as are quarter
    and year: half a month against a whole one says nothing. Periods that are not of
    the calendar are compared to as many days just before.

    :param preset: ``month``, ``quarter``, ``year`` to date, ``last_month``,
        ``last_7``, ``last_30``, or ``custom`` with both days.
    :raises KeyError: for another preset.
    :raises ValueError: when a custom period ends before it starts, or lacks a day.

    >>> period, before = spans("month", date(2026, 3, 31))
    >>> str(period.first), str(before.first), str(before.last)
    ('2026-03-01', '2026-02-01', '2026-02-28')
    """
    if preset == "custom":
        if not first or not last or last < first:
            raise ValueError("a period has two days, in order")
        return _with_days_before(Span(first, last))
    if preset == "last_month":
        start = today.replace(day=1) - relativedelta(months=1)
        return (
            Span(start, start + relativedelta(months=1, days=-1)),
            Span(start - relativedelta(months=1), start - timedelta(days=1)),
        )
    if preset in LAST_DAYS:
        days = LAST_DAYS[preset]
        return _with_days_before(Span(today - timedelta(days=days - 1), today))
    months = MONTHS[preset]
    start = date(today.year, (today.month - 1) // months * months + 1, 1)
    step = relativedelta(months=months)
    return Span(start, today), Span(start - step, today - step)


def _with_days_before(span: Span) -> tuple[Span, Span]:
    length = timedelta(days=span.days)
    return span, Span(span.first - length, span.last - length)


def buckets(span: Span) -> list[date]:
    """Return the starts of the bars of a chart: days, or months of a long period.

    >>> [str(day) for day in buckets(Span(date(2026, 1, 15), date(2026, 4, 2)))]
    ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01']
    """
    if span.days <= DAILY_MAX:
        return [span.first + timedelta(days=rank) for rank in range(span.days)]
    starts, start = [], span.first.replace(day=1)
    while start <= span.last:
        starts.append(start)
        start += relativedelta(months=1)
    return starts
