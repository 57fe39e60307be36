"""A proxy before the shop that fails on demand, for what a real shop rarely does."""

import contextlib
import http.client
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LOCAL = "127.0.0.1"
SLOW_SECONDS = 0.5
# What a storm is made of.
STORM = (
    "broken",
    "gateway",
    "impatient",
    "lost",
    "page",
    "slow",
    "throttled",
    "truncated",
    "unavailable",
)
REFUSALS = {
    "throttled": (429, {"retry-after": "120"}),
    "impatient": (429, {}),
    "broken": (500, {}),
    "gateway": (502, {}),
    "unavailable": (503, {}),
}
# Of one connection only, or told anew by the proxy.
OWN_HEADERS = {
    "accept-encoding",
    "connection",
    "content-length",
    "date",
    "host",
    "keep-alive",
    "server",
    "transfer-encoding",
}


class FaultyProxy(ThreadingHTTPServer):
    """Forward everything; :meth:`fail` and :meth:`fail_call` spoil one call.

    Faults: ``lost`` (the shop acts, its answer never arrives), ``truncated`` (half of
    the answer), ``page`` (a maintenance page instead of the shop), ``throttled`` (429,
    wait 120 seconds), ``impatient`` (429 that does not say how long), ``broken`` (500
    before the shop sees the call), ``gateway`` (502), ``unavailable`` (503), ``slow``.
    """

    daemon_threads = True

    def __init__(self, upstream):
        super().__init__((LOCAL, 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.url = f"http://{LOCAL}:{self.server_port}"
        self.plan = None
        self.chance = None
        self.rate = 0.0
        self.calls = 0
        self.hits = []

    def fail(self, text, fault):
        """Spoil the next call with ``text`` in its body."""
        self.fail_call(lambda _method, _path, body: text in body, fault)

    def fail_call(self, is_meant, fault, rank=0):
        """Spoil call number ``rank`` of those that ``is_meant(method, path, body)``."""
        self.plan = (is_meant, fault, rank)

    def storm(self, chance, rate):
        """Spoil a share of all calls, drawn from ``chance``; a rate of 0 ends it."""
        self.chance, self.rate = chance, rate

    def take_fault(self, method, path, body):
        self.calls += 1
        if self.rate and self.chance.random() < self.rate:
            fault = self.chance.choice(STORM)
            self.hits.append(fault)
            return fault
        if not self.plan:
            return None
        is_meant, fault, rank = self.plan
        if not is_meant(method, path, body):
            return None
        if rank:
            self.plan = (is_meant, fault, rank - 1)
            return None
        self.plan = None
        self.hits.append(fault)
        return fault


@contextlib.contextmanager
def faulty_proxy(upstream):
    """Run a proxy in a thread of its own."""
    proxy = FaultyProxy(upstream)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def _handle(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        fault = self.server.take_fault(self.command, self.path, body.decode())
        if fault in REFUSALS:
            status, headers = REFUSALS[fault]
            return self._answer(status, dict(headers), b"")
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        if fault == "page":
            return self._answer(200, {"content-type": "text/html"}, b"<html></html>")
        status, headers, answer = self._forward(body)
        if fault == "lost":
            return self._hang_up()
        if fault == "truncated":
            headers["content-length"] = str(len(answer))
            self._answer(status, headers, answer[: len(answer) // 2])
            return self._hang_up()
        return self._answer(status, headers, answer)

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _handle

    def _forward(self, body):
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port)
        headers = _passed_on(self.headers.items())
        connection.request(self.command, self.path, body or None, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, _passed_on(response.getheaders()), answer

    def _answer(self, status, headers, body):
        self.send_response(status)
        headers.setdefault("content-length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self):
        # Reset, rather than an orderly end that could pass for an empty answer.
        reset = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args):
        """Keep the test's output to itself."""


def _passed_on(headers):
    return {key: value for key, value in headers if key.lower() not in OWN_HEADERS}
