"""Shared amounts: exact, fair and within limits, on any key."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import share as module
from odoo.addons.marketplace_base.engine.money import allocate
from odoo.addons.marketplace_base.engine.share import allocate_within, portions
from odoo.addons.marketplace_base.engine.split import (
    MARKETPLACE,
    SHARED,
    VENDOR,
    Discount,
    Line,
    Shipping,
    split,
)

KEYS = st.sampled_from(["net", "quantity", "weight"])


@st.composite
def carts(draw):
    """Return lines of up to four sellers."""
    return [
        Line(
            f"L{rank}",
            draw(st.sampled_from("ABCD")),
            draw(st.integers(0, 10**6)),
            quantity=draw(st.integers(1, 10**8)),
            weight=draw(st.integers(0, 10**9)),
        )
        for rank in range(draw(st.integers(1, 8)))
    ]


@given(carts(), st.data(), KEYS, KEYS)
def test_any_key_keeps_the_total_and_no_line_below_zero(cart, data, first, second):
    """Credits less what the marketplace pays make what the customer is charged."""
    gross = sum(line.gross for line in cart)
    discount = data.draw(st.integers(0, gross))
    shipping = data.draw(st.integers(0, 10**5))
    funder = data.draw(st.sampled_from([VENDOR, MARKETPLACE]))
    result = split(
        cart,
        [Shipping("post", shipping, SHARED, key=second)],
        [Discount("promo", discount, funder, key=first)],
    )
    assert result.charged == gross - discount + shipping
    assert all(line.charged >= 0 for line in cart)
    for item, total in zip(result.allocations, (discount, shipping), strict=True):
        assert sum(portion.amount for portion in item.portions) == total
    assert [item.key for item in result.allocations] == [first, second]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=9), st.integers(0, 10**9))
def test_residual_is_what_rounding_down_leaves(weights, total):
    """Without limits nobody gets more than one unit of the residual."""
    parts = allocate(total, weights)
    found = portions(range(len(weights)), weights, parts)
    assert all(portion.residual in (0, 1) for portion in found)
    whole = sum(weights) or len(weights)
    shares = weights if sum(weights) else [1] * len(weights)
    floors = sum(total * share // whole for share in shares)
    assert sum(portion.residual for portion in found) == total - floors


@given(st.data())
def test_limits_hold_and_nothing_is_lost(data):
    """No part above its limit, the sum exact."""
    limits = data.draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
    weights = [data.draw(st.integers(0, 10**6)) for _limit in limits]
    total = data.draw(st.integers(0, sum(limits)))
    parts = allocate_within(total, weights, limits)
    assert sum(parts) == total
    assert all(0 <= part <= limit for part, limit in zip(parts, limits, strict=True))


@given(carts(), st.data())
def test_net_key_is_the_plain_allocation(cart, data):
    """By net amount the limits never bind: it is the largest remainder alone."""
    weights = [line.gross for line in cart]
    total = data.draw(st.integers(0, sum(weights)))
    assert allocate_within(total, weights, weights) == allocate(total, weights)


def test_more_than_the_limits_is_refused():
    """A discount above what it lowers is no discount."""
    with pytest.raises(ValueError, match="limits"):
        allocate_within(3, [1], [2])


def test_doctests_hold():
    """The examples of the module are true."""
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
