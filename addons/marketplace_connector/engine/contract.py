"""What adapters and the connector say to each other.

Every platform is translated into these values, and nothing behind the adapter
knows which platform they came from.  Conventions, for the whole module:

* money is an ``int`` in minor units of the order's currency;
* a rate is a ``Decimal`` fraction (20 % is ``Decimal("0.2")``);
* a time is an aware ``datetime`` in UTC;
* a reference (``ref``) is a ``str``: the shop's own identifier in what comes from the
  shop, ours in what goes there, except for ``order_ref``, ``line_ref`` and
  ``payment_ref`` of commands, which say what in the shop they are about;
* ``amount`` follows the order's :class:`TaxMode`, ``taxes`` stand beside it;
* a discount is positive and lowers the price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any


class TaxMode(str, Enum):
    """Whether the shop's amounts contain the tax."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class OrderState(str, Enum):
    OPEN = "open"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class PaymentState(str, Enum):
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"


class RefundState(str, Enum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class FulfilmentState(str, Enum):
    SHIPPED = "shipped"
    DELIVERED = "delivered"


# ---------------------------------------------------------------------------
# From the shop
# ---------------------------------------------------------------------------


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
    ref: str
    email: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    ref: str
    method: str
    amount: int
    state: PaymentState
    transaction_ref: str
    at: datetime


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


@dataclass(frozen=True, slots=True)
class Order:
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


@dataclass(frozen=True, slots=True)
class Document:
    """One untranslated answer of the shop; ``digest`` is over its meaning."""

    kind: str
    ref: str
    number: str
    payload: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of documents; ``cursor`` is opaque and safe to store."""

    documents: tuple[Document, ...]
    cursor: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A verified webhook: something happened to ``ref``, go and fetch it."""

    delivery_id: str
    topic: str
    kind: str
    ref: str
    occurred_at: datetime


# ---------------------------------------------------------------------------
# To the shop
# ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaxClass:
    """A class of goods and its rate; ``code`` comes back on order lines."""

    code: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class ShippingMethod:
    """A flat delivery charge, tax included; minor units."""

    ref: str
    name: str
    amount: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """What the back office decides for the whole shop."""

    currency: str
    language: str
    countries: tuple[tuple[str, str], ...]  # (ISO 3166-1 alpha-2 code, name)
    tax_mode: TaxMode
    tax_classes: tuple[TaxClass, ...]
    payment_method: str
    shared_shipping: tuple[ShippingMethod, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """``shippings`` are the deliveries that carry this vendor's goods only."""

    ref: str
    name: str
    shippings: tuple[ShippingMethod, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """One vendor sells one product.

    ``label`` is what shoppers choose by among the offers of a product; it is unique
    among those of one vendor.  ``price`` follows the shop's tax mode.
    ``stock_available`` is what may be sold from now on; None leaves the shop's figure
    alone.  ``stock_held`` is what orders of the shop that we know had taken from it and
    no parcel took along: at most so much of what the shop keeps aside is already
    outside of ``stock_available``.
    """

    ref: str
    product_ref: str
    product_name: str
    product_description: str
    vendor_ref: str
    label: str
    sku: str
    price: int
    tax_code: str
    stock_available: int | None
    stock_held: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class FulfilmentCommand:
    """Bring the parcel ``ref`` of an order to ``state`` (shipped or delivered)."""

    ref: str
    order_ref: str
    lines: tuple[LineQuantity, ...]
    carrier: str
    tracking: str
    state: FulfilmentState = FulfilmentState.SHIPPED


@dataclass(frozen=True, slots=True)
class RefundCommand:
    ref: str
    order_ref: str
    payment_ref: str
    amount: int
    reason: str
    lines: tuple[LineQuantity, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item of a command; ``error`` empty means done.

    ``note`` says, in words, what of a command that is done the platform cannot do.
    """

    ref: str
    external_id: str = ""
    error: str = ""
    note: str = ""

    @property
    def ok(self) -> bool:
        return not self.error


@dataclass(frozen=True, slots=True)
class ShopInfo:
    """Answer to "can we talk to this shop?"."""

    version: str
    currency: str
    tax_mode: TaxMode
    is_set_up: bool


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Limits the connector respects; it never asks for a platform's name."""

    order_page_max: int
    offer_batch_max: int
    vendor_batch_max: int
    whole_units: bool  # a quantity is a number of pieces, and no part of one
