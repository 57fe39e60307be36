"""The WooCommerce adapter: the interface, delegated topic by topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ...engine import contract
from ...engine.contract import Document, Page, RefundModel, ShopInfo, TaxMode
from ...engine.idempotency import fingerprint
from ..base import Adapter
from ..errors import InvalidError
from ..texts import parse_time
from ..time_pages import Span, TimePages
from . import commands, events, orders, settings, vendors
from .offers import Offers
from .orders import OPEN, PLACED
from .transport import BATCH, PAGE, Transport

SECOND = timedelta(seconds=1)
# An order becomes visible when its transaction commits, later than the time it bears.
OVERLAP = timedelta(minutes=5)
EVERYTHING = datetime(2000, 1, 1, tzinfo=UTC)
# What moves without a meaning to us, or is our own.
IGNORED = {"date_modified", "date_modified_gmt", "_links"}


class WooCommerceAdapter(Adapter):
    capabilities = contract.Capabilities(
        order_page_max=PAGE,
        offer_batch_max=BATCH,
        vendor_batch_max=50,
        whole_units=True,
        cancels_orders=True,
        registers_webhooks=True,
        reads_offers=True,
        refund_model=RefundModel.LINES,
    )
    parse_event = staticmethod(events.parse_event)

    def __init__(self, url: str, username: str, password: str):
        super().__init__(url, username, password)
        self._transport = Transport(self.url, username, password)
        self._offers = Offers(self._transport)

    def check(self) -> ShopInfo:
        index = self._transport.get("")
        if "wc/v3" not in index["namespaces"]:
            raise InvalidError("This site has no WooCommerce; install it in the shop.")
        if "dokan/v1" not in index["namespaces"]:
            raise InvalidError("This shop has no Dokan; install it for the vendors.")
        general = self._read_settings("general")
        included = self._read_settings("tax")["woocommerce_prices_include_tax"]
        return ShopInfo(
            ref=index["url"],
            version="wc/v3",
            currency=general["woocommerce_currency"],
            tax_mode=TaxMode.INCLUDED if included == "yes" else TaxMode.EXCLUDED,
            is_set_up=general["woocommerce_calc_taxes"] == "yes",
            clock_skew=self._transport.clock_skew,
        )

    def _read_settings(self, group: str) -> dict[str, Any]:
        rows = self._transport.get(f"wc/v3/settings/{group}")
        return {row["id"]: row["value"] for row in rows}

    # ---- to the shop -------------------------------------------------------

    def push_settings(self, values: contract.ShopSettings) -> list[str]:
        return settings.push_settings(self._transport, values)

    def upsert_vendors(self, items: Sequence[contract.Vendor]) -> list[contract.Result]:
        return vendors.upsert_vendors(self._transport, items)

    def upsert_offers(self, items: Sequence[contract.Offer]) -> list[contract.Result]:
        return self._offers.upsert(items)

    def read_offers(self, refs: Sequence[str]) -> list[contract.ShownOffer]:
        return self._offers.read(refs)

    def push_fulfilment(self, command: contract.FulfilmentCommand) -> contract.Result:
        return commands.push_fulfilment(self._transport, command)

    def find_refund(self, command: contract.RefundCommand) -> contract.Result | None:
        return commands.find_refund(self._transport, command)

    def make_refund(self, command: contract.RefundCommand) -> contract.Result:
        return commands.make_refund(self._transport, command)

    def cancel_order(self, command: contract.CancelCommand) -> contract.Result:
        return commands.cancel_order(self._transport, command)

    def ensure_webhooks(self, url: str, secret: str) -> None:
        events.ensure_webhooks(self._transport, url, secret)

    # ---- from the shop -----------------------------------------------------

    def pull_orders(self, cursor: str, limit: int) -> Page:
        return self._pages("modified", PLACED).page(cursor, limit)

    def pull_open_orders(self, placed_after: datetime, cursor: str, limit: int) -> Page:
        """Return the unfinished orders, then the recent ones.

        Every change of an order moves its time, but a refund that is deleted does not.
        """
        lane, _colon, within = cursor.partition(":")
        if lane != "recent":
            older = placed_after + SECOND
            page = self._pages("date", OPEN).page(within, limit, before=older)
            if not page.complete:
                return Page(page.documents, f"open:{page.cursor}", complete=False)
            return Page(page.documents, "recent:", complete=False)
        page = self._pages("date", PLACED).page(within, limit, after=placed_after)
        return Page(page.documents, f"recent:{page.cursor}", page.complete)

    def pull_placed_orders(
        self, since: datetime, until: datetime, cursor: str, limit: int
    ) -> Page:
        pages = self._pages("date", PLACED)
        return pages.page(cursor, limit, after=since - SECOND, before=until)

    def fetch_orders(self, refs: Sequence[str]) -> list[Document]:
        numbers = [ref for ref in refs if ref.isdecimal()]
        if not numbers:
            return []
        return self._read_orders(include=",".join(numbers), per_page=len(numbers))

    def find_order(self, number: str) -> Document | None:
        """Look for the number, which a plug-in may have made another than the id."""
        found = self._read_orders(search=number, per_page=PAGE)
        return next((item for item in found if item.number == number), None)

    def parse_order(self, payload: Mapping[str, Any]) -> contract.Order:
        return orders.parse_order(payload)

    def _pages(self, column: str, statuses: Sequence[str]) -> TimePages:
        prefix = "modified_" if column == "modified" else ""
        field = "date_modified_gmt" if column == "modified" else "date_created_gmt"

        def read(span: Span) -> list[Document]:
            bounds = {"after": span.after or EVERYTHING, "before": span.before}
            return self._read_orders(
                status=",".join(statuses),
                orderby="id" if span.within else column,
                order="asc",
                per_page=span.take,
                offset=span.skip,
                **{
                    f"{prefix}{key}": _format_time(time)
                    for key, time in bounds.items()
                    if time
                },
            )

        def time_of(document: Document) -> datetime:
            return parse_time(document.payload[field])

        return TimePages(read, time_of, SECOND, OVERLAP)

    def _read_orders(self, **params: Any) -> list[Document]:
        """Read whole purchases, with what the shop keeps beside them."""
        rows = self._transport.get(
            commands.ORDERS, parent=0, dp=6, dates_are_gmt="true", **params
        )
        rows = [row for row in rows if not row.get("parent_id")]
        sub_orders = self._read_sub_orders(rows)
        return [
            _document(
                {
                    **row,
                    "sub_orders": sub_orders[row["id"]],
                    "refund_documents": self._read_refunds(row),
                }
            )
            for row in rows
        ]

    def _read_sub_orders(
        self, rows: Sequence[dict[str, Any]]
    ) -> dict[int, list[dict[str, Any]]]:
        """Return, per purchase of several vendors, who sells which products."""
        parents = [row["id"] for row in rows if len(row.get("stores") or ()) > 1]
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        if not parents:
            return found
        listed = ",".join(str(parent) for parent in parents)
        for part in self._transport.get_all(
            commands.ORDERS, parent=listed, orderby="id", order="asc"
        ):
            found[part["parent_id"]].append(
                {
                    "id": part["id"],
                    "store_id": (part.get("store") or {}).get("id"),
                    "product_ids": [line["product_id"] for line in part["line_items"]],
                }
            )
        return found

    def _read_refunds(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        if not row["refunds"]:
            return []
        path = f"{commands.ORDERS}/{row['id']}/refunds"
        return list(self._transport.get_all(path, order="asc", orderby="id", dp=6))


def _document(payload: dict[str, Any]) -> Document:
    return Document(
        kind="order",
        ref=str(payload["id"]),
        number=payload["number"],
        payload=payload,
        digest=fingerprint(payload, ignore=IGNORED),
    )


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
