"""From Shopify's order document to :class:`contract.Order`.

A line keeps the quantity that was ordered.  What an edit took off is told by a refund
without money, and discounts and taxes of a line are those of all its pieces, removed
ones too; so all three are brought down to what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from odoo.addons.marketplace_base.engine.money import cumulative_share

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
    Return,
    Shipping,
    Tax,
    TaxMode,
)
from ..errors import reading_order
from ..money import to_minor
from ..texts import parse_time, read_reason
from .transport import tail

_PAYS = {"SALE", "AUTHORIZATION"}
_REFUND_STATES = {
    "SUCCESS": RefundState.DONE,
    "PENDING": RefundState.PENDING,
    "AWAITING_RESPONSE": RefundState.PENDING,
    "UNKNOWN": RefundState.PENDING,
    "FAILURE": RefundState.FAILED,
    "ERROR": RefundState.FAILED,
}

# Returns that wait for goods: others were declined or called off, or are over, and
# what was paid for them is told as a refund.
_RETURNING = {"REQUESTED", "OPEN"}
# Reasons that have a code here; others go by their name.
_REASONS = {
    "DEFECTIVE": "defective",
    "NOT_AS_DESCRIBED": "wrong_item",
    "WRONG_ITEM": "wrong_item",
    "UNWANTED": "withdrawal",
}


def parse_order(payload: Mapping[str, Any]) -> Order:
    """Translate one document; see :meth:`Adapter.parse_order`."""
    with reading_order():
        return _Reader(payload).order()


def root_of(transactions: Iterable[Mapping[str, Any]], identifier: str) -> str:
    """Return the payment that a transaction goes back to: it has no parent."""
    parents = {
        item["id"]: item["parentTransaction"]["id"]
        for item in transactions
        if item["parentTransaction"]
    }
    while identifier in parents:
        identifier = parents[identifier]
    return identifier


class _Reader:
    def __init__(self, payload: Mapping[str, Any]):
        self.payload = payload
        self.currency = payload["currencyCode"]
        if not isinstance(payload["taxesIncluded"], bool):
            raise TypeError("taxesIncluded is neither true nor false")
        self.included = payload["taxesIncluded"]
        self.edits = [refund for refund in payload["refunds"] if not _is_paid(refund)]
        self.removed: Counter[str] = Counter()
        for item in _items(self.edits):
            self.removed[item["lineItem"]["id"]] += item["quantity"]

    def order(self) -> Order:
        data = self.payload
        billing = _address(data["billingAddress"])
        shipping = _address(data["shippingAddress"]) or billing or Address()
        return Order(
            ref=tail(data["id"]),
            number=data["name"],
            placed_at=parse_time(data["createdAt"]),
            currency=self.currency,
            tax_mode=TaxMode.INCLUDED if self.included else TaxMode.EXCLUDED,
            state=self._state(),
            total=self._money(data["totalPriceSet"]) - self._removed_worth(),
            customer=self._customer(),
            shipping_address=shipping,
            billing_address=billing or shipping,
            lines=tuple(self._line(line) for line in data["lineItems"]["nodes"]),
            shippings=tuple(
                self._shipping(line) for line in data["shippingLines"]["nodes"]
            ),
            fees=tuple(self._fees()),
            payments=tuple(self._payments()),
            refunds=tuple(self._refunds()),
            returns=tuple(self._returns()),
        )

    def _money(self, bag: Mapping[str, Any]) -> int:
        amount = bag["shopMoney"]["amount"]
        if not isinstance(amount, str):
            raise TypeError("an amount is no text")
        return to_minor(amount, self.currency)

    def _state(self) -> OrderState:
        data = self.payload
        if data["cancelledAt"]:
            return OrderState.CANCELLED
        parcels = [p for p in data["fulfillments"] if p["status"] != "CANCELLED"]
        arrived = all(parcel["displayStatus"] == "DELIVERED" for parcel in parcels)
        if data["displayFulfillmentStatus"] == "FULFILLED" and arrived:
            return OrderState.DELIVERED
        return OrderState.OPEN

    def _removed_worth(self) -> int:
        """Return what edits took off: the shop's total is that before them."""
        return sum(
            self._money(item["subtotalSet"])
            + (0 if self.included else self._money(item["totalTaxSet"]))
            for item in _items(self.edits)
        )

    def _customer(self) -> Customer:
        data = self.payload
        customer = data["customer"] or {}
        address = data["billingAddress"] or data["shippingAddress"] or {}
        names = customer if customer.get("lastName") else address
        parts = (names.get("firstName"), names.get("lastName"))
        email = data["email"] or ""
        return Customer(
            ref=tail(customer["id"]) if customer else "",
            email=email,
            name=" ".join(filter(None, parts)) or email,
            phone=data["phone"] or "",
        )

    def _line(self, data: Mapping[str, Any]) -> Line:
        ordered = data["quantity"]
        left = ordered - self.removed[data["id"]]
        unit = self._money(data["originalUnitPriceSet"])
        total = self._money(data["originalTotalSet"])
        variant = data["variant"] or {}
        return Line(
            ref=tail(data["id"]),
            sku=data["sku"] or "",
            offer_ref=tail(variant["id"]) if variant else "",
            name=data["name"],
            quantity=left,
            unit_price=unit,
            amount=cumulative_share(total, ordered, left),
            discounts=self._discounts(data["discountAllocations"], ordered, left),
            taxes=self._taxes(data["taxLines"], ordered, left),
        )

    def _discounts(
        self, allocations: Iterable[Mapping[str, Any]], ordered: int, left: int
    ) -> tuple[Discount, ...]:
        found = []
        for allocation in allocations:
            amount = self._money(allocation["allocatedAmountSet"])
            if not amount:
                continue
            source = allocation["discountApplication"]
            name = source.get("code") or source.get("title") or ""
            found.append(Discount(name, name, cumulative_share(amount, ordered, left)))
        return tuple(found)

    def _taxes(
        self, tax_lines: Iterable[Mapping[str, Any]], ordered: int = 1, left: int = 1
    ) -> tuple[Tax, ...]:
        """Read taxes: their title is the place's name for them, so the rate counts."""
        return tuple(
            Tax(
                code="",
                rate=Decimal(str(tax["rate"])),
                amount=cumulative_share(self._money(tax["priceSet"]), ordered, left),
            )
            for tax in tax_lines
        )

    def _shipping(self, data: Mapping[str, Any]) -> Shipping:
        return Shipping(
            ref=tail(data["id"]),
            code=data["code"] or data["title"],
            name=data["title"],
            amount=self._money(data["originalPriceSet"]),
            line_refs=tuple(
                tail(line["id"]) for line in self.payload["lineItems"]["nodes"]
            ),
            discounts=self._discounts(data["discountAllocations"], 1, 1),
            taxes=self._taxes(data["taxLines"]),
        )

    def _fees(self) -> Iterable[Fee]:
        for fee in self.payload["additionalFees"]:
            yield Fee(
                ref=f"fee-{tail(fee['id'])}",
                name=fee["name"],
                amount=self._money(fee["price"]),
                taxes=self._taxes(fee["taxLines"]),
            )
        if tip := self._money(self.payload["totalTipReceivedSet"]):
            yield Fee(ref="tip", name="Tip", amount=tip)

    def _payments(self) -> Iterable[Payment]:
        """Read payments: a sale, or an authorization with what was captured of it."""
        transactions = self.payload["transactions"]
        for payment in transactions:
            if payment["kind"] not in _PAYS or payment["parentTransaction"]:
                continue
            taken = [
                item
                for item in transactions
                if item["kind"] == "CAPTURE"
                and item["status"] == "SUCCESS"
                and root_of(transactions, item["id"]) == payment["id"]
            ]
            voided = any(
                item["kind"] == "VOID"
                and item["status"] == "SUCCESS"
                and root_of(transactions, item["id"]) == payment["id"]
                for item in transactions
            )
            amount = self._money(payment["amountSet"])
            state = PaymentState.AUTHORIZED
            if payment["status"] in ("FAILURE", "ERROR") or (voided and not taken):
                state = PaymentState.FAILED
            elif payment["kind"] == "SALE" and payment["status"] == "SUCCESS":
                state = PaymentState.CAPTURED
            elif taken:
                state = PaymentState.CAPTURED
                amount = sum(self._money(item["amountSet"]) for item in taken)
            yield Payment(
                ref=tail(payment["id"]),
                method=payment["gateway"] or "",
                amount=amount,
                state=state,
                psp_ref=payment["paymentId"] or "",
                at=parse_time(payment["processedAt"] or payment["createdAt"]),
            )

    def _refunds(self) -> Iterable[Refund]:
        """Read refunds; one that goes to two payments is two."""
        known = self.payload["transactions"]
        for data in self.payload["refunds"]:
            if not _is_paid(data):
                continue
            note, our_ref = read_reason(data["note"] or "")
            paid = [t for t in data["transactions"]["nodes"] if t["kind"] == "REFUND"]
            for rank, item in enumerate(paid):
                ref = tail(data["id"])
                parent = (item["parentTransaction"] or {}).get("id", "")
                yield Refund(
                    ref=f"{ref}-{tail(item['id'])}" if rank else ref,
                    our_ref=our_ref,
                    payment_ref=tail(root_of(known, parent)),
                    amount=self._money(item["amountSet"]),
                    state=_REFUND_STATES[item["status"]],
                    reason=note,
                    at=parse_time(data["createdAt"]),
                    lines=() if rank else tuple(self._pieces(data)),
                    shipping=0 if rank else self._shipping_of(data),
                    psp_ref="" if our_ref else item["paymentId"] or "",
                )

    def _returns(self) -> Iterable[Return]:
        """Read what customers send back.

        A line that is of no parcel was bought elsewhere: the shop may note such a one.
        """
        for data in self.payload["returns"]["nodes"]:
            items = [
                item
                for item in data["returnLineItems"]["nodes"]
                if item.get("fulfillmentLineItem")
                and item["quantity"] > item["refundedQuantity"]
            ]
            if not items or data["status"] not in _RETURNING:
                continue
            reasons = dict.fromkeys(filter(None, map(_reason, items)))
            notes = [
                note
                for item in items
                for note in (item["customerNote"], item["returnReasonNote"])
            ]
            yield Return(
                ref=tail(data["id"]),
                reason=", ".join(reasons),
                note="\n".join(dict.fromkeys(filter(None, notes))),
                at=parse_time(data["createdAt"]),
                lines=tuple(
                    LineQuantity(
                        tail(item["fulfillmentLineItem"]["lineItem"]["id"]),
                        item["quantity"] - item["refundedQuantity"],
                    )
                    for item in items
                ),
            )

    def _pieces(self, refund: Mapping[str, Any]) -> Iterable[LineQuantity]:
        for item in refund["refundLineItems"]["nodes"]:
            if item["quantity"]:
                yield LineQuantity(tail(item["lineItem"]["id"]), item["quantity"])

    def _shipping_of(self, refund: Mapping[str, Any]) -> int:
        return sum(
            self._money(item["subtotalAmountSet"])
            + (0 if self.included else self._money(item["taxAmountSet"]))
            for item in refund["refundShippingLines"]["nodes"]
        )


def _reason(item: Mapping[str, Any]) -> str:
    """Return why a piece comes back, by our code where there is one."""
    code = _REASONS.get(item["returnReason"])
    return code or (item["returnReasonDefinition"] or {}).get("name", "")


def _is_paid(refund: Mapping[str, Any]) -> bool:
    """Tell a refund of money from the trace of an edit."""
    return any(item["kind"] == "REFUND" for item in refund["transactions"]["nodes"])


def _items(refunds: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for refund in refunds:
        yield from refund["refundLineItems"]["nodes"]


def _address(data: Mapping[str, Any] | None) -> Address | None:
    if not data:
        return None
    return Address(
        name=" ".join(filter(None, (data["firstName"], data["lastName"]))),
        company=data["company"] or "",
        street=data["address1"] or "",
        street2=data["address2"] or "",
        city=data["city"] or "",
        zip=data["zip"] or "",
        state=data["provinceCode"] or "",
        country_code=data["countryCodeV2"] or "",
        phone=data["phone"] or "",
    )
