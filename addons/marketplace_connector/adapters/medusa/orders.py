"""From Medusa's order documents to :class:`contract.Order`.

A document has the orders of one purchase: one in plain Medusa, one per seller in
Mercur, where they share one payment.  The states and totals that the shop computes
depend on the fields asked for and on what was returned, so states come from
quantities, and totals from the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
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
from ..errors import DocumentError
from ..vendure.orders import parse_time, read_reason

CANCELLED = "canceled"
# Currencies whose minor unit is not a hundredth, of those that Medusa sells in.
MINOR_DIGITS = {
    **dict.fromkeys(
        "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf".split(), 0
    ),
    **dict.fromkeys("bhd iqd jod kwd lyd omr tnd".split(), 3),
}
# Two sums of unrounded parts are one amount when they are as near as this.
NOISE = Decimal("0.0001")


def parse_order(payload: Mapping[str, Any]) -> Order:
    """Translate one document; see :meth:`Adapter.parse_order`."""
    try:
        return _Reader(payload).order()
    except KeyError as error:
        raise DocumentError(f"The order says nothing we know of {error}.") from error
    except (
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        IndexError,
    ) as error:
        raise DocumentError(f"The order cannot be read: {error}.") from error


def minor_digits(currency: str) -> int:
    """Return how many decimals amounts of a currency have.

    >>> minor_digits("EUR"), minor_digits("jpy")
    (2, 0)
    """
    return MINOR_DIGITS.get(currency.lower(), 2)


def is_finished(order: Order) -> bool:
    """Tell whether nothing more is expected of an order but refunds."""
    if order.state is OrderState.CANCELLED:
        return True
    taken = all(
        payment.state is not PaymentState.AUTHORIZED for payment in order.payments
    )
    return order.state is OrderState.DELIVERED and taken


def round_parts(parts: Sequence[Decimal], total: Decimal) -> tuple[int, list[int]]:
    """Round a total, and its parts so that they add up to it.

    The shop does not round: parts and totals may have any number of decimals, half
    cents among them.  The total is rounded half up; what the parts lose by rounding
    down goes to those that lost most.  Parts that do not add up to the total are
    rounded one by one, and the difference stays to be seen.

    >>> round_parts([Decimal("35.982"), Decimal("17.991"), Decimal("490")],
    ...             Decimal("543.973"))
    (544, [36, 18, 490])
    >>> round_parts([Decimal("58.4525"), Decimal("58.4525")], Decimal("116.905"))
    (117, [59, 58])
    >>> round_parts([Decimal(10)], Decimal(12))
    (12, [10])
    """
    rounded = _round(total)
    if abs(sum(parts) - total) > NOISE:
        return rounded, [_round(part) for part in parts]
    floors = [int(part.to_integral_value(ROUND_FLOOR)) for part in parts]
    missing = rounded - sum(floors)
    by_loss = sorted(
        range(len(parts)), key=lambda rank: (floors[rank] - parts[rank], rank)
    )
    for rank in by_loss[:missing]:
        floors[rank] += 1
    return rounded, floors


def _round(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


class _Part:
    """A line or a delivery, in unrounded minor units, as if nothing were returned."""

    def __init__(self, data: Mapping[str, Any], unit: Decimal, price: str):
        self.data = data
        self.unit = unit
        self.price = self.minor(data[price])
        self.included = data["is_tax_inclusive"]
        self.rates = [Decimal(str(tax["rate"])) / 100 for tax in data["tax_lines"]]
        # What came back is taken off the shop's total, and was sold all the same.
        returned = data.get("return_received_total") or 0
        self.gross = self.minor(data["total"]) + self.minor(returned)

    def minor(self, amount: Any) -> Decimal:
        return Decimal(str(amount)) * self.unit

    @property
    def factor(self) -> Decimal:
        return 1 + sum(self.rates)

    def list_price(self, quantity: int, mode: TaxMode) -> Decimal:
        """Return the price before discounts in the mode of the order."""
        price = self.price * quantity
        if mode is TaxMode.INCLUDED and not self.included:
            return price * self.factor
        if mode is TaxMode.EXCLUDED and self.included:
            return price / self.factor
        return price


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
            _Part(item, self.unit, "unit_price")
            for order in self.live
            for item in order["items"]
        ]
        methods = [
            _Part(method, self.unit, "amount")
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
        self, part: _Part, final: int, quantity: int
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
        amount = max(_round(part.list_price(quantity, self.mode)), final)
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

    def _line(self, part: _Part, final: int) -> Line:
        data = part.data
        quantity = _whole(data["quantity"])
        amount, discounts, taxes = self._split(part, final, quantity)
        return Line(
            ref=data["id"],
            sku=data["variant_sku"] or "",
            offer_ref=data["variant_id"] or "",
            name=data["product_title"] or data["title"],
            quantity=quantity,
            unit_price=_round(part.list_price(1, self.mode)),
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
            unit_price=_round(Decimal(str(item["unit_price"])) * self.unit),
            amount=0,
        )

    def _shipping(self, part: _Part, final: int) -> Shipping:
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
        return _round(Decimal(str(amount)) * self.unit)

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


def _taxes(part: _Part, final: int) -> tuple[Tax, ...]:
    """Return the taxes contained in ``final``; the amount is shared when several."""
    contained = _round(final - final / part.factor)
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
