"""From an order of the shop to what the back office imports.

The gathering of records is the model's; here only their keys are put together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from odoo.addons.marketplace_base.engine.money import allocate

from .contract import (
    Fee,
    Line,
    Order,
    OrderState,
    Payment,
    PaymentKind,
    RefundState,
    Shipping,
    Tax,
)
from .idempotency import fingerprint
from .validate import Fault, fault

# Between the shop's reference of a delivery and the vendor who has a part of it.
SHARE = "|"


@dataclass(frozen=True, slots=True)
class OfferKey:
    offer_id: int
    vendor_id: int


@dataclass(frozen=True, slots=True)
class Funding:
    """Who pays for a promotion.

    ``vendor_share`` is the fraction that vendors pay when both do, else None;
    ``promised_by`` says who announced it, empty: who pays.
    """

    funder: str
    vendor_share: Decimal | None = None
    promised_by: str = ""


@dataclass(frozen=True, slots=True)
class Tables:
    """What the storefront's mappings say, for a whole batch of orders.

    ``offers`` by the shop's reference; ``offers_by_sku`` may name several vendors.
    ``taxes`` by (code, rate), a list of ids that is empty for "no tax".
    ``funders`` by promotion code in upper case; ``default_funder`` may be None.
    ``fee_product_id`` is what fees of the shop are booked as, sold by the operator.
    """

    offers: Mapping[str, OfferKey]
    offers_by_sku: Mapping[str, Sequence[OfferKey]]
    taxes: Mapping[tuple[str, Decimal], tuple[int, ...]]
    funders: Mapping[str, Funding]
    default_funder: Funding | None
    currency: str
    fee_product_id: int | None = None
    taxes_by_rate: Mapping[Decimal, frozenset[tuple[int, ...]]] = field(init=False)

    def __post_init__(self) -> None:
        by_rate = defaultdict(set)
        for (_code, rate), tax_ids in self.taxes.items():
            by_rate[rate].add(tax_ids)
        frozen = {rate: frozenset(found) for rate, found in by_rate.items()}
        object.__setattr__(self, "taxes_by_rate", frozen)


def map_order(order: Order, tables: Tables) -> tuple[dict[str, Any], list[Fault]]:
    """Return the parts of the import payload that come from the shop, and faults.

    The payload is of use only when there is no fault.
    """
    mapper = Mapper(order, tables)
    payload = {
        "external_ref": order.ref,
        "number": order.number,
        "amount_charged_minor": order.total,
        "tax_mode": order.tax_mode.value,
        "tax_tolerance_minor": tax_tolerance(order),
        "lines": [
            *(mapper.line(line) for line in order.lines if line.quantity),
            *(mapper.fee(fee) for fee in order.fees if fee.amount),
        ],
        "shippings": [
            values
            for shipping in order.shippings
            for values in mapper.shipping(shipping)
        ],
        "discounts": [],
        "bundles": [],
        "payments": map_payments(order.payments),
    }
    if order.hold:
        payload["hold"] = {"reason_code": order.hold.reason, "note": order.hold.note}
    return payload, [*mapper.header_faults(), *mapper.faults]


def tax_tolerance(order: Order) -> int:
    """Return how far the taxes of the shop may be from ours, in minor units.

    We extract them once per vendor and rate; each amount that the shop rounded is off
    by half a minor unit at most.
    """
    count = len(order.lines) + len(order.shippings) + len(order.fees)
    return (count + 1) // 2


def taxes_told(orders: Iterable[Order]) -> set[tuple[str, Decimal]]:
    """Return the (code, rate) of all taxes that orders name."""
    return {
        (tax.code, tax.rate)
        for order in orders
        for part in (*order.lines, *order.shippings, *order.fees)
        for tax in part.taxes
        if tax.code
    }


def map_payments(payments: Iterable[Payment]) -> list[dict[str, Any]]:
    """Return what the ledger is told of payments.

    Cash on delivery is left out: what was collected is known parcel by parcel.
    """
    return [
        {
            "ref": payment.ref,
            "provider": payment.method,
            "kind": payment.kind.value,
            "psp_ref": payment.psp_ref or None,
            "state": payment.state.value,
            "amount_minor": payment.amount,
            "date": payment.at.replace(tzinfo=None),
        }
        for payment in payments
        if payment.amount and payment.kind is not PaymentKind.CASH_ON_DELIVERY
    ]


def map_refunds(order: Order) -> list[dict[str, Any]]:
    """Return the parts of refund payloads that come from the shop, of those done.

    Refunds ordered by us are known here already.

    What was paid at the door goes back on the cash of the parcels it is about.

    Lines carry no amount: the base shares the amount over them by what they cost, and
    over the whole order when there are none.
    """
    at_door = {
        payment.ref
        for payment in order.payments
        if payment.kind is PaymentKind.CASH_ON_DELIVERY
    }
    return [
        {
            "order_ref": order.ref,
            "ref": refund.ref,
            "at": refund.at,
            "payment_ref": None
            if refund.payment_ref in at_door
            else refund.payment_ref,
            "amount_minor": refund.amount,
            "reason": refund.reason,
            "lines": [
                {"line_ref": line.line_ref, "quantity": line.quantity}
                for line in refund.lines
            ],
            "shipping_minor": refund.shipping,
            "psp_ref": refund.psp_ref or None,
        }
        for refund in order.refunds
        if refund.state is RefundState.DONE and refund.amount and not refund.our_ref
    ]


def map_returns(order: Order) -> list[dict[str, Any]]:
    """Return what the base is told of goods that customers want to send back."""
    return [
        {
            "order_ref": order.ref,
            "ref": item.ref,
            "at": item.at,
            "reason": item.reason,
            "note": item.note,
            "lines": [
                {"line_ref": line.line_ref, "quantity": line.quantity}
                for line in item.lines
            ],
        }
        for item in order.returns
    ]


def map_incidents(order: Order) -> list[dict[str, Any]]:
    """Return what the base is told of lines that customers complain about."""
    return [
        {
            "order_ref": order.ref,
            "ref": item.ref,
            "at": item.at,
            "line_ref": item.line_ref,
            "reason": item.reason,
            "note": item.note,
        }
        for item in order.incidents
    ]


def agreed(order: Order) -> str:
    """Return a fingerprint of what was bought, at which price.

    Payments, refunds and parcels come and go; when this changes after the import, the
    order was changed or cancelled in the shop.
    """
    parts = [order.currency, order.total, order.lines, order.shippings]
    if order.fees:
        parts.append(order.fees)
    if order.state is OrderState.CANCELLED:
        parts.append(order.state)
    return fingerprint(parts)


class Mapper:
    """Translate the parts of one order, collecting what is wrong with them."""

    def __init__(self, order: Order, tables: Tables):
        self.order = order
        self.tables = tables
        self.faults: list[Fault] = []
        self.vendor_of: dict[str, int] = {}

    def header_faults(self) -> list[Fault]:
        faults = []
        if self.order.currency != self.tables.currency:
            faults.append(
                fault(
                    "other_currency",
                    "currency",
                    currency=self.order.currency,
                    expected=self.tables.currency,
                )
            )
        return faults

    def line(self, line: Line) -> dict[str, Any]:
        offer = self._offer(line)
        if offer:
            self.vendor_of[line.ref] = offer.vendor_id
        return {
            "ref": line.ref,
            "offer_id": offer.offer_id if offer else None,
            "name": line.name,
            "quantity": line.quantity,
            "gross_minor": line.amount,
            "tax_ids": self._taxes(line.taxes, f"lines.{line.ref}", line.sku),
            "tax_minor": _tax_minor(line.taxes),
            "discounts": [
                {
                    "name": discount.name,
                    "amount_minor": discount.amount,
                    **self._funding(discount.code, f"lines.{line.ref}"),
                }
                for discount in line.discounts
                if discount.amount
            ],
        }

    def fee(self, fee: Fee) -> dict[str, Any]:
        if not self.tables.fee_product_id:
            self.faults.append(fault("fee_without_product", "fees", name=fee.name))
        return {
            "ref": fee.ref,
            "product_id": self.tables.fee_product_id,
            "name": fee.name,
            "quantity": 1,
            "gross_minor": fee.amount,
            "tax_ids": self._taxes(fee.taxes, f"fees.{fee.ref}", fee.name),
            "tax_minor": _tax_minor(fee.taxes),
            "discounts": [],
        }

    def _offer(self, line: Line) -> OfferKey | None:
        if found := self.tables.offers.get(line.offer_ref):
            return found
        candidates = self.tables.offers_by_sku.get(line.sku, ())
        if len(candidates) == 1:
            return candidates[0]
        code = "sku_of_several" if candidates else "unknown_sku"
        self.faults.append(
            fault(code, f"lines.{line.ref}", sku=line.sku, name=line.name)
        )
        return None

    def shipping(self, shipping: Shipping) -> Iterable[dict[str, Any]]:
        """Yield a delivery of one vendor, of all, or its parts of some vendors.

        A delivery shared by all vendors of the order is shared by the back office.
        One that covers some of them only is shared here, by what their goods cost.
        """
        tax_ids = self._taxes(
            shipping.taxes, f"shippings.{shipping.ref}", shipping.name
        )
        values = {
            "ref": shipping.ref,
            "name": shipping.name,
            "amount_minor": shipping.amount_discounted,
            "vendor_id": None,
            "tax_ids": tax_ids,
            "tax_minor": _tax_minor(shipping.taxes),
        }
        costs: dict[int, int] = defaultdict(int)
        for line in self.order.lines:
            if line.ref in shipping.line_refs and line.ref in self.vendor_of:
                costs[self.vendor_of[line.ref]] += line.amount_discounted
        if not costs:
            return  # its lines are unknown, which is a fault of theirs
        if len(costs) == 1:
            yield {**values, "vendor_id": next(iter(costs))}
        elif costs.keys() == set(self.vendor_of.values()):
            yield values
        else:
            weights = list(costs.values())
            parts = allocate(shipping.amount_discounted, weights)
            taxes = allocate(values["tax_minor"], weights)
            for vendor_id, amount, tax in zip(costs, parts, taxes, strict=True):
                yield {
                    **values,
                    "ref": f"{shipping.ref}{SHARE}{vendor_id}",
                    "vendor_id": vendor_id,
                    "amount_minor": amount,
                    "tax_minor": tax,
                }

    def _taxes(self, taxes: Sequence[Tax], path: str, subject: str) -> list[int]:
        tax_ids: list[int] = []
        for tax in taxes:
            found = self._tax(tax)
            if found is None:
                self.faults.append(
                    fault(
                        "unknown_tax" if tax.code else "unknown_tax_rate",
                        path,
                        code=tax.code,
                        rate=tax.rate,
                        subject=subject,
                    )
                )
            else:
                tax_ids.extend(found)
        return tax_ids

    def _tax(self, tax: Tax) -> tuple[int, ...] | None:
        if tax.code:
            return self.tables.taxes.get((tax.code, tax.rate))
        # Without a name the rate decides, unless it means several taxes here.
        candidates = self.tables.taxes_by_rate.get(tax.rate, frozenset())
        return next(iter(candidates)) if len(candidates) == 1 else None

    def _funding(self, code: str, path: str) -> dict[str, Any]:
        funding = self.tables.funders.get(code.upper()) or self.tables.default_funder
        if not funding:
            self.faults.append(fault("unknown_discount", path, code=code))
            return {}
        return {
            "funder": funding.funder,
            "vendor_share": funding.vendor_share,
            "promised_by": funding.promised_by or None,
        }


def _tax_minor(taxes: Iterable[Tax]) -> int:
    return sum(tax.amount for tax in taxes)
