"""Property and table tests of what a statement holds: it always adds up."""

import doctest
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.marketplace_payout.engine import netting, reserve, statement
from odoo.addons.marketplace_payout.engine.statement import Statement, missing

AMOUNT = st.integers(min_value=-(10**9), max_value=10**9)
CYCLE = st.lists(AMOUNT, max_size=6)
TERMS = st.one_of(
    st.just(reserve.Terms("none")),
    st.builds(
        reserve.Terms,
        st.just("rolling"),
        st.decimals(min_value=0, max_value=1, places=4),
    ),
    st.builds(
        reserve.Terms,
        st.just("fixed"),
        st.just(Decimal(0)),
        st.integers(min_value=0, max_value=10**9),
    ),
)


def test_doctests():
    for module in (reserve, statement):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


@settings(max_examples=10_000, deadline=None)
@given(
    st.lists(CYCLE, min_size=1, max_size=8),
    TERMS,
    st.integers(min_value=0, max_value=10**6),
    st.integers(min_value=1, max_value=4),
)
def test_opening_and_movements_make_the_closing_over_any_history(
    cycles, terms, minimum, held_for
):
    """Every statement adds up, and over the history not a cent is lost or made."""
    carried = paid = held = 0
    holds = {}
    for number, movements in enumerate(cycles):
        released = holds.pop(number - held_for, 0)
        held -= released
        rows = [*movements, released]
        balance = carried + sum(rows)
        kept = reserve.hold(terms, sum(movements), balance, held)
        outcome = netting.settle(carried, sum(rows), minimum, kept)
        one = Statement(carried, rows, outcome.payout, kept, outcome.carried)
        assert missing(one) == 0
        assert outcome.payout >= 0 and 0 <= kept <= max(balance, 0)
        holds[number] = kept
        held += kept
        carried, paid = outcome.carried, paid + outcome.payout
        assert held == sum(holds.values())
    assert paid + held + carried == sum(map(sum, cycles))


@given(CYCLE, AMOUNT, st.integers(min_value=1, max_value=10**9))
def test_a_line_left_out_is_found_with_its_amount(movements, opening, hidden):
    outcome = netting.settle(opening, sum(movements) + hidden)
    shown = Statement(opening, movements, outcome.payout, carried=outcome.carried)
    assert missing(shown) == hidden


@given(
    st.integers(min_value=1, max_value=10**9),
    st.dates(min_value=date(2024, 1, 1), max_value=date(2032, 12, 31)),
    st.integers(min_value=0, max_value=400),
    st.integers(min_value=1, max_value=36),
)
def test_release_plan_gives_back_all_in_order(amount, start, days, parts):
    plan = reserve.release_plan(amount, start, days, parts)
    assert sum(part for _day, part in plan) == amount
    assert [day for day, _part in plan] == sorted({day for day, _part in plan})
    assert (plan[0][0] - start).days == days


def test_n38_payable_and_refund_make_one_transfer():
    assert netting.settle(0, 10000 - 4000).payout == 6000


def test_n39_direct_debit_less_credit():
    """A claim of 500.00 against a credit of 100.00: 400.00 are left to collect."""
    assert netting.settle(-50000, 10000).carried == -40000


def test_n41_refund_before_and_after_the_sale():
    assert netting.settle(11000, -5000).payout == 6000
    debt = netting.settle(0, -10000)
    assert (debt.payout, debt.carried, debt.reason) == (0, -10000, "negative")
    assert netting.settle(debt.carried, 11000).payout == 1000


def test_n42_hidden_movement():
    """Shown 80.00 - 2.45, paid 60.28: a line of -17.27 is missing."""
    assert missing(Statement(0, [8000, -245], payout=6028)) == -1727
    assert missing(Statement(0, [8000, -245, -1727], payout=6028)) == 0


def test_n52_published_example_is_refused():
    """Its terms come to 17,545.23, it says 4,545.20 to the seller."""
    terms = [2277654, -418672, -88924, 5992, -6737, -2400, -2400, -9390, -600]
    assert sum(terms) == 1754523
    assert missing(Statement(0, terms, payout=454520)) == 454520 - 1754523
    assert missing(Statement(0, terms, payout=454520 + 104659)) != 0


def test_n53_three_movements_keep_their_signs():
    """-9.99, 56.78, -98.76: three rows, a negative total, carried and not paid."""
    rows = [-999, 5678, -9876]
    outcome = netting.settle(0, sum(rows))
    assert outcome == netting.Outcome(0, -5197, "negative")
    assert missing(Statement(0, rows, 0, carried=outcome.carried)) == 0


@pytest.mark.parametrize(
    ("gross", "fee", "vendor"), [(10000, 1000, 9000), (1000, 100, 900)]
)
def test_n44_n45_vendor_share(gross, fee, vendor):
    """Sale 100, fee 10: credited 90; charge 10.00, fee 1.00: vendor 9.00."""
    assert netting.settle(0, gross - fee).payout == vendor
