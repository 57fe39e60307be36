from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.tests.common import trap_jobs

from ..adapters.errors import ThrottledError, TransientError
from ..adapters.vendure import VendureAdapter
from ..models import marketplace_reconciliation_older
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestReconciliationOlder(ConnectorCommon):
    """Refunds of orders that no lane reads any more."""

    def setUp(self):
        super().setUp()
        self.told = {
            ref: self._payload(ref, [self._line(f"{ref}1", self.tile, 2)])
            for ref in ("1", "2", "3")
        }
        self.messages = self._import(*self.told.values())
        self.groups = self.messages.order_id
        self.asked = []
        self._age(self.groups, 60)

    def _age(self, groups, days):
        """Have been bought so many days ago: a confirmed purchase cannot change."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketplace_order SET date_order = %s WHERE id IN %s",
            [fields.Datetime.now() - timedelta(days=days), groups._ids],
        )
        self.env.invalidate_all()

    @contextmanager
    def _shop(self, listed=None):
        """Have the shop tell its orders, and list refunds where it can."""

        def fetch(_adapter, refs):
            self.asked += refs
            return [self._document(self.told[ref]) for ref in refs if ref in self.told]

        capabilities = replace(
            VendureAdapter.capabilities, lists_refunds=listed is not None
        )
        with (
            patch.object(VendureAdapter, "fetch_orders", fetch),
            patch.object(VendureAdapter, "capabilities", capabilities),
            patch.object(
                VendureAdapter, "list_refunded", lambda _adapter, since: listed(since)
            ),
        ):
            yield

    def _refund(self, ref, amount=500):
        self.told[ref] = self._refunded(self.told[ref], f"refund-{ref}", amount)

    def _gaps(self):
        return self.env["marketplace.reconciliation.gap"].search(
            [("storefront_id", "=", self.storefront.id)]
        )

    def test_refund_long_after_the_order_comes_in_at_night(self):
        self._refund("2")
        with self._shop():
            self.assertEqual(self.storefront._reconcile_older(), 0)
        refund = self.groups.refund_ids
        self.assertEqual(refund.order_id.external_ref, "2")
        self.assertEqual(self._minor(refund.amount), 500)
        gap = self._gaps()
        self.assertEqual((gap.cause, gap.state), ("refund_missing", "closed"))
        self.assertEqual(gap.shop_order_ref, "2")
        with self._shop():
            self.storefront._reconcile_older()
        self.assertEqual(self.groups.refund_ids, refund, "and once only")
        self.assertTiedOut()

    def test_night_queues_it_for_shops_that_want_it(self):
        Storefront = self.env["marketplace.storefront"]
        for days, count in ((365, 1), (0, 0)):
            self.storefront.refund_days = days
            with trap_jobs() as trap:
                Storefront._cron_reconcile()
                trap.assert_jobs_count(count, only=self.storefront._job_reconcile_older)

    def test_recent_and_very_old_orders_are_left_to_others(self):
        self._age(self.groups[0], 5)
        self._age(self.groups[2], 500)
        with self._shop():
            self.storefront._reconcile_older()
        self.assertEqual(self.asked, [self.groups[1].external_ref])

    def test_shop_that_lists_refunds_is_asked_for_those_only(self):
        asked = []

        def listed(since):
            asked.append(since)
            yield from ("2", "2", "unknown")

        self._refund("2")
        with self._shop(listed):
            self.storefront._reconcile_older()
            self.assertEqual(set(self.asked), {"2"})
            self.storefront._reconcile_older()
        self.assertEqual(len(self.groups.refund_ids), 1)
        first, second = asked
        self.assertGreater(second - first, timedelta(days=300))

    def test_order_that_the_shop_forgot_is_no_gap(self):
        del self.told["1"]
        with self._shop():
            self.storefront._reconcile_older()
        self.assertFalse(self._gaps())

    def test_many_are_compared_part_by_part(self):
        module = marketplace_reconciliation_older
        small = replace(VendureAdapter.capabilities, order_page_max=1)
        with self._shop(), patch.object(VendureAdapter, "capabilities", small):
            with patch.object(module, "PAGES_PER_JOB", 2), trap_jobs() as trap:
                self.storefront._job_reconcile_older()
                last = self.groups.sorted("id")[1].id
                trap.assert_enqueued_job(
                    self.storefront._job_reconcile_older, args=(last,)
                )
                self.assertEqual(len(self.asked), 2)
                self.assertEqual(self.storefront._reconcile_older(last), 0)
        self.assertEqual(sorted(self.asked), ["1", "2", "3"])

    def test_shop_that_is_busy_is_asked_later_in_the_night(self):
        for error, seconds in (
            (ThrottledError("Slowly", 300), 300),
            (TransientError("Closed"), 60),
        ):
            with (
                patch.object(VendureAdapter, "fetch_orders", side_effect=error),
                self.assertRaises(RetryableJobError) as caught,
            ):
                self.storefront._job_reconcile_older()
            self.assertEqual(caught.exception.seconds, seconds)
