"""Delivery prices: doctests, and properties over random price lists."""

import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import shipping
from odoo.addons.marketplace_base.engine.shipping import (
    AMOUNT,
    WEIGHT,
    Method,
    Part,
    Step,
    price,
    quotes,
)

amounts = st.integers(0, 10**7)
step_lists = st.lists(
    st.builds(Step, amounts, amounts), min_size=1, max_size=6, unique_by=lambda s: s[0]
)
methods = st.builds(
    Method,
    ref=st.integers(),
    basis=st.sampled_from([AMOUNT, WEIGHT]),
    steps=step_lists,
    zones=st.sampled_from([frozenset(), frozenset({"FR"}), frozenset({"FR", "BE"})]),
    free_from=st.none() | amounts,
)
parts = st.builds(Part, amounts, amounts)
zones = st.sampled_from(["FR", "BE", "DE", ""])


def test_doctests():
    assert doctest.testmod(shipping).failed == 0


@given(methods, parts, zones)
def test_price_is_one_of_the_list_or_nothing(method, part, zone):
    found = price(method, part, zone)
    assert found is None or found == 0 or found in {s.price for s in method.steps}


@given(methods, parts, zones, st.randoms())
def test_order_of_the_steps_does_not_matter(method, part, zone, random):
    shuffled = list(method.steps)
    random.shuffle(shuffled)
    assert price(method._replace(steps=shuffled), part, zone) == price(
        method, part, zone
    )


@given(methods, parts)
def test_other_countries_are_not_served(method, part):
    served = price(method, part, "DE") is not None
    assert not (served and method.zones)


@given(methods, parts, zones)
def test_free_delivery_never_costs_more(method, part, zone):
    never = price(method._replace(free_from=None), part, zone)
    found = price(method, part, zone)
    assert (found is None) == (never is None)
    if found is not None:
        assert found in (0, never)
        if method.free_from is not None and part.amount >= method.free_from:
            assert found == 0


@given(st.lists(methods, max_size=5), parts, zones)
def test_quotes_are_all_that_serve_cheapest_first(offered, part, zone):
    found = quotes(offered, part, zone)
    assert [q.price for q in found] == sorted(q.price for q in found)
    assert len(found) == sum(price(m, part, zone) is not None for m in offered)
