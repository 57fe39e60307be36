"""What a payment provider with a hosted identity check has to answer.

An addon adds one by a class under :func:`register`; the operator chooses it in the
settings. Words of the provider end here: the rest of the suite knows three states.
"""

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import NamedTuple

PENDING, VERIFIED, REFUSED = "pending", "verified", "refused"
STATES = (PENDING, VERIFIED, REFUSED)
WINDOW_SECONDS = 5 * 60  # accepted distance between the provider's clock and ours
REF_MAX_CHARS = 128
REASON_MAX_CHARS = 500

PROVIDERS: dict[str, type["OnboardingProvider"]] = {}


class OnboardingError(Exception):
    """The provider did not answer, or not with what we can read."""


class SignatureError(Exception):
    """A call is not the provider's, or not of now."""


class Vendor(NamedTuple):
    """Of a vendor, what the provider opens an account with.

    ``key`` names him at one operator for good: asked twice, the provider answers with
    the same account.
    """

    key: str
    name: str
    email: str
    country: str
    language: str


class AccountState(NamedTuple):
    """What a provider says of an account; ``moment`` is UTC without zone."""

    account_ref: str
    state: str
    reason: str
    moment: datetime


class OnboardingProvider(ABC):
    """One payment provider; made anew for each use."""

    label: str

    def __init__(self, url: str, secret: str):
        self.url = url
        self.secret = secret

    @abstractmethod
    def create_link(self, vendor: Vendor, return_url: str) -> tuple[str, str]:
        """Return (account reference, address of the hosted check).

        :raises OnboardingError: when there is none.
        """

    @abstractmethod
    def fetch_state(self, account_ref: str) -> AccountState:
        """Return the state of an account now.

        :raises OnboardingError: when the provider does not tell.
        """

    def parse_event(self, headers, body: bytes, secret: str, now: datetime):
        """Return (delivery, :class:`AccountState`) of a webhook; to override.

        :raises SignatureError: when the call is not the provider's, or not of now.
        :raises OnboardingError: when its body cannot be read.
        """
        return read_event(headers, body, secret, now)


def register(code: str):
    """Add a provider under a code."""

    def add(cls):
        PROVIDERS[code] = cls
        return cls

    return add


def sign(secret: str, timestamp: str, delivery: str, body: bytes) -> str:
    """Return the signature of a call, in hexadecimal.

    Time and delivery are signed with the body: a recorded call can neither be made
    younger nor be passed off as another delivery.

    >>> sign("secret", "1767225600", "d-1", b"{}")[:16]
    '10dd8c18f8f3c7d8'
    """
    message = b".".join((timestamp.encode(), delivery.encode(), body))
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def read_event(headers, body: bytes, secret: str, now: datetime):
    """Verify and read a webhook in the house format.

    :param now: moment with its zone.
    """
    given = {key.lower(): value for key, value in headers.items()}
    timestamp = given.get("x-marketplace-timestamp", "")
    delivery = given.get("x-marketplace-delivery", "")
    signature = given.get("x-marketplace-signature", "")
    if not (secret and timestamp.isascii() and timestamp.isdecimal()):
        raise SignatureError("The call is not signed.")
    if not delivery or len(delivery) > REF_MAX_CHARS:
        raise SignatureError("The call has no delivery.")
    expected = sign(secret, timestamp, delivery, body)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise SignatureError("The signature is wrong.")
    # Only now is the time worth reading: it was signed.
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise SignatureError("The call is too old, or the clocks differ.")
    return delivery, read_state(body)


def read_state(body: bytes) -> AccountState:
    """Read the state of an account in the house format.

    >>> read_state(b'{"account": "a1", "state": "verified", "at": 1767225600}')
    ... # doctest: +NORMALIZE_WHITESPACE
    AccountState(account_ref='a1', state='verified', reason='',
                 moment=datetime.datetime(2026, 1, 1, 0, 0))
    """
    try:
        data = json.loads(body)
        state = AccountState(
            account_ref=data["account"],
            state=data["state"],
            reason=str(data.get("reason") or "")[:REASON_MAX_CHARS],
            moment=datetime.fromtimestamp(data["at"], UTC).replace(
                tzinfo=None, microsecond=0
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise OnboardingError("The body cannot be read.") from error
    if not isinstance(state.account_ref, str) or state.state not in STATES:
        raise OnboardingError("The body cannot be read.")
    return state
