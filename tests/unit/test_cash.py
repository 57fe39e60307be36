"""Cash on delivery: what parcels collect, what a vendor keeps, what he may owe."""

import doctest
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import cash
from odoo.addons.marketplace_connector.engine import payment_kinds

DAY = date(2026, 3, 1)
AMOUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize("module", [cash, payment_kinds])
def test_doctests_hold(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


@given(AMOUNTS, st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_parcels_collect_the_whole_charge(charge, parcels):
    """Whatever the units of each parcel, together they make the charge."""
    units = sum(parcels)
    gone = collected = 0
    for parcel in parcels:
        gone += parcel
        collected += cash.due_at_door(charge, units, gone, collected)
    assert collected == charge


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_cash_stands_against_what_is_pending(taken, pending):
    """What is left is never more than pending, and once set off nothing more is."""
    left = taken - cash.to_set_off(taken, pending)
    assert left == max(min(taken, pending), 0)
    assert cash.to_set_off(left, pending) == 0


@given(AMOUNTS, AMOUNTS, st.lists(st.integers(0, 10**6), max_size=8))
def test_a_sale_for_cash_leaves_what_is_not_his(price, ours, steps):
    """As parcels become due, the vendor owes our part of the cash, and no more."""
    pending, due, kept = price, 0, price + ours
    for step in [0, *steps, price]:
        step = min(step, pending)
        pending, due = pending - step, due + step
        part = cash.to_set_off(kept, pending)
        kept, due = kept - part, due - part
        assert due == -ours, "what waits is worth the cash that stands against it"
    assert (pending, kept) == (0, 0)


@given(st.lists(st.integers(-100, 100), max_size=20), st.integers(0, 150))
def test_over_since_is_the_first_day_of_the_last_stretch(changes, limit):
    moves = [(DAY + timedelta(days=n), change) for n, change in enumerate(changes)]
    owed = [-sum(changes[: n + 1]) for n in range(len(changes))]
    expected = None
    for (day, _change), debt in zip(moves, owed, strict=True):
        expected = (expected or day) if debt > limit else None
    assert cash.over_since(moves, limit) == expected
