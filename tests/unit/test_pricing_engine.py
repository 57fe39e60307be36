"""Which price applies and which offer wins: properties, and the doctests."""

import doctest
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import pricing as module
from odoo.addons.marketplace_base.engine.pricing import (
    Candidate,
    Guard,
    Tier,
    breaches,
    pick_price,
    pick_winner,
)

NOON = datetime(2026, 3, 2, 12)
candidates = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 10**6),
        st.integers(0, 3),
        st.integers(0, 2).map(Decimal),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda c: c.ref,
)
tiers = st.lists(
    st.builds(
        Tier,
        st.integers(1, 10**6),
        st.integers(1, 10**6),
        st.sampled_from(["EUR", "USD"]),
        st.sampled_from(["", "shop", "app"]),
        st.integers(0, 5).map(Decimal),
        st.none() | st.integers(-3, 3).map(lambda d: NOON + timedelta(days=d)),
    ),
    max_size=8,
)


@given(candidates, st.randoms())
def test_winner_does_not_depend_on_the_order(found, random):
    """Same input, same winner."""
    winner, reason = pick_winner(found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert pick_winner(shuffled) == (winner, reason)
    assert winner.total == min(c.total for c in found)


@given(candidates)
def test_reason_is_what_decides(found):
    winner, reason = pick_winner(found)
    others = [c for c in found if c != winner]
    assert (reason == "only") == (not others)
    if reason == "price":
        assert all(c.total > winner.total for c in others)
    if reason == "oldest":
        twins = [c for c in others if c[1:] == winner[1:]]
        assert twins and all(c.ref > winner.ref for c in twins)


@given(tiers, st.integers(0, 6).map(Decimal), st.sampled_from(["", "shop"]))
def test_price_is_one_that_holds(found, quantity, channel):
    price = pick_price(
        500, "EUR", found, channel=channel, currency="EUR", at=NOON, quantity=quantity
    )
    if price.tier is None:
        assert price.amount == 500
    else:
        tier = price.tier
        assert tier in found and price.amount == tier.price
        assert tier.currency == "EUR" and tier.min_quantity <= quantity
        assert tier.channel in ("", channel)
        assert tier.start is None or tier.start <= NOON


def test_period_is_half_open():
    tier = Tier(1, 90, "EUR", start=NOON, end=NOON + timedelta(hours=1))
    assert tier.holds(NOON)
    assert not tier.holds(NOON + timedelta(hours=1))
    assert not tier.holds(NOON - timedelta(microseconds=1))


@given(st.integers(1, 10**9), st.decimals("0.01", 2, places=2))
def test_change_within_the_limit_is_no_breach(last, limit):
    allowed = int(limit * last)
    assert not breaches(Guard(change_max=limit), last, last + allowed)
    assert breaches(Guard(change_max=limit), last, last + allowed + 1) == ["change"]


def test_nobody_wins_without_offers():
    with pytest.raises(ValueError, match="nobody"):
        pick_winner([])


def test_doctests():
    assert doctest.testmod(module).failed == 0
