import json

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..adapters.signed_events import WINDOW_SECONDS, sign
from ..const import WEBHOOK_BYTES_MAX
from .common import ConnectorCommon

LOGGER = "odoo.addons.marketplace_connector.controllers.webhook"


@tagged("post_install", "-at_install", "marketplace")
class TestWebhook(ConnectorCommon, HttpCase):
    def _call(self, body=None, key="corner-hook", age=0, **headers):
        """Call as the shop does; headers given replace the right ones."""
        if body is None:
            body = {
                "kind": "order",
                "id": "77",
                "code": "CODE77",
                "state": "PaymentSettled",
                "occurredAt": "2026-03-02T09:31:00.000Z",
            }
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        timestamp = str(int(self._now().timestamp()) - age)
        delivery = headers.pop("delivery", "delivery-1")
        right = {
            "content-type": "application/json",
            "x-marketplace-topic": "order.PaymentSettled",
            "x-marketplace-delivery": delivery,
            "x-marketplace-timestamp": timestamp,
            "x-marketplace-signature": sign("hook-secret", timestamp, delivery, raw),
        }
        right.update({f"x-marketplace-{k}": v for k, v in headers.items()})
        return self.url_open(
            f"/marketplace/webhook/{key}", data=raw, headers=right, timeout=30
        ).status_code

    def _events(self):
        return self.Inbox.search(
            [("storefront_id", "=", self.storefront.id), ("kind", "=", "event")]
        )

    def _assert_refused(self, status, *args, **kwargs):
        """A refused call leaves nothing but a line in the log."""
        jobs = self.env["queue.job"].sudo().search_count([])
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.assertEqual(self._call(*args, **kwargs), status)
        self.assertEqual(len(logs.output), 1)
        self.assertFalse(self._events())
        self.assertEqual(self.env["queue.job"].sudo().search_count([]), jobs)

    def test_signed_call_is_stored_and_queued(self):
        self.assertEqual(self._call(), 200)
        self.assertRecordValues(
            self._events(),
            [
                {
                    "state": "new",
                    "external_ref": "77",
                    "delivery_id": "delivery-1",
                    "topic": "order.PaymentSettled",
                    "source": "webhook",
                }
            ],
        )
        job = self.env["queue.job"].sudo().search([], order="id desc", limit=1)
        self.assertEqual(job.method_name, "_job_process_inbox")

    def test_repeated_delivery_is_known_already(self):
        self.assertEqual(self._call(), 200)
        self.assertEqual(self._call(), 200)
        self.assertEqual(len(self._events()), 1)

    def test_wrong_signature_is_refused(self):
        self._assert_refused(401, signature="0" * 64)

    def test_unsigned_call_is_refused(self):
        self._assert_refused(401, signature="")

    def test_signature_of_another_body_is_refused(self):
        other = sign("hook-secret", "1", "delivery-1", b"{}")
        self._assert_refused(401, signature=other)

    def test_recorded_call_under_another_delivery_is_refused(self):
        """The delivery is signed too: a replay cannot pass for a new call."""
        timestamp = str(int(self._now().timestamp()))
        signature = sign("hook-secret", timestamp, "delivery-1", b"{}")
        self._assert_refused(
            401,
            b"{}",
            delivery="delivery-2",
            timestamp=timestamp,
            signature=signature,
        )

    def test_old_call_is_refused(self):
        self._assert_refused(401, age=WINDOW_SECONDS + 60)

    def test_call_from_the_future_is_refused(self):
        self._assert_refused(401, age=-WINDOW_SECONDS - 60)

    def test_signed_nonsense_is_refused(self):
        self._assert_refused(400, b"not json")
        self._assert_refused(400, {"kind": "order"})

    def test_huge_call_is_refused(self):
        self._assert_refused(413, b" " * (WEBHOOK_BYTES_MAX + 1))

    def test_unknown_storefront_is_refused(self):
        self._assert_refused(404, key="elsewhere")

    def test_storefront_without_secret_refuses_every_call(self):
        """No secret is not an empty secret that everybody knows."""
        self.storefront.webhook_secret = False
        self._assert_refused(401)

    @mute_logger(LOGGER)
    def test_event_that_cannot_be_fetched_is_tried_again(self):
        self._call()
        event = self._events()
        self.storefront._process_inbox()
        self.assertEqual((event.state, event.attempts), ("retry", 1))
        self.assertIn("cannot be reached", event.reason)
