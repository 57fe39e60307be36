"""From the shop: one purchase and all that became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .states import OrderState, PaymentKind, PaymentState, RefundState, TaxMode


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on a line or a delivery, after discounts.

    An empty ``code`` means that the shop names no tax and only the rate counts.
    """

    code: str
    rate: Decimal
    amount: int


@dataclass(frozen=True, slots=True)
class Discount:
    """The share of one promotion that falls on one line or one delivery.

    ``code`` is what the shop knows the promotion by (coupon, else its name); who
    pays for it is decided by the storefront's mapping, not by the shop.
    """

    code: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """``offer_ref`` is the shop's identifier of what was bought."""

    ref: str
    sku: str
    offer_ref: str
    name: str
    quantity: int
    unit_price: int
    amount: int
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()

    @property
    def amount_discounted(self) -> int:
        return self.amount - sum(discount.amount for discount in self.discounts)


@dataclass(frozen=True, slots=True)
class Shipping:
    """One delivery charge and the lines it covers.

    ``line_refs`` of several vendors means that they share it.
    """

    ref: str
    code: str
    name: str
    amount: int
    line_refs: tuple[str, ...]
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()

    @property
    def amount_discounted(self) -> int:
        return self.amount - sum(discount.amount for discount in self.discounts)


@dataclass(frozen=True, slots=True)
class Fee:
    """What the shop charges on the whole order: gift wrap, payment surcharge."""

    ref: str
    name: str
    amount: int
    taxes: tuple[Tax, ...] = ()

    @property
    def amount_discounted(self) -> int:
        return self.amount


@dataclass(frozen=True, slots=True)
class Address:
    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    zip: str = ""
    state: str = ""
    country_code: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """``ref`` is empty for a guest to whom the shop gives no identity."""

    ref: str
    email: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """``method`` is the shop's own code of how it is paid; mappings look it up.

    ``psp_ref`` is what the payment service provider calls it, empty if unknown.
    """

    ref: str
    method: str
    amount: int
    state: PaymentState
    psp_ref: str
    at: datetime
    kind: PaymentKind = PaymentKind.PROVIDER


@dataclass(frozen=True, slots=True)
class LineQuantity:
    """So many pieces of one order line: refunded, or in a parcel.

    Parts of a piece go only to a shop that takes them.
    """

    line_ref: str
    quantity: int | Decimal


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back on one payment.

    ``amount`` is what left the payment, of which ``shipping`` for the delivery; the
    lines say what the rest was for, or are empty when the shop does not know.
    ``our_ref`` is set when the refund was ordered by us.
    """

    ref: str
    our_ref: str
    payment_ref: str
    amount: int
    state: RefundState
    reason: str
    at: datetime
    lines: tuple[LineQuantity, ...] = ()
    shipping: int = 0
    psp_ref: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """Pieces the customer wants to send back; ``reason`` as the shop writes it."""

    ref: str
    reason: str
    note: str
    at: datetime
    lines: tuple[LineQuantity, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """The customer complains about one line."""

    ref: str
    line_ref: str
    reason: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """The customer writes; ``line_ref`` tells to which vendor, empty to all."""

    ref: str
    text: str
    at: datetime
    line_ref: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """The shop keeps the order back.

    ``reason``: "fraud", "payment", "address", "customer" or "other".
    """

    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase, as it is now.

    ``lines`` have the quantities the customer gets after edits and cancellations, a
    line of which nothing is left may stay with quantity 0.  Refunded pieces stay.
    ``revision`` never falls from one change to the next; 0 if the shop has none.
    """

    ref: str
    number: str
    placed_at: datetime
    currency: str
    tax_mode: TaxMode
    state: OrderState
    total: int
    customer: Customer
    shipping_address: Address
    billing_address: Address
    lines: tuple[Line, ...]
    shippings: tuple[Shipping, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fees: tuple[Fee, ...] = ()
    returns: tuple[Return, ...] = ()
    incidents: tuple[Incident, ...] = ()
    messages: tuple[Message, ...] = ()
    hold: Hold | None = None
    revision: int = 0

    @property
    def cash_payment(self) -> Payment | None:
        """The payment to be made at the door, if there is one."""
        for payment in self.payments:
            if (
                payment.kind is PaymentKind.CASH_ON_DELIVERY
                and payment.state is not PaymentState.FAILED
            ):
                return payment
        return None

    @property
    def is_cash_on_delivery(self) -> bool:
        return self.cash_payment is not None
