"""Webhooks of Shopify: registered once, proved by their signature.

Shopify signs the body with the secret of the app, and nothing else: neither the time
nor the id of the delivery.  It may deliver twice, in any order, or not at all
(shopify.dev, "Webhooks").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...engine.contract import Event
from ..errors import DocumentError
from ..signed_events import verify_body
from ..texts import parse_time
from .transport import Transport, tail

TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_CANCELLED",
    "REFUNDS_CREATE",
    "RETURNS_REQUEST",
    "RETURNS_APPROVE",
    "RETURNS_UPDATE",
    "BULK_OPERATIONS_FINISH",
)
BULK_TOPIC = "bulk_operations/finish"

READ = """
query($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri } pageInfo { hasNextPage endCursor }
  }
}"""

CREATE = """
webhookSubscriptionCreate(topic: $0, webhookSubscription: $1) {
  webhookSubscription { id } userErrors { field message }
}"""


def ensure_webhooks(transport: Transport, url: str) -> None:
    """See :meth:`Adapter.ensure_webhooks`; what the shop took away is made anew."""
    present, after = set(), None
    while True:
        page = transport.query(READ, after=after)["webhookSubscriptions"]
        present |= {hook["topic"] for hook in page["nodes"] if hook["uri"] == url}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    payloads = transport.mutate_each(
        CREATE,
        ["WebhookSubscriptionTopic!", "WebhookSubscriptionInput!"],
        [
            [topic, {"uri": url, "format": "JSON"}]
            for topic in TOPICS
            if topic not in present
        ],
    )
    transport.check(payloads)


def parse_event(
    headers: Mapping[str, str], raw_body: bytes, secret: str, now: datetime
) -> Event:
    """Verify and read one webhook; see :meth:`Adapter.parse_event`."""
    given = {key.lower(): value for key, value in headers.items()}
    delivery = verify_body(given.get("x-shopify-hmac-sha256", ""), raw_body, secret)
    try:
        body = json.loads(raw_body)
        updated = body.get("updated_at") or body.get("completed_at")
        topic = given.get("x-shopify-topic", "")
        if topic == BULK_TOPIC:
            kind, ref = "bulk", tail(body["admin_graphql_api_id"])
        else:
            kind, ref = "order", str(int(_order_of(body)))
        return Event(
            delivery_id=delivery,
            topic=topic,
            kind=kind,
            ref=ref,
            occurred_at=parse_time(updated) if updated else now,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError("The call has no readable body.") from error


def _order_of(body: Mapping[str, Any]) -> Any:
    """Return the order that a body is about: refunds and returns name theirs.

    >>> _order_of({"id": 9, "order_id": 7}), _order_of({"id": 9, "order": {"id": 7}})
    (7, 7)
    """
    return body.get("order_id") or (body.get("order") or body)["id"]
