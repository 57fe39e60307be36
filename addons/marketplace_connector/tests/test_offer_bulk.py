import json
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.queue_job.tests.common import trap_jobs

from ..adapters.errors import AuthError, InvalidError, ThrottledError, TransientError
from ..adapters.vendure import VendureAdapter
from ..engine.contract import Bulk, Capabilities, Event, Result
from ..models.marketplace_offer_bulk import TRIES_MAX
from ..models.marketplace_storefront_bulk import LOOK_SECONDS
from .common import ConnectorCommon


class BulkAdapter:
    """A shop that takes three offers and more in bulk, and needs two looks for it."""

    capabilities = Capabilities(
        100, 100, 100, True, offer_bulk_min=3, offer_bulk_max=4, bulks_at_once=2
    )

    def __init__(self):
        self.begun = []  # lists of offers
        self.direct = []
        self.stocks = {}
        self.refuses = {}  # {reference: error}
        self.forgets = set()  # references it gives no result for
        self.errors = []  # of the calls to come

    def push_settings(self, _settings):
        return []

    def upsert_vendors(self, vendors):
        return [Result(vendor.ref, f"shop-{vendor.ref}") for vendor in vendors]

    def upsert_offers(self, offers):
        self.direct += offers
        return [Result(offer.ref, f"shop-{offer.ref}") for offer in offers]

    def begin_bulk(self, offers):
        if self.errors:
            raise self.errors.pop()
        self.begun.append(list(offers))
        refs = [offer.ref for offer in offers]
        return Bulk(json.dumps({"refs": refs, "looks": 0}))

    def follow_bulk(self, state, stock_of):
        if self.errors:
            raise self.errors.pop()
        known = json.loads(state)
        if known["looks"] < 2:
            return Bulk(json.dumps({**known, "looks": known["looks"] + 1}))
        refs = [ref for ref in known["refs"] if ref not in self.forgets]
        self.stocks.update(stock_of([ref for ref in refs if ref not in self.refuses]))
        results = tuple(
            Result(ref, error=self.refuses[ref])
            if ref in self.refuses
            else Result(ref, f"shop-{ref}")
            for ref in refs
        )
        error = "It broke." if self.forgets else ""
        return Bulk("", complete=True, results=results, error=error)


@tagged("post_install", "-at_install", "marketplace")
class TestOfferBulk(ConnectorCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.adapter = BulkAdapter()
        self.startPatcher(
            patch.object(
                type(self.storefront), "_get_adapter", lambda _self: self.adapter
            )
        )
        self.offers = self.tile | self.linen
        for rank in range(3):
            self.offers |= self._create_offer(self.vendors[0], 5.0, sku=f"BEAD{rank}")
        self.Outbox.search([]).action_cancel()

    def _follow(self, steps=30):
        """Take steps until all is over; return how many it took."""
        for step in range(steps):
            if self.storefront._follow_bulks() is None:
                return step
        raise AssertionError("The bulks have no end.")

    def _bulks(self):
        return self.env["marketplace.offer.bulk"].search(
            [("storefront_id", "=", self.storefront.id)], order="id"
        )

    def _waiting(self):
        return self.Outbox.search([("state", "=", "pending")]).mapped("res_id")

    def test_many_offers_go_in_bulk_and_few_directly(self):
        """Five offers are a bulk of four, and one of one."""
        with trap_jobs() as trap:
            report = self.storefront._push_offers(self.offers)
            trap.assert_enqueued_job(
                self.storefront._job_follow_bulks,
                args=("",),
                kwargs={},
                properties={"channel": "root.marketplace"},
            )
        self.assertEqual(report["refused"], {})
        self._follow()
        self.assertEqual([len(part) for part in self.adapter.begun], [4, 1])
        self.assertEqual(self.adapter.direct, [])
        bulks = self._bulks()
        self.assertEqual(bulks.mapped("state"), ["done", "done"])
        self.assertEqual(bulks.mapped("sent_count"), [4, 1])
        bindings = self.env["marketplace.binding"]._by_record(
            self.storefront, "offer", self.offers
        )
        self.assertEqual(
            {ref: item.external_id for ref, item in bindings.items()},
            {offer.id: f"shop-offer-{offer.id}" for offer in self.offers},
        )
        self.tile.price = 21.0
        self.storefront._push_offers(self.tile)
        self.assertEqual([offer.price for offer in self.adapter.direct], [2100])

    def test_second_push_sends_nothing_on_the_way_and_afterwards(self):
        self.storefront._push_offers(self.offers)
        for _time in range(2):
            self.storefront._follow_bulks()
            self.storefront._push_offers(self.offers)
        self._follow()
        self.assertEqual(
            self.storefront._push_offers(self.offers), {"sent": 0, "refused": {}}
        )
        self.assertEqual([len(part) for part in self.adapter.begun], [4, 1])
        self.assertFalse(self.adapter.direct)
        self.assertFalse(self._waiting())

    def test_change_on_the_way_is_sent_when_it_has_arrived(self):
        self.storefront._push_offers(self.offers)
        self.storefront._follow_bulks()
        self.tile.price = 23.0
        self.storefront._send_outbox()
        self.assertFalse(self.adapter.direct, "it would be overtaken by the bulk")
        self._follow()
        self.assertEqual(self._waiting(), self.tile.ids)
        self.storefront._send_outbox()
        self.assertEqual([offer.price for offer in self.adapter.direct], [2300])

    def test_stock_is_read_when_the_shop_asks_for_it(self):
        self.storefront._push_offers(self.offers)
        self.storefront._follow_bulks()
        self.tile.quantity = 3
        self.storefront._send_outbox()
        self._follow()
        self.assertEqual(self.adapter.stocks[f"offer-{self.tile.id}"], 3)
        self.assertFalse(self._waiting())
        for offer in self.offers:
            offer.price += 1
        self.Outbox.search([("state", "=", "pending")]).action_cancel()
        self.storefront._push_offers(self.offers)
        self._follow()
        self.assertEqual(set(self.adapter.stocks.values()), {None}, "it has not moved")

    def test_refusal_reaches_its_offer_and_can_be_sent_again(self):
        self.adapter.refuses = {f"offer-{self.linen.id}": "Blank title"}
        self.storefront._push_offers(self.offers)
        self._follow()
        message = self.Outbox.search([("state", "=", "failed")])
        self.assertEqual(
            (message.res_id, message.reason), (self.linen.id, "Blank title")
        )
        self.assertEqual(message.vendor_id, self.linen.vendor_id)
        self.assertEqual(sum(self._bulks().mapped("refused_count")), 1)
        self.assertFalse(self._waiting())
        message.action_send_again()
        self.storefront._send_outbox()
        self.assertEqual(message.state, "done")
        self.assertEqual(
            [o.ref for o in self.adapter.direct], [f"offer-{self.linen.id}"]
        )

    def test_refusal_told_twice_is_one_message(self):
        self.adapter.refuses = {f"offer-{self.linen.id}": "Blank title"}
        for words in ("Blank title", "Still blank"):
            self.adapter.refuses = {f"offer-{self.linen.id}": words}
            for offer in self.offers - self.linen:
                offer.price += 1
            self.storefront._push_offers(self.offers)
            self._follow()
        message = self.Outbox.search([("state", "=", "failed")])
        self.assertEqual(message.mapped("reason"), ["Still blank"])

    def test_what_was_left_out_is_sent_again_and_given_up_in_the_end(self):
        """Many by another bulk, at most three times; what arrived is not repeated."""
        lost = self.offers[:3]
        self.adapter.forgets = {f"offer-{offer.id}" for offer in lost}
        self.storefront._push_offers(self.offers)
        self._follow(60)
        self.assertEqual(
            [len(part) for part in self.adapter.begun], [4, 1] + [3] * (TRIES_MAX - 1)
        )
        self.assertEqual(self._bulks()[-1].tries, TRIES_MAX)
        failed = self.Outbox.search([("state", "=", "failed")])
        self.assertEqual(set(failed.mapped("res_id")), set(lost.ids))
        self.assertEqual(set(failed.mapped("reason")), {"It broke."})

    def test_few_that_were_left_out_are_sent_directly(self):
        self.adapter.forgets = {f"offer-{self.tile.id}"}
        self.storefront._push_offers(self.offers)
        self._follow()
        self.assertEqual(self._waiting(), self.tile.ids)
        self.storefront._send_outbox()
        self.assertEqual(
            [o.ref for o in self.adapter.direct], [f"offer-{self.tile.id}"]
        )

    def test_shop_works_on_so_many_at_once(self):
        for rank in range(6):
            self.offers |= self._create_offer(self.vendors[1], 7.0, sku=f"ROPE{rank}")
        self.storefront._push_offers(self.offers)
        self.assertEqual(len(self._bulks()), 3)
        self.storefront._follow_bulks()
        self.assertEqual(
            self._bulks().mapped("state"), ["running", "running", "waiting"]
        )
        self._follow(60)
        self.assertEqual(set(self._bulks().mapped("state")), {"done"})

    def test_shop_that_is_busy_is_asked_later(self):
        self.storefront._push_offers(self.offers)
        self.adapter.errors = [TransientError("Closed"), ThrottledError("Slowly", 300)]
        self.assertEqual(self.storefront._follow_bulks(), 300)
        self.assertEqual(self._bulks().mapped("reason"), ["Slowly", "Closed"])
        self.assertEqual(self.storefront.error, "Closed")
        with trap_jobs() as trap:
            self.storefront._job_follow_bulks()
            trap.assert_jobs_count(1)
        self._follow()
        self.assertEqual(sum(self._bulks().mapped("sent_count")), 5)

    def test_bulk_that_is_refused_refuses_its_offers(self):
        self.storefront._push_offers(self.offers)
        self.adapter.errors = [InvalidError("No such file")]
        self._follow()
        first, second = self._bulks()
        self.assertEqual((first.refused_count, first.reason), (4, "No such file"))
        self.assertEqual(second.sent_count, 1)
        failed = self.Outbox.search([("state", "=", "failed")])
        self.assertEqual(len(failed), 4)

    def test_refused_access_stops_it_until_it_is_mended(self):
        self.storefront._push_offers(self.offers)
        self.adapter.errors = [AuthError("No entry")]
        self.assertIsNone(self.storefront._follow_bulks())
        self.assertEqual(self.storefront.state, "refused")
        self.storefront._transition("connected")
        with trap_jobs() as trap:
            self.env["marketplace.storefront"]._cron_synchronise()
            trap.assert_enqueued_job(
                self.storefront._job_follow_bulks, args=("",), kwargs={}
            )
        self._follow()
        self.assertEqual(sum(self._bulks().mapped("sent_count")), 5)

    def test_offer_is_in_one_open_bulk(self):
        self.storefront._push_offers(self.offers)
        line = self._bulks()[0].line_ids[0]
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            line.copy({"bulk_id": self._bulks()[1].id})

    def test_load_is_done_when_all_has_arrived(self):
        self.adapter.refuses = {f"offer-{self.linen.id}": "Blank title"}
        load = self.env["marketplace.load"].create(
            {"storefront_id": self.storefront.id, "kind": "catalogue"}
        )
        load.action_start()
        with patch.object(type(load), "_part_size", lambda _self: 100):
            load._job_load()
            self.assertEqual((load.state, load.on_its_way_count), ("running", 5))
            self.assertLess(load.progress, 100)
            with trap_jobs() as trap:
                load._job_load()
                trap.assert_enqueued_job(
                    load._job_load, properties={"eta": LOOK_SECONDS}
                )
            self._follow()
            load._job_load()
        self.assertEqual((load.state, load.progress), ("done", 100.0))
        self.assertEqual(
            (load.sent_count, load.refused_count), (2 + 4, 1), "vendors too"
        )
        self.assertEqual(
            load.action_view_bulks()["domain"], [("load_id", "=", load.id)]
        )

    def test_many_messages_are_sent_as_one_bulk(self):
        self.storefront._push_offers(self.offers)
        self._follow()
        self.adapter.begun.clear()
        for offer in self.offers[:4]:
            offer.price += 2
        self.storefront._send_outbox()
        self._follow()
        self.assertEqual([len(part) for part in self.adapter.begun], [4])
        self.assertFalse(self._waiting())

    def test_call_of_the_shop_queues_a_look(self):
        event = Event("d-1", "bulk/finish", "bulk", "9", self._now())
        with (
            patch.object(
                VendureAdapter, "parse_event", staticmethod(lambda *_args: event)
            ),
            trap_jobs() as trap,
        ):
            response = self.url_open("/marketplace/webhook/corner-hook", data=b"{}")
            self.assertEqual(response.text, "taken")
            trap.assert_enqueued_job(
                self.storefront._job_follow_bulks, args=("9",), kwargs={}
            )
        self.assertFalse(
            self.Inbox.search([("storefront_id", "=", self.storefront.id)])
        )

    def test_viewer_reads_and_nobody_writes(self):
        self.storefront._push_offers(self.offers)
        viewer = new_test_user(
            self.env, "bulk_viewer", groups="marketplace_base.group_viewer"
        )
        bulk = self._bulks()[0].with_user(viewer)
        self.assertEqual(bulk.offer_count, 4)
        action = bulk.action_view_lines()
        self.assertEqual(
            self.env[action["res_model"]]
            .with_user(viewer)
            .search_count(action["domain"]),
            4,
        )
        with self.assertRaises(AccessError):
            bulk.reason = "mine"
        with self.assertRaises(AccessError):
            bulk.line_ids.reason = "mine"
