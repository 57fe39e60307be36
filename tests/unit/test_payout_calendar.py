import doctest
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_payout.engine import calendar

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
CALENDARS = st.sampled_from(["daily", "weekly", "dekad", "half_month", "monthly"])
ANCHORS = st.integers(min_value=1, max_value=31)


def test_doctests():
    result = doctest.testmod(calendar)
    assert result.attempted and not result.failed


@given(CALENDARS, DAYS, ANCHORS)
def test_periods_tile_time(code, day, anchor):
    """Half-open: each day is in one period, and periods touch without overlap."""
    start, end = calendar.period(code, day, anchor)
    assert start <= day < end
    assert calendar.period(code, end, anchor)[0] == end
    assert calendar.period(code, start - timedelta(days=1), anchor)[1] == start


@given(CALENDARS, DAYS)
def test_cutoff_is_the_same_all_period_long(code, day):
    """A job that missed the first day settles the same cut-off later."""
    start, end = calendar.period(code, day)
    cutoff = calendar.last_cutoff(code, day)
    assert cutoff == start - timedelta(days=1) < day
    assert cutoff == calendar.last_cutoff(code, end - timedelta(days=1))


@pytest.mark.parametrize(
    ("code", "today", "cutoff"),
    [
        ("monthly", date(2028, 3, 1), date(2028, 2, 29)),
        ("monthly", date(2028, 2, 29), date(2028, 1, 31)),
        ("monthly", date(2027, 3, 1), date(2027, 2, 28)),
        ("monthly", date(2027, 1, 1), date(2026, 12, 31)),
        ("dekad", date(2028, 3, 1), date(2028, 2, 29)),
        ("dekad", date(2028, 2, 29), date(2028, 2, 20)),
        ("dekad", date(2026, 3, 11), date(2026, 3, 10)),
        ("dekad", date(2026, 3, 21), date(2026, 3, 20)),
        ("weekly", date(2026, 3, 2), date(2026, 3, 1)),
        ("weekly", date(2026, 3, 8), date(2026, 3, 1)),
        ("daily", date(2028, 3, 1), date(2028, 2, 29)),
    ],
)
def test_cutoffs_at_the_bounds(code, today, cutoff):
    assert calendar.last_cutoff(code, today) == cutoff


@pytest.mark.parametrize(
    ("anchor", "today", "cutoff"),
    [
        # days 29 to 31 fall on the last day of a shorter month
        (31, date(2027, 2, 28), date(2027, 2, 27)),
        (31, date(2028, 2, 28), date(2028, 1, 30)),
        (31, date(2028, 2, 29), date(2028, 2, 28)),
        (30, date(2028, 2, 29), date(2028, 2, 28)),
        (29, date(2027, 2, 28), date(2027, 2, 27)),
        (29, date(2027, 3, 28), date(2027, 2, 27)),
        (31, date(2026, 4, 30), date(2026, 4, 29)),
        (31, date(2026, 12, 31), date(2026, 12, 30)),
        (31, date(2027, 1, 30), date(2026, 12, 30)),
        (15, date(2026, 3, 14), date(2026, 2, 14)),
        (15, date(2026, 3, 15), date(2026, 3, 14)),
    ],
)
def test_monthly_day(anchor, today, cutoff):
    assert calendar.last_cutoff("monthly", today, anchor) == cutoff


@pytest.mark.parametrize(
    ("today", "cutoff"),
    [
        (date(2028, 2, 29), date(2028, 2, 15)),
        (date(2028, 3, 1), date(2028, 2, 29)),
        (date(2026, 3, 15), date(2026, 2, 28)),
        (date(2026, 3, 16), date(2026, 3, 15)),
    ],
)
def test_twice_monthly(today, cutoff):
    assert calendar.last_cutoff("half_month", today) == cutoff


def test_manual_has_no_period():
    with pytest.raises(ValueError, match="manual"):
        calendar.last_cutoff("manual", date(2026, 3, 1))


@given(DAYS)
def test_payment_day_is_the_first_open_one(day):
    """Never before the day, never a week-end; at most five days later (Easter)."""
    payment = calendar.payment_day(day)
    assert day <= payment <= day + timedelta(days=5)
    assert payment.weekday() < 5
    assert calendar.payment_day(payment) == payment


@pytest.mark.parametrize(
    ("day", "payment"),
    [
        (date(2026, 12, 24), date(2026, 12, 24)),
        (date(2026, 12, 25), date(2026, 12, 28)),
        (date(2026, 5, 1), date(2026, 5, 4)),
        # A public holiday in France, but the payment system is open.
        (date(2026, 7, 14), date(2026, 7, 14)),
        (date(2027, 12, 31), date(2027, 12, 31)),
        (date(2028, 1, 1), date(2028, 1, 3)),
    ],
)
def test_payment_day_knows_the_target_holidays(day, payment):
    assert calendar.payment_day(day) == payment
