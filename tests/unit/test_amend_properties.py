"""Amendments: units, prices and money that was not captured, in any order."""

import doctest
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import amend as module
from odoo.addons.marketplace_base.engine.amend import cancel, change, without
from odoo.addons.marketplace_base.engine.refund import (
    LineMoney,
    LineState,
    RefundError,
    refund,
)

minor = st.integers(0, 10**8)


@st.composite
def lines(draw):
    """Return an order line as it was sold."""
    charged = draw(minor)
    credit = charged + draw(minor)
    return LineState(draw(st.integers(1, 50)), charged, credit)


def _change(line, quantity, price=None):
    return change(line, quantity, price, 1, Decimal(line.credit) / line.quantity)


@given(lines(), st.data())
def test_fewer_units_one_way_or_another_end_on_the_line(line, data):
    """Any chain of reductions gives back all that was charged, no cent more."""
    left = line
    while units := left.quantity - left.quantity_back:
        wanted = data.draw(st.integers(0, units - 1))
        done = _change(left, wanted)
        assert done.supplement == done.more == 0
        _part, left = refund(left, done.less_quantity, done.less)
    assert left.charged_back == line.charged
    assert left.credit_back == line.credit


@given(lines(), st.integers(0, 60), minor)
def test_a_change_brings_the_line_to_its_new_price(line, quantity, price):
    """What is kept, given back and added makes new quantity × new price."""
    done = _change(line, quantity, Decimal(price))
    assert line.charged + done.delta == quantity * price
    assert min(done) >= 0
    assert done.less <= line.charged
    assert not (done.less_quantity and done.more_quantity)


@given(lines())
def test_no_change_is_nothing(line):
    """The same quantity at the same price: nothing happens."""
    assert not any(_change(line, line.quantity))


def test_fewer_than_none_is_refused():
    """A negative quantity is no change of a line."""
    with pytest.raises(RefundError) as refused:
        _change(LineState(3, 30, 30), -1)
    assert refused.value.left == 3


@given(lines(), st.data())
def test_cancelled_and_captured_make_the_line(line, data):
    """Cancel a part, capture the rest, refund it: both end exactly on the line."""
    units = data.draw(st.integers(0, line.quantity))
    amount = _change(line, line.quantity - units).less
    part, money = cancel(
        LineMoney(replace(line, charged=0, credit=0), 0, 0), line, units, amount
    )
    assert part.charged == amount
    assert money.cancelled + money.cancelled_funded == part.credit
    rest = line.charged - money.state.charged
    # the state read back from the facts is the state that was left
    captured = LineMoney(
        LineState(line.quantity, rest, line.credit - part.credit, units), 0, 0
    )
    state = without(captured, part.charged, part.credit, 0, line.credit).state
    assert (state.charged, state.credit) == (line.charged, line.credit)
    assert state.left == rest
    _part, state = refund(state, line.quantity - units, state.left)
    assert state.charged_back == line.charged


@given(lines(), st.integers(1, 100))
def test_more_than_is_to_capture_is_never_cancelled(line, above):
    """What is captured is refunded, not cancelled."""
    with pytest.raises(RefundError):
        cancel(LineMoney(line, 0, 0), line, 0, above)


def test_doctests_hold():
    """The examples of the module are true."""
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
