"""A proxy before the shop that fails on demand, for what a real shop rarely does."""

import contextlib
import http.client
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LOCAL = "127.0.0.1"


class FaultyProxy(ThreadingHTTPServer):
    """Forward everything; ``fail(text, fault)`` spoils the next call with ``text``.

    Faults: ``lost`` (the shop acts, its answer never arrives), ``truncated`` (half of
    the answer), ``page`` (a maintenance page instead of the shop), ``throttled`` (429).
    """

    daemon_threads = True

    def __init__(self, upstream):
        super().__init__((LOCAL, 0), _Handler)
        self.upstream = urlsplit(upstream)
        self.url = f"http://{LOCAL}:{self.server_port}"
        self.plan = None
        self.hits = []

    def fail(self, text, fault):
        self.plan = (text, fault)

    def take_fault(self, body):
        if self.plan and self.plan[0] in body:
            fault, self.plan = self.plan[1], None
            self.hits.append(fault)
            return fault
        return None


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
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        fault = self.server.take_fault(body.decode())
        if fault == "throttled":
            return self._answer(429, {"retry-after": "120"}, b"")
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

    def _forward(self, body):
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port)
        headers = {
            key: value
            for key, value in self.headers.items()
            if key.lower() not in ("host", "connection", "accept-encoding")
        }
        connection.request("POST", self.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        kept = ("content-type", "vendure-auth-token")
        return (
            response.status,
            {key: response.headers[key] for key in kept if response.headers[key]},
            answer,
        )

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
