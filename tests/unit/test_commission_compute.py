"""Commission arithmetic: worked scenarios, and properties over random inputs."""

import doctest
import runpy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_commission.engine import compute, reversal, terms
from odoo.addons.marketplace_commission.engine.compute import (
    Amounts,
    Charge,
    Sale,
    Terms,
    Tier,
    charge,
)
from odoo.addons.marketplace_commission.engine.reversal import kept_commission, reverse

rates = st.decimals(0, 1, places=6)
minor = st.integers(0, 10**9)


@st.composite
def all_terms(draw):
    minimum = draw(st.integers(0, 10**6))
    starts = sorted(draw(st.sets(st.integers(1, 10**8), max_size=3)))
    return Terms(
        currency=draw(st.sampled_from(["EUR", "JPY"])),
        rate=draw(rates),
        fixed=draw(st.integers(0, 10**5)),
        fixed_per=draw(st.sampled_from(["line", "unit", "order"])),
        minimum=minimum,
        maximum=draw(st.sampled_from([0, minimum, minimum + 500])),
        base_tax=draw(st.sampled_from(["included", "excluded"])),
        base_shipping=True,
        rate_shipping=draw(rates),
        others=draw(st.sampled_from([{}, {"JPY": Amounts(7, 5, 90)}])),
        tier_mode=draw(st.sampled_from(["whole", "slice"])) if starts else "none",
        tiers=tuple(Tier(start, draw(rates)) for start in starts),
        before_vendor_discount=draw(st.booleans()),
        after_marketplace_discount=draw(st.booleans()),
        base_excluded=draw(st.booleans()),
        above_net=draw(st.sampled_from(["allow", "cap"])),
        refund_fixed=draw(st.sampled_from(["proportional", "last", "kept"])),
    )


@st.composite
def all_sales(draw):
    included = draw(minor)
    return Sale(
        currency=draw(st.sampled_from(["EUR", "JPY"])),
        included=included,
        excluded=draw(st.integers(0, included)),
        quantity=draw(st.decimals(1, 50, places=3)),
        is_shipping=draw(st.booleans()),
        discount_vendor=draw(st.integers(0, 10**6)),
        discount_marketplace=draw(st.integers(0, 10**6)),
        not_commissionable=draw(st.integers(0, 10**6)),
        ratio=draw(st.sampled_from([(100, 120), (1, 1)])),
    )


@st.composite
def refunded_lines(draw):
    """Return a charge and the growing totals given back, the last one in full."""
    sold = draw(st.integers(1, 10**8))
    terms = draw(all_terms())
    sale = Sale(terms.currency, sold, draw(st.integers(1, sold)))
    steps = draw(st.lists(st.integers(0, sold), max_size=8))
    return charge(terms, sale), sold, [*sorted(steps), sold]


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


# By path: the package of the addon's tests needs Odoo.
EVALUATOR = Path(compute.__file__).parents[1] / "tests" / "trace_evaluator.py"
replay = runpy.run_path(str(EVALUATOR))["evaluate"]


@pytest.mark.parametrize("module", [compute, reversal, terms])
def test_doctests_hold(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


@pytest.mark.parametrize(
    ("scenario", "rate", "base", "expected"),
    [
        ("S1", "0.125", 3333, 417),
        ("S2 A", "0.10", 3334, 333),
        ("S2 B", "0.10", 3333, 333),
        ("S3 A1", "0.12", 3598, 432),
        ("S3 A2", "0.12", 671, 81),
        ("S3 B1", "0.12", 1169, 140),
        ("S3 B2", "0.12", 3000, 360),
        ("S3 C1", "0.12", 89, 11),
        ("S5", "0.125", 2833, 354),
        ("S10", "0.10", 9999, 1000),
        ("S11a yen", "0.125", 3334, 417),
        ("half a unit goes up", "0.05", 10, 1),
    ],
)
def test_percentage_rounds_half_up_to_the_minor_unit(scenario, rate, base, expected):
    sale = Sale("EUR", base, base)
    assert charge(Terms("EUR", Decimal(rate)), sale).amount == expected, scenario


@pytest.mark.parametrize(
    ("terms", "quantity", "base", "expected"),
    [
        (
            {"rate": "0", "fixed": 250, "fixed_per": "unit", "maximum": 1200},
            10,
            9000,
            1200,
        ),
        ({"rate": "0.01", "minimum": 500}, 1, 10000, 500),
        ({"rate": "0.50", "maximum": 2000}, 1, 10000, 2000),
        ({"rate": "0.05", "fixed": 83}, 1, 10000, 583),
        ({"rate": "0.10", "fixed": 30, "fixed_per": "line"}, 4, 1000, 130),
        ({"rate": "0.10", "fixed": 30, "fixed_per": "unit"}, 4, 1000, 220),
    ],
)
def test_fixed_minimum_and_maximum(terms, quantity, base, expected):
    terms = Terms("EUR", Decimal(terms.pop("rate")), **terms)
    sale = Sale("EUR", base, base, Decimal(quantity))
    assert charge(terms, sale).amount == expected


def test_base_without_vat_charges_the_untaxed_amount():
    terms = Terms("EUR", Decimal("0.10"), base_tax="excluded")
    assert charge(terms, Sale("EUR", 12000, 10000)).amount == 1000


def test_shipping_takes_its_own_rate_and_no_fixed_amount():
    terms = Terms(
        "EUR", Decimal("0.10"), fixed=100, minimum=500, rate_shipping=Decimal("0.05")
    )
    assert charge(terms, Sale("EUR", 690, 575, is_shipping=True)).amount == 35


def test_amounts_of_another_currency_are_left_out_and_said_so():
    result = charge(
        Terms("EUR", Decimal("0.50"), fixed=100, maximum=2000), Sale("USD", 10000, 8333)
    )
    assert result.amount == 5000
    assert {"step": "currency", "currency": "EUR"} in result.steps


def test_line_credited_with_nothing_is_charged_nothing():
    terms = Terms("EUR", Decimal("0.10"), fixed=100, minimum=500)
    result = charge(terms, Sale("EUR", 0, 0))
    assert result.amount == 0
    assert {"step": "free"} in result.steps


@given(all_terms(), all_sales())
def test_trace_replays_to_the_same_amount(terms, sale):
    result = charge(terms, sale)
    assert replay(result.steps) == result.amount
    assert result.amount >= 0


@given(all_terms(), all_sales())
def test_minimum_maximum_and_net_bound_the_amount(terms, sale):
    result = charge(terms, sale, order_share=terms.fixed)
    amounts = terms.amounts(sale.currency)
    if amounts and sale.included and not sale.is_shipping:
        assert not amounts.maximum or result.amount <= amounts.maximum
        if terms.above_net == "cap":
            assert result.amount <= sale.included
        else:
            assert result.amount >= amounts.minimum
            assert result.above_net == (result.amount > sale.included)


@given(all_terms(), all_sales())
def test_fixed_part_is_what_comes_on_top_of_the_percentage(terms, sale):
    result = charge(terms, sale, order_share=terms.fixed)
    assert 0 <= result.fixed <= result.amount


@given(refunded_lines(), rates)
def test_chain_of_refunds_ends_exactly_on_what_stays(case, give_back):
    """All is given back, but for what the rule or the refund policy keeps."""
    charged, sold, totals = case
    kept = (charged.base, charged.amount)
    already = 0
    for refunded in totals:
        step = reverse(charged, kept, sold, refunded, already=already)
        assert step.amount <= 0 and step.base <= 0
        assert replay(step.steps) == step.amount
        kept = (kept[0] + step.base, kept[1] + step.amount)
        assert kept[0] >= 0 and kept[1] >= 0
        already = refunded
    assert kept == (0, charged.fixed if charged.refund_fixed == "kept" else 0)
    step = reverse(charged, (charged.base, charged.amount), sold, sold, give_back)
    assert replay(step.steps) == step.amount


@given(refunded_lines())
def test_many_refunds_reverse_as_much_as_one(case):
    charged, sold, totals = case
    kept = (charged.base, charged.amount)
    already = 0
    for refunded in totals[:-1]:
        step = reverse(charged, kept, sold, refunded, already=already)
        already = refunded
        kept = (kept[0] + step.base, kept[1] + step.amount)
        once = reverse(charged, (charged.base, charged.amount), sold, refunded)
        assert kept == (charged.base + once.base, charged.amount + once.amount)


@given(minor, rates, st.data())
def test_percentage_alone_is_taken_again_at_the_frozen_rate(base, rate, data):
    charged = charge(Terms("EUR", rate), Sale("EUR", base, base))
    kept_base = data.draw(st.integers(0, base))
    assert kept_commission(charged, kept_base) == half_up(
        Fraction(kept_base) * Fraction(rate)
    )


@pytest.mark.parametrize("refunded", [-1, 1001])
def test_refund_beyond_the_line_is_refused(refunded):
    charged = Charge(1000, Decimal("0.1"), 100, [])
    with pytest.raises(ValueError, match="more than it was sold"):
        reverse(charged, (1000, 100), 1000, refunded)


def test_scenario_s10_refund_reverses_on_the_untaxed_base():
    terms = Terms("EUR", Decimal("0.10"), base_tax="excluded")
    charged = charge(terms, Sale("EUR", 11999, 9999))
    step = reverse(charged, (9999, 1000), 11999, 6000)
    assert (step.base, step.amount) == (-5000, -500)
