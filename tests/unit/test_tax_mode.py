"""Prices with tax and without: what is charged never changes."""

import doctest
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import tax_mode as module
from odoo.addons.marketplace_base.engine.tax_mode import (
    included_tax,
    tax_total,
    to_gross,
)

rates = st.sampled_from(["0", "0.021", "0.055", "0.1", "0.2", "0.27"]).map(Decimal)
amounts = st.integers(0, 10**9)


@given(amounts, st.lists(st.integers(0, 10**6), max_size=4), amounts, rates)
def test_what_is_charged_stays(net, discounts, tax, rate):
    gross, parts = to_gross(net, discounts, tax, rate)
    assert gross - sum(parts) == net - sum(discounts) + tax
    assert len(parts) == len(discounts)
    assert all(part >= cut for part, cut in zip(parts, discounts, strict=True))


@given(amounts, rates)
def test_tax_of_a_price_is_found_again(net, rate):
    """A price made from a base and its tax contains that tax, within one unit."""
    tax = int((net * rate).to_integral_value())
    assert abs(included_tax(net + tax, rate) - tax) <= 1


@given(st.lists(st.tuples(st.integers(1, 3), rates, amounts), max_size=8))
def test_each_document_and_rate_is_rounded_once(items):
    keys = {(document, rate) for document, rate, _gross in items}
    exact = sum(gross * rate / (1 + rate) for _document, rate, gross in items)
    assert abs(tax_total(items) - exact) <= Decimal("0.5") * len(keys) + Decimal("1e-9")


def test_doctests():
    assert doctest.testmod(module).failed == 0
