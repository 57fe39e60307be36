"""The split of a purchase: properties over random carts, and the doctests."""

import doctest
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import split as module
from odoo.addons.marketplace_base.engine.split import (
    MARKETPLACE,
    OPERATOR,
    SHARED,
    VENDOR,
    Discount,
    Line,
    Problem,
    Shipping,
    SplitError,
    split,
)

SELLERS = (OPERATOR, 7, 8, 9)
amounts = st.integers(0, 10**7)


@st.composite
def carts(draw):
    """Return (lines, shippings, discounts) that can be split."""
    lines = [
        Line(f"L{rank}", seller, gross, own=seller == OPERATOR)
        for rank, (seller, gross) in enumerate(
            draw(
                st.lists(
                    st.tuples(st.sampled_from(SELLERS), amounts),
                    min_size=1,
                    max_size=8,
                )
            )
        )
    ]
    sellers = sorted({line.seller for line in lines})
    shippings = [
        Shipping(f"S{rank}", amount, seller)
        for rank, (amount, seller) in enumerate(
            draw(
                st.lists(
                    st.tuples(amounts, st.sampled_from([SHARED, *sellers])),
                    max_size=3,
                )
            )
        )
    ]
    left = sum(line.gross for line in lines)
    discounts = []
    for rank in range(draw(st.integers(0, 3))):
        amount = draw(st.integers(0, left))
        funder = draw(st.sampled_from([VENDOR, MARKETPLACE]))
        discounts.append(Discount(f"D{rank}", amount, funder))
        left -= amount
    return lines, shippings, discounts


@given(carts())
def test_charged_is_what_the_cart_costs(cart):
    """Nothing is lost and nothing is made: to the minor unit."""
    lines, shippings, discounts = cart
    gross = sum(line.gross for line in lines)
    result = split(lines, shippings, discounts)
    shipping = sum(item.amount for item in shippings)
    discount = sum(item.amount for item in discounts)
    assert result.charged == gross + shipping - discount
    assert result.credit == result.charged + result.funded


@given(carts())
def test_no_line_falls_below_zero(cart):
    result = split(*cart)
    assert all(line.charged >= 0 for line in result.lines)
    assert all(share.amount > 0 for share in result.shippings + result.discounts)


@given(carts())
def test_each_share_is_whole(cart):
    """Each delivery and each discount is shared wholly, among the right sellers."""
    lines, shippings, discounts = cart
    result = split(lines, shippings, discounts)
    by_shipping = Counter()
    for share in result.shippings:
        by_shipping[share.ref] += share.amount
    for shipping in shippings:
        assert by_shipping[shipping.ref] == shipping.amount
        if shipping.seller is not SHARED:
            sellers = {x.seller for x in result.shippings if x.ref == shipping.ref}
            assert sellers <= {shipping.seller}
    by_discount = Counter()
    for share in result.discounts:
        by_discount[share.ref] += share.amount
    for discount in discounts:
        if discount.funder == VENDOR:
            assert by_discount[discount.ref] == discount.amount
        else:
            assert by_discount[discount.ref] <= discount.amount
    assert sum(by_discount.values()) == sum(x.vendor_discount for x in lines)


@given(carts())
def test_operator_pays_its_own_discounts(cart):
    """Nobody funds a discount on the operator's own goods but the operator."""
    for line in split(*cart).lines:
        if line.own:
            assert not line.marketplace_discount


@given(carts())
def test_free_line_changes_no_share(cart):
    """A gift of a vendor who is there takes no part of what is shared."""
    lines, shippings, discounts = cart
    discount = sum(item.amount for item in discounts)
    # When nothing is left to pay all shares are equal, whatever the lines cost.
    assume(discount < sum(line.gross for line in lines))
    gift = Line("gift", lines[0].seller, own=lines[0].own)
    with_gift = [*(replace(line) for line in lines), gift]
    before = split(lines, shippings, discounts)
    after = split(with_gift, shippings, discounts)
    assert after.lines[:-1] == before.lines
    assert gift.credit == gift.charged == 0
    assert after.credit == before.credit


@given(st.integers(0, 10**9), st.integers(1, 20))
def test_bundle_is_shared_to_the_unit(price, size):
    lines = [Line(f"L{rank}", rank, bundle="set") for rank in range(size)]
    split(lines, bundles={"set": price})
    parts = [line.gross for line in lines]
    assert sum(parts) == price
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


def test_discount_of_some_lines_leaves_the_others():
    lines = [Line("a", 7, 1000), Line("b", 8, 1000)]
    split(lines, discounts=[Discount("d", 300, VENDOR, frozenset({"b"}))])
    assert [line.credit for line in lines] == [1000, 700]


def test_all_problems_are_told():
    """The person who repairs sees everything at once."""
    lines = [Line("a", 7, 1000), Line("b", 8, 500)]
    with pytest.raises(SplitError) as caught:
        split(
            lines,
            [Shipping("s", 100, 9), Shipping("t", -1, SHARED)],
            [
                Discount("d", 100, VENDOR, frozenset({"x"})),
                Discount("e", 9999, VENDOR),
                Discount("f", -1, MARKETPLACE),
            ],
        )
    assert caught.value.problems == [
        Problem("unknown_line", "x"),
        Problem("discount_too_large", "e", 9999),
        Problem("discount_too_large", "f", -1),
        Problem("shipping_without_goods", "s", 100),
        Problem("negative_shipping", "t", -1),
    ]


def test_bundles_and_negative_lines_are_checked_first():
    lines = [Line("a", 7, -5), Line("b", 8, bundle="set")]
    with pytest.raises(SplitError) as caught:
        split(lines, bundles={"other": 100})
    assert [(p.code, p.ref) for p in caught.value.problems] == [
        ("unknown_bundle", "set"),
        ("empty_bundle", "other"),
        ("negative_line", "a"),
    ]


def test_shared_shipping_needs_goods():
    with pytest.raises(SplitError, match="shipping_without_goods"):
        split([], [Shipping("s", 100, SHARED)])


def test_doctests():
    assert doctest.testmod(module).failed == 0
