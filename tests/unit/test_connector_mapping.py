"""From orders of a shop to import payloads, without a shop and without records."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_connector.engine.contract import (
    Address,
    Customer,
    Discount,
    Line,
    LineQuantity,
    Order,
    OrderState,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Shipping,
    Tax,
    TaxMode,
)
from odoo.addons.marketplace_connector.engine.mapping import (
    Funding,
    OfferKey,
    Tables,
    agreed,
    map_order,
    map_refunds,
)
from odoo.addons.marketplace_connector.engine.validate import check_order, order_sum

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
VAT = Decimal("0.2")
TABLES = Tables(
    offers={"o1": OfferKey(1, 10), "o2": OfferKey(2, 20), "o3": OfferKey(3, 30)},
    offers_by_sku={"ONE": [OfferKey(4, 10)], "TWO": [OfferKey(5, 10), OfferKey(6, 20)]},
    taxes={("VAT 20", VAT): (7,)},
    funders={"TEN": Funding("vendor")},
    default_funder=None,
    currency="EUR",
)


def line(ref, offer, amount, **values):
    return Line(
        ref=ref,
        sku=f"SKU-{offer}",
        offer_ref=offer,
        name=offer,
        quantity=1,
        unit_price=amount,
        amount=amount,
        **{"taxes": (Tax("VAT 20", VAT, 0),), **values},
    )


def order(*lines, **values):
    made = Order(
        **{
            "ref": "1",
            "number": "A1",
            "placed_at": AT,
            "currency": "EUR",
            "tax_mode": TaxMode.INCLUDED,
            "state": OrderState.OPEN,
            "total": 0,
            "customer": Customer("c", "a@example.test", "Ada"),
            "shipping_address": Address(),
            "billing_address": Address(),
            "lines": lines,
            **values,
        }
    )
    return made if "total" in values else replace(made, total=order_sum(made))


def codes(faults):
    return sorted(fault.code for fault in faults)


amounts = st.integers(min_value=1, max_value=10**6)


@given(
    costs=st.lists(amounts, min_size=3, max_size=3),
    delivery=st.integers(min_value=0, max_value=10**5),
)
def test_delivery_of_some_vendors_loses_no_cent(costs, delivery):
    """Whoever shares a delivery, its parts are what the customer paid for it."""
    lines = [
        line(str(rank), f"o{rank}", cost) for rank, cost in enumerate(costs, start=1)
    ]
    shared = Shipping("s", "std", "Std", delivery, line_refs=("1", "2"))
    payload, faults = map_order(order(*lines, shippings=(shared,)), TABLES)
    assert faults == []
    assert [part["vendor_id"] for part in payload["shippings"]] == [10, 20]
    assert sum(part["amount_minor"] for part in payload["shippings"]) == delivery


@given(costs=st.lists(amounts, min_size=1, max_size=3), discount=amounts)
def test_parts_of_the_payload_make_the_total(costs, discount):
    lines = [
        line(
            str(rank),
            f"o{rank}",
            cost + discount,
            discounts=(Discount("TEN", "Ten", discount),),
        )
        for rank, cost in enumerate(costs, start=1)
    ]
    made = order(*lines, shippings=(Shipping("s", "x", "X", 490, ("1",)),))
    payload, faults = map_order(made, TABLES)
    assert faults == []
    total = sum(item["gross_minor"] for item in payload["lines"])
    total -= sum(d["amount_minor"] for i in payload["lines"] for d in i["discounts"])
    total += sum(item["amount_minor"] for item in payload["shippings"])
    assert total == payload["amount_charged_minor"] == made.total


@pytest.mark.parametrize(
    ("refs", "vendor_ids"),
    [(("1",), [10]), (("1", "2"), [None]), (("2",), [20])],
)
def test_delivery_of_one_vendor_or_of_all(refs, vendor_ids):
    made = order(
        line("1", "o1", 100),
        line("2", "o2", 100),
        shippings=(Shipping("s", "x", "X", 490, refs),),
    )
    payload, _faults = map_order(made, TABLES)
    assert [part["vendor_id"] for part in payload["shippings"]] == vendor_ids


def test_every_fault_is_named():
    made = order(
        line("1", "gone", 100),
        replace(line("2", "gone", 100), sku="TWO"),
        line("3", "o1", 100, taxes=(Tax("TVA", VAT, 0),)),
        line("4", "o1", 100, discounts=(Discount("NEW", "New", 1),)),
    )
    made = replace(made, currency="CHF")
    _payload, faults = map_order(made, TABLES)
    assert codes(faults) == [
        "other_currency",
        "sku_of_several",
        "unknown_discount",
        "unknown_sku",
        "unknown_tax",
    ]


def test_delivery_of_an_unknown_article_leaves_the_fault_to_its_line():
    """One vendor's line is known, and the delivery covers the other's."""
    made = order(
        line("1", "o1", 100),
        replace(line("2", "gone", 100), sku="NOBODY"),
        shippings=(Shipping("s", "x", "X", 490, ("2",)),),
    )
    assert codes(map_order(made, TABLES)[1]) == ["unknown_sku"]


def test_article_that_was_not_pushed_is_found_by_a_sku_of_its_own():
    made = order(replace(line("1", "gone", 100), sku="ONE"))
    payload, faults = map_order(made, TABLES)
    assert faults == []
    assert payload["lines"][0]["offer_id"] == 4


def test_tax_of_the_right_name_and_another_rate_is_unknown():
    """The shop changed a rate: that is no tax of ours any more."""
    made = order(line("1", "o1", 100, taxes=(Tax("VAT 20", Decimal("0.21"), 0),)))
    assert codes(map_order(made, TABLES)[1]) == ["unknown_tax"]


def test_tax_without_a_name_counts_by_its_rate_when_that_means_one_tax():
    made = order(line("1", "o1", 100, taxes=(Tax("", VAT, 0),)))
    assert map_order(made, TABLES)[0]["lines"][0]["tax_ids"] == [7]
    two = replace(TABLES, taxes={("VAT 20", VAT): (7,), ("OSS 20", VAT): (8,)})
    assert codes(map_order(made, two)[1]) == ["unknown_tax_rate"]


def refund(ref, state=RefundState.DONE, **values):
    return Refund(
        **{
            "ref": ref,
            "our_ref": "",
            "payment_ref": "p",
            "amount": 100,
            "state": state,
            "reason": "",
            "at": AT,
            **values,
        }
    )


def test_refunds_that_count_are_done_and_not_ours():
    made = order(
        line("1", "o1", 1000),
        refunds=(
            refund("a", lines=(LineQuantity("1", 1),)),
            refund("b", RefundState.PENDING),
            refund("c", RefundState.FAILED),
            refund("d", our_ref="refund-3"),
        ),
    )
    (payload,) = map_refunds(made)
    assert (payload["ref"], payload["amount_minor"]) == ("a", 100)
    assert payload["lines"] == [{"line_ref": "1", "quantity": 1}]


def test_what_was_agreed_does_not_change_with_money_or_state():
    made = order(line("1", "o1", 1000))
    later = replace(made, state=OrderState.DELIVERED, refunds=(refund("a"),))
    assert agreed(made) == agreed(later)
    assert agreed(made) != agreed(order(line("1", "o1", 1001)))


def payment(amount, state=PaymentState.CAPTURED):
    return Payment("p", "card", amount, state, "", AT)


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ((payment(1000),), []),
        ((payment(1000, PaymentState.AUTHORIZED),), ["refund_without_payment"]),
        ((), ["refund_without_payment"]),
        ((payment(99),), ["refund_above_payment"]),
    ],
)
def test_refunds_need_a_payment_that_brought_as_much(payments, expected):
    made = order(line("1", "o1", 1000), payments=payments, refunds=(refund("a"),))
    assert codes(check_order(made)) == expected


def test_faults_of_lines_and_deliveries():
    made = order(
        line("1", "o1", -5),
        line("1", "o1", 100, discounts=(Discount("TEN", "Ten", 200),)),
        replace(line("3", "", 100), sku=""),
        shippings=(Shipping("s", "x", "X", 490, ("9",)),),
    )
    assert codes(check_order(made)) == [
        "discount_above_line",
        "line_negative",
        "line_twice",
        "line_without_sku",
        "shipping_of_nothing",
    ]
    assert codes(check_order(order())) == ["no_line"]


@given(gap=st.integers(min_value=-50, max_value=50), tolerance=st.integers(0, 20))
def test_gap_of_the_total_is_accepted_up_to_the_tolerance(gap, tolerance):
    made = order(line("1", "o1", 1000), total=1000 + gap)
    assert codes(check_order(made, tolerance)) == (
        ["total_gap"] if abs(gap) > tolerance else []
    )
