"""REST over HTTP: one session, every failure classified.

WordPress answers errors as ``{"code", "message", "data": {"status"}}``.  A host before
it may answer anything, so only JSON counts as an answer of the shop.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from ..errors import (
    AuthError,
    InvalidError,
    TransientError,
    UnknownOutcomeError,
)
from ..http import TIMEOUT_SECONDS, classify_failure, read_clock_skew, throttled

PAGE = 100  # the most WordPress gives of a list
BATCH = 100  # the most WooCommerce takes in a batch
PAGES_MAX = 1000  # a list that goes on beyond is no list of vendors or taxes


class NotFoundError(InvalidError):
    """What the call is about is not in the shop."""


class Transport:
    """Call the API; get the JSON of the answer or a classified error."""

    def __init__(self, url: str, username: str, password: str):
        self._url = url
        self._session = requests.Session()
        self._session.auth = (username, password)
        self.clock_skew = timedelta()  # as of the last answer, to the second

    def get(self, path: str, **params: Any) -> Any:
        """Read.  It may be repeated, so a broken answer is only transient."""
        return self._call("GET", path, params=params)

    def get_all(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Read a list to its end."""
        for number in range(1, PAGES_MAX + 1):
            rows = self.get(path, per_page=PAGE, page=number, **params)
            yield from rows
            if len(rows) < PAGE:
                return
        raise InvalidError(f"The shop's list of {path} has no end.")

    def post(self, path: str, values: Any) -> Any:
        return self._call("POST", path, json=values)

    def put(self, path: str, values: Any) -> Any:
        return self._call("PUT", path, json=values)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path, params={"force": "true"})

    def batch(
        self, path: str, key: str, items: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Create or update a list; what is refused comes back with an ``error``."""
        done: list[dict[str, Any]] = []
        for start in range(0, len(items), BATCH):
            part = list(items[start : start + BATCH])
            done += self.post(f"{path}/batch", {key: part})[key]
        return done

    def _call(self, method: str, path: str, **options: Any) -> Any:
        write = method != "GET"
        self._refuse_clear_text()
        try:
            response = self._session.request(
                method,
                f"{self._url}/wp-json/{path}",
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                **options,
            )
        except requests.RequestException as error:
            raise classify_failure(error, write) from error
        self.clock_skew = read_clock_skew(response, datetime.now(UTC))
        return read_answer(response, write)

    def _refuse_clear_text(self) -> None:
        """Keys go over the line with every call: not without TLS, but to ourselves."""
        parts = urlsplit(self._url)
        if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
            raise InvalidError("The address of a WooCommerce shop begins with https.")


def read_answer(response: requests.Response, write: bool) -> Any:
    """Return the JSON of a good answer, raise the error of a bad one."""
    status = response.status_code
    if status == 429 or (status == 503 and response.headers.get("retry-after")):
        raise throttled(response)
    try:
        answer = response.json()
    except ValueError:
        answer = None
    is_error = isinstance(answer, dict) and "code" in answer and "message" in answer
    if 200 <= status < 300 and isinstance(answer, dict | list):
        return answer
    if status in (401, 403):
        raise AuthError("The shop refuses our access.")
    if status == 404 and is_error:
        raise NotFoundError(answer["message"])
    if is_error and (status < 500 or answer["code"].startswith("existing_user")):
        # Dokan passes the refusals of WordPress on as a server error.
        raise InvalidError(f"{answer['message']} ({answer['code']})")
    message = f"The shop gave no answer of its API (HTTP {status})."
    raise (UnknownOutcomeError if write else TransientError)(message)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_meta(row: dict[str, Any], key: str) -> Any:
    """Return a value of the meta data, None when it is not there.

    >>> read_meta({"meta_data": [{"id": 1, "key": "a", "value": "b"}]}, "a")
    'b'
    """
    for meta in row.get("meta_data") or ():
        if meta["key"] == key:
            return meta["value"]
    return None


def write_meta(**values: Any) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]
