"""Deadlines of returns, what a label costs, and the VAT of refunds, for any figures."""

import doctest
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import returns
from odoo.addons.marketplace_base.engine.refund import tax_part

minors = st.integers(0, 10**7)


def test_doctests():
    assert doctest.testmod(returns).failed == 0


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sets(st.integers(0, 20)))
def test_withdrawal_never_ends_early_nor_on_a_day_off(delivered, off):
    holidays = {delivered + timedelta(days=14 + n) for n in off}
    end = returns.withdrawal_end(delivered, 14, holidays.__contains__)
    assert end >= delivered + timedelta(days=14)
    assert end.weekday() < 5
    assert end not in holidays


@given(st.lists(minors, min_size=1, max_size=8), minors)
def test_a_label_is_kept_once_and_never_more_than_there_is(amounts, label):
    parts = returns.less_label(amounts, label)
    assert sum(amounts) - sum(parts) == min(label, sum(amounts))
    assert all(0 <= part <= amount for part, amount in zip(parts, amounts, strict=True))


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.data())
def test_refunds_end_exactly_on_the_vat(amounts, data):
    """Whatever VAT some of them were told with, as long as it fits."""
    total = sum(amounts)
    tax = data.draw(st.integers(0, total))
    before = tax_before = 0
    for amount in amounts:
        free = tax_part(total, tax, before, tax_before, amount, None)
        given_tax = data.draw(st.one_of(st.none(), st.just(free)))
        part = tax_part(total, tax, before, tax_before, amount, given_tax)
        assert 0 <= part <= amount
        before += amount
        tax_before += part
    assert tax_before == tax
