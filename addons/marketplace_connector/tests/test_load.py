from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.queue_job.tests.common import trap_jobs

from ..adapters.errors import AuthError, ThrottledError
from ..adapters.vendure import VendureAdapter
from ..engine.contract import Page
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestLoad(ConnectorCommon):
    def setUp(self):
        super().setUp()
        self.payloads = [
            self._payload(
                str(rank),
                [self._line(f"{rank}1", self.tile)],
                orderPlacedAt=f"2026-03-0{rank}T09:30:00.000Z",
            )
            for rank in (1, 2, 3)
        ]
        self.load = self.env["marketplace.load"].create(
            {
                "storefront_id": self.storefront.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-05",
            }
        )

    def _pages(self, *errors):
        """Have the shop give one order per page, after the errors."""
        errors = list(errors)

        def pull(adapter, since, until, cursor, limit):
            if errors:
                raise errors.pop()
            rank = int(cursor or 0)
            documents = tuple(map(self._document, self.payloads[rank : rank + 1]))
            return Page(documents, str(rank + 1), rank + 1 == len(self.payloads))

        return patch.object(VendureAdapter, "pull_placed_orders", pull)

    def _run(self, load=None):
        load = load or self.load
        if load.state != "running":
            load.action_start()
        load._job_load()
        self.storefront._process_inbox()

    def test_period_is_read_part_by_part_and_shows_how_far_it_is(self):
        module = "odoo.addons.marketplace_connector.models.marketplace_load"
        with self._pages(), patch(f"{module}.PAGES_PER_JOB", 1), trap_jobs() as trap:
            self._run()
            trap.assert_enqueued_job(
                self.load._job_load, properties={"channel": "root.marketplace"}
            )
            self.assertEqual((self.load.state, self.load.handled_count), ("running", 1))
            self.assertAlmostEqual(self.load.progress, 100 * 9.5 / 96, 1)
            self._run()
            self._run()
        self.assertEqual((self.load.state, self.load.progress), ("done", 100.0))
        self.assertEqual((self.load.imported_count, self.load.handled_count), (3, 3))

    def test_period_read_twice_changes_nothing(self):
        with self._pages():
            self._run()
            count = self.Inbox.search_count([])
            again = self.load.copy()
            self._run(again)
        self.assertEqual(again.state, "done")
        self.assertEqual((again.handled_count, again.imported_count), (3, 0))
        self.assertEqual(self.Inbox.search_count([]), count)

    def test_what_was_ignored_or_lost_is_taken_up_again(self):
        first, second = self._store(*self.payloads[:2])
        first.action_ignore()
        self.storefront._process_inbox()
        group = second.order_id
        self.assertTrue(group)
        self.env["marketplace.binding"].search(
            [("object_type", "=", "order"), ("external_id", "=", "2")]
        ).unlink()
        with self._pages():
            self._run()
        self.assertEqual((first | second).mapped("state"), ["done", "done"])
        self.assertTrue(first.order_id)
        self.assertEqual(second.order_id, group, "found by its reference")

    def test_shop_that_is_busy_is_asked_later(self):
        with self._pages(ThrottledError("Slowly", 300)), trap_jobs() as trap:
            self.load.action_start()
            self.load._job_load()
            trap.assert_enqueued_job(
                self.load._job_load,
                properties={"channel": "root.marketplace", "eta": 300},
            )
        self.assertEqual((self.load.state, self.load.reason), ("running", "Slowly"))

    def test_refused_access_ends_it_until_it_is_resumed(self):
        with self._pages(AuthError("No entry")):
            self._run()
            self.assertEqual(
                (self.load.state, self.load.reason), ("failed", "No entry")
            )
            with self.assertRaises(MarketplaceError):
                self.load.action_start()
            self.storefront._transition("connected")
            self._run()
        self.assertEqual((self.load.state, self.load.reason), ("done", False))

    def test_stopped_load_does_nothing_until_it_goes_on(self):
        with self._pages():
            self.load.action_start()
            with self.assertRaises(MarketplaceError):
                self.load.unlink()
            self.load.action_stop()
            self.load._job_load()
            self.assertFalse(self.load.handled_count)
            self._run()
        self.assertEqual(self.load.state, "done")

    def test_catalogue_is_begun_once_by_the_button(self):
        for _time in range(2):
            self.storefront.action_push_catalogue()
        self.assertEqual(
            self.storefront.load_ids.mapped("kind"), ["catalogue", "orders"]
        )
        self.assertEqual(len(self.storefront.load_running_ids), 1)

    # -- one order --------------------------------------------------------------------

    def _recover(self, number, **parts):
        values = {"storefront_id": self.storefront.id, "number": number, **parts}
        return self.env["marketplace.recover.order"].create(values).action_recover()

    def _shop_has(self, *payloads):
        by_number = {payload["code"]: payload for payload in payloads}

        def find(adapter, number):
            return self._document(by_number[number]) if number in by_number else None

        return patch.object(VendureAdapter, "find_order", find)

    def test_order_is_recovered_by_its_number(self):
        with self._shop_has(self.payloads[0]):
            action = self._recover(" CODE1 ")
            again = self._recover("CODE1")
        self.assertEqual(action["res_model"], "marketplace.order")
        self.assertEqual(action["res_id"], again["res_id"])
        group = self.env["marketplace.order"].browse(action["res_id"])
        self.assertEqual(group.external_number, "CODE1")

    def test_what_stands_against_it_is_shown(self):
        bad = self._payload("1", [self._line("11", self.tile, tax="TVA 20")])
        with self._shop_has(bad):
            action = self._recover("CODE1")
        self.assertEqual(action["res_model"], "marketplace.inbox")
        self.assertEqual(self.Inbox.browse(action["res_id"]).state, "quarantine")

    def test_order_that_the_shop_does_not_have(self):
        with self._shop_has(), self.assertRaisesRegex(MarketplaceError, "NOPE"):
            self._recover("NOPE")

    def test_order_desk_recovers_and_the_viewer_does_not(self):
        desk = new_test_user(
            self.env, "load_desk", groups="marketplace_base.group_order_desk"
        )
        viewer = new_test_user(
            self.env, "load_viewer", groups="marketplace_base.group_viewer"
        )
        Recover = self.env["marketplace.recover.order"]
        values = {"storefront_id": self.storefront.id, "number": "CODE1"}
        with self.assertRaises(AccessError):
            Recover.with_user(viewer).create(values)
        with self._shop_has(self.payloads[0]):
            action = Recover.with_user(desk).create(values).action_recover()
        self.assertEqual(action["res_model"], "marketplace.order")
