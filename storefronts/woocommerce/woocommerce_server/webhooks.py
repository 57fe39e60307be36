"""Deliveries: signed with the webhook's secret, off after five failures."""

import base64
import hashlib
import hmac
import json
import threading
import uuid

import requests

FAILURES_MAX = 5
TIMEOUT_SECONDS = 10


def sign(body, secret):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def headers_for(topic, body, secret, webhook=1, delivery=None):
    resource, event = topic.split(".")
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": "https://shop.example/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": sign(body, secret),
        "X-WC-Webhook-ID": str(webhook),
        "X-WC-Webhook-Delivery-ID": delivery or uuid.uuid4().hex,
    }


def deliver(shop, changes):
    """Tell every active webhook of what changed, without waiting for it."""
    for topic, payload in changes:
        with shop.lock:
            hooks = [
                hook
                for hook in shop.tables["webhooks"].values()
                if hook["status"] == "active" and hook["topic"] == topic
            ]
        for hook in hooks:
            threading.Thread(
                target=_post, args=(shop, hook, topic, payload), daemon=True
            ).start()


def _post(shop, hook, topic, payload):
    body = json.dumps(payload).encode()
    headers = headers_for(topic, body, hook.get("secret", ""), hook["id"])
    try:
        response = requests.post(
            hook["delivery_url"], data=body, headers=headers, timeout=TIMEOUT_SECONDS
        )
        failed = not 200 <= response.status_code < 304
    except requests.RequestException:
        failed = True
    with shop.lock:
        hook["_failures"] = hook.get("_failures", 0) + 1 if failed else 0
        if hook["_failures"] > FAILURES_MAX:
            hook["status"] = "disabled"
