"""The Shopify adapter: the interface, delegated topic by topic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ...engine import contract
from ...engine.contract import Document, Page, RefundModel, ShopInfo, TaxMode
from ...engine.idempotency import fingerprint
from ..base import Adapter
from ..errors import AuthError
from ..texts import parse_time
from . import bulk, commands, documents, events, orders, settings, vendors
from .access import Access
from .offer_bulk import OFFERS_MAX, OFFERS_MIN, OfferBulks
from .offers import Offers
from .transport import API_VERSION, TooCostlyError, Transport, gid, tail

# The search that lists are made from follows the shop's records with a delay.
OVERLAP = timedelta(minutes=5)
ORDERS_PER_CALL = 25
SCOPES = {
    "read_orders",
    "write_orders",
    "write_order_edits",
    "write_products",
    "write_publications",
    "write_inventory",
    "read_locations",
    "read_returns",
    "write_metaobjects",
    "write_metaobject_definitions",
    "write_merchant_managed_fulfillment_orders",
}
IGNORED = {"updatedAt", "pageInfo"}
RETURNING = (
    "(return_status:return_requested OR return_status:in_progress "
    "OR return_status:inspection_complete)"
)


class ShopifyAdapter(Adapter):
    """User name and password are client id and secret of an app.

    Without a user name the password is the access token of an older app.  Webhooks are
    signed with the secret of the app, which is entered as the storefront's webhook
    secret.
    """

    capabilities = contract.Capabilities(
        order_page_max=ORDERS_PER_CALL,
        offer_batch_max=100,
        vendor_batch_max=50,
        whole_units=True,
        cancels_orders=True,
        registers_webhooks=True,
        refund_model=RefundModel.LINES,
        reads_returns=True,
        lists_refunds=True,
        offer_bulk_min=OFFERS_MIN,
        offer_bulk_max=OFFERS_MAX,
        bulks_at_once=bulk.AT_ONCE,
    )
    parse_event = staticmethod(events.parse_event)

    def __init__(self, url: str, username: str, password: str):
        super().__init__(url, username, password)
        self._transport = Transport(self.url, Access(self.url, username, password))
        self._offers = Offers(self._transport)
        self._bulks = OfferBulks(self._transport, self._offers)
        self._per_call = ORDERS_PER_CALL

    def check(self) -> ShopInfo:
        answer = self._transport.query(documents.CHECK)
        shop = answer["shop"]
        granted = {
            scope["handle"]
            for scope in answer["currentAppInstallation"]["accessScopes"]
        }
        if missing := SCOPES - granted:
            raise AuthError(f"The app lacks the rights {', '.join(sorted(missing))}.")
        included = shop["taxesIncluded"]
        return ShopInfo(
            ref=shop["myshopifyDomain"],
            version=API_VERSION,
            currency=shop["currencyCode"],
            tax_mode=TaxMode.INCLUDED if included else TaxMode.EXCLUDED,
            is_set_up=True,
            clock_skew=self._transport.clock_skew,
            is_production=not shop["plan"]["partnerDevelopment"],
        )

    # ---- to the shop -------------------------------------------------------

    def push_settings(self, values: contract.ShopSettings) -> list[str]:
        return settings.push_settings(self._transport, values)

    def upsert_vendors(self, items: Sequence[contract.Vendor]) -> list[contract.Result]:
        return vendors.upsert_vendors(self._transport, items)

    def upsert_offers(self, items: Sequence[contract.Offer]) -> list[contract.Result]:
        return self._offers.upsert(items)

    def begin_bulk(self, offers: Sequence[contract.Offer]) -> contract.Bulk:
        return self._bulks.begin(offers)

    def follow_bulk(
        self,
        state: str,
        stock_of: Callable[[Sequence[str]], Mapping[str, int | None]],
    ) -> contract.Bulk:
        return self._bulks.follow(state, stock_of)

    def push_fulfilment(self, command: contract.FulfilmentCommand) -> contract.Result:
        return commands.push_fulfilment(self._transport, command)

    def find_refund(self, command: contract.RefundCommand) -> contract.Result | None:
        return commands.find_refund(self._transport, command)

    def make_refund(self, command: contract.RefundCommand) -> contract.Result:
        return commands.make_refund(self._transport, command)

    def cancel_order(self, command: contract.CancelCommand) -> contract.Result:
        return commands.cancel_order(self._transport, command)

    def ensure_webhooks(self, url: str, secret: str) -> None:
        events.ensure_webhooks(self._transport, url)

    # ---- from the shop -----------------------------------------------------

    def pull_orders(self, cursor: str, limit: int) -> Page:
        since, after = _read_cursor(cursor)
        terms = [f"updated_at:>='{since}'"] if since else []
        found, following = self._page(terms, "UPDATED_AT", after, limit)
        if following:
            return Page(tuple(found), _write_cursor(since, following), complete=False)
        if found:
            last = parse_time(found[-1].payload["updatedAt"])
            since = _format_time(last - OVERLAP)
        return Page(tuple(found), _write_cursor(since, None), complete=True)

    def pull_open_orders(self, placed_after: datetime, cursor: str, limit: int) -> Page:
        """Return the unfinished orders, those being returned, then the recent ones.

        A change of money, or a return, may come to an order without its time moving.
        """
        lane, _colon, after = cursor.partition(":")
        bound = _format_time(placed_after)
        older = f"created_at:<'{bound}'"
        lanes = {
            "open": [older, "status:open"],
            "returned": [older, RETURNING],
            "recent": [f"created_at:>='{bound}'"],
        }
        lane = lane or "open"
        found, following = self._page(lanes[lane], "CREATED_AT", after or None, limit)
        if following:
            return Page(tuple(found), f"{lane}:{following}", complete=False)
        rest = list(lanes)[list(lanes).index(lane) + 1 :]
        return Page(tuple(found), f"{rest[0]}:" if rest else "", complete=not rest)

    def pull_placed_orders(
        self, since: datetime, until: datetime, cursor: str, limit: int
    ) -> Page:
        terms = [
            f"created_at:>='{_format_time(since)}'",
            f"created_at:<'{_format_time(until)}'",
        ]
        found, following = self._page(terms, "CREATED_AT", cursor or None, limit)
        return Page(tuple(found), following or "", complete=not following)

    def fetch_orders(self, refs: Sequence[str]) -> list[Document]:
        ids = [gid("Order", ref) for ref in refs if ref.isdecimal()]
        found: list[Document] = []
        start = 0
        while start < len(ids):
            part = ids[start : start + self._per_call]
            try:
                answer = self._transport.query(documents.ORDERS_BY_ID, ids=part)
            except TooCostlyError:
                self._ask_for_less()
                continue
            found += [self._document(node) for node in answer["nodes"] if node]
            start += len(part)
        return found

    def find_order(self, number: str) -> Document | None:
        term = "name:'{}'".format(number.replace("'", ""))
        found, _following = self._page([term], "CREATED_AT", None, 10)
        return next((item for item in found if item.number == number), None)

    def list_refunded(self, since: datetime) -> Iterator[str]:
        """See :meth:`Adapter.list_refunded`: every movement of money has its time."""
        after, query = None, f"processed_at:>='{_format_time(since)}'"
        while True:
            page = self._transport.query(
                documents.MOVED_MONEY, after=after, query=query
            )["tenderTransactions"]
            for node in page["nodes"]:
                if node["order"] and node["amount"]["amount"].startswith("-"):
                    yield tail(node["order"]["id"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def parse_order(self, payload: Mapping[str, Any]) -> contract.Order:
        return orders.parse_order(payload)

    def _page(
        self, terms: Sequence[str], sort: str, after: str | None, limit: int
    ) -> tuple[list[Document], str | None]:
        """Return (documents, cursor of what follows).

        The shop's cursor stands at a row's time and id, so that nothing is missed when
        a row changes: it comes again, at the end.
        """
        query = " ".join(
            [*terms, "status:any"] if "status:open" not in terms else terms
        )
        while True:
            try:
                answer = self._transport.query(
                    documents.ORDERS,
                    first=min(limit, self._per_call),
                    after=after,
                    query=query,
                    sort=sort,
                )
            except TooCostlyError:
                self._ask_for_less()
                continue
            page = answer["orders"]
            following = page["pageInfo"]["endCursor"]
            found = [self._document(node) for node in page["nodes"]]
            return found, following if page["pageInfo"]["hasNextPage"] else None

    def _ask_for_less(self) -> None:
        if self._per_call == 1:
            raise TooCostlyError("One order costs more than the shop gives.")
        self._per_call //= 2

    def _document(self, node: dict[str, Any]) -> Document:
        returns = [
            {**item, "returnLineItems": {"nodes": self._return_lines(item)}}
            for item in self._all(node, "returns", documents.MORE_RETURNS)
        ]
        lines = self._all(node, "lineItems", documents.MORE_LINES)
        payload = {
            **node,
            "lineItems": {"nodes": list(lines)},
            "returns": {"nodes": returns},
        }
        return Document(
            kind="order",
            ref=tail(payload["id"]),
            number=payload["name"],
            payload=payload,
            digest=fingerprint(payload, ignore=IGNORED),
        )

    def _return_lines(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        more = documents.MORE_RETURN_LINES
        return list(self._all(item, "returnLineItems", more, "return"))

    def _all(
        self, node: dict[str, Any], name: str, more: str, kind: str = "order"
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list within a record, those of further pages too."""
        rows = node[name]
        while True:
            yield from rows["nodes"]
            if not rows["pageInfo"]["hasNextPage"]:
                return
            after = rows["pageInfo"]["endCursor"]
            rows = self._transport.query(more, id=node["id"], after=after)[kind][name]


def _read_cursor(cursor: str) -> tuple[str, str | None]:
    return tuple(json.loads(cursor)) if cursor else ("", None)


def _write_cursor(since: str, after: str | None) -> str:
    return json.dumps([since, after])


def _format_time(time: datetime) -> str:
    text = time.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
