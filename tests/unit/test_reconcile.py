"""Shop, back office and provider compared: what agrees is silent, causes are right."""

import random
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_connector.engine.reconcile import (
    CHANGED,
    TOLD,
    UNREAD,
    UNSENT,
    Fact,
    compare_provider,
    compare_shop,
)

DAY = date(2026, 3, 2)
REPORTED = {flow: (DAY, DAY + timedelta(days=9)) for flow in ("capture", "refund")}


def fact(flow, ref, amount=1000, order="o1", **values):
    return Fact(flow, frozenset(ref.split()), order, amount, DAY, **values)


def causes(gaps):
    return sorted(gap.cause for gap in gaps)


purchases = st.lists(
    st.tuples(
        st.integers(1, 10**6),
        st.lists(st.integers(1, 10**5), max_size=3),
    ),
    max_size=8,
)


def facts_of(bought):
    for number, (amount, refunds) in enumerate(bought):
        order = f"o{number}"
        yield fact("order", order, amount, order)
        yield fact("capture", f"p{number}", amount, order)
        for rank, refund in enumerate(refunds):
            yield fact("refund", f"r{number}-{rank}", refund, order)


@given(purchases, st.randoms(use_true_random=False))
def test_the_same_in_any_order_is_no_gap(bought, chance):
    facts = list(facts_of(bought))
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert compare_shop(facts, shuffled) == []
    money = [item for item in facts if item.flow != "order"]
    assert compare_provider(money, [f for f in shuffled if f in money], REPORTED) == []


@given(purchases, st.randoms(use_true_random=False))
def test_each_fact_that_is_missing_is_one_gap(bought, chance):
    facts = list(facts_of(bought))
    orders = [item for item in facts if item.flow == "order"]
    if not orders:
        return
    lost = chance.choice(orders).order
    left = [item for item in facts if item.order != lost]
    assert [(g.cause, g.order) for g in compare_shop(facts, left)] == [
        ("order_missing", lost)
    ]
    assert [(g.cause, g.order) for g in compare_shop(left, facts)] == [
        ("order_extra", lost)
    ]


def test_hints_name_the_cause_of_an_order():
    here = fact("order", "o1")
    for hint, cause in (
        ("", "order_missing"),
        ("quarantine", "order_quarantine"),
        ("waiting", "order_waiting"),
        ("ignored", "order_ignored"),
    ):
        assert causes(compare_shop([replace(here, hint=hint)], [])) == [cause]
    assert causes(compare_shop([], [replace(here, hint=TOLD)])) == ["order_deleted"]
    changed = replace(here, hint=CHANGED)
    assert causes(compare_shop([here], [changed])) == ["order_changed"]
    unread = replace(here, hint=UNREAD)
    assert causes(compare_shop([unread], [changed])) == ["change_quarantine"]


def test_refund_given_twice_is_told_from_one_that_is_missing():
    order, refund = fact("order", "o1"), fact("refund", "r1", 300)
    again, other = fact("refund", "r2", 300), fact("refund", "r3", 200)
    both = [order, refund, again]
    assert causes(compare_shop([order, refund], both)) == ["refund_doubled"]
    assert causes(compare_shop(both, [order, refund])) == ["refund_doubled_shop"]
    assert causes(compare_shop([order, refund, other], [order, refund])) == [
        "refund_missing"
    ]
    unsent = replace(other, hint=UNSENT)
    assert causes(compare_shop([order], [order, unsent])) == ["refund_unsent"]


def test_refund_is_known_by_either_name():
    ours = fact("refund", "refund-7 r1", 300)
    assert compare_shop([fact("refund", "refund-7", 300)], [ours]) == []
    assert compare_shop([fact("refund", "r1", 300)], [ours]) == []


def test_total_that_refunds_cover_is_no_gap():
    """Units taken off in the shop, their money given back: ours keeps what was sold."""
    shop = fact("order", "o1", 700, covered=300)
    assert compare_shop([shop], [fact("order", "o1", 1000)]) == []
    assert causes(compare_shop([shop], [fact("order", "o1", 1001)])) == ["order_amount"]
    assert causes(compare_shop([shop], [fact("order", "o1", 699)])) == ["order_amount"]


def test_one_transaction_pays_two_orders():
    ours = [fact("capture", "p1 t9", 600), fact("capture", "p2 t9", 400, "o2")]
    assert compare_provider(ours, [fact("capture", "t9", 1000)], REPORTED) == []
    (gap,) = compare_provider(ours, [fact("capture", "t9", 900)], REPORTED)
    assert (gap.cause, gap.ours, gap.provider) == (
        "capture_amount_provider",
        1000,
        900,
    )


def test_provider_that_moved_money_twice():
    ours, told = [fact("capture", "p1")], [fact("capture", "p1")] * 2
    assert causes(compare_provider(ours, told, REPORTED)) == [
        "capture_doubled_provider"
    ]


def test_what_is_not_reported_yet_is_no_gap():
    late = replace(fact("capture", "p1"), day=DAY + timedelta(days=10))
    assert compare_provider([late], [], REPORTED) == []
    assert compare_provider([fact("capture", "p1")], [], {}) == []
    early = [fact("capture", "p1")]
    assert causes(compare_provider(early, [], REPORTED)) == ["capture_unreported"]
    assert causes(compare_provider([], early, REPORTED)) == ["capture_unknown"]


def test_shuffling_changes_nothing():
    facts = list(facts_of([(1000, [100, 100]), (500, [])]))
    ours = facts[1:]
    expected = sorted(compare_shop(facts, ours), key=repr)
    for seed in range(5):
        random.Random(seed).shuffle(ours)
        assert sorted(compare_shop(facts, ours), key=repr) == expected
