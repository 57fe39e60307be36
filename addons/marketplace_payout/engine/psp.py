"""What a payment provider must be able to do with payouts. No I/O here.

An adapter (folder ``adapters``) implements :class:`PspAdapter` for one provider's API.
Amounts are minor units of the currency, positive.
"""

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .bank_message import Line

# Longest key that providers take, in characters.
MAX_KEY = 255


class Transfer(NamedTuple):
    """An order to move money to a vendor's account at the provider.

    ``key`` names the order for ever; ``reference`` is our end-to-end reference.
    """

    key: str
    destination: str
    amount: int
    currency: str
    reference: str


class TransferState(NamedTuple):
    """What the provider knows of a transfer; ``amount_reversed`` was taken back."""

    identifier: str
    amount: int
    amount_reversed: int = 0


class RefusedError(Exception):
    """The provider refused an order for good: no money moved, none will."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code
        self.text = text


class UnknownError(Exception):
    """Nobody knows whether the order was executed: silence, a fault, a conflict."""


class SignatureRefusedError(Exception):
    """A call does not come from the provider, or is too old."""


class Event(NamedTuple):
    """A verified call of the provider; without lines it is about nothing of ours."""

    identifier: str
    lines: list[Line]


class PspAdapter(ABC):
    """One provider's API, as far as payouts need it.

    Every order carries an idempotency key: the same key never moves money twice as
    long as the provider remembers it. As no provider remembers for ever, ask
    :meth:`status` before giving an order again.
    """

    @abstractmethod
    def transfer(self, order: Transfer) -> TransferState:
        """Move money to the vendor's account at the provider.

        :raises RefusedError: no money moved.
        :raises UnknownError: the answer is missing; ask :meth:`status`.
        """

    @abstractmethod
    def status(self, key: str) -> TransferState | None:
        """Return the transfer ordered under a key, None when there is none.

        :raises UnknownError: the provider does not say.
        """

    @abstractmethod
    def reverse(self, identifier: str, amount: int, key: str) -> None:
        """Take an executed transfer back.

        :raises RefusedError: it stays as it is.
        :raises UnknownError: the answer is missing.
        """

    @abstractmethod
    def payout(self, order: Transfer) -> str:
        """Send money from the vendor's account at the provider to his bank.

        :return: the provider's identifier.
        :raises RefusedError, UnknownError: as :meth:`transfer`.
        """

    @abstractmethod
    def balance(self) -> dict[str, int]:
        """Return what may be transferred now: {currency code: minor units}.

        :raises UnknownError: the provider does not say.
        """

    @abstractmethod
    def parse_event(
        self, headers: Mapping[str, str], body: bytes, secret: str, now: float
    ) -> Event:
        """Verify a call of the provider and return what it says.

        :param now: seconds since 1970.
        :raises SignatureRefusedError: not from the provider, too old or too early.
        """


def idempotency_key(
    company_id: int,
    currency: str,
    amount: int,
    destination: str,
    line_ids: Iterable[int],
) -> str:
    """Return the key of an order from the ledger lines it pays; it never expires.

    The same lines give the same key, whoever asks and whenever: an order given again
    is the same order. A failed payout is a new line of its settlement, so the next
    attempt has another key.

    >>> key = idempotency_key(1, "EUR", 3900, "acct_1", [7, 3])
    >>> key == idempotency_key(1, "EUR", 3900, "acct_1", [3, 7])
    True
    >>> key == idempotency_key(1, "EUR", 3900, "acct_1", [3, 7, 8])
    False
    """
    content = [company_id, currency, amount, destination, sorted(line_ids)]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return f"payout-{digest}"


def verify_signature(
    header: str, body: bytes, secret: str, now: float, tolerance: int
) -> None:
    """Check a signature ``t=<seconds>,v1=<hex>[,v1=<hex>]`` over ``t.body``.

    HMAC-SHA256, several ``v1`` while a secret is being changed. Source: Stripe
    documentation, page "Receive Stripe events in your webhook endpoint".

    :raises SignatureRefusedError: saying what is wrong, never what was expected.
    """
    if not secret:
        raise SignatureRefusedError("no signing secret is set")
    pairs = [part.partition("=")[::2] for part in header.split(",")]
    stamp = next((value for name, value in pairs if name.strip() == "t"), "")
    if not (stamp.isascii() and stamp.isdigit()):
        raise SignatureRefusedError("no time in the signature")
    if abs(now - int(stamp)) > tolerance:
        raise SignatureRefusedError("outside the time window")
    expected = hmac.new(
        secret.encode(), stamp.encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    given = [value.strip() for name, value in pairs if name.strip() == "v1"]
    if not any(
        hmac.compare_digest(expected.encode(), value.encode()) for value in given
    ):
        raise SignatureRefusedError("the signature does not match")
