"""The Medusa adapters: the interface, delegated topic by topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from ...engine import contract
from ...engine.contract import (
    Document,
    Page,
    RefundModel,
    ShopInfo,
)
from ..base import Adapter
from ..errors import DocumentError
from ..signed_events import parse_event
from ..texts import parse_time
from . import commands, offers, orders, settings
from .documents import read_documents
from .places import Places, PlainPlaces, SellerPlaces
from .transport import Transport

API_VERSION = "2"  # of Medusa, which does not say more
# An order is written in steps, and visible before the last: with its group, its
# payment.  It is read again for so long.
OVERLAP = timedelta(minutes=5)
MILLISECOND = timedelta(milliseconds=1)
KEY_FIELDS = ["id", "created_at", "updated_at", "status"]


class MedusaAdapter(Adapter):
    """Plain Medusa 2: an order is a purchase; who sells is known by the offer."""

    capabilities = contract.Capabilities(
        order_page_max=50,
        offer_batch_max=50,
        vendor_batch_max=20,
        whole_units=True,
        cancels_orders=True,
        reads_returns=True,
        refund_model=RefundModel.AMOUNT,
    )
    has_groups: ClassVar[bool] = False
    places_class: ClassVar[Callable[[Transport], Places]] = PlainPlaces
    # The subscriber in the shop signs as our Vendure plugin does.
    parse_event = staticmethod(parse_event)

    def __init__(self, url: str, username: str, password: str):
        super().__init__(url, username, password)
        self._transport = Transport(self.url, username, password)
        self._places = self.places_class(self._transport)

    def check(self) -> ShopInfo:
        return settings.check(self._transport, API_VERSION, self.has_groups)

    # ---- to the shop -------------------------------------------------------

    def push_settings(self, values: contract.ShopSettings) -> list[str]:
        return settings.push_settings(self._transport, values)

    def upsert_vendors(self, items: Sequence[contract.Vendor]) -> list[contract.Result]:
        return self._places.upsert(items)

    def upsert_offers(self, items: Sequence[contract.Offer]) -> list[contract.Result]:
        return offers.upsert_offers(self._transport, self._places, items)

    def push_fulfilment(self, command: contract.FulfilmentCommand) -> contract.Result:
        return commands.push_fulfilment(self._transport, self.has_groups, command)

    def find_refund(self, command: contract.RefundCommand) -> contract.Result | None:
        return commands.find_refund(self._transport, self.has_groups, command)

    def make_refund(self, command: contract.RefundCommand) -> contract.Result:
        return commands.make_refund(self._transport, command)

    def cancel_order(self, command: contract.CancelCommand) -> contract.Result:
        return commands.cancel_order(self._transport, self.has_groups, command)

    # ---- from the shop -----------------------------------------------------

    def pull_orders(self, cursor: str, limit: int) -> Page:
        return self._pull({}, "updated_at", cursor, limit, overlap=OVERLAP)

    def pull_open_orders(self, placed_after: datetime, cursor: str, limit: int) -> Page:
        """Read the recent orders, then the older ones that are not at their end.

        A capture and a refund leave no trace in an order's ``updated_at``.
        """
        after = format_time(placed_after)
        phase, _bar, rest = (cursor or f"recent|{after}").partition("|")
        if phase == "recent":
            page = self._pull({}, "created_at", rest, limit)
            following = "older|" if page.complete else f"recent|{page.cursor}"
            return Page(page.documents, following, complete=False)
        filters = {"status": ["pending"], "created_at": {"$lt": after}}
        page = self._pull(filters, "created_at", rest, limit)
        unfinished = tuple(d for d in page.documents if not self._is_finished(d))
        return Page(unfinished, f"older|{page.cursor}", page.complete)

    def pull_placed_orders(
        self, since: datetime, until: datetime, cursor: str, limit: int
    ) -> Page:
        filters = {"created_at": {"$lt": format_time(until)}}
        return self._pull(filters, "created_at", cursor or format_time(since), limit)

    def fetch_orders(self, refs: Sequence[str]) -> list[Document]:
        return read_documents(self._transport, refs, self.has_groups)

    def find_order(self, number: str) -> Document | None:
        if not number.isdecimal():
            return None
        rows = self._transport.pages(
            "order-groups" if self.has_groups else "orders",
            "order_groups" if self.has_groups else "orders",
            fields="id,display_id",
            order="-display_id",
            **({} if self.has_groups else {"q": number}),
        )
        for row in rows:
            if row["display_id"] == int(number):
                found = self.fetch_orders([row["id"]])
                return found[0] if found else None
            if row["display_id"] < int(number):
                return None
        return None

    def parse_order(self, payload: Mapping[str, Any]) -> contract.Order:
        return orders.parse_order(payload)

    def _is_finished(self, document: Document) -> bool:
        try:
            return orders.is_finished(self.parse_order(document.payload))
        except DocumentError:
            return False  # the inbox will tell of it

    def _pull(
        self,
        filters: Mapping[str, Any],
        column: str,
        cursor: str,
        limit: int,
        overlap: timedelta = timedelta(),
    ) -> Page:
        """Read one page in order of ``column``, from the cursor on.

        Row numbers would not do: a row that changes goes to the end, and the others
        move up.  The cursor is a time, or "time|id" within one millisecond: a full
        page is followed by all rows of its last millisecond, in order of their ids,
        then by what comes later.  Some rows come twice, which costs nothing.
        """
        since, in_instant, after = cursor.partition("|")
        span = {**filters.get(column, {}), **({"$gte": since} if since else {})}
        query = {**filters, column: span}
        if in_instant:
            following = format_time(parse_time(since) + MILLISECOND)
            query[column] = {"$gte": since, "$lt": following}
            rows = self._read_keys(query, limit, "id", after)
            if len(rows) == limit:
                following = f"{since}|{rows[-1]['id']}"
            return self._page(rows, following, complete=False)
        rows = self._read_keys(query, limit, column)
        if len(rows) == limit:
            return self._page(rows, f"{rows[-1][column]}|", complete=False)
        if rows:
            since = format_time(parse_time(rows[-1][column]) - overlap)
        return self._page(rows, since, complete=True)

    def _read_keys(
        self, query: Mapping[str, Any], limit: int, column: str, after: str = ""
    ) -> list[dict[str, Any]]:
        fields = [*KEY_FIELDS, *(["order_group.id"] if self.has_groups else [])]
        answer = self._transport.get(
            "orders",
            **{key: value for key, value in query.items() if value},
            **({"id": {"$gt": after}} if after else {}),
            order=column,
            limit=limit,
            fields=",".join(fields),
        )
        return answer["orders"]

    def _page(self, rows: list[dict[str, Any]], cursor: str, complete: bool) -> Page:
        if self.has_groups:
            # An order that is not in its group yet is read again: see OVERLAP.
            groups = [row.get("order_group") or {} for row in rows]
            refs = [group["id"] for group in groups if group.get("id")]
        else:
            refs = [row["id"] for row in rows]
        documents = self.fetch_orders(list(dict.fromkeys(refs)))
        return Page(tuple(documents), cursor, complete)


class MercurAdapter(MedusaAdapter):
    """Mercur 2 on Medusa: sellers; an order group is a purchase."""

    has_groups = True
    places_class = SellerPlaces


def format_time(time: datetime) -> str:
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
