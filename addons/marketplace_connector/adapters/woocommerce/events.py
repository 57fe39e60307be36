"""Webhooks of WooCommerce: registered once, proved by their signature.

The signature covers the body and nothing else: neither a time nor the id of the
delivery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from ...engine.contract import Event
from ..errors import DocumentError
from ..signed_events import verify_body
from ..texts import parse_time
from .transport import Transport

TOPICS = ("order.created", "order.updated", "order.restored", "order.deleted")
WEBHOOKS = "wc/v3/webhooks"


def ensure_webhooks(transport: Transport, url: str, secret: str) -> None:
    """See :meth:`Adapter.ensure_webhooks`.

    WooCommerce switches a webhook off after five failures; here it is on again.  It
    never shows a secret, so that is always written.
    """
    known = {
        hook["topic"]: hook["id"]
        for hook in transport.get_all(WEBHOOKS, orderby="id", order="asc")
        if hook["delivery_url"] == url
    }
    for topic in TOPICS:
        values = {"status": "active", "secret": secret}
        if topic in known:
            transport.put(f"{WEBHOOKS}/{known[topic]}", values)
        else:
            name = f"Marketplace {topic}"
            transport.post(
                WEBHOOKS,
                {**values, "name": name, "topic": topic, "delivery_url": url},
            )


def parse_event(
    headers: Mapping[str, str], raw_body: bytes, secret: str, now: datetime
) -> Event:
    """Verify and read one webhook; see :meth:`Adapter.parse_event`."""
    given = {key.lower(): value for key, value in headers.items()}
    delivery = verify_body(given.get("x-wc-webhook-signature", ""), raw_body, secret)
    try:
        body = json.loads(raw_body)
        modified = body.get("date_modified_gmt")
        return Event(
            delivery_id=delivery,
            topic=given.get("x-wc-webhook-topic", ""),
            kind="order",
            # A sub-order of Dokan is part of the purchase that we import.
            ref=str(int(body.get("parent_id") or body["id"])),
            occurred_at=parse_time(modified) if modified else now,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError("The call has no readable body.") from error
