"""Properties of the minor-unit arithmetic that everything else rests on."""

import doctest
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import money
from odoo.addons.marketplace_base.engine.money import (
    allocate,
    cumulative_share,
    from_minor,
    percent_of,
    to_minor,
)

totals = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)
decimals = st.sampled_from([0, 2, 3])


def test_doctests_of_the_module_hold():
    result = doctest.testmod(money)
    assert result.attempted and not result.failed


@given(totals, weights)
def test_allocation_adds_up_to_the_total(total, shares):
    assert sum(allocate(total, shares)) == total


@given(totals, weights)
def test_each_part_is_within_one_unit_of_its_quota(total, shares):
    base = shares if sum(shares) else [1] * len(shares)
    for part, weight in zip(allocate(total, shares), base, strict=True):
        assert abs(part - Fraction(total * weight, sum(base))) < 1


@given(totals, weights)
def test_a_refund_mirrors_its_sale(total, shares):
    assert allocate(-total, shares) == [-part for part in allocate(total, shares)]


@given(totals, st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_a_share_of_weight_zero_changes_nothing(total, shares):
    assert allocate(total, [*shares, 0]) == [*allocate(total, shares), 0]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_allocating_the_sum_gives_the_weights_back(shares):
    if sum(shares):
        assert allocate(sum(shares), shares) == shares


def test_allocation_refuses_what_cannot_be_shared():
    with pytest.raises(ValueError, match="nothing to share"):
        allocate(1, [])
    with pytest.raises(ValueError, match="negative"):
        allocate(10, [3, -1])
    assert allocate(0, []) == []


@given(totals, st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_a_chain_of_parts_ends_exactly_on_the_total(total, steps):
    whole, done, given_out = sum(steps), 0, 0
    for step in steps:
        part = cumulative_share(total, whole, done + step)
        part -= cumulative_share(total, whole, done)
        given_out += part
        done += step
    assert given_out == total


@given(totals, st.integers(1, 10**6))
def test_cumulative_share_refuses_more_than_the_whole(total, whole):
    with pytest.raises(ValueError):
        cumulative_share(total, whole, whole + 1)


@given(totals, decimals)
def test_minor_units_round_trip(minor, places):
    assert to_minor(from_minor(minor, places), places) == minor
    # Odoo stores floats: the shortest text of the float must come back exactly.
    assert to_minor(float(from_minor(minor % 10**12, places)), places) == minor % 10**12


@given(totals, st.decimals("-2", "2", places=6))
def test_percent_is_the_nearest_unit_and_mirrors_its_sign(minor, rate):
    exact = Fraction(minor) * Fraction(rate)
    result = percent_of(minor, rate)
    assert abs(result - exact) <= Fraction(1, 2)
    assert percent_of(-minor, rate) == -result


@pytest.mark.parametrize(
    ("minor", "rate", "expected"),
    [(333, "0.5", 167), (-333, "0.5", -167), (1, "0.49", 0), (100, "0.125", 13)],
)
def test_percent_rounds_a_half_away_from_zero(minor, rate, expected):
    assert percent_of(minor, Decimal(rate)) == expected
