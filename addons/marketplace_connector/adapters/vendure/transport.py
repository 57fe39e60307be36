"""GraphQL over HTTP: one session, one login, every failure classified.

Vendure answers errors with HTTP 200, in two forms: a top-level ``errors`` list,
and typed results (``errorCode`` beside ``__typename``) inside the data.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from ..errors import (
    AuthError,
    InvalidError,
    ShopError,
    TransientError,
    UnknownOutcomeError,
)
from ..http import TIMEOUT_SECONDS, classify_failure, read_clock_skew, throttled

TOKEN_HEADER = "vendure-auth-token"
CHANNEL_HEADER = "vendure-token"

LOGIN = """
mutation($username: String!, $password: String!) {
  login(username: $username, password: $password) {
    __typename ... on ErrorResult { errorCode message }
  }
}"""


class Transport:
    """Send a document with variables; get ``data`` or a classified error."""

    def __init__(self, url: str, username: str, password: str):
        self._url = f"{url}/admin-api"
        self._username = username
        self._password = password
        self._session: requests.Session | None = None
        self.clock_skew = timedelta()  # as of the last answer, to the second

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Read.  It may be repeated, so a broken answer is only transient."""
        return self._authorized(document, variables, write=False, channel=None)

    def mutate(
        self, document: str, channel: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        """Write, in the default channel or in the one whose token is given."""
        return self._authorized(document, variables, write=True, channel=channel)

    def _authorized(
        self, document: str, variables: dict[str, Any], write: bool, channel: str | None
    ) -> dict[str, Any]:
        fresh = self._session is None
        session = self._session = self._session or self._login()
        try:
            data = self._post(session, document, variables, write, channel)
        except AuthError:
            if fresh:
                raise
            # The session has run out.  A refused call did nothing: log in again.
            session = self._session = self._login()
            data = self._post(session, document, variables, write, channel)
        for value in data.values():
            raise_typed_error(value)
        return data

    def _login(self) -> requests.Session:
        session = requests.Session()
        variables = {"username": self._username, "password": self._password}
        answer = self._post(session, LOGIN, variables, write=False, channel=None)
        if answer["login"]["__typename"] != "CurrentUser":
            raise AuthError("The shop refuses the user name or the password.")
        return session

    def _post(
        self,
        session: requests.Session,
        document: str,
        variables: dict[str, Any],
        write: bool,
        channel: str | None,
    ) -> dict[str, Any]:
        try:
            response = session.post(
                self._url,
                json={"query": document, "variables": variables},
                headers={CHANNEL_HEADER: channel} if channel else None,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise classify_failure(error, write) from error
        self.clock_skew = read_clock_skew(response, datetime.now(UTC))
        if token := response.headers.get(TOKEN_HEADER):
            session.headers["Authorization"] = f"Bearer {token}"
        return read_answer(response, write)


def read_answer(response: requests.Response, write: bool) -> dict[str, Any]:
    """Return the ``data`` of a good answer, raise the error of a bad one."""
    status = response.status_code
    if status == 429:
        raise throttled(response)
    if status in (401, 403):
        raise AuthError("The shop refuses our access.")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        # A maintenance page or a proxy's error.  Never "there are no orders".
        message = f"The shop gave no GraphQL answer (HTTP {status})."
        raise (UnknownOutcomeError if write else TransientError)(message)
    if answer.get("errors"):
        raise _classify_graphql(answer["errors"], write)
    return answer["data"]


def raise_typed_error(value: Any) -> None:
    """Raise when the value of a root field is one of Vendure's error types."""
    if isinstance(value, dict) and value.get("errorCode"):
        raise InvalidError(f"{value.get('message')} ({value['errorCode']})")


def _classify_graphql(errors: list[dict[str, Any]], write: bool) -> ShopError:
    codes = {error.get("extensions", {}).get("code") for error in errors}
    message = "; ".join(str(error.get("message")) for error in errors)
    if codes & {"FORBIDDEN", "UNAUTHORIZED"}:
        return AuthError(message)
    if "INTERNAL_SERVER_ERROR" in codes:
        # Vendure rolls the request back, but not what an earlier alias of the
        # same request has committed.
        return (UnknownOutcomeError if write else TransientError)(message)
    return InvalidError(message)
