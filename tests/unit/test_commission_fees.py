"""Fees, payment costs and rebates; the checker of rules: figures and properties."""

import doctest
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_commission.engine import analytic, fees, lint
from odoo.addons.marketplace_commission.engine.analytic import percentages
from odoo.addons.marketplace_commission.engine.compute import Terms
from odoo.addons.marketplace_commission.engine.rules import Rule

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
rates = st.decimals(0, 1, places=4)


@pytest.mark.parametrize("module", [analytic, fees, lint])
def test_doctests_hold(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


@given(days, st.integers(0, 1000))
def test_months_cover_a_period_without_gap_or_overlap(start, length):
    end = start + timedelta(days=length)
    parts = list(fees.months(start, end))
    assert parts[0][0] == start
    for (_first, last), (following, _last) in zip(parts, parts[1:], strict=False):
        assert following == last + timedelta(days=1)
    # Months are charged whole: the last one that began is in.
    assert parts[-1][0] <= end <= parts[-1][1]


@given(st.integers(0, 10**7), days)
def test_month_begun_on_the_first_costs_the_whole_amount(amount, day):
    first = day.replace(day=1)
    last = next(fees.months(first, first))[1]
    assert fees.monthly_amount(amount, first, last) == amount


@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 10**6), rates), min_size=1, max_size=20),
)
def test_vendors_never_bear_more_than_the_cost(fee, parts):
    weights, borne = zip(*parts, strict=True)
    shares = fees.psp_shares(fee, weights, [Decimal(1)] * len(parts))
    assert sum(shares) == fee
    for part, share in zip(fees.psp_shares(fee, weights, borne), shares, strict=True):
        assert 0 <= part <= share


@given(st.integers(0, 10**7), st.integers(0, 10**8), rates)
def test_rebate_never_exceeds_what_was_charged(charged, turnover, rate):
    amount, reached = fees.rebate(charged, turnover, [(1000, rate)])
    assert 0 <= amount <= charged
    assert (reached is None) == (turnover < 1000)


@pytest.mark.parametrize(
    ("turnover", "expected"), [(9999, 0), (10000, 200), (19900, 398), (20000, 1000)]
)
def test_n_06_extended_by_tiers(turnover, expected):
    """N-06 charges 10.00 of 100.00; from 100.00 on 8 %, from 200.00 on 5 %."""
    tiers = [(10000, Decimal("0.08")), (20000, Decimal("0.05"))]
    assert fees.rebate(turnover // 10, turnover, tiers)[0] == expected


DEFAULT = Rule(99, 1, 99, "Default", Terms("EUR", Decimal("0.1")))
DAY = date(2026, 3, 2)
BOOKS = replace(DEFAULT, rule_id=1, accepted={"category": frozenset({2})})


@pytest.mark.parametrize(
    ("higher", "lower", "expected"),
    [
        ({}, {}, True),
        ({"price_from": 10}, {}, False),
        ({"price_from": 10}, {"price_from": 20}, True),
        ({"price_to": 10}, {"price_from": 5, "price_to": 10}, True),
        ({"date_to": DAY}, {}, False),
        ({"date_to": DAY}, {"date_to": DAY}, True),
        ({"terms": Terms("EUR", Decimal(0), fixed=5, fallback="skip")}, {}, False),
        ({"accepted": {"category": frozenset({3})}}, {}, False),
        ({"accepted": {"category": frozenset({1})}}, {}, True),
        ({}, {"accepted": {}}, False),
        (
            {"price_from": 10, "terms": Terms("USD", Decimal(0))},
            {"price_from": 20},
            False,
        ),
    ],
)
def test_a_rule_covers_another_when_no_line_is_left_to_it(higher, lower, expected):
    paths = {2: frozenset({1, 2}), 3: frozenset({3})}
    lower = replace(BOOKS, rule_id=2, **lower)
    assert lint.covers(replace(BOOKS, **higher), lower, paths) is expected


def test_plan_of_nothing_but_its_default_has_no_fault():
    sold = [lint.Sold(7, 2, {"vendor": frozenset({7})})]
    assert lint.check([DEFAULT], sold, {}, frozenset(), DAY) == []


def test_promotion_above_its_former_rule_is_no_fault():
    spring = replace(BOOKS, rule_id=2, date_from=DAY, date_to=DAY + timedelta(days=9))
    sold = [lint.Sold(7, 2, {"category": frozenset({1, 2})})]
    paths = {2: frozenset({1, 2})}
    assert lint.check([spring, BOOKS, DEFAULT], sold, paths, frozenset(), DAY) == []


def test_rule_whose_period_is_over_serves_nobody():
    over = replace(BOOKS, rule_id=2, date_to=DAY)
    ink = replace(BOOKS, rule_id=3, accepted={"category": frozenset({9})})
    sold = [lint.Sold(7, 2, {"category": frozenset({1, 2})})]
    found = lint.check([over, ink, DEFAULT], sold, {}, frozenset({2}), DAY)
    assert [(one.code, one.subject) for one in found] == [("vendor_default", 7)]


@given(weights=st.lists(st.integers(-(10**9), 10**9), min_size=1).filter(sum))
def test_percentages_of_a_distribution_are_a_whole(weights):
    parts = percentages(weights)
    assert sum(parts) == 100
    total = sum(weights)
    for weight, part in zip(weights, parts, strict=True):
        assert abs(part - Decimal(100 * weight) / total) < Decimal("0.0101")


def test_distribution_of_nothing_is_refused():
    with pytest.raises(ValueError, match="zero"):
        percentages([1, -1])
