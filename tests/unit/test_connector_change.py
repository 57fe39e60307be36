"""What is done about an order that the shop changed after its import."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from odoo.addons.marketplace_connector.engine.change import Verdict, judge
from odoo.addons.marketplace_connector.engine.contract import (
    Address,
    Customer,
    Line,
    Order,
    OrderState,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Shipping,
    TaxMode,
)

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def line(ref, quantity, price=1000):
    return Line(ref, ref, ref, ref, quantity, price, quantity * price)


def order(*lines, paid=True, refunded=0, delivery=500, **values):
    shippings = (Shipping("s", "std", "Std", delivery, tuple(x.ref for x in lines)),)
    total = sum(x.amount for x in lines) + delivery
    made = Order(
        "1", "A1", AT, "EUR", TaxMode.INCLUDED, OrderState.OPEN, total,
        Customer("c", "a@example.test", "Ada"), Address(), Address(), lines, shippings,
    )  # fmt: skip
    state = PaymentState.CAPTURED if paid else PaymentState.AUTHORIZED
    refunds = ()
    if refunded:
        refunds = (Refund("r", "", "p", refunded, RefundState.DONE, "", AT),)
    return replace(
        made,
        payments=(Payment("p", "card", 3500, state, "", AT),),
        refunds=refunds,
        **values,
    )


BOUGHT = order(line("a", 2), line("b", 1))
HELD = {"a": 2, "b": 1, "s": 1}


@pytest.mark.parametrize("paid", [True, False])
def test_nothing_that_counts_is_the_same(paid):
    change = judge(BOUGHT, order(line("a", 2), line("b", 1), paid=paid), HELD, 3500)
    assert change.verdict is Verdict.SAME


@pytest.mark.parametrize(
    ("after", "paid", "refunded", "verdict", "excess"),
    [
        ((line("a", 1), line("b", 1)), False, 0, Verdict.APPLY, 0),
        ((line("a", 1), line("b", 1)), True, 0, Verdict.ASK, 1000),
        ((line("a", 1), line("b", 1)), True, 600, Verdict.ASK, 400),
        ((line("a", 1), line("b", 1)), True, 1000, Verdict.COVERED, 0),
        ((line("a", 3), line("b", 1)), False, 0, Verdict.APPLY, 0),
        ((line("a", 3), line("b", 1)), True, 0, Verdict.APPLY, 0),
        ((line("a", 2), line("b", 1), line("c", 1)), True, 0, Verdict.APPLY, 0),
        ((line("a", 1), line("b", 2)), True, 0, Verdict.ASK, 0),
        ((line("a", 1), line("b", 2)), False, 0, Verdict.APPLY, 0),
        ((line("a", 2), line("b", 1, 800)), False, 0, Verdict.APPLY, 0),
        ((line("a", 2), line("b", 1, 800)), True, 0, Verdict.ASK, 200),
        ((line("a", 2), line("b", 1, 1200)), True, 0, Verdict.APPLY, 0),
    ],
)
def test_changes_are_followed_until_money_has_to_go_back(
    after, paid, refunded, verdict, excess
):
    change = judge(BOUGHT, order(*after, paid=paid, refunded=refunded), HELD, 3500)
    assert (change.verdict, change.excess) == (verdict, excess)


def test_cancelled_order_has_nothing_left():
    gone = order(line("a", 2), line("b", 1), paid=False, state=OrderState.CANCELLED)
    change = judge(BOUGHT, gone, HELD, 3500)
    assert change.verdict is Verdict.APPLY
    assert set(change.lowered) == {"a", "b", "s"}


def test_echo_of_our_own_cancellation_is_the_same():
    """What was agreed last still had two; we have one, and the shop has one now."""
    after = order(line("a", 1), line("b", 1), paid=False)
    change = judge(BOUGHT, after, {"a": 1, "b": 1, "s": 1}, 2500)
    assert change.verdict is Verdict.SAME


def test_what_refunds_covered_before_is_not_asked_about_again():
    """One piece fewer was refunded and agreed; now another article is added."""
    before = order(line("a", 1), line("b", 1), refunded=1000)
    after = order(line("a", 1), line("b", 1), line("c", 1), refunded=1000)
    change = judge(before, after, HELD, 3500)
    assert (change.verdict, change.added) == (Verdict.APPLY, ("c",))
    assert change.offset == 1000
    assert judge(before, before, HELD, 3500).verdict is Verdict.SAME


def test_added_delivery_is_asked_about():
    extra = (*BOUGHT.shippings, Shipping("t", "x", "X", 100, ("a",)))
    after = replace(order(line("a", 2), line("b", 1), paid=False), shippings=extra)
    assert judge(BOUGHT, after, HELD, 3500).verdict is Verdict.ASK
