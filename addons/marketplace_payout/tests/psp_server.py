"""A payment provider in a thread: Stripe's transfers, as far as payouts use them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlsplit

KEY = "sk_test_secret"


class FakeProvider:
    """Keep transfers by idempotency key; misbehave on demand.

    ``mode``: ``ok``, ``silent`` (pays, hangs up without an answer, as for a
    client that has waited too long), ``fault`` (pays, answers 500), ``deaf`` (answers
    503, pays nothing) or ``refuse``.
    ``remembers`` says whether idempotency keys are still known.
    """

    def __init__(self):
        self.transfers = []
        self.payouts = []
        self.requests = []
        self.by_key = {}
        self.mode = "ok"
        self.remembers = True
        self.numbers = count(1)
        self.lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.answer_get(self)

            def do_POST(self):
                provider.answer_post(self)

            def log_message(self, *_args):
                """Say nothing: the test's log is for faults."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def send(self, handler, status, content):
        body = json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def refuses(self, handler):
        self.requests.append((handler.command, handler.path))
        if handler.headers.get("Authorization") == f"Bearer {KEY}":
            return False
        self.send(handler, 401, {"error": {"type": "invalid_request_error"}})
        return True

    def answer_get(self, handler):
        if self.refuses(handler):
            return
        url = urlsplit(handler.path)
        if url.path == "/v1/balance":
            self.send(
                handler, 200, {"available": [{"amount": 5000, "currency": "eur"}]}
            )
            return
        if self.mode == "deaf":
            self.send(handler, 503, {})
            return
        group = parse_qs(url.query)["transfer_group"][0]
        found = [t for t in self.transfers if t["transfer_group"] == group]
        self.send(handler, 200, {"data": found})

    def answer_post(self, handler):
        length = int(handler.headers["Content-Length"])
        values = {
            k: v[0] for k, v in parse_qs(handler.rfile.read(length).decode()).items()
        }
        if self.refuses(handler):
            return
        key = handler.headers["Idempotency-Key"]
        if self.mode == "deaf":
            self.send(handler, 503, {})
            return
        if self.mode == "refuse":
            fault = {"code": "balance_insufficient", "message": "Not enough"}
            self.send(handler, 400, {"error": fault})
            return
        with self.lock:
            known = self.by_key.get(key) if self.remembers else None
            answer = known or self.execute(handler.path, values)
            self.by_key[key] = answer
        if self.mode == "silent":
            handler.close_connection = True
            return
        status = 500 if self.mode == "fault" else 200
        self.send(handler, status, answer if status == 200 else {})

    def execute(self, path, values):
        number = next(self.numbers)
        if path == "/v1/payouts":
            self.payouts.append(values)
            return {"id": f"po_{number}"}
        if path.endswith("/reversals"):
            identifier = path.split("/")[3]
            transfer = next(t for t in self.transfers if t["id"] == identifier)
            transfer["amount_reversed"] += int(values["amount"])
            return {"id": f"trr_{number}"}
        transfer = {
            "id": f"tr_{number}",
            "amount": int(values["amount"]),
            "amount_reversed": 0,
            "currency": values["currency"],
            "destination": values["destination"],
            "transfer_group": values["transfer_group"],
            "metadata": {"reference": values["metadata[reference]"]},
        }
        self.transfers.append(transfer)
        return transfer
