"""What every adapter can do.

An adapter speaks one platform's API and translates; it never touches records.
Every write looks first for what an earlier, unanswered try may have left behind,
by the reference we own, so that each method may be called again after any error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from ..engine import contract


class Adapter(ABC):
    capabilities: ClassVar[contract.Capabilities]

    def __init__(self, url: str, username: str, password: str):
        self.url = url.rstrip("/")
        self.username = username
        self.password = password

    @abstractmethod
    def check(self) -> contract.ShopInfo:
        """Log in and describe the shop."""

    # ---- to the shop -------------------------------------------------------

    @abstractmethod
    def push_settings(self, settings: contract.ShopSettings) -> list[str]:
        """Make the shop's currency, countries, taxes, deliveries as given.

        :return: in words, what differs and can only be set in the shop itself.
        """

    @abstractmethod
    def upsert_vendors(
        self, vendors: Sequence[contract.Vendor]
    ) -> list[contract.Result]:
        """Create or update vendors, one result per vendor, in order."""

    @abstractmethod
    def upsert_offers(self, offers: Sequence[contract.Offer]) -> list[contract.Result]:
        """Create or update offers, one result per offer, in order."""

    def begin_bulk(self, offers: Sequence[contract.Offer]) -> contract.Bulk:
        """Give the shop many offers to work off by itself.

        Called where ``capabilities.offer_bulk_min`` is above 0, with so many and at
        most ``offer_bulk_max``, and while less than ``bulks_at_once`` are under way.
        """
        raise NotImplementedError

    def follow_bulk(
        self,
        state: str,
        stock_of: Callable[[Sequence[str]], Mapping[str, int | None]],
    ) -> contract.Bulk:
        """Take the next step of a bulk, if its turn has come; else change nothing.

        :param stock_of: gives what may be sold now of offers by our references, as
            ``Offer.stock_available``: the figure of the beginning is out of date.
        """
        raise NotImplementedError

    @abstractmethod
    def push_fulfilment(self, command: contract.FulfilmentCommand) -> contract.Result:
        """Make the shop show a parcel, in the state that the command names."""

    def push_refund(self, command: contract.RefundCommand) -> contract.Result:
        """Give money back through the shop, once per reference."""
        return self.find_refund(command) or self.make_refund(command)

    @abstractmethod
    def find_refund(self, command: contract.RefundCommand) -> contract.Result | None:
        """Look for what an earlier try did, bring it to its end; None: nothing."""

    @abstractmethod
    def make_refund(self, command: contract.RefundCommand) -> contract.Result:
        """Give money back; :meth:`find_refund` has just found nothing."""

    def cancel_order(self, command: contract.CancelCommand) -> contract.Result:
        """Take unpaid pieces off an order; pieces that are gone already are no error.

        Called where ``capabilities.cancels_orders``.
        """
        raise NotImplementedError

    def push_vendor_records(
        self, records: Sequence[contract.VendorRecord]
    ) -> list[contract.Result]:
        """Show documents and payouts to their vendors, one result each, in order.

        Called where ``capabilities.vendor_record_batch_max`` is above 0.
        """
        raise NotImplementedError

    def read_offers(self, refs: Sequence[str]) -> list[contract.ShownOffer]:
        """Return what the shop shows of offers by its references; unknown ones not.

        Called where ``capabilities.reads_offers``, with at most ``offer_batch_max``.
        """
        raise NotImplementedError

    # ---- from the shop -----------------------------------------------------

    @abstractmethod
    def pull_orders(self, cursor: str, limit: int) -> contract.Page:
        """Return placed orders changed since ``cursor`` (empty: all)."""

    @abstractmethod
    def pull_open_orders(
        self, placed_after: datetime, cursor: str, limit: int
    ) -> contract.Page:
        """Return orders that may still change without :meth:`pull_orders` seeing it.

        These are all unfinished orders, and the finished ones placed since
        ``placed_after``, which may still be refunded.
        """

    @abstractmethod
    def pull_placed_orders(
        self, since: datetime, until: datetime, cursor: str, limit: int
    ) -> contract.Page:
        """Return the orders placed from ``since`` to before ``until``."""

    def list_refunded(self, since: datetime) -> Iterator[str]:
        """Yield the orders of which money was given back since then.

        However long ago they were placed or changed; one may come several times.
        Called where ``capabilities.lists_refunds``.
        """
        raise NotImplementedError

    @abstractmethod
    def fetch_orders(self, refs: Sequence[str]) -> list[contract.Document]:
        """Return fresh documents; an unknown reference is left out."""

    @abstractmethod
    def find_order(self, number: str) -> contract.Document | None:
        """Return the placed order that people call ``number``."""

    @abstractmethod
    def parse_order(self, payload: Mapping[str, Any]) -> contract.Order:
        """Translate one document.

        :raises DocumentError: naming the part that is not as expected.
        """

    # ---- events ------------------------------------------------------------

    def ensure_webhooks(self, url: str, secret: str) -> None:
        """Have the shop call ``url`` for every change of an order, each event once.

        Called where ``capabilities.registers_webhooks``, as often as one likes.
        """
        raise NotImplementedError

    @staticmethod
    @abstractmethod
    def parse_event(
        headers: Mapping[str, str], raw_body: bytes, secret: str, now: datetime
    ) -> contract.Event:
        """Verify a webhook and say what it is about.

        :raises SignatureError: wrong signature, or outside the time window.
        :raises DocumentError: a true signature over something unreadable.
        """
