"""Refunds and entitlement: chains end exactly, in any order, and never go too far."""

import doctest
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import refund as module
from odoo.addons.marketplace_base.engine.refund import (
    LineState,
    RefundError,
    Wanted,
    entitled,
    plan,
    refund,
    transfers,
    unit_amount,
)

minor = st.integers(0, 10**8)


@st.composite
def lines(draw):
    """Return an order line, of which the marketplace may have paid a part."""
    charged = draw(minor)
    credit = charged + draw(minor)
    return LineState(
        quantity=draw(st.integers(1, 50)),
        charged=charged,
        credit=credit,
        tax=draw(st.integers(0, credit)),
    )


def _chain(draw, total):
    """Return positive integers that add up to a total."""
    parts = []
    while total and len(parts) < 11:
        parts.append(draw(st.integers(1, total)))
        total -= parts[-1]
    return [*parts, total] if total else parts


@given(st.data(), lines())
def test_units_returned_one_way_or_another_end_on_the_line(data, line):
    """However units come back, all of them give back all, of both sides."""
    start = line
    for quantity in _chain(data.draw, line.quantity):
        part, line = refund(line, quantity, None)
        assert part.charged >= 0
        assert part.credit >= part.charged
        assert 0 <= part.tax <= part.credit
    assert line.charged_back == start.charged
    assert line.credit_back == start.credit
    assert line.tax_back == start.tax


@given(st.data(), lines())
def test_amounts_returned_end_on_the_line(data, line):
    """So do amounts without goods."""
    start = line
    for amount in _chain(data.draw, line.charged):
        _part, line = refund(line, 0, amount)
    assert line.left == 0
    if start.charged:
        assert line.credit_back == start.credit


@given(st.data(), lines())
def test_mixed_refunds_never_exceed_the_line(data, line):
    """Units and amounts in any order stay within what was charged and credited."""
    for _step in range(data.draw(st.integers(0, 10))):
        units = data.draw(st.integers(0, line.quantity - line.quantity_back))
        amount = data.draw(st.one_of(st.none(), st.integers(0, line.left)))
        part, line = refund(line, units, amount)
        assert 0 <= part.charged <= part.credit
        assert line.charged_back <= line.charged
        assert line.credit_back <= line.credit
        assert line.quantity_back <= line.quantity


@given(lines(), st.integers(1, 100))
def test_above_the_line_is_refused(line, extra):
    with pytest.raises(RefundError) as caught:
        refund(line, 0, line.charged + extra)
    assert (caught.value.code, caught.value.left) == ("amount", line.charged)
    with pytest.raises(RefundError) as caught:
        unit_amount(line, line.quantity + extra)
    assert (caught.value.code, caught.value.left) == ("quantity", line.quantity)
    with pytest.raises(RefundError):
        refund(line, 0, -extra)


@given(st.data(), lines())
def test_deliveries_entitle_all_that_is_pending(data, line):
    """Parcels in any sizes move the whole credit, never more."""
    pending, before = line.credit, 0
    for quantity in _chain(data.draw, line.quantity):
        moved = entitled(line, pending, before, quantity)
        assert 0 <= moved <= pending
        pending, before = pending - moved, before + quantity
    assert pending == 0


@given(st.data(), lines())
def test_refunds_between_deliveries_leave_nothing_pending(data, line):
    """Cancelled before delivery or delivered: each unit is one or the other."""
    cancelled = data.draw(st.integers(0, line.quantity))
    part, after = refund(line, cancelled, None) if cancelled else (None, line)
    pending = line.credit - (part.credit if part else 0)
    before = 0
    for quantity in _chain(data.draw, line.quantity - cancelled):
        moved = entitled(after, pending, before, quantity)
        assert 0 <= moved <= pending
        pending, before = pending - moved, before + quantity
    if before:
        assert pending == 0
    else:
        assert after.credit_back == line.credit


@given(st.lists(lines(), min_size=1, max_size=6), st.data())
def test_plan_of_an_amount_is_whole(states, data):
    """An amount over all lines is shared wholly, no line above what is left."""
    by_key = dict(enumerate(states))
    left = sum(state.left for state in states)
    amount = data.draw(st.integers(0, left))
    shares = plan(amount, [], 0, by_key, [])
    assert sum(part.amount for part in shares.parts) == amount
    assert all(part.amount <= by_key[part.line].left for part in shares.parts)
    assert shares.excess == 0


@given(st.lists(lines(), min_size=1, max_size=6), st.integers(1, 10))
def test_plan_gives_the_rounding_last(states, rounding):
    """What the customer paid above all lines goes back when all lines do."""
    by_key = dict(enumerate(states))
    left = sum(state.left for state in states)
    assert plan(left + rounding, [], 0, by_key, [], rounding).excess == rounding
    with pytest.raises(RefundError) as caught:
        plan(left + rounding + 1, [], 0, by_key, [], rounding)
    assert caught.value.left == left


@given(lines(), lines(), st.data())
def test_plan_follows_the_amount_of_the_shop(goods, post, data):
    """Units and delivery with a total of the shop: the parts make that total."""
    units = data.draw(st.integers(0, goods.quantity))
    shipping = data.draw(st.integers(0, post.charged))
    total = shipping + data.draw(st.integers(0, goods.charged))
    shares = plan(
        total,
        [Wanted("goods", units)],
        shipping,
        {"goods": goods, "post": post},
        ["post"],
    )
    assert sum(part.amount for part in shares.parts) == total
    amounts = {part.line: part.amount for part in shares.parts}
    assert amounts.get("post", 0) == shipping


def test_plan_refuses_parts_above_the_amount():
    line = LineState(2, 1000, 1000)
    with pytest.raises(RefundError) as caught:
        plan(300, [Wanted("a", 1, 400)], 0, {"a": line}, [])
    assert (caught.value.code, caught.value.left) == ("sum", 400)


def test_plan_refuses_more_delivery_than_was_paid():
    line = LineState(1, 500, 500)
    with pytest.raises(RefundError) as caught:
        plan(None, [], 501, {"post": line}, ["post"])
    assert (caught.value.code, caught.value.left) == ("amount", 500)


def test_repeated_line_asks_once():
    """A shop may name a line twice: once for units, once for a gesture."""
    line = LineState(2, 1000, 1000)
    shares = plan(None, [Wanted("a", 1), Wanted("a", 0, 100)], 0, {"a": line}, [])
    assert shares.parts == [Wanted("a", 1, 600)]


def test_later_capture_changes_the_ratio_within_bounds():
    """A refund between two captures: funding that came later is caught up."""
    _part, line = refund(LineState(1, 5000, 5000), 0, 5000)
    line = replace(line, charged=10000, credit=12000)
    part, line = refund(line, 0, 5000)
    assert (part.charged, part.credit) == (5000, 7000)


@given(st.lists(minor, max_size=4), st.data())
def test_transfers_keep_both_sides(amounts, data):
    sources = [(f"S{rank}", amount) for rank, amount in enumerate(amounts)]
    targets = [
        (f"T{rank}", amount)
        for rank, amount in enumerate(_chain(data.draw, sum(amounts)))
    ]
    moves = transfers(sources, targets)
    assert all(amount > 0 for _source, _target, amount in moves)
    for role, amount in sources:
        assert sum(m for source, _t, m in moves if source == role) == amount
    for role, amount in targets:
        assert sum(m for _s, target, m in moves if target == role) == amount


def test_transfers_refuse_unequal_sides():
    with pytest.raises(AssertionError):
        transfers([("S", 2)], [("T", 1)])


def test_doctests():
    assert doctest.testmod(module).failed == 0
