"""What goes wrong between us and the shop, and what must be left afterwards."""

import time

from odoo.tests import HttpCase, tagged

from ..conformance.faulty_proxy import faulty_proxy
from .vendure_case import VendureCase

WEBHOOK_SECONDS = 20  # the shop's queue sends within one or two


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureFaults(VendureCase):
    def test_wrong_password_stops_the_exchange_and_tells_somebody(self):
        offer = self._create_pushed_offer(self.vendors[0], 10.0)
        placed = self._buy({offer: 1})
        self.storefront.password = "wrong"
        offer.price = 11.0
        counts = self._counts()
        self._synchronise()
        self.storefront._send_outbox()
        self.assertEqual(self.storefront.state, "refused")
        self.assertIn("password", self.storefront.error)
        self.assertEqual(len(self.storefront.activity_ids), 1)
        self.assertEqual(self._counts(), counts, "nothing half-written")
        message = self._waiting()
        self.assertEqual((message.state, message.attempts), ("retry", 0))
        # The administrator mends it.
        self.storefront.password = "operator-pass"
        self.storefront.action_test_connection()
        self.assertEqual(
            (self.storefront.state, self.storefront.error), ("connected", False)
        )
        message.date_retry = False
        self.storefront._send_outbox()
        self.assertEqual(message.state, "done")
        self.assertTrue(self._import(placed))

    def test_closed_shop_is_tried_again_later(self):
        offer = self._create_pushed_offer(self.vendors[0], 10.0)
        self.storefront.url = "http://127.0.0.1:9"
        offer.price = 11.0
        counts = self._counts()
        self._synchronise()
        self.storefront._send_outbox()
        self.assertEqual(self.storefront.state, "connected")
        self.assertIn("cannot be reached", self.storefront.error)
        self.assertEqual(self._counts(), counts)
        message = self._waiting()
        self.assertEqual((message.state, message.attempts), ("retry", 1))
        self.assertGreater(message.date_retry, message.create_date)
        self.storefront._send_outbox()
        self.assertEqual(message.attempts, 1, "its time has not come")
        self.storefront.url = self.shop_url
        self._synchronise()
        self.assertFalse(self.storefront.error)

    def test_page_instead_of_the_shop_is_not_an_empty_shop(self):
        placed = self._buy({self.mug: 1})
        cursor = self.storefront.order_cursor
        with faulty_proxy(self.shop_url) as proxy:
            self.storefront.url = proxy.url
            for fault in ("page", "truncated", "throttled"):
                proxy.fail("orders(options", fault)
                self._synchronise()
                self.assertTrue(self.storefront.error, fault)
                self.assertEqual(self.storefront.order_cursor, cursor, fault)
                self.assertFalse(self._message(placed), fault)
            self.assertEqual(proxy.hits, ["page", "truncated", "throttled"])
            self.assertTrue(self._import(placed))
        self.assertFalse(self.storefront.error)

    def test_lost_answer_to_a_shipment_makes_one_parcel(self):
        """The shop had acted; the second try finds it and does not ship twice."""
        placed = self._buy({self.mug: 2})
        order = self._import(placed).sale_order_ids
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, quantities={self._goods(order).id: 1}, tracking_ref="6A1"
        )
        with faulty_proxy(self.shop_url) as proxy:
            self.storefront.url = proxy.url
            shipment.action_ship()
            proxy.fail("addFulfillmentToOrder", "lost")
            self.storefront._send_outbox()
            message = self._waiting()
            self.assertIn("may have acted", message.reason)
            message.date_retry = False
            self.storefront._send_outbox()
            self.assertEqual(proxy.hits, ["lost"])
        self.assertEqual(message.state, "done")
        parcels = self.operator.order(placed["id"])["fulfillments"]
        self.assertEqual([parcel["state"] for parcel in parcels], ["Shipped"])

    def test_lost_answer_to_an_offer_makes_one_variant(self):
        offer = self._create_offer(self.vendors[1], 5.0, sku=self._sku("LOST"))
        with faulty_proxy(self.shop_url) as proxy:
            self.storefront.url = proxy.url
            proxy.fail("createProductVariants", "lost")
            self.storefront._send_outbox()
            message = self._waiting()
            message.date_retry = False
            self.storefront._send_outbox()
            self.assertEqual(proxy.hits, ["lost"])
        self.assertEqual(message.state, "done")
        self.assertEqual(self.operator.count_variants(offer.vendor_sku), 1)

    def test_refused_shipment_is_shown_and_leaves_the_others_alone(self):
        """Staff shipped in the shop what the vendor ships again here."""
        first = self._buy({self.mug: 1})
        second = self._buy({self.mug: 1})
        orders = self._import(first).sale_order_ids
        self.operator.ship(first["id"])
        orders |= self._group(second).sale_order_ids
        for order in orders:
            self.env["marketplace.shipment"]._create_for_order(order).action_ship()
        self.storefront._send_outbox()
        messages = self.env["marketplace.outbox"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("kind", "=", "fulfilment"),
            ],
            order="id",
        )
        self.assertEqual(messages.mapped("state"), ["failed", "done"])
        self.assertIn("already part of a Fulfillment", messages[0].reason)

    def test_unknown_tax_waits_in_quarantine_until_it_is_mapped(self):
        self._synchronise()  # what other tests have bought
        placed = self._buy({self.mug: 1, self.book: 1})
        mapping = self.storefront.tax_ids.filtered(lambda tax: tax.rate < 0.1)
        kept = mapping.copy_data()
        mapping.unlink()
        counts = self._counts()
        self._synchronise()
        message = self._message(placed)
        self.assertEqual(message.state, "quarantine")
        self.assertIn("“VAT 5.5” at 5.5 %", message.reason)
        self.assertIn(self.book.vendor_sku, message.reason)
        grown = {"marketplace.inbox": counts["marketplace.inbox"] + 1}
        self.assertEqual(self._counts(), {**counts, **grown}, "nothing half-written")
        self.env["marketplace.storefront.tax"].create(kept)
        message.action_replay()
        self.assertEqual(message.state, "done")
        self.assertEqual(
            self._minor(self._group(placed).amount_charged), placed["totalWithTax"]
        )

    def test_unknown_sku_waits_in_quarantine_beside_good_orders(self):
        offer = self._create_pushed_offer(self.vendors[0], 10.0)
        bad, good = self._buy({offer: 1}), self._buy({self.mug: 1})
        binding = self.env["marketplace.binding"].search(
            [("object_type", "=", "offer"), ("res_id", "=", offer.id)]
        )
        sku, offer.vendor_sku = offer.vendor_sku, "RENAMED"
        binding.unlink()
        self._synchronise()
        self.assertTrue(self._group(good))
        message = self._message(bad)
        self.assertEqual(message.state, "quarantine")
        self.assertIn(sku, message.reason)
        self.assertFalse(self._group(bad))
        offer.vendor_sku = sku
        message.action_replay()
        self.assertEqual(message.state, "done")
        self.assertEqual(self._group(bad).sale_order_ids.vendor_id, self.vendors[0])

    def test_order_changed_in_the_shop_after_its_import_is_held(self):
        placed = self._buy({self.mug: 3})
        self._import(placed)
        self.operator.cancel_pieces(placed["id"], {self.mug.vendor_sku: 1})
        self._synchronise()
        message = self._message(placed)
        self.assertEqual(message.state, "quarantine")
        self.assertIn("Edited in the shop", message.reason)

    def _waiting(self):
        return self.env["marketplace.outbox"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("state", "in", ["pending", "retry"]),
            ]
        )

    def _goods(self, order):
        return order.order_line.filtered(lambda line: line.marketplace_kind == "goods")


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureWebhook(VendureCase, HttpCase):
    def test_webhook_of_the_shop_brings_the_order(self):
        """The shop itself calls, signed; the order is there without any pull."""
        self.storefront.webhook_key = "vendure"
        placed = self._buy({self.mug: 1})
        event = self._wait_for_event(placed)
        self.assertEqual((event.state, event.topic), ("new", "order.PaymentSettled"))
        self.storefront._process_inbox()
        self.assertEqual(event.state, "done")
        self.assertEqual(self._message(placed).source, "webhook")
        self.assertEqual(
            self._minor(self._group(placed).amount_charged), placed["totalWithTax"]
        )

    def _wait_for_event(self, placed):
        domain = [("kind", "=", "event"), ("external_ref", "=", placed["id"])]
        end = time.monotonic() + WEBHOOK_SECONDS
        while time.monotonic() < end:
            # The shop has no cookie of this test, and may call only when this thread
            # lets go of the cursor.
            with self.allow_requests(all_requests=True):
                time.sleep(0.5)
            self.env.invalidate_all()
            if event := self.env["marketplace.inbox"].search(domain):
                return event
        self.fail("the shop did not call")
