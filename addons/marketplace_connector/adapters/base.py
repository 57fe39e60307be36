"""What every adapter can do.

An adapter speaks one platform's API and translates; it never touches records.
Every write looks first for what an earlier, unanswered try may have left behind,
by the reference we own, so that each method may be called again after any error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
    def push_settings(self, settings: contract.ShopSettings) -> None:
        """Make the shop's currency, countries, taxes, deliveries as given."""

    @abstractmethod
    def upsert_vendors(
        self, vendors: Sequence[contract.Vendor]
    ) -> list[contract.Result]:
        """Create or update vendors, one result per vendor, in order."""

    @abstractmethod
    def upsert_offers(self, offers: Sequence[contract.Offer]) -> list[contract.Result]:
        """Create or update offers, one result per offer, in order."""

    @abstractmethod
    def push_fulfilment(self, command: contract.FulfilmentCommand) -> contract.Result:
        """Make the shop show a parcel, in the state that the command names."""

    @abstractmethod
    def push_refund(self, command: contract.RefundCommand) -> contract.Result:
        """Give money back through the shop, once per reference."""

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
    def fetch_orders(self, refs: Sequence[str]) -> list[contract.Document]:
        """Return fresh documents; an unknown reference is left out."""

    @abstractmethod
    def parse_order(self, payload: Mapping[str, Any]) -> contract.Order:
        """Translate one document.

        :raises DocumentError: naming the part that is not as expected.
        """

    # ---- events ------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def parse_event(
        headers: Mapping[str, str], raw_body: bytes, secret: str, now: datetime
    ) -> contract.Event:
        """Verify a webhook and say what it is about.

        :raises SignatureError: wrong signature, or outside the time window.
        :raises DocumentError: a true signature over something unreadable.
        """
