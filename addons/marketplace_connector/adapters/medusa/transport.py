"""REST over HTTP: sessions, logins, every failure classified.

Two ways in: e-mail and password (a token of limited life, renewed when it has run
out), or a secret API key, which is what the shop takes as a basic user without a
password.  Mercur gives keys no role, so it needs the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

from ..errors import (
    AuthError,
    InvalidError,
    TransientError,
    UnknownOutcomeError,
)
from ..http import TIMEOUT_SECONDS, classify_failure, read_clock_skew, throttled

PAGE = 100
STAFF = "user"
SELLER = "member"  # what Mercur calls somebody who works for a seller


class NotFoundError(InvalidError):
    """What is asked for is not in the shop."""


class Transport:
    """Call a path; get the decoded answer or a classified error.

    Numbers with decimals are ``Decimal``: the shop writes amounts as such.
    """

    def __init__(self, url: str, username: str, password: str):
        self.username = username
        self._url = url
        self._password = password
        self._sessions: dict[str, requests.Session] = {}
        self.clock_skew = timedelta()  # as of the last answer, to the second

    # ---- as staff of the shop ----------------------------------------------

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read.  It may be repeated, so a broken answer is only transient."""
        return self._authorized(STAFF, "GET", f"/admin/{path}", query, None)

    def post(self, path: str, body: Mapping[str, Any], **query: Any) -> dict[str, Any]:
        """Write."""
        return self._authorized(STAFF, "POST", f"/admin/{path}", query, body)

    def delete(self, path: str) -> dict[str, Any]:
        """Remove."""
        return self._authorized(STAFF, "DELETE", f"/admin/{path}", {}, None)

    def pages(self, path: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list that changes rarely, page by page."""
        offset = 0
        while True:
            answer = self.get(path, limit=PAGE, offset=offset, **query)
            yield from answer[key]
            offset += PAGE
            if offset >= answer["count"]:
                return

    # ---- as a seller's member (Mercur) -------------------------------------

    def seller_get(self, seller: str, path: str, **query: Any) -> dict[str, Any]:
        return self._authorized(SELLER, "GET", f"/vendor/{path}", query, None, seller)

    def seller_post(
        self, seller: str, path: str, body: Mapping[str, Any], **query: Any
    ) -> dict[str, Any]:
        return self._authorized(SELLER, "POST", f"/vendor/{path}", query, body, seller)

    def forget(self, actor: str) -> None:
        """Log in anew at the next call: what the token may do has changed."""
        self._sessions.pop(actor, None)

    # ---- one call ----------------------------------------------------------

    def _authorized(
        self,
        actor: str,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        seller: str = "",
    ) -> dict[str, Any]:
        headers = {"x-seller-id": seller} if seller else None
        fresh = actor not in self._sessions
        session = self._session(actor)
        try:
            return self._call(session, method, path, query, body, headers)
        except AuthError:
            if fresh:
                raise
        # The token has run out.  A refused call did nothing: log in again.
        self.forget(actor)
        session = self._session(actor)
        return self._call(session, method, path, query, body, headers)

    def _session(self, actor: str) -> requests.Session:
        if actor not in self._sessions:
            self._sessions[actor] = self._login(actor)
        return self._sessions[actor]

    def _login(self, actor: str) -> requests.Session:
        session = requests.Session()
        if not self.username:
            if not self._password:
                raise AuthError("There is neither a user nor a secret key.")
            session.auth = (self._password, "")
            return session
        try:
            token = self._read_token(session, f"/auth/{actor}/emailpass")
        except AuthError:
            if actor == STAFF:
                raise
            # The connector works for the sellers under the name it has as staff.
            token = self._read_token(session, f"/auth/{actor}/emailpass/register")
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def _read_token(self, session: requests.Session, path: str) -> str:
        body = {"email": self.username, "password": self._password}
        token = self._call(session, "POST", path, {}, body, None, write=False)["token"]
        if not isinstance(token, str):
            raise AuthError("The shop gives no token for this user.")
        return token

    def _call(
        self,
        session: requests.Session,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        write: bool | None = None,
    ) -> dict[str, Any]:
        write = method != "GET" if write is None else write
        try:
            response = session.request(
                method,
                self._url + path,
                params=flatten(query),
                data=None if body is None else json.dumps(body, default=_to_number),
                headers={"content-type": "application/json", **(headers or {})},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise classify_failure(error, write) from error
        self.clock_skew = read_clock_skew(response, datetime.now(UTC))
        return read_answer(response, write)


def _to_number(value: Any) -> float:
    """Write an amount as the number the shop wants; two decimals survive a float."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"No JSON for {value!r}")


def flatten(query: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Write nested filters the way the shop reads them.

    >>> flatten({"id": ["a", "b"], "updated_at": {"$gte": "x"}, "limit": 2})
    [('id[0]', 'a'), ('id[1]', 'b'), ('updated_at[$gte]', 'x'), ('limit', '2')]
    """
    pairs: list[tuple[str, str]] = []
    for key, value in query.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, Mapping):
            pairs += flatten(value, name)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            pairs += flatten({str(i): item for i, item in enumerate(value)}, name)
        else:
            pairs.append((name, str(value)))
    return pairs


def read_answer(response: requests.Response, write: bool) -> dict[str, Any]:
    """Return the decoded body of a good answer, raise the error of a bad one."""
    status = response.status_code
    if status == 429:
        raise throttled(response)
    try:
        answer = response.json(parse_float=Decimal)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        # A maintenance page or a proxy's error.  Never "there are no orders".
        answer = {}
        if status < 400 or status >= 500:
            message = f"The shop gave no readable answer (HTTP {status})."
            raise (UnknownOutcomeError if write else TransientError)(message)
    message = str(answer.get("message") or f"HTTP {status}")
    if status in (401, 403):
        raise AuthError(f"The shop refuses our access ({message}).")
    if status == 404:
        raise NotFoundError(message)
    if 400 <= status < 500:
        raise InvalidError(message)
    if status >= 300:
        # Some steps of what was asked may be done, and not undone.
        raise (UnknownOutcomeError if write else TransientError)(message)
    return answer
