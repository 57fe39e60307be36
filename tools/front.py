"""The small gateway in front of a multi-process Odoo, as nginx is in production.

With workers, Odoo answers pages on one port and WebSockets on another, and expects
a reverse proxy to send each to its place. Without one, every open page logs errors.
"""

from __future__ import annotations

import asyncio
import threading

HEAD_LIMIT = 64 * 1024
CHUNK = 64 * 1024


class Front:
    """Forwards ``port`` to Odoo's HTTP port, and /websocket to its gevent port."""

    def __init__(self, port: int, http_port: int, gevent_port: int):
        self._port = port
        self._http_port = http_port
        self._gevent_port = gevent_port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Listen in a thread; raise the error when the port cannot be had."""
        self._thread.start()
        self._ready.wait()
        if self._error:
            raise self._error

    def stop(self) -> None:
        """Stop listening and forget open connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(
                asyncio.start_server(
                    self._serve, "127.0.0.1", self._port, limit=HEAD_LIMIT
                )
            )
        except OSError as error:
            self._error = error
            return
        finally:
            self._ready.set()
        self._loop.run_forever()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Connect one browser connection to the port its first request is for.

        Later requests on it go the same way: browsers open a connection of its own
        for each WebSocket.
        """
        try:
            line = await reader.readline()
            parts = line.split(b" ")
            path = parts[1] if len(parts) > 1 else b""
            is_socket = path.startswith(b"/websocket")
            port = self._gevent_port if is_socket else self._http_port
            odoo_reader, odoo_writer = await asyncio.open_connection("127.0.0.1", port)
            odoo_writer.write(line)
            await asyncio.gather(_pipe(reader, odoo_writer), _pipe(odoo_reader, writer))
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # one end went away, or Odoo restarts: the browser asks again
        finally:
            writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
