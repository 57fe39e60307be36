"""The Medusa adapter's reading of documents; shapes as real shops answer them."""

import copy
from decimal import Decimal

import pytest

from odoo.addons.marketplace_connector.adapters.errors import DocumentError
from odoo.addons.marketplace_connector.adapters.medusa.documents import clean
from odoo.addons.marketplace_connector.adapters.medusa.orders import (
    is_finished,
    parse_order,
)
from odoo.addons.marketplace_connector.engine.contract import (
    LineQuantity,
    OrderState,
    PaymentState,
    TaxMode,
)
from odoo.addons.marketplace_connector.engine.validate import check_order
from odoo.addons.marketplace_connector.engine.wellformed import find_misfit

TIME = "2026-11-25T08:44:49.457Z"
ADDRESS = {
    "first_name": "Ada",
    "last_name": "Byron",
    "company": None,
    "address_1": "1 rue du Port",
    "address_2": None,
    "city": "Nantes",
    "postal_code": "44000",
    "province": None,
    "country_code": "fr",
    "phone": None,
}


def tax(rate, code="VAT 20"):
    return {"id": "tl", "code": code, "rate": rate}


def make_item(ref, price, quantity, rate=20, discount="0", included=True, **values):
    """An item as the shop totals it: ``discount`` with tax, unrounded."""
    gross = Decimal(price) * quantity
    if not included:
        gross *= 1 + Decimal(rate) / 100
    adjustments = []
    if Decimal(discount):
        # The shop tells discounts without tax.
        net = Decimal(discount) / (1 + Decimal(rate) / 100)
        adjustments = [{"id": "adj", "code": "TEN", "amount": str(net)}]
    return {
        "id": ref,
        "title": "Mug",
        "product_title": "Mug",
        "variant_sku": f"SKU-{ref}",
        "variant_id": f"variant_{ref}",
        "quantity": quantity,
        "unit_price": price,
        "is_tax_inclusive": included,
        "tax_lines": [tax(rate)],
        "adjustments": adjustments,
        "total": str(gross - Decimal(discount)),
        "return_received_total": 0,
        "detail": {"delivered_quantity": 0},
        "shipping_profile_id": "sp_1",
        **values,
    }


def make_method(ref="sm_1", amount="4.9", **values):
    return {
        "id": ref,
        "name": "Parcel",
        "shipping_option_id": "so_1",
        "amount": amount,
        "total": amount,
        "is_tax_inclusive": True,
        "tax_lines": [tax(20)],
        "adjustments": [],
        "shipping_profile_id": "sp_1",
        **values,
    }


def make_payment(amount, captured=None, refunds=(), **values):
    captures = [{"id": "capt_1", "amount": captured}] if captured else []
    return {
        "id": "pay_1",
        "provider_id": "pp_system_default",
        "amount": amount,
        "captures": captures,
        "refunds": [
            {
                "id": f"ref_{rank}",
                "payment_id": "pay_1",
                "amount": sum_,
                "note": note,
                "created_at": TIME,
            }
            for rank, (sum_, note) in enumerate(refunds)
        ],
        "canceled_at": None,
        "created_at": TIME,
        "data": {},
        **values,
    }


def make_order(ref, items, methods=(), payments=(), **values):
    return {
        "id": ref,
        "display_id": 5,
        "status": "pending",
        "version": 1,
        "created_at": TIME,
        "email": "ada@example.com",
        "currency_code": "eur",
        "customer_id": "cus_1",
        "customer": {"first_name": None, "last_name": None, "phone": None},
        "items": list(items),
        "shipping_methods": list(methods),
        "item_total": str(sum(Decimal(item["total"]) for item in items)),
        "shipping_total": str(sum(Decimal(m["total"]) for m in methods)),
        "shipping_address": ADDRESS,
        "billing_address": None,
        "payment_collections": [{"id": "pc", "payments": list(payments)}],
        "returns": [],
        **values,
    }


def read(*orders, **values):
    return parse_order(
        {"id": orders[0]["id"], "display_id": 5, "orders": list(orders), **values}
    )


def assert_sound(order):
    assert find_misfit(order) == ""
    assert check_order(order) == []


# ---- amounts ------------------------------------------------------------------


def test_half_cent_is_rounded_up_and_shared_over_the_parts():
    """Three mugs, a tenth off: 107.91 + 3.9951 + 4.999 is no amount of money."""
    order = read(
        make_order(
            "order_1",
            [
                make_item("a", "39.97", 3, discount="12.001"),
                make_item("b", "4.439", 1, discount="0.4439"),
            ],
            [make_method(amount="4.9999")],
            [make_payment("116.905", "116.905")],
            item_total="111.9051",
            shipping_total="4.9999",
        )
    )
    assert order.total == 11691
    assert order.payments[0].amount == 11691
    assert_sound(order)
    assert [line.amount_discounted for line in order.lines] == [10791, 400]
    assert [line.discounts[0].code for line in order.lines] == ["TEN", "TEN"]


def test_edited_order_keeps_the_discount_it_had():
    """After an edit the shop takes the old discount off the fewer pieces."""
    order = read(
        make_order(
            "order_1",
            [make_item("a", "20.99", 2, rate=19, discount="6.297")],
            [make_method()],
        )
    )
    assert (order.total, order.lines[0].amount) == (4058, 4198)
    assert order.lines[0].discounts[0].amount == 630
    assert_sound(order)


def test_returned_pieces_stay_sold():
    """The shop lowers its totals by what came back; the purchase was as it was."""
    item = make_item("a", "10", 3)
    item |= {"total": "10", "return_received_total": "20"}
    order = read(make_order("order_1", [item], [make_method()]))
    assert (order.total, order.lines[0].quantity, order.lines[0].amount) == (
        3490,
        3,
        3000,
    )
    assert_sound(order)


def test_refund_booked_as_a_credit_line_leaves_the_total():
    order = read(
        make_order(
            "order_1",
            [make_item("a", "10", 1)],
            payments=[make_payment("10", "10", [("4", "late [refund-7]")])],
            total="6",
            credit_line_total="4",
        )
    )
    assert order.total == 1000
    (refund,) = order.refunds
    assert (refund.amount, refund.reason, refund.our_ref) == (400, "late", "refund-7")
    assert_sound(order)


def test_totals_that_do_not_add_up_are_seen():
    order = read(make_order("order_1", [make_item("a", "10", 1)], item_total="12"))
    (fault,) = check_order(order)
    assert (fault.code, fault["gap"]) == ("total_gap", 200)


def test_prices_without_tax():
    order = read(
        make_order(
            "order_1",
            [make_item("a", "9.99", 3, rate=20, included=False)],
            [make_method(is_tax_inclusive=False, amount="4.9", total="5.88")],
        )
    )
    assert order.tax_mode is TaxMode.EXCLUDED
    (line,) = order.lines
    assert (line.amount, line.taxes[0].amount, line.taxes[0].rate) == (
        2997,
        599,
        Decimal("0.2"),
    )
    assert order.total == 2997 + 599 + 490 + 98
    assert_sound(order)


def test_currency_without_decimals():
    order = read(
        make_order("order_1", [make_item("a", "1200", 2)], currency_code="jpy")
    )
    assert (order.currency, order.total) == ("JPY", 2400)
    assert_sound(order)


def test_part_of_a_piece_is_a_fault_of_the_document():
    with pytest.raises(DocumentError):
        read(make_order("order_1", [make_item("a", "10", 1) | {"quantity": 1.5}]))


# ---- deliveries -----------------------------------------------------------------


def test_delivery_is_for_the_products_of_its_profile():
    items = [
        make_item("a", "10", 1),
        make_item("b", "10", 1, shipping_profile_id="sp_2"),
    ]
    methods = [make_method(), make_method("sm_2", shipping_profile_id="sp_2")]
    order = read(make_order("order_1", items, methods))
    assert [shipping.line_refs for shipping in order.shippings] == [("a",), ("b",)]


def test_delivery_of_a_product_that_is_gone_is_for_all_lines():
    items = [
        make_item("a", "10", 1, shipping_profile_id=None),
        make_item("b", "10", 1, shipping_profile_id=None),
    ]
    order = read(make_order("order_1", items, [make_method()]))
    assert order.shippings[0].line_refs == ("a", "b")


# ---- groups ---------------------------------------------------------------------


def group(**second):
    """Two sellers' orders, one payment that both show in full."""
    payment = make_payment("29.8", "29.8", [("5", None)])
    return [
        make_order("order_1", [make_item("a", "10", 1)], [make_method()], [payment]),
        make_order(
            "order_2",
            [make_item("b", "10", 1)],
            [make_method("sm_2")],
            [copy.deepcopy(payment)],
            **second,
        ),
    ]


def test_payment_and_refund_of_a_group_count_once():
    order = read(*group())
    assert order.total == 2980
    assert [payment.amount for payment in order.payments] == [2980]
    assert [refund.amount for refund in order.refunds] == [500]
    assert [shipping.line_refs for shipping in order.shippings] == [("a",), ("b",)]
    assert order.revision == 2
    assert_sound(order)


def test_order_cancelled_in_a_group_leaves_lines_without_pieces():
    order = read(*group(status="canceled"))
    assert order.state is OrderState.OPEN
    assert [(line.ref, line.quantity) for line in order.lines] == [("a", 1), ("b", 0)]
    assert order.total == 1490
    assert_sound(order)


def test_group_of_cancelled_orders_is_cancelled():
    orders = [order | {"status": "canceled"} for order in group()]
    order = read(*orders)
    assert order.state is OrderState.CANCELLED
    assert [line.quantity for line in order.lines] == [1, 1]


# ---- states ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "delivered, state",
    [((0, 0), "open"), ((2, 0), "open"), ((2, 1), "delivered")],
)
def test_state_comes_from_quantities(delivered, state):
    """The shop's own status says "delivered" or "partially", by the fields asked."""
    items = [make_item("a", "10", 2), make_item("b", "10", 1)]
    for item, quantity in zip(items, delivered, strict=True):
        item["detail"]["delivered_quantity"] = quantity
    order = read(make_order("order_1", items, fulfillment_status="delivered"))
    assert order.state is OrderState(state)


@pytest.mark.parametrize(
    "payment, state, amount",
    [
        (make_payment("10"), PaymentState.AUTHORIZED, 1000),
        (make_payment("10", "10"), PaymentState.CAPTURED, 1000),
        (make_payment("10", "6"), PaymentState.CAPTURED, 600),
        (make_payment("10", canceled_at=TIME), PaymentState.FAILED, 1000),
    ],
)
def test_payment_state_comes_from_captures(payment, state, amount):
    order = read(make_order("order_1", [make_item("a", "10", 1)], payments=[payment]))
    assert (order.payments[0].state, order.payments[0].amount) == (state, amount)


def test_reference_of_the_payment_provider():
    payment = make_payment("10", "10", data={"id": "pi_123", "status": "ok"})
    order = read(make_order("order_1", [make_item("a", "10", 1)], payments=[payment]))
    assert order.payments[0].psp_ref == "pi_123"


def test_delivered_order_that_is_not_captured_is_not_at_its_end():
    item = make_item("a", "10", 1, detail={"delivered_quantity": 1})
    waiting = make_order("order_1", [item], payments=[make_payment("10")])
    assert not is_finished(read(waiting))
    taken = make_order("order_1", [item], payments=[make_payment("10", "10")])
    assert is_finished(read(taken))


def test_return_is_told_with_its_reason():
    wanted = {
        "id": "return_1",
        "status": "requested",
        "requested_at": TIME,
        "created_at": TIME,
        "items": [
            {
                "item_id": "a",
                "quantity": 1,
                "note": "Too small",
                "reason": {"label": "Wrong size"},
            }
        ],
    }
    refused = {**wanted, "id": "return_2", "status": "canceled"}
    order = read(
        make_order("order_1", [make_item("a", "10", 2)], returns=[wanted, refused])
    )
    (item,) = order.returns
    assert (item.ref, item.reason, item.note) == ("return_1", "Wrong size", "Too small")
    assert item.lines == (LineQuantity("a", 1),)
    assert_sound(order)


def test_customer_without_a_name_is_called_as_the_parcel_is_addressed():
    order = read(make_order("order_1", [make_item("a", "10", 1)]))
    assert order.customer.name == "Ada Byron"
    assert order.billing_address == order.shipping_address


# ---- documents ------------------------------------------------------------------


def test_document_does_not_depend_on_the_order_of_rows_or_on_reading():
    first = clean(
        {"items": [{"id": "b"}, {"id": "a"}], "summary": {"x": 1}, "updated_at": "1"}
    )
    second = clean({"updated_at": "2", "items": [{"id": "a"}, {"id": "b"}]})
    assert first == second


@pytest.mark.parametrize("payload", [{}, {"orders": []}, {"orders": [{}]}])
def test_nonsense_is_named(payload):
    with pytest.raises(DocumentError):
        parse_order({"id": "order_1", "display_id": 1, **payload})
