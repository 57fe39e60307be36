"""GraphQL over HTTP, paid for by cost; every failure classified.

A shop has a bucket of points that refills with time, and every call costs some.  When
it is empty the answer is HTTP 200 with an error ``THROTTLED``; the answer says how fast
the bucket refills (shopify.dev, "GraphQL Admin API rate limits").
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from ..errors import (
    AuthError,
    InvalidError,
    ShopError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
)
from ..http import (
    THROTTLE_SECONDS,
    TIMEOUT_SECONDS,
    classify_failure,
    read_clock_skew,
    throttled,
)
from .access import Access

API_VERSION = "2026-10"
TOKEN_HEADER = "X-Shopify-Access-Token"


class TooCostlyError(InvalidError):
    """One call asks for more than the shop ever gives: ask for less at a time."""


class TokenError(AuthError):
    """The shop does not know the token, or knows it no more; nothing was done."""


class Transport:
    """Send a document with variables; get ``data`` or a classified error."""

    def __init__(self, url: str, access: Access):
        self._url = f"{url}/admin/api/{API_VERSION}/graphql.json"
        self._access = access
        self._session = requests.Session()
        self.clock_skew = timedelta()  # as of the last answer, to the second

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Read.  It may be repeated, so a broken answer is only transient."""
        return self._post(document, variables, write=False)

    def mutate(self, document: str, **variables: Any) -> dict[str, Any]:
        """Write; the first user error of any field is raised."""
        data = self.write(document, **variables)
        for payload in data.values():
            raise_user_errors(payload)
        return data

    # pylint: disable-next=method-required-super
    def write(self, document: str, **variables: Any) -> dict[str, Any]:
        """Write; user errors are left to the caller."""
        return self._post(document, variables, write=True)

    def mutate_each(
        self, call: str, kinds: Sequence[str], inputs: Sequence[Sequence[Any]]
    ) -> list[dict[str, Any]]:
        """Send one mutation per row of inputs, all in one request, by aliases.

        :param call: the field with ``$0``, ``$1``… for the values of a row.
        :param kinds: the types of those values.
        :return: the payloads, with their user errors.
        """
        if not inputs:
            return []
        parameters, calls, values = [], [], {}
        for rank, row in enumerate(inputs):
            text = call
            for place, (kind, value) in enumerate(zip(kinds, row, strict=True)):
                name = f"v{rank}_{place}"
                parameters.append(f"${name}: {kind}")
                text = text.replace(f"${place}", f"${name}")
                values[name] = value
            calls.append(f"m{rank}: {text}")
        document = f"mutation({', '.join(parameters)}) {{\n" + "\n".join(calls) + "\n}"
        data = self._post(document, values, write=True)
        return [data[f"m{rank}"] for rank in range(len(inputs))]

    @staticmethod
    def upload(url: str, form: dict[str, str], content: bytes) -> None:
        """Put a file where the shop said: no place of its own, so no token goes there.

        :raises TransientError: nothing is done by a file alone.
        """
        try:
            response = requests.post(
                url,
                data=form,
                files={"file": ("rows.jsonl", content, "text/jsonl")},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise classify_failure(error, write=False) from error
        if not 200 <= response.status_code < 300:
            message = f"The shop's storage took no file (HTTP {response.status_code})."
            raise TransientError(message)

    @staticmethod
    def download(url: str) -> bytes | None:
        """Return a file that the shop made; None: it is not kept any more."""
        try:
            response = requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise classify_failure(error, write=False) from error
        if response.status_code in (403, 404, 410):
            return None
        if response.status_code != 200:
            message = f"The shop's storage gave no file (HTTP {response.status_code})."
            raise TransientError(message)
        return response.content

    @staticmethod
    def check(payloads: Iterable[dict[str, Any]]) -> None:
        """Raise the first user error of several payloads."""
        for payload in payloads:
            raise_user_errors(payload)

    def _post(
        self, document: str, variables: dict[str, Any], write: bool
    ) -> dict[str, Any]:
        token = self._access.token()
        try:
            return self._send(token, document, variables, write)
        except TokenError:
            if not self._access.forget(token):
                raise
        # A granted token may end before its day, when the app's secret is renewed.
        return self._send(self._access.token(), document, variables, write)

    def _send(
        self, token: str, document: str, variables: dict[str, Any], write: bool
    ) -> dict[str, Any]:
        try:
            response = self._session.post(
                self._url,
                json={"query": document, "variables": variables},
                headers={TOKEN_HEADER: token},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise classify_failure(error, write) from error
        self.clock_skew = read_clock_skew(response, datetime.now(UTC))
        return read_answer(response, write)


def read_answer(response: requests.Response, write: bool) -> dict[str, Any]:
    """Return the ``data`` of a good answer, raise the error of a bad one."""
    status = response.status_code
    if status == 429:
        raise throttled(response)
    if status in (401, 403):
        raise TokenError("The shop refuses our access token.")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if (
        status >= 500
        or not isinstance(answer, dict)
        or not answer.keys() & {"data", "errors"}
    ):
        message = f"The shop gave no GraphQL answer (HTTP {status})."
        raise (UnknownOutcomeError if write else TransientError)(message)
    if answer.get("errors"):
        raise _classify(answer, write)
    return answer["data"]


def raise_user_errors(payload: Any) -> None:
    """Raise what the shop says is wrong with a mutation."""
    if isinstance(payload, dict) and (message := user_errors(payload)):
        raise InvalidError(message)


def user_errors(payload: dict[str, Any]) -> str:
    """Return the user errors of a payload as one sentence, empty when there are none.

    >>> user_errors({"userErrors": [{"field": ["input", "title"], "message": "Blank"}]})
    'Blank (input.title)'
    """
    return "; ".join(
        f"{error['message']} ({'.'.join(error['field'])})"
        if error.get("field")
        else error["message"]
        for error in payload.get("userErrors") or ()
    )


def _classify(answer: dict[str, Any], write: bool) -> ShopError:
    errors = answer["errors"]
    if isinstance(errors, str):
        return InvalidError(errors)
    codes = {(error.get("extensions") or {}).get("code") for error in errors}
    message = "; ".join(str(error.get("message")) for error in errors)
    if "THROTTLED" in codes:
        return ThrottledError("The shop asks us to slow down.", _wait(answer))
    if "MAX_COST_EXCEEDED" in codes:
        return TooCostlyError(message)
    if "ACCESS_DENIED" in codes:
        return AuthError(message)
    if "INTERNAL_SERVER_ERROR" in codes:
        return (UnknownOutcomeError if write else TransientError)(message)
    return InvalidError(message)


def _wait(answer: dict[str, Any]) -> int:
    """Return the seconds until the bucket holds what the call costs."""
    try:
        cost = answer["extensions"]["cost"]
        state = cost["throttleStatus"]
        missing = cost["requestedQueryCost"] - state["currentlyAvailable"]
        return max(1, math.ceil(missing / state["restoreRate"]))
    except (KeyError, TypeError, ZeroDivisionError):
        return THROTTLE_SECONDS


def gid(kind: str, ref: str) -> str:
    """Return the shop's global id of a reference.

    >>> gid("Order", "7")
    'gid://shopify/Order/7'
    """
    return f"gid://shopify/{kind}/{ref}"


def tail(identifier: str) -> str:
    """Return the number of a global id: what documents and webhooks have in common.

    >>> tail("gid://shopify/Order/7"), tail("gid://shopify/Location/9?inventory=1")
    ('7', '9')
    """
    return identifier.rpartition("/")[2].partition("?")[0]
