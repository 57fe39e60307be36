"""What every adapter over HTTP has to tell apart."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import NewConnectionError

from .errors import (
    InvalidError,
    ShopError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
)

TIMEOUT_SECONDS = 30  # to connect, and between two bytes of the answer
THROTTLE_SECONDS = 30  # when the shop does not say how long
THROTTLE_SECONDS_MAX = 15 * 60


def read_clock_skew(response: requests.Response, now: datetime) -> timedelta:
    """Return the shop's clock less ours; zero when it does not say its time."""
    try:
        told = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return timedelta()
    return timedelta(seconds=int((told - now).total_seconds()))


def classify_failure(error: requests.RequestException, write: bool) -> ShopError:
    """Tell "never arrived" from "no idea", when there is no whole answer."""
    if isinstance(error, ValueError):  # how requests marks a malformed address
        return InvalidError("The address of the shop is not valid.")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(
        cause, NewConnectionError
    ):
        return TransientError("The shop cannot be reached.")
    if write:
        return UnknownOutcomeError("The shop did not answer; it may have acted.")
    return TransientError("The shop did not give a whole answer.")


def throttled(response: requests.Response) -> ThrottledError:
    """Return the error of an answer that asks for patience.

    ``Retry-After`` is a number of seconds or a date (RFC 9110, section 10.2.3).

    >>> from types import SimpleNamespace as Answer
    >>> throttled(Answer(headers={"retry-after": "120"})).wait_seconds
    120
    >>> throttled(Answer(headers={"retry-after": "whenever"})).wait_seconds
    30
    """
    after = response.headers.get("retry-after", "")
    wait = THROTTLE_SECONDS
    if after.isdigit():
        wait = int(after)
    elif after:
        with suppress(ValueError, TypeError):
            until = parsedate_to_datetime(after)
            wait = int((until - datetime.now(UTC)).total_seconds())
    wait = min(max(wait, 1), THROTTLE_SECONDS_MAX)
    return ThrottledError("The shop asks us to slow down.", wait)
