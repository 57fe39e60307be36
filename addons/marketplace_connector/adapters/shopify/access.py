"""The token that calls carry: entered, or granted to an app for a day.

Apps of the Dev Dashboard, the only ones that can be made since January 2026, have no
token to enter: they ask for one with client id and secret (shopify.dev, "Client
credentials grant").  Apps made in a shop's admin before that keep theirs.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

from ..errors import AuthError, TransientError
from ..http import TIMEOUT_SECONDS, classify_failure, throttled

RENEW_BEFORE_SECONDS = 300  # a call that waits must not outlive its token


@dataclass(frozen=True, slots=True)
class Grant:
    token: str
    good_until: float  # of the monotonic clock


class Access:
    """Give the token of one shop, asking for it when there is none that holds."""

    # Adapters live for one job, tokens for a day: kept in the process, by who asked.
    _grants: dict[tuple[str, str, str], Grant] = {}
    _lock = threading.Lock()

    def __init__(self, url: str, client_id: str, secret: str):
        """Keep the access.

        :param client_id: empty when ``secret`` is a token itself.
        """
        self._key = (url, client_id, secret)

    def token(self) -> str:
        """Return a token that holds.

        :raises AuthError: when the shop gives the app none.
        """
        url, client_id, secret = self._key
        if not client_id:
            return secret
        with self._lock:
            grant = self._grants.get(self._key)
            if not grant or grant.good_until < time.monotonic():
                grant = self._grants[self._key] = _ask(url, client_id, secret)
            return grant.token

    def forget(self, token: str) -> bool:
        """Drop a token that the shop refuses; tell whether another can be had."""
        with self._lock:
            grant = self._grants.get(self._key)
            if grant and grant.token == token:
                del self._grants[self._key]
        return bool(self._key[1])


def _ask(url: str, client_id: str, secret: str) -> Grant:
    asked_at = time.monotonic()
    try:
        response = requests.post(
            f"{url}/admin/oauth/access_token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
            },
            headers={"Accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise classify_failure(error, write=False) from error
    if response.status_code == 429:
        raise throttled(response)
    if response.status_code >= 500:
        raise TransientError("The shop did not give a whole answer.")
    answer = _read(response)
    token, seconds = answer.get("access_token"), answer.get("expires_in")
    if not (response.ok and isinstance(token, str) and isinstance(seconds, int)):
        why = answer.get("error_description") or answer.get("error") or "no reason told"
        raise AuthError(f"The shop gives the app no access token ({why}).")
    return Grant(token, asked_at + seconds - RENEW_BEFORE_SECONDS)


def _read(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
