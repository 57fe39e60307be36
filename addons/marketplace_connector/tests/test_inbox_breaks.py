from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import LockError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.queue_job.exception import RetryableJobError

from ..adapters.vendure import VendureAdapter
from ..const import ATTEMPTS_MAX
from .common import ConnectorCommon

LOGGER = "odoo.addons.marketplace_connector.models.marketplace_inbox_faults"


@tagged("post_install", "-at_install", "marketplace")
class TestInboxBreaks(ConnectorCommon):
    """What nobody foresaw stops one message, never the shop."""

    def test_order_that_breaks_the_import_waits_and_the_others_pass(self):
        messages = self._three_orders()
        with self._breaking("2", self._raise_key_error):
            self.storefront._process_inbox()
        self.assertEqual(messages.mapped("state"), ["done", "retry", "done"])
        bad = messages[1]
        self.assertEqual(bad.attempts, 1)
        self.assertIn("KeyError", bad.reason)
        self.assertIn("gone", bad.reason)
        self.assertTrue(bad.date_retry)
        # The cause is mended.
        bad.date_retry = False
        self.storefront._process_inbox()
        self.assertEqual(bad.state, "done", bad.reason)

    def test_refusal_of_the_database_leaves_the_others(self):
        """A statement that failed does not spoil the transaction of the batch."""
        messages = self._three_orders()
        with self._breaking("2", self._violate_not_null), mute_logger("odoo.sql_db"):
            self.storefront._process_inbox()
        self.assertEqual(messages.mapped("state"), ["done", "retry", "done"])
        self.assertIn("NotNullViolation", messages[1].reason)
        self.assertEqual(
            (messages[0] | messages[2]).order_id.mapped("external_ref"), ["1", "3"]
        )

    def test_order_stored_by_somebody_else_meanwhile_is_no_fault(self):
        """The index refuses the second copy: the job begins anew, nothing is lost."""
        messages = self._three_orders()
        unseen = patch.object(
            type(self.Inbox), "search_fetch", return_value=self.Inbox.browse()
        )
        with unseen, mute_logger("odoo.sql_db"), self.assertRaises(LockError):
            self._three_orders()
        with (
            patch.object(
                type(self.storefront), "_pull_orders", side_effect=LockError("taken")
            ),
            self.assertRaises(RetryableJobError),
        ):
            self.storefront._job_pull_orders()
        self.storefront._process_inbox()
        self.assertEqual(messages.mapped("state"), ["done"] * 3)

    def test_order_that_always_breaks_ends_with_a_person(self):
        bad = self._three_orders()[1]
        with self._breaking("2", self._raise_key_error):
            for _attempt in range(ATTEMPTS_MAX):
                bad.date_retry = False
                self.storefront._process_inbox()
        self.assertEqual(bad.state, "quarantine")
        self.assertIn("KeyError", bad.reason)
        self.assertIn("gone", bad.reason)

    def test_event_that_breaks_the_reading_waits(self):
        event = self.Inbox.create(
            {
                "storefront_id": self.storefront.id,
                "kind": "event",
                "source": "webhook",
                "external_ref": "9",
                "delivery_id": "d-9",
                "digest": "d-9",
                "payload": "{}",
            }
        )
        order = self._three_orders()[0]
        with (
            patch.object(VendureAdapter, "fetch_orders", self._raise_key_error),
            mute_logger(LOGGER),
        ):
            self.storefront._process_inbox()
        self.assertEqual((event.state, event.attempts), ("retry", 1))
        self.assertEqual(order.state, "done")

    def test_lock_of_another_job_is_no_fault_of_the_order(self):
        messages = self._three_orders()
        with self._breaking("2", self._raise(LockError("held"))):
            with self.assertRaises(LockError):
                self.storefront._process_inbox()
            with self.assertRaises(RetryableJobError):
                self.storefront._job_process_inbox()
        self.assertEqual(messages.mapped("state"), ["new"] * 3)

    def test_serialization_failure_does_the_whole_job_again(self):
        messages = self._three_orders()
        with (
            self._breaking("2", self._raise(SerializationFailure())),
            self.assertRaises(SerializationFailure),
        ):
            self.storefront._process_inbox()
        self.assertEqual(messages.mapped("attempts"), [0, 0, 0])

    def test_old_message_tried_again_after_a_newer_one_gives_way(self):
        payload = self._payload("2", [self._line("21", self.tile)])
        old = self._store(payload)
        with self._breaking("2", self._raise_key_error):
            self.storefront._process_inbox()
        new = self._import({**payload, "state": "Shipped"})
        self.assertEqual((old.state, new.state), ("retry", "done"))
        old.date_retry = False
        self.storefront._process_inbox()
        self.assertEqual(old.state, "done")
        self.assertIn("newer message", old.reason)

    def _three_orders(self):
        return self._store(
            *(
                self._payload(ref, [self._line(f"{ref}1", self.tile)])
                for ref in ("1", "2", "3")
            )
        )

    @contextmanager
    def _breaking(self, ref, act):
        """Act instead of importing, when an order is among those to import."""
        model = type(self.env["marketplace.order"])
        original = model._import_batch

        def import_batch(records, payloads):
            if ref in [payload["external_ref"] for payload in payloads]:
                act()
            return original(records, payloads)

        with (
            patch.object(model, "_import_batch", import_batch),
            mute_logger(LOGGER),
        ):
            yield

    def _violate_not_null(self):
        self.cr.execute("INSERT INTO marketplace_order DEFAULT VALUES")

    @staticmethod
    def _raise_key_error(*_arguments):
        raise KeyError("gone")

    @staticmethod
    def _raise(error):
        def act():
            raise error

        return act
