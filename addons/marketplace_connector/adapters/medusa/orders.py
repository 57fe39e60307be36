"""From Medusa's order documents to :class:`contract.Order`.

A document has the orders of one purchase: one in plain Medusa, one per seller in
Mercur, where they share one payment.  The states and totals that the shop computes
depend on the fields asked for and on what was returned, so states come from
quantities, and totals from the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from odoo.addons.marketplace_base.engine.money import allocate

from ...engine.contract import (
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
    Return,
    Shipping,
    Tax,
    TaxMode,
)
from ..errors import reading_order
from ..texts import parse_time, read_reason
from .amounts import Part, minor_digits, round_half_up, round_parts

CANCELLED = "canceled"


def parse_order(payload: Mapping[str, Any]) -> Order:
    """Translate one document; see :meth:`Adapter.parse_order`."""
    with reading_order():
        return _Reader(payload).order()


def is_finished(order: Order) -> bool:
    """Tell whether nothing more is expected of an order but refunds."""
    if order.state is OrderState.CANCELLED:
        return True
    taken = all(
        payment.state is not PaymentState.AUTHORIZED for payment in order.payments
    )
    return order.state is OrderState.DELIVERED and taken


class _Reader:
    def __init__(self, payload: Mapping[str, Any]):
        self.payload = payload
        self.orders = list(payload["orders"])
        first = self.orders[0]
        self.currency = first["currency_code"]
        self.unit = Decimal(10) ** minor_digits(self.currency)
        live = [order for order in self.orders if order["status"] != CANCELLED]
        self.live = live or self.orders
        self.is_cancelled = not live
        flags = [item["is_tax_inclusive"] for o in self.orders for item in o["items"]]
        self.mode = TaxMode.INCLUDED if all(flags) else TaxMode.EXCLUDED

    def order(self) -> Order:
        first = self.orders[0]
        total, lines, shippings = self._amounts()
        shipping_address = _address(first["shipping_address"]) or Address()
        return Order(
            ref=self.payload["id"],
            number=str(self.payload["display_id"]),
            placed_at=min(parse_time(order["created_at"]) for order in self.orders),
            currency=self.currency.upper(),
            tax_mode=self.mode,
            state=self._state(),
            total=total,
            customer=_customer(first),
            shipping_address=shipping_address,
            billing_address=_address(first["billing_address"]) or shipping_address,
            lines=tuple(lines),
            shippings=tuple(shippings),
            payments=tuple(self._payment(payment) for payment in self._payments),
            refunds=tuple(
                self._refund(refund)
                for payment in self._payments
                for refund in payment["refunds"]
            ),
            returns=tuple(
                _return(item)
                for order in self.orders
                for item in order.get("returns") or ()
                if item["status"] != CANCELLED
            ),
            revision=sum(order["version"] for order in self.orders),
        )

    # ---- amounts -----------------------------------------------------------

    def _amounts(self) -> tuple[int, list[Line], list[Shipping]]:
        items = [
            Part(item, self.unit, "unit_price")
            for order in self.live
            for item in order["items"]
        ]
        methods = [
            Part(method, self.unit, "amount")
            for order in self.live
            for method in order["shipping_methods"]
        ]
        parts = [*items, *methods]
        claimed = sum(self._claimed(order) for order in self.live)
        total, finals = round_parts([part.gross for part in parts], claimed)
        lines = [
            self._line(part, final)
            for part, final in zip(items, finals[: len(items)], strict=True)
        ]
        shippings = [
            self._shipping(part, final)
            for part, final in zip(methods, finals[len(items) :], strict=True)
        ]
        if not self.is_cancelled:
            gone = [order for order in self.orders if order["status"] == CANCELLED]
            lines += [self._gone(item) for order in gone for item in order["items"]]
        return total, lines, shippings

    def _claimed(self, order: Mapping[str, Any]) -> Decimal:
        """Return what the shop says the parts of an order cost, credit lines aside.

        Credit lines are how the shop books refunds; the order's total is less them.
        """
        told = (order["item_total"], order["shipping_total"])
        returned = (item.get("return_received_total") or 0 for item in order["items"])
        return sum((Decimal(str(a)) for a in (*told, *returned)), Decimal()) * self.unit

    def _split(
        self, part: Part, final: int, quantity: int
    ) -> tuple[int, tuple[Discount, ...], tuple[Tax, ...]]:
        """Return (amount, discounts, taxes) of a part that costs ``final`` with tax."""
        taxes = _taxes(part, final)
        if self.mode is TaxMode.EXCLUDED:
            final -= sum(tax.amount for tax in taxes)
        adjustments = [
            adjustment
            for adjustment in part.data["adjustments"]
            if Decimal(str(adjustment["amount"]))
        ]
        if not adjustments:
            return final, (), taxes
        amount = max(round_half_up(part.list_price(quantity, self.mode)), final)
        shares = allocate(
            amount - final,
            [int(Decimal(str(a["amount"])) * 10**6) for a in adjustments],
        )
        discounts = tuple(
            Discount(
                code=adjustment["code"] or "",
                name=adjustment.get("description") or adjustment["code"] or "",
                amount=share,
            )
            for adjustment, share in zip(adjustments, shares, strict=True)
        )
        return amount, discounts, taxes

    def _line(self, part: Part, final: int) -> Line:
        data = part.data
        quantity = _whole(data["quantity"])
        amount, discounts, taxes = self._split(part, final, quantity)
        return Line(
            ref=data["id"],
            sku=data["variant_sku"] or "",
            offer_ref=data["variant_id"] or "",
            name=data["product_title"] or data["title"],
            quantity=quantity,
            unit_price=round_half_up(part.list_price(1, self.mode)),
            amount=amount,
            discounts=discounts,
            taxes=taxes,
        )

    def _gone(self, item: Mapping[str, Any]) -> Line:
        """Return a line of an order that was cancelled, the others of its group not."""
        return Line(
            ref=item["id"],
            sku=item["variant_sku"] or "",
            offer_ref=item["variant_id"] or "",
            name=item["product_title"] or item["title"],
            quantity=0,
            unit_price=round_half_up(Decimal(str(item["unit_price"])) * self.unit),
            amount=0,
        )

    def _shipping(self, part: Part, final: int) -> Shipping:
        data = part.data
        amount, discounts, taxes = self._split(part, final, 1)
        return Shipping(
            ref=data["id"],
            code=data["shipping_option_id"] or "",
            name=data["name"],
            amount=amount,
            line_refs=self._covered(data),
            discounts=discounts,
            taxes=taxes,
        )

    def _covered(self, method: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the lines a delivery is for.

        In an order of one seller, all.  Else those whose products ship the way the
        delivery is for; all, when nothing says so any more.
        """
        order = next(o for o in self.live if method in o["shipping_methods"])
        refs = tuple(item["id"] for item in order["items"])
        profile = method.get("shipping_profile_id")
        covered = tuple(
            item["id"]
            for item in order["items"]
            if profile and item.get("shipping_profile_id") == profile
        )
        return covered or refs

    # ---- states ------------------------------------------------------------

    def _state(self) -> OrderState:
        if self.is_cancelled:
            return OrderState.CANCELLED
        items = [item for order in self.live for item in order["items"]]
        arrived = all(
            Decimal(str(item["detail"]["delivered_quantity"]))
            >= Decimal(str(item["quantity"]))
            for item in items
        )
        return OrderState.DELIVERED if items and arrived else OrderState.OPEN

    # ---- payments ----------------------------------------------------------

    @cached_property
    def _payments(self) -> list[Mapping[str, Any]]:
        """Return each payment once: the orders of a group share theirs."""
        found = {
            payment["id"]: payment
            for order in self.orders
            for collection in order["payment_collections"] or ()
            for payment in collection["payments"] or ()
        }
        return [found[key] for key in sorted(found)]

    def _minor(self, amount: Any) -> int:
        return round_half_up(Decimal(str(amount)) * self.unit)

    def _payment(self, data: Mapping[str, Any]) -> Payment:
        captured = sum(
            (Decimal(str(capture["amount"])) for capture in data["captures"]), Decimal()
        )
        if data["canceled_at"]:
            state = PaymentState.FAILED
        else:
            state = PaymentState.CAPTURED if captured else PaymentState.AUTHORIZED
        psp_ref = (data["data"] or {}).get("id")
        return Payment(
            ref=data["id"],
            method=data["provider_id"],
            amount=self._minor(captured or data["amount"]),
            state=state,
            psp_ref=psp_ref if isinstance(psp_ref, str) else "",
            at=parse_time(data["created_at"]),
        )

    def _refund(self, data: Mapping[str, Any]) -> Refund:
        reason, our_ref = read_reason(data["note"] or "")
        return Refund(
            ref=data["id"],
            our_ref=our_ref,
            payment_ref=data["payment_id"],
            amount=self._minor(data["amount"]),
            state=RefundState.DONE,
            reason=reason,
            at=parse_time(data["created_at"]),
        )


def _taxes(part: Part, final: int) -> tuple[Tax, ...]:
    """Return the taxes contained in ``final``; the amount is shared when several."""
    contained = round_half_up(final - final / part.factor)
    amounts = allocate(contained, [int(rate * 10**6) for rate in part.rates])
    return tuple(
        Tax(code=tax["code"] or "", rate=rate, amount=amount)
        for tax, rate, amount in zip(
            part.data["tax_lines"], part.rates, amounts, strict=True
        )
    )


def _return(data: Mapping[str, Any]) -> Return:
    reasons = [(item.get("reason") or {}).get("label") for item in data["items"]]
    notes = [item.get("note") for item in data["items"]]
    return Return(
        ref=data["id"],
        reason=", ".join(dict.fromkeys(filter(None, reasons))),
        note="\n".join(dict.fromkeys(filter(None, notes))),
        at=parse_time(data["requested_at"] or data["created_at"]),
        lines=tuple(
            LineQuantity(item["item_id"], _whole(item["quantity"]))
            for item in data["items"]
        ),
    )


def _whole(quantity: Any) -> int:
    number = Decimal(str(quantity))
    if number != int(number):
        raise ValueError(f"{quantity} is no number of pieces")
    return int(number)


def _customer(order: Mapping[str, Any]) -> Customer:
    data = order["customer"] or {}
    address = order["billing_address"] or order["shipping_address"] or {}
    name = _name(data) or _name(address) or order["email"]
    phone = data.get("phone") or address.get("phone") or ""
    return Customer(
        ref=order["customer_id"] or "", email=order["email"], name=name, phone=phone
    )


def _name(data: Mapping[str, Any]) -> str:
    parts: Iterable[str | None] = (data.get("first_name"), data.get("last_name"))
    return " ".join(filter(None, parts)).strip()


def _address(data: Mapping[str, Any] | None) -> Address | None:
    if not data or not (data["address_1"] or data["city"]):
        return None
    return Address(
        name=_name(data),
        company=data["company"] or "",
        street=data["address_1"] or "",
        street2=data["address_2"] or "",
        city=data["city"] or "",
        zip=data["postal_code"] or "",
        state=data["province"] or "",
        country_code=(data["country_code"] or "").upper(),
        phone=data["phone"] or "",
    )
