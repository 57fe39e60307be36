"""What a test needs to do to a shop, beside the adapter it tests.

A driver acts as customer and as the shop's staff, and reads what they see.  It does
not use the adapter: what both get wrong in the same way would pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from odoo.addons.marketplace_connector.adapters.base import Adapter
from odoo.addons.marketplace_connector.engine import contract


@dataclass(frozen=True)
class Placed:
    """An order as its customer knows it; ``total`` in minor units, tax included."""

    ref: str
    number: str
    total: int


@dataclass(frozen=True)
class ShownOffer:
    """What is for sale: price as shown, pieces that can still be bought."""

    name: str
    price: int
    sellable: int
    vendor: str


@dataclass(frozen=True)
class ShownParcel:
    """``state`` is "shipped" or "delivered"; pieces by SKU."""

    state: str
    carrier: str
    tracking: str
    quantities: Mapping[str, int]


@dataclass(frozen=True)
class ShownRefund:
    ref: str
    amount: int


def default_settings(currency: str, **values) -> contract.ShopSettings:
    """Return a set-up that every platform takes, with two rates of tax."""
    given = {
        "currency": currency,
        "language": "en",
        "countries": (("FR", "France"),),
        "tax_mode": contract.TaxMode.INCLUDED,
        "tax_classes": (
            contract.TaxClass("VAT 20", Decimal("0.2")),
            contract.TaxClass("VAT 5.5", Decimal("0.055")),
        ),
        "payment_method": "marketplace",
    }
    return contract.ShopSettings(**{**given, **values})


class ShopDriver(Protocol):
    """One running shop.

    ``signs_time``: a webhook says when it was sent, and that is signed.
    """

    adapter_class: type[Adapter]
    url: str
    username: str
    password: str
    currency: str
    signs_time: bool

    def is_write(self, method: str, path: str, body: str) -> bool:
        """Tell whether a call of the adapter changes something in the shop."""

    def settings(self) -> contract.ShopSettings:
        """Return the set-up, with taxes "VAT 20" and "VAT 5.5"."""

    def vendor(self, ref: str, name: str) -> contract.Vendor:
        """Return a vendor with what he needs in this shop to sell and deliver."""

    # ---- as customer -------------------------------------------------------

    def place_order(
        self, quantities: Mapping[str, int], coupon: str = "", capture: bool = True
    ) -> Placed:
        """Buy pieces by SKU, delivered; without ``capture`` only authorized."""

    # ---- as staff ----------------------------------------------------------

    def create_coupon(self, percent: int) -> str:
        """Return the code of a coupon on the whole order."""

    def capture(self, ref: str) -> None:
        """Take the authorized payment of an order."""

    def refund(self, ref: str, sku: str, quantity: int) -> ShownRefund:
        """Give back the paid price of pieces."""

    def ask_return(self, ref: str, sku: str, quantity: int) -> str:
        """Send pieces back that arrived, as the customer; return the reference.

        Only for shops that know returns.
        """

    def grow_old(self, ref: str, at: datetime) -> None:
        """Make an order look as if it was placed, last changed and over then."""

    def cancel(self, ref: str) -> None:
        """Cancel a whole order that is not captured."""

    def take_off(self, ref: str, sku: str, quantity: int) -> None:
        """Edit an order: so many pieces less."""

    def same_instant(self, refs: Sequence[str]) -> None:
        """Make orders carry one and the same time of placing and of last change."""

    # ---- what the shop shows -----------------------------------------------

    def offers(self) -> dict[str, ShownOffer]:
        """Return what can be bought, by SKU; what left the shelf is not in it."""

    def facts(self, sku: str) -> dict[str, object]:
        """Return the ``category``, ``barcode`` and ``eco_contribution`` of an offer.

        Those it has no place for are left out.
        """

    def count_offers(self, sku: str) -> int:
        """Count what has this SKU, on the shelf or not."""

    def count_vendors(self, name: str) -> int:
        """Count the vendors of this name."""

    def parcels(self, ref: str) -> list[ShownParcel]:
        """Return the parcels of an order that were not cancelled."""

    def refunds(self, ref: str) -> list[ShownRefund]:
        """Return the refunds of an order that did not fail."""

    def count_webhooks(self, url: str) -> int:
        """Count the registrations of an address for changes of orders."""

    def vendor_records(self, vendor_ref: str) -> list[str]:
        """Return the numbers of the documents and payouts that a vendor is shown."""

    def sign(
        self, body: bytes, secret: str, delivery: str, at: datetime
    ) -> dict[str, str]:
        """Return the headers of a webhook, as the shop would send it."""

    def event_body(self, ref: str, at: datetime) -> bytes:
        """Return the body of a webhook about an order."""
