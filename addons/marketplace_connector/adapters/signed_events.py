"""Webhooks in our own form, of the shops that have none: is it the shop, and now?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from ..engine.contract import Event
from .errors import DocumentError, SignatureError
from .texts import parse_time

WINDOW_SECONDS = 5 * 60  # accepted distance between the shop's clock and ours


def sign(secret: str, timestamp: str, delivery: str, body: bytes) -> str:
    """Return the signature the shop sends, in hexadecimal.

    Time and delivery are signed with the body, so that a recorded call can
    neither be made younger nor be passed off as another delivery.

    >>> sign("secret", "1767225600", "d-1", b"{}")[:16]
    '10dd8c18f8f3c7d8'
    """
    message = b".".join((timestamp.encode(), delivery.encode(), body))
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def verify_body(signature: str, raw_body: bytes, secret: str) -> str:
    """Check a signature over the body alone; return the body's hash.

    Neither the time nor the id of the delivery is signed then: deliveries are told
    apart by what was.  One that is sent again makes us fetch an order once more, which
    costs nothing.

    :param signature: HMAC-SHA256 of the body in base 64.
    :raises SignatureError: missing, unreadable or wrong.
    """
    if not (secret and signature):
        raise SignatureError("The call is not signed.")
    expected = hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
    try:
        told = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("The signature is unreadable.") from None
    if not hmac.compare_digest(expected, told):
        raise SignatureError("The signature is wrong.")
    return hashlib.sha256(raw_body).hexdigest()


def parse_event(
    headers: Mapping[str, str], raw_body: bytes, secret: str, now: datetime
) -> Event:
    """Verify and read one webhook; see :meth:`Adapter.parse_event`."""
    given = {key.lower(): value for key, value in headers.items()}
    timestamp = given.get("x-marketplace-timestamp", "")
    delivery = given.get("x-marketplace-delivery", "")
    signature = given.get("x-marketplace-signature", "")
    if not (secret and timestamp.isdecimal() and delivery and signature):
        raise SignatureError("The call is not signed.")
    expected = sign(secret, timestamp, delivery, raw_body)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise SignatureError("The signature is wrong.")
    # Only now is the time worth reading: it was signed.
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise SignatureError("The call is too old, or the clocks differ.")
    try:
        body = json.loads(raw_body)
        return Event(
            delivery_id=delivery,
            topic=given.get("x-marketplace-topic", ""),
            kind=body["kind"],
            ref=body["id"],
            occurred_at=parse_time(body["occurredAt"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError("The call has no readable body.") from error
