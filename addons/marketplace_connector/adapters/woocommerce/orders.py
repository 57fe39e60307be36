"""From WooCommerce's order document to :class:`contract.Order`.

Totals of lines are always without tax, with the tax beside; where prices contain the
tax, both together are what the customer saw.  Dokan's sub-orders repeat lines and have
no payment; they tell which vendor sells what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from odoo.addons.marketplace_base.engine.money import allocate, percent_of

from ...engine.contract import (
    Address,
    Customer,
    Discount,
    Fee,
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
from ..errors import reading_order
from ..money import to_minor
from ..texts import parse_time
from .transport import read_meta

# Before it is paid or put aside, an order is a cart that was left at the till.
PLACED = ("processing", "on-hold", "completed", "cancelled", "refunded")
OPEN = ("processing", "on-hold")
# Paid at the door: WooCommerce calls the order paid when it is placed.
ON_DELIVERY = {"cod"}
REF = "_marketplace_ref"

_STATES = {
    "completed": OrderState.DELIVERED,
    "cancelled": OrderState.CANCELLED,
}


def parse_order(payload: Mapping[str, Any]) -> Order:
    """Translate one document; see :meth:`Adapter.parse_order`."""
    with reading_order():
        return _Reader(payload).order()


class _Reader:
    def __init__(self, payload: Mapping[str, Any]):
        if not isinstance(payload["id"], int):
            raise TypeError("its id is no number")
        self.payload = payload
        self.currency = payload["currency"]
        included = payload["prices_include_tax"]
        if not isinstance(included, bool):
            raise TypeError("prices_include_tax is neither true nor false")
        self.included = included
        self.rates = {
            line["rate_id"]: (line["label"], Decimal(str(line["rate_percent"])) / 100)
            for line in payload["tax_lines"]
        }

    def order(self) -> Order:
        data = self.payload
        billing = _address(data["billing"])
        shipping = _address(data["shipping"])
        if not (shipping.street or shipping.city):
            shipping = billing
        if data["status"] not in (*PLACED, "failed", "pending"):
            raise ValueError(f"its state “{data['status']}” is unknown")
        lines = tuple(self._line(line) for line in data["line_items"])
        return Order(
            ref=str(data["id"]),
            number=data["number"],
            placed_at=parse_time(data["date_created_gmt"]),
            currency=self.currency,
            tax_mode=TaxMode.INCLUDED if self.included else TaxMode.EXCLUDED,
            state=_STATES.get(data["status"], OrderState.OPEN),
            total=self._minor(data["total"]),
            customer=_customer(data["customer_id"], data["billing"]),
            shipping_address=shipping,
            billing_address=billing,
            lines=lines,
            shippings=tuple(self._shipping(line) for line in data["shipping_lines"]),
            fees=tuple(self._fee(line) for line in data["fee_lines"]),
            payments=self._payments(),
            refunds=tuple(self._refund(refund) for refund in data["refund_documents"]),
        )

    def _minor(self, amount: str) -> int:
        if not isinstance(amount, str):
            raise TypeError("an amount is no text")
        return to_minor(amount, self.currency)

    def _amount(self, data: Mapping[str, Any], name: str) -> int:
        """Read an amount as the customer sees it, rounded once."""
        net, tax = data[name], data[f"{name}_tax"]
        if not (isinstance(net, str) and isinstance(tax, str)):
            raise TypeError("an amount is no text")
        total = Decimal(net) + Decimal(tax) if self.included else Decimal(net)
        return to_minor(total, self.currency)

    def _line(self, data: Mapping[str, Any]) -> Line:
        amount = self._amount(data, "subtotal")
        quantity = data["quantity"]
        return Line(
            ref=str(data["id"]),
            sku=data["sku"] or "",
            offer_ref=str(data["variation_id"] or data["product_id"]),
            name=data["name"],
            quantity=quantity,
            unit_price=percent_of(amount, Decimal(1) / (quantity or 1)),
            amount=amount,
            discounts=self._discounts(amount - self._amount(data, "total")),
            taxes=self._taxes(data["taxes"]),
        )

    def _discounts(self, lowered: int) -> tuple[Discount, ...]:
        """Share what a line was lowered by among the coupons of the order.

        The shop tells each coupon's sum over the order, and not over a line.
        """
        if not lowered:
            return ()
        coupons = self.payload["coupon_lines"]
        weights = [self._minor(coupon["discount"]) for coupon in coupons]
        if not any(weights):
            return (Discount("", "", lowered),)
        return tuple(
            Discount(coupon["code"], coupon["code"], amount)
            for coupon, amount in zip(coupons, allocate(lowered, weights), strict=True)
        )

    def _taxes(self, taxes: Iterable[Mapping[str, Any]]) -> tuple[Tax, ...]:
        found = []
        for tax in taxes:
            if not tax["total"]:  # the shop's way to say that it does not apply
                continue
            label, rate = self.rates[tax["id"]]
            found.append(Tax(label, rate, self._minor(tax["total"])))
        return tuple(found)

    def _shipping(self, data: Mapping[str, Any]) -> Shipping:
        return Shipping(
            ref=str(data["id"]),
            code=f"{data['method_id']}:{data['instance_id']}",
            name=data["method_title"],
            amount=self._amount(data, "total"),
            line_refs=self._lines_of(read_meta(data, "seller_id")),
            taxes=self._taxes(data["taxes"]),
        )

    def _lines_of(self, seller: Any) -> tuple[str, ...]:
        """Return the lines of a vendor; of an order with one vendor, all."""
        lines = self.payload["line_items"]
        for part in self.payload["sub_orders"]:
            if str(part["store_id"]) == str(seller):
                products = set(part["product_ids"])
                lines = [line for line in lines if line["product_id"] in products]
        return tuple(str(line["id"]) for line in lines)

    def _fee(self, data: Mapping[str, Any]) -> Fee:
        return Fee(
            ref=f"fee-{data['id']}",
            name=data["name"],
            amount=self._amount(data, "total"),
            taxes=self._taxes(data["taxes"]),
        )

    def _payments(self) -> tuple[Payment, ...]:
        """Return the order's payment: WooCommerce keeps one, within the order."""
        data = self.payload
        if data["status"] in ("pending", "failed"):
            return ()
        paid_at = data["date_paid_gmt"]
        on_delivery = data["payment_method"] in ON_DELIVERY
        if on_delivery and data["status"] != "completed":
            paid_at = None
        if not paid_at and data["status"] == "cancelled":
            return ()
        return (
            Payment(
                ref=f"order-{data['id']}",
                method=data["payment_method"],
                amount=self._minor(data["total"]),
                state=PaymentState.CAPTURED if paid_at else PaymentState.AUTHORIZED,
                psp_ref=data["transaction_id"],
                at=parse_time(paid_at or data["date_created_gmt"]),
            ),
        )

    def _refund(self, data: Mapping[str, Any]) -> Refund:
        """Read one refund; its amount is the truth, whatever its lines add up to."""
        return Refund(
            ref=str(data["id"]),
            our_ref=read_meta(data, REF) or "",
            payment_ref=f"order-{self.payload['id']}",
            amount=self._minor(data["amount"]),
            state=RefundState.DONE,
            reason=data["reason"],
            at=parse_time(data["date_created_gmt"]),
            lines=tuple(
                LineQuantity(
                    str(read_meta(line, "_refunded_item_id")), -line["quantity"]
                )
                for line in data["line_items"]
                if line["quantity"]
            ),
        )


def _customer(identifier: int, billing: Mapping[str, Any]) -> Customer:
    name = f"{billing['first_name']} {billing['last_name']}".strip()
    return Customer(
        ref=str(identifier) if identifier else "",  # 0 is every guest
        email=billing["email"],
        name=name or billing["email"],
        phone=billing["phone"] or "",
    )


def _address(data: Mapping[str, Any]) -> Address:
    return Address(
        name=f"{data['first_name']} {data['last_name']}".strip(),
        company=data["company"],
        street=data["address_1"],
        street2=data["address_2"],
        city=data["city"],
        zip=data["postcode"],
        state=data["state"],
        country_code=data["country"],
        phone=data.get("phone") or "",
    )
