"""Periods of the dashboard, and what each is compared to."""

import doctest
from datetime import date

import pytest

from odoo.addons.marketplace_commission.engine import periods
from odoo.addons.marketplace_commission.engine.periods import Span, buckets, spans

TODAY = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("preset", "period", "before"),
    [
        ("month", ("2026-05-01", "2026-05-20"), ("2026-04-01", "2026-04-20")),
        ("last_month", ("2026-04-01", "2026-04-30"), ("2026-03-01", "2026-03-31")),
        ("quarter", ("2026-04-01", "2026-05-20"), ("2026-01-01", "2026-02-20")),
        ("year", ("2026-01-01", "2026-05-20"), ("2025-01-01", "2025-05-20")),
        ("last_7", ("2026-05-14", "2026-05-20"), ("2026-05-07", "2026-05-13")),
        ("last_30", ("2026-04-21", "2026-05-20"), ("2026-03-22", "2026-04-20")),
    ],
)
def test_presets(preset, period, before):
    found = spans(preset, TODAY)
    assert [tuple(map(str, span)) for span in found] == [period, before]


def test_long_month_is_compared_to_the_whole_short_one():
    _period, before = spans("month", date(2026, 3, 31))
    assert before == Span(date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize("last", [None, date(2026, 5, 1)])
def test_custom_period_needs_two_days_in_order(last):
    with pytest.raises(ValueError, match="two days"):
        spans("custom", TODAY, date(2026, 5, 2), last)


def test_bars_cover_the_period_once():
    days = buckets(Span(date(2026, 2, 27), date(2026, 3, 2)))
    assert [str(day) for day in days] == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
        "2026-03-02",
    ]
    assert len(buckets(Span(date(2026, 1, 1), date(2026, 12, 31)))) == 12


def test_doctests():
    assert doctest.testmod(periods).failed == 0
