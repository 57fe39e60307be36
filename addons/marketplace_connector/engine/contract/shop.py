"""How the shop answers: documents by the page, events, results, what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .states import RefundModel, TaxMode


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
    """A verified webhook: something happened to ``ref``, go and fetch it.

    ``kind`` is "order", or "bulk" for a bulk that has come to its end.
    """

    delivery_id: str
    topic: str
    kind: str
    ref: str
    occurred_at: datetime


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
class Bulk:
    """Many offers that the shop works off by itself; ``state`` is opaque, to be kept.

    Once it is ``complete`` there are ``results``. An offer without one was not worked
    off, for what ``error`` says: it may be sent again.
    """

    state: str
    complete: bool = False
    results: tuple[Result, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class ShopInfo:
    """Answer to "can we talk to this shop?".

    ``ref`` is the shop's identity, which no other shop has.  ``clock_skew`` is its
    clock less ours.  ``is_production`` is None when the platform does not say.
    """

    ref: str
    version: str
    currency: str
    tax_mode: TaxMode
    is_set_up: bool
    clock_skew: timedelta = timedelta()
    is_production: bool | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do; the connector never asks for a platform's name."""

    order_page_max: int
    offer_batch_max: int
    vendor_batch_max: int
    whole_units: bool  # a quantity is a number of pieces, and no part of one
    vendor_record_batch_max: int = 0  # 0: there is no place for them
    cancels_orders: bool = False
    registers_webhooks: bool = False  # otherwise they are set up in the shop
    reads_offers: bool = False  # tells what it shows of offers
    reads_returns: bool = False  # customers ask in the shop to send goods back
    lists_refunds: bool = False  # by their own time, whatever became of their orders
    offer_bulk_min: int = 0  # so many offers and more go in bulk; 0: none do
    offer_bulk_max: int = 0  # of one bulk
    bulks_at_once: int = 1  # that the shop works on
    refund_model: RefundModel = RefundModel.LINES
