"""Rule matching: first match by rank, criteria AND, values OR, refusals."""

import doctest
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_commission.engine import rules
from odoo.addons.marketplace_commission.engine.compute import Sale, Terms
from odoo.addons.marketplace_commission.engine.rules import (
    DIMENSIONS,
    Facts,
    Rule,
    decide,
    decide_order,
    failed_criterion,
    problems,
)

DAY = date(2026, 3, 2)
some_ids = st.frozensets(st.integers(1, 4), max_size=3)
some_days = st.none() | st.integers(-3, 3).map(lambda days: DAY + timedelta(days=days))
some_prices = st.none() | st.integers(0, 30)
default = Rule(99, 1, 99, "Default", Terms("EUR", Decimal("0.15")))


@st.composite
def ranked_rules(draw):
    ranked = [
        Rule(
            rule_id=rank,
            version=1,
            rank=rank,
            name=f"Rule {rank}",
            terms=Terms(draw(st.sampled_from(["EUR", "USD"])), Decimal("0.1")),
            accepted={
                dimension: ids for dimension in DIMENSIONS if (ids := draw(some_ids))
            },
            price_from=draw(some_prices),
            price_to=draw(some_prices),
            date_from=draw(some_days),
            date_to=draw(some_days),
        )
        for rank in range(1, draw(st.integers(0, 6)) + 1)
    ]
    return [*ranked, default]


@st.composite
def order_lines(draw):
    return Facts(
        sale=Sale("EUR", 1000, 833),
        day=DAY,
        ids={dimension: draw(some_ids) for dimension in DIMENSIONS},
        price=draw(some_prices),
    )


def accepts(rule, facts):
    """Decide in one expression, written apart from the engine."""
    return (
        all(ids & facts.ids[dimension] for dimension, ids in rule.accepted.items())
        and (
            (rule.price_from, rule.price_to) == (None, None)
            or (
                rule.terms.currency == facts.sale.currency
                and facts.price is not None
                and facts.price >= (rule.price_from or 0)
                and (rule.price_to is None or facts.price < rule.price_to)
            )
        )
        and facts.day >= (rule.date_from or date.min)
        and facts.day < (rule.date_to or date.max)
    )


def test_doctests_hold():
    result = doctest.testmod(rules)
    assert result.attempted and not result.failed


@given(ranked_rules(), order_lines())
def test_first_rule_that_accepts_decides_and_the_trace_names_the_others(ranked, facts):
    decision = decide(ranked, facts)
    expected = next(rule for rule in ranked if accepts(rule, facts))
    assert decision.rule is expected
    tried = [step for step in decision.steps if step["step"] == "rejected"]
    failed = {
        (rank, name): step["criterion"]
        for step in tried
        for rank, name in zip(step["ranks"], step["rules"], strict=True)
    }
    assert failed == {
        (rule.rank, rule.name): failed_criterion(rule, facts)
        for rule in ranked[: ranked.index(expected)]
    }
    assert decision.steps[len(tried)]["step"] == "matched"


@given(ranked_rules(), order_lines())
def test_rules_after_the_match_change_nothing(ranked, facts):
    decision = decide(ranked, facts)
    until_match = ranked[: ranked.index(decision.rule) + 1]
    assert decide(until_match, facts) == decision


@given(order_lines(), st.data())
def test_values_of_one_criterion_are_joined_by_or(facts, data):
    dimension = data.draw(st.sampled_from(DIMENSIONS))
    ids = data.draw(some_ids.filter(bool))
    rule = replace(default, accepted={dimension: ids})
    one_each = [replace(rule, accepted={dimension: frozenset({id_})}) for id_ in ids]
    assert (failed_criterion(rule, facts) is None) == any(
        failed_criterion(single, facts) is None for single in one_each
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"price_from": 10}, None),
        ({"price_from": 11}, "price"),
        ({"price_to": 11}, None),
        ({"price_to": 10}, "price"),
        ({"date_from": DAY}, None),
        ({"date_to": DAY}, "period"),
        ({"date_to": DAY + timedelta(days=1)}, None),
        ({"price_from": 1, "terms": Terms("USD", Decimal(0))}, "currency"),
        ({"terms": Terms("USD", Decimal(0))}, None),
    ],
)
def test_ranges_are_half_open_and_prices_know_their_currency(changes, expected):
    facts = Facts(Sale("EUR", 1000, 833), DAY, {}, price=10)
    assert failed_criterion(replace(default, **changes), facts) == expected


@pytest.mark.parametrize(
    "criteria",
    [
        {"accepted": {"category": frozenset({1})}},
        {"accepted": {"product": frozenset({1})}},
        {"price_from": 0},
    ],
)
def test_shipping_never_meets_a_criterion_about_goods(criteria):
    shipping = Facts(Sale("EUR", 690, 575, is_shipping=True), DAY, {})
    assert failed_criterion(replace(default, **criteria), shipping)


def test_plan_without_default_is_an_error_not_a_zero():
    rule = replace(default, accepted={"vendor": frozenset({1})})
    with pytest.raises(LookupError):
        decide([rule], Facts(Sale("EUR", 1000, 833), DAY, {"vendor": frozenset({2})}))


def test_every_problem_of_a_rule_is_reported_at_once():
    wrong = Rule(
        1,
        1,
        1,
        "Wrong",
        Terms(
            "EUR",
            Decimal("1.01"),
            fixed=-1,
            minimum=500,
            maximum=400,
            rate_shipping=Decimal("-0.1"),
        ),
        price_from=10,
        price_to=10,
        date_from=DAY,
        date_to=DAY,
    )
    assert problems(wrong, is_default=False) == [
        "rate",
        "rate_shipping",
        "negative",
        "bounds",
        "price",
        "period",
    ]
    assert problems(wrong, is_default=True)[-1] == "default_criteria"


def test_rule_that_accepts_everything_would_hide_the_default():
    assert problems(default, is_default=False) == ["no_criteria"]
    assert problems(default, is_default=True) == []


def test_amount_per_order_is_shared_once_by_the_lines_its_rule_decides():
    """Shipping, free goods and lines of other rules take no part in it."""
    per_order = Terms("EUR", Decimal(0), fixed=100, fixed_per="order")
    rules = [
        Rule(1, 1, 1, "Books", per_order, {"category": frozenset({7})}),
        default,
    ]
    book = Facts(Sale("EUR", 1000, 833), DAY, {"category": frozenset({7})})
    lines = [
        book,
        replace(book, sale=Sale("EUR", 3000, 2500)),
        replace(book, sale=Sale("EUR", 0, 0)),
        Facts(Sale("EUR", 1000, 833), DAY, {}),
        Facts(Sale("EUR", 500, 417, is_shipping=True), DAY, {}),
    ]
    amounts = [decision.charge.amount for decision in decide_order(rules, lines)]
    assert amounts == [25, 75, 0, 150, 0]
    again = decide_order(rules, lines[:1], settled=[1])
    assert again[0].charge.amount == 0


@given(ranked_rules(), st.lists(order_lines(), min_size=1, max_size=5))
def test_lines_of_an_order_are_decided_as_each_alone(ranked, lines):
    together = decide_order(ranked, lines)
    assert together == [decide(ranked, facts) for facts in lines]
