"""The Vendure adapter: the interface, delegated topic by topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ...engine import contract
from ...engine.contract import Document, Page, ShopInfo, TaxMode
from ...engine.idempotency import fingerprint
from ..base import Adapter
from ..errors import InvalidError
from ..signed_events import parse_event
from ..texts import parse_time
from ..time_pages import Span, TimePages
from . import commands, documents, offers, orders, records, settings, shown, vendors
from .transport import Transport

API_VERSION = 2  # of the marketplace plugin in the shop
# Orders become visible when their transaction commits, up to this long after the
# time they carry.
OVERLAP = timedelta(minutes=5)
MILLISECOND = timedelta(milliseconds=1)
PLACED = {"type": {"in": ["Regular", "Aggregate"]}, "orderPlacedAt": {"isNull": False}}
OPEN_STATES = [
    "PaymentAuthorized",
    "PaymentSettled",
    "PartiallyShipped",
    "Shipped",
    "PartiallyDelivered",
    "Modifying",
    "ArrangingAdditionalPayment",
]


class VendureAdapter(Adapter):
    capabilities = contract.Capabilities(
        order_page_max=100,
        offer_batch_max=500,
        vendor_batch_max=50,
        whole_units=True,
        vendor_record_batch_max=100,
        cancels_orders=True,
        reads_offers=True,
    )
    parse_event = staticmethod(parse_event)

    def __init__(self, url: str, username: str, password: str):
        super().__init__(url, username, password)
        self._transport = Transport(self.url, username, password)

    def check(self) -> ShopInfo:
        try:
            answer = self._transport.query(documents.CHECK)
        except InvalidError as error:
            if "marketplaceApiVersion" not in str(error):
                raise
            raise InvalidError(
                "This Vendure has no marketplace plugin; install it in the shop."
            ) from error
        version = answer["marketplaceApiVersion"]
        if version != API_VERSION:
            raise InvalidError(
                f"The marketplace plugin of the shop speaks version {version}; "
                f"version {API_VERSION} is needed."
            )
        channel = answer["activeChannel"]
        included = channel["pricesIncludeTax"]
        return ShopInfo(
            ref=channel["token"],
            version=str(version),
            currency=channel["defaultCurrencyCode"],
            tax_mode=TaxMode.INCLUDED if included else TaxMode.EXCLUDED,
            is_set_up=bool(channel["defaultTaxZone"]),
            clock_skew=self._transport.clock_skew,
        )

    # ---- to the shop -------------------------------------------------------

    def push_settings(self, values: contract.ShopSettings) -> list[str]:
        return settings.push_settings(self._transport, values)

    def upsert_vendors(self, items: Sequence[contract.Vendor]) -> list[contract.Result]:
        return vendors.upsert_vendors(self._transport, items)

    def upsert_offers(self, items: Sequence[contract.Offer]) -> list[contract.Result]:
        return offers.upsert_offers(self._transport, items)

    def read_offers(self, refs: Sequence[str]) -> list[contract.ShownOffer]:
        return shown.read_offers(self._transport, refs)

    def push_fulfilment(self, command: contract.FulfilmentCommand) -> contract.Result:
        return commands.push_fulfilment(self._transport, command)

    def find_refund(self, command: contract.RefundCommand) -> contract.Result | None:
        return commands.find_refund(self._transport, command)

    def make_refund(self, command: contract.RefundCommand) -> contract.Result:
        return commands.make_refund(self._transport, command)

    def cancel_order(self, command: contract.CancelCommand) -> contract.Result:
        return commands.cancel_order(self._transport, command)

    def push_vendor_records(
        self, items: Sequence[contract.VendorRecord]
    ) -> list[contract.Result]:
        return records.push_vendor_records(self._transport, items)

    # ---- from the shop -----------------------------------------------------

    def pull_orders(self, cursor: str, limit: int) -> Page:
        return self._pages(PLACED, "updatedAt").page(cursor, limit)

    def pull_open_orders(self, placed_after: datetime, cursor: str, limit: int) -> Page:
        # The state of an order moves without its updatedAt.
        unfinished = {"state": {"in": OPEN_STATES}}
        recent = {"orderPlacedAt": {"after": _format_time(placed_after)}}
        filters = {**PLACED, "_or": [unfinished, recent]}
        return self._pages(filters, "orderPlacedAt").page(cursor, limit)

    def pull_placed_orders(
        self, since: datetime, until: datetime, cursor: str, limit: int
    ) -> Page:
        # Both ends of the shop's "between" belong to it.
        last = until - MILLISECOND
        between = {"start": _format_time(since), "end": _format_time(last)}
        filters = {**PLACED, "orderPlacedAt": {"between": between}}
        return self._pages(filters, "orderPlacedAt").page(cursor, limit)

    def fetch_orders(self, refs: Sequence[str]) -> list[Document]:
        filters = {**PLACED, "id": {"in": list(refs)}}
        options = {"filter": filters, "take": len(refs)}
        return self._read_orders(options)

    def find_order(self, number: str) -> Document | None:
        filters = {**PLACED, "code": {"eq": number}}
        found = self._read_orders({"filter": filters, "take": 1})
        return found[0] if found else None

    def parse_order(self, payload: Mapping[str, Any]) -> contract.Order:
        return orders.parse_order(payload)

    def _pages(self, filters: dict[str, Any], column: str) -> TimePages:
        def read(span: Span) -> list[Document]:
            bounds = {"after": span.after, "before": span.before}
            return self._read_orders(
                {
                    "filter": {
                        "_and": [
                            filters,
                            *(
                                {column: {key: _format_time(time)}}
                                for key, time in bounds.items()
                                if time
                            ),
                        ]
                    },
                    # One column only: the shop sorts by its own order of columns,
                    # id first.
                    "sort": {"id" if span.within else column: "ASC"},
                    "skip": span.skip,
                    "take": span.take,
                }
            )

        def time_of(document: Document) -> datetime:
            return parse_time(document.payload[column])

        # The shop keeps microseconds and shows milliseconds.
        return TimePages(read, time_of, MILLISECOND, OVERLAP)

    def _read_orders(self, options: dict[str, Any]) -> list[Document]:
        answer = self._transport.query(documents.ORDERS, options=options)
        included = answer["activeChannel"]["pricesIncludeTax"]
        return [
            _document({**payload, "pricesIncludeTax": included})
            for payload in answer["orders"]["items"]
        ]


def _document(payload: dict[str, Any]) -> Document:
    payload = _in_order(payload)
    return Document(
        kind="order",
        ref=payload["id"],
        number=payload["code"],
        payload=payload,
        digest=fingerprint(payload, ignore={"updatedAt"}),
    )


def _in_order(value: Any) -> Any:
    """Sort the rows of a document by their ids, at any depth.

    The shop returns lines, payments and refunds in no stable order, and an order read
    twice must have one digest.

    >>> _in_order({"lines": [{"id": "10"}, {"id": "9"}], "codes": ["B", "A"]})
    {'lines': [{'id': '9'}, {'id': '10'}], 'codes': ['B', 'A']}
    """
    if isinstance(value, dict):
        return {key: _in_order(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    rows = [_in_order(item) for item in value]
    if all(_row_id(row) for row in rows):
        rows.sort(key=lambda row: (len(_row_id(row)), _row_id(row)))
    return rows


def _row_id(row: Any) -> str:
    """Return what identifies a row: its own id, or of the line it is about."""
    return (row.get("id") or row.get("orderLineId")) if isinstance(row, dict) else ""


def _format_time(time: datetime) -> str:
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
