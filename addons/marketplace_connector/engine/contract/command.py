"""To the shop: what it is to show and to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .order import LineQuantity
from .states import FulfilmentState, RecordKind, TaxMode


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
    ``category`` is the path from the root; ``eco_contribution`` is part of the price,
    for one unit.
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
    category: tuple[str, ...] = ()
    barcode: str = ""
    eco_contribution: int = 0


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
class CancelCommand:
    """Take pieces that are not paid off an order; without lines, the whole order."""

    ref: str
    order_ref: str
    reason: str
    lines: tuple[LineQuantity, ...] = ()


@dataclass(frozen=True, slots=True)
class VendorRecord:
    """A document or payout of a vendor, under the number he knows it by.

    ``amount`` as the document says it, minor units; ``url`` gives it to its vendor, who
    signs in to the back office.
    """

    ref: str
    kind: RecordKind
    vendor_ref: str
    number: str
    date: date
    amount: int
    currency: str
    state: str
    url: str
