"""The Medusa adapter's calls: access, failures, paging; against small fakes."""

import doctest
import importlib
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from odoo.addons.marketplace_connector.adapters.errors import (
    AuthError,
    InvalidError,
    TransientError,
    UnknownOutcomeError,
)
from odoo.addons.marketplace_connector.adapters.medusa import (
    MedusaAdapter,
    MercurAdapter,
    transport,
)
from odoo.addons.marketplace_connector.adapters.medusa.transport import (
    NotFoundError,
    Transport,
)

EVER = datetime(2020, 1, 1, tzinfo=UTC)


@contextmanager
def shop(answer):
    """Serve ``answer(method, path, headers) -> (status, body)``; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self):
            self.rfile.read(int(self.headers["content-length"] or 0))
            status, body = answer(self.command, self.path, self.headers)
            if status is None:
                return
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _handle

        def log_message(self, *_args):
            """Keep the test's output to itself."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# ---- access -----------------------------------------------------------------


def test_token_that_has_run_out_is_renewed_once():
    seen = []

    def answer(_method, path, headers):
        seen.append(path)
        if path.startswith("/auth"):
            return 200, {"token": f"t{len(seen)}"}
        good = headers["authorization"] == f"Bearer t{valid[0]}"
        return (200, {"ok": True}) if good else (401, {"message": "Unauthorized"})

    valid = [1]
    with shop(answer) as url:
        calls = Transport(url, "ada@example.com", "secret")
        assert calls.get("orders") == {"ok": True}
        valid[0] = 4  # the third call is refused, the fourth logs in
        assert calls.get("orders") == {"ok": True}
        valid[0] = 99
        with pytest.raises(AuthError):
            calls.get("orders")
    logins = [path for path in seen if path.startswith("/auth")]
    assert logins == ["/auth/user/emailpass"] * 3


def test_secret_key_is_a_user_without_password():
    given = []

    def answer(_method, _path, headers):
        given.append(headers["authorization"])
        return 200, {}

    with shop(answer) as url:
        Transport(url, "", "sk_1").get("orders")
    assert given == ["Basic c2tfMTo="]


def test_no_access_at_all_is_said():
    with pytest.raises(AuthError):
        Transport("http://127.0.0.1:9", "", "").get("orders")


# ---- failures ---------------------------------------------------------------


@pytest.mark.parametrize(
    "status, body, read, write",
    [
        (500, {"message": "An unknown error occurred."}, "transient", "unknown"),
        (503, b"<html></html>", "transient", "unknown"),
        (200, b"<html></html>", "transient", "unknown"),
        (200, [], "transient", "unknown"),
        (404, {"message": "Order id not found"}, "not found", "not found"),
        (404, b"<html></html>", "not found", "not found"),
    ],
)
def test_failures_are_told_apart(status, body, read, write):
    """Mercur answers a cancellation with 500 after it gave the money back."""
    errors = {
        "transient": TransientError,
        "unknown": UnknownOutcomeError,
        "not found": NotFoundError,
    }
    with shop(lambda *_call: (status, body)) as url:
        calls = Transport(url, "", "sk_1")
        with pytest.raises(errors[read]):
            calls.get("orders")
        with pytest.raises(errors[write]):
            calls.post("orders/1/cancel", {})


def test_shop_that_never_answers_does_not_hold_us(monkeypatch):
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.2)
    over = threading.Event()

    def hang(*_call):
        over.wait(10)
        return None, None

    with shop(hang) as url:
        calls = Transport(url, "", "sk_1")
        with pytest.raises(TransientError):
            calls.get("index/details")
        with pytest.raises(UnknownOutcomeError):
            calls.post("payments/1/refund", {})
        over.set()


@pytest.mark.parametrize(
    "adapter_class, sellers, words",
    [(MedusaAdapter, 200, "This is Mercur"), (MercurAdapter, 404, "no sellers")],
)
def test_wrong_platform_is_said(adapter_class, sellers, words):
    store = {"id": "store_1", "supported_currencies": []}

    def answer(_method, path, _headers):
        if path.startswith("/admin/sellers"):
            return sellers, {"sellers": [], "message": "Cannot GET"}
        return 200, {"stores": [store]}

    with shop(answer) as url, pytest.raises(InvalidError, match=words):
        adapter_class(url, "", "sk_1").check()


# ---- paging -----------------------------------------------------------------


class Rows:
    """Orders as the shop lists them; ``touch`` makes one the latest."""

    def __init__(self, count, step=timedelta(seconds=1)):
        start = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
        self.times = {f"order_{i:02}": start + i * step for i in range(count)}
        self.now = start + count * timedelta(seconds=1)
        self.calls = []

    def touch(self, ref):
        self.now += timedelta(seconds=1)
        self.times[ref] = self.now

    def get(self, path, **query):
        assert path == "orders"
        self.calls.append(query)
        times = query.get(query["order"]) or query.get("updated_at") or {}
        times = query.get("updated_at") or query.get("created_at") or times
        after = (query.get("id") or {}).get("$gt", "")
        found = [
            {"id": ref, "updated_at": text, "created_at": text}
            for ref, time in self.times.items()
            for text in [time.isoformat(timespec="milliseconds")[:-6] + "Z"]
            if times.get("$gte", "") <= text < times.get("$lt", "9") and ref > after
        ]
        column = "id" if query["order"] == "id" else "updated_at"
        found.sort(key=lambda row: row[column])
        return {"orders": found[: query["limit"]]}


def adapter_on(rows, adapter_class=MedusaAdapter):
    adapter = adapter_class("http://shop.example", "", "sk_1")
    adapter._transport = rows
    adapter.fetch_orders = lambda refs: list(refs)
    return adapter


def test_order_changed_between_two_pages_hides_no_other():
    rows = Rows(6)
    adapter = adapter_on(rows)
    page = adapter.pull_orders("", 2)
    read = [*page.documents]
    rows.touch("order_00")  # with row numbers, the third would now be the second
    while not page.complete:
        page = adapter.pull_orders(page.cursor, 2)
        read += page.documents
    assert set(read) == set(rows.times)
    assert read[-1] == "order_00"


def test_orders_of_one_millisecond_are_read_by_their_ids():
    rows = Rows(5, step=timedelta())
    adapter = adapter_on(rows)
    page = adapter.pull_orders("", 2)
    read, pages = [*page.documents], 1
    while not page.complete:
        page = adapter.pull_orders(page.cursor, 2)
        read += page.documents
        pages += 1
        assert pages < 20
    assert set(read) == set(rows.times)


def test_next_time_begins_a_little_earlier():
    """An order is written in steps, and may show up after a later one."""
    rows = Rows(3)
    adapter = adapter_on(rows)
    page = adapter.pull_orders("", 10)
    assert page.complete
    assert page.cursor < min(rows.times.values()).isoformat()
    again = adapter.pull_orders(page.cursor, 10)
    assert set(again.documents) == set(rows.times)


def test_empty_shop_is_read_at_once():
    page = adapter_on(Rows(0)).pull_orders("", 10)
    assert (page.documents, page.cursor, page.complete) == ((), "", True)


def test_older_orders_follow_the_recent_ones():
    rows = Rows(4)
    adapter = adapter_on(rows)
    adapter._is_finished = lambda document: document == "order_00"
    border = sorted(rows.times.values())[2]
    cursor, read, complete = "", [], False
    while not complete:
        page = adapter.pull_open_orders(border, cursor, 1)
        read += page.documents
        cursor, complete = page.cursor, page.complete
    assert set(read) == {"order_01", "order_02", "order_03"}
    older = [call for call in rows.calls if call.get("status")]
    assert older and all(call["status"] == ["pending"] for call in older)


def test_order_outside_of_its_group_yet_is_left_for_the_next_time():
    rows = Rows(0)
    rows.get = lambda _path, **_query: {
        "orders": [
            {"id": "1", "updated_at": "2026-03-02T10:00:00.000Z", "order_group": None},
            {
                "id": "2",
                "updated_at": "2026-03-02T10:00:01.000Z",
                "order_group": {"id": "og_1"},
            },
            {
                "id": "3",
                "updated_at": "2026-03-02T10:00:01.000Z",
                "order_group": {"id": "og_1"},
            },
        ]
    }
    page = adapter_on(rows, MercurAdapter).pull_orders("", 10)
    assert page.documents == ("og_1",)
    assert page.cursor < "2026-03-02T10:00:00.000Z"


@pytest.mark.parametrize(
    "name", ["amounts", "documents", "offers", "places", "transport"]
)
def test_doctests(name):
    package = "odoo.addons.marketplace_connector.adapters.medusa"
    result = doctest.testmod(importlib.import_module(f"{package}.{name}"))
    assert result.attempted and not result.failed
