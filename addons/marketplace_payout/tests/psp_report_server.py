"""The payment provider in a thread, telling also what it settled."""

import json
import time
from urllib.parse import parse_qs, urlsplit

from .psp_server import FakeProvider


class FakeReports(FakeProvider):
    """Answer lists of payouts and of balance transactions, newest first, in pages.

    ``settled`` are the payouts, ``moved`` the balance transactions by payout.
    ``faults`` are spent one a page: a status such as 429, ``slow`` (hangs up after the
    client's patience), ``cut`` (half a page), ``broken`` (hangs up) or None (answers).
    """

    def __init__(self):
        super().__init__()
        self.settled = []
        self.moved = {}
        self.faults = []
        self.lists = []

    def answer_get(self, handler):
        url = urlsplit(handler.path)
        if url.path not in ("/v1/payouts", "/v1/balance_transactions"):
            super().answer_get(handler)
            return
        if self.refuses(handler):
            return
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.lists.append((url.path.rpartition("/")[2], asked))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            self.refuse_page(handler, fault)
            return
        if fault == "slow":
            time.sleep(1.2)
        if fault in ("slow", "broken"):
            handler.close_connection = True
            return
        page = self.page(url.path, asked)
        if fault == "cut":
            self.send_half(handler, page)
        else:
            self.send(handler, 200, page)

    def page(self, path, asked):
        if path == "/v1/payouts":
            first = int(asked["arrival_date[gte]"])
            items = [
                item
                for item in self.settled
                if item["status"] == asked["status"] and item["arrival_date"] >= first
            ]
        else:
            items = self.moved[asked["payout"]]
        items = items[::-1]
        if after := asked.get("starting_after"):
            names = [item["id"] for item in items]
            items = items[names.index(after) + 1 :]
        limit = int(asked["limit"])
        return {
            "object": "list",
            "data": items[:limit],
            "has_more": len(items) > limit,
        }

    def refuse_page(self, handler, status):
        body = json.dumps({"error": {"code": "rate_limit"}}).encode()
        handler.send_response(status)
        handler.send_header("Retry-After", "0")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def send_half(self, handler, page):
        body = json.dumps(page).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])
        handler.close_connection = True
