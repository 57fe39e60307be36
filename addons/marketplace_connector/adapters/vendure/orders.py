"""From Vendure's order document to :class:`contract.Order`.

Only aggregate and regular orders are read.  A seller's part repeats lines of the
aggregate, has no payment, and would double the turnover.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from odoo.addons.marketplace_base.engine.money import allocate

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
from ..texts import parse_time, read_reason

# A flat-rate calculator writes this text for the tax of a delivery, whatever the
# rate is called: only the rate says something.
NAMELESS_TAXES = {"shipping tax"}

_PAYMENT_STATES = {
    "Created": PaymentState.AUTHORIZED,
    "Authorized": PaymentState.AUTHORIZED,
    "Settled": PaymentState.CAPTURED,
    "Declined": PaymentState.FAILED,
    "Error": PaymentState.FAILED,
    "Cancelled": PaymentState.FAILED,
}
_REFUND_STATES = {
    "Pending": RefundState.PENDING,
    "Settled": RefundState.DONE,
    "Failed": RefundState.FAILED,
}
_FINAL_STATES = {
    "Delivered": OrderState.DELIVERED,
    "Cancelled": OrderState.CANCELLED,
}


def parse_order(payload: Mapping[str, Any]) -> Order:
    """Translate one document; see :meth:`Adapter.parse_order`."""
    with reading_order():
        return _Reader(payload).order()


class _Reader:
    def __init__(self, payload: Mapping[str, Any]):
        self.payload = payload
        included = payload["pricesIncludeTax"]
        self.tax_mode = TaxMode.INCLUDED if included else TaxMode.EXCLUDED
        self.suffix = "WithTax" if included else ""
        self.coupons = {
            f"PROMOTION:{promotion['id']}": promotion["couponCode"]
            for promotion in payload["promotions"]
        }

    def order(self) -> Order:
        data = self.payload
        shipping_address = _address(data["shippingAddress"]) or Address()
        billing_address = _address(data["billingAddress"]) or shipping_address
        return Order(
            ref=data["id"],
            number=data["code"],
            placed_at=parse_time(data["orderPlacedAt"]),
            currency=data["currencyCode"],
            tax_mode=self.tax_mode,
            state=_FINAL_STATES.get(data["state"], OrderState.OPEN),
            total=data["totalWithTax"],
            customer=_customer(data["customer"]),
            shipping_address=shipping_address,
            billing_address=billing_address,
            lines=tuple(self._line(line) for line in data["lines"]),
            shippings=tuple(self._shipping(line) for line in data["shippingLines"]),
            payments=tuple(_payment(payment) for payment in data["payments"] or ()),
            refunds=tuple(
                _refund(refund)
                for payment in data["payments"] or ()
                for refund in payment["refunds"]
            ),
            fees=tuple(self._surcharge(line) for line in data["surcharges"]),
        )

    def _amount(self, data: Mapping[str, Any], name: str) -> int:
        """Read an amount in the channel's own tax mode."""
        return data[f"{name}{self.suffix}"]

    def _line(self, data: Mapping[str, Any]) -> Line:
        variant = data["productVariant"]
        amount = self._amount(data, "linePrice")
        final = self._amount(data, "proratedLinePrice")
        return Line(
            ref=data["id"],
            sku=variant["sku"],
            offer_ref=variant["id"],
            name=variant["name"],
            quantity=data["quantity"],
            unit_price=self._amount(data, "unitPrice"),
            amount=amount,
            discounts=self._discounts(data["discounts"], amount - final),
            # Not lineTax: that is the tax before discounts on the whole order.
            taxes=_taxes(
                data["taxLines"],
                data["proratedLinePriceWithTax"] - data["proratedLinePrice"],
            ),
        )

    def _surcharge(self, data: Mapping[str, Any]) -> Fee:
        return Fee(
            ref=f"surcharge-{data['id']}",
            name=data["description"],
            amount=self._amount(data, "price"),
            taxes=_taxes(data["taxLines"], data["priceWithTax"] - data["price"]),
        )

    def _shipping(self, data: Mapping[str, Any]) -> Shipping:
        # The only amount that Vendure does not round: what a delivery costs without
        # the tax that its price includes.
        amount = _round(self._amount(data, "price"))
        final = self._amount(data, "discountedPrice")
        return Shipping(
            ref=data["id"],
            code=data["shippingMethod"]["code"],
            name=data["shippingMethod"]["name"],
            amount=amount,
            line_refs=tuple(
                line["id"]
                for line in self.payload["lines"]
                if line["shippingLineId"] == data["id"]
            ),
            discounts=self._discounts(data["discounts"], amount - final),
            taxes=_taxes(
                data["taxLines"],
                data["discountedPriceWithTax"] - data["discountedPrice"],
            ),
        )

    def _discounts(
        self, discounts: list[Mapping[str, Any]], lowered: int
    ) -> tuple[Discount, ...]:
        """Name the parts of what the price was lowered by.

        The named amounts are rounded one by one and may miss ``lowered``, which
        is what the customer saw, by a cent; it is shared in their proportion.
        """
        named = [abs(self._amount(discount, "amount")) for discount in discounts]
        if not any(named):
            # Prorating alone moved a cent, without a promotion on this line.
            return (Discount("", "", lowered),) if lowered else ()
        return tuple(
            Discount(
                code=self.coupons.get(discount["adjustmentSource"])
                or discount["description"],
                name=discount["description"],
                amount=amount,
            )
            for discount, amount in zip(
                discounts, allocate(lowered, named), strict=True
            )
        )


def _refund(data: Mapping[str, Any]) -> Refund:
    """Read one refund.

    The total is the truth: with an explicit amount, Vendure's figure for items is
    what they had cost, and its lines only say what the money was given for.
    """
    reason, our_ref = read_reason(data["reason"] or "")
    return Refund(
        ref=data["id"],
        our_ref=our_ref,
        payment_ref=data["paymentId"],
        amount=data["total"],
        state=_REFUND_STATES[data["state"]],
        reason=reason,
        at=parse_time(data["createdAt"]),
        lines=_line_quantities(data["lines"]),
        shipping=data["shipping"] or 0,
        # What we refund ourselves bears our reference, for want of the provider's.
        psp_ref="" if our_ref else data.get("transactionId") or "",
    )


def _payment(data: Mapping[str, Any]) -> Payment:
    return Payment(
        ref=data["id"],
        method=data["method"],
        amount=data["amount"],
        state=_PAYMENT_STATES[data["state"]],
        psp_ref=data["transactionId"] or "",
        at=parse_time(data["createdAt"]),
    )


def _line_quantities(lines: list[Mapping[str, Any]]) -> tuple[LineQuantity, ...]:
    return tuple(
        LineQuantity(line["orderLineId"], line["quantity"])
        for line in lines
        if line["quantity"]
    )


def _taxes(tax_lines: list[Mapping[str, Any]], amount: int) -> tuple[Tax, ...]:
    """Read the taxes of one line; the amount is shared when there are several."""
    rates = [Decimal(str(tax["taxRate"])) for tax in tax_lines]
    weights = [int(rate * 1000) for rate in rates]
    amounts = allocate(amount, weights)
    return tuple(
        Tax(
            code="" if tax["description"] in NAMELESS_TAXES else tax["description"],
            rate=rate / 100,
            amount=part,
        )
        for tax, rate, part in zip(tax_lines, rates, amounts, strict=True)
    )


def _round(amount: float) -> int:
    """Round half up, as the shop does with all other amounts.

    >>> _round(408.33333333333337), _round(490), _round(0.5)
    (408, 490, 1)
    """
    return int(Decimal(str(amount)).quantize(Decimal(1), ROUND_HALF_UP))


def _customer(data: Mapping[str, Any]) -> Customer:
    name = f"{data['firstName']} {data['lastName']}".strip()
    return Customer(
        ref=data["id"],
        email=data["emailAddress"],
        name=name or data["emailAddress"],
        phone=data["phoneNumber"] or "",
    )


def _address(data: Mapping[str, Any] | None) -> Address | None:
    if not data or not (data["streetLine1"] or data["city"]):
        return None
    return Address(
        name=data["fullName"] or "",
        company=data["company"] or "",
        street=data["streetLine1"] or "",
        street2=data["streetLine2"] or "",
        city=data["city"] or "",
        zip=data["postalCode"] or "",
        state=data["province"] or "",
        country_code=data["countryCode"] or "",
        phone=data["phoneNumber"] or "",
    )
