"""A storm of faults between Odoo and the shop; afterwards both tell the same."""

import json
import os
import random
import time
from collections import Counter
from datetime import timedelta

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_connector.adapters.signed_events import sign

from ..conformance.faulty_proxy import STORM, faulty_proxy
from .vendure_case import VendureCase

SEED = int(os.environ.get("MKP_STORM_SEED", "20260302"))
RATE = 0.4  # of all calls are spoiled
ORDERS = 8
ROUNDS = 12
CALM_ROUNDS = 6
WEBHOOK_LOGGER = "odoo.addons.marketplace_connector.controllers.webhook"


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureStorm(VendureCase, HttpCase):
    def test_after_the_storm_there_is_no_gap(self):
        chance = random.Random(SEED)
        self.storefront.write({"webhook_key": "storm", "webhook_secret": "storm-key"})
        self._synchronise()  # what other tests have bought
        with faulty_proxy(self.shop_url) as proxy:
            self.storefront.url = proxy.url
            proxy.storm(chance, RATE)
            placed = self._live_through(chance)
            self.assertGreaterEqual(len(set(proxy.hits)), 5, Counter(proxy.hits))
            self.assertLessEqual(set(proxy.hits), set(STORM))
            proxy.storm(chance, 0)
            for _round in range(CALM_ROUNDS):
                self._exchange()
            refs = [order["id"] for order in placed]
            self.storefront._reconcile_shop(refs=refs)
            self.company._reconcile_books(
                self.company._marketplace_today() - timedelta(days=1),
                self.company._marketplace_today(),
            )
        gaps = self.env["marketplace.reconciliation.gap"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("state", "=", "open"),
                ("shop_order_ref", "in", refs),
            ]
        )
        self.assertFalse(gaps.mapped("display_name"), f"seed {SEED}: {proxy.hits}")
        self._assert_each_once(placed)
        self.assertTiedOut()

    def _live_through(self, chance):
        """Buy, ship and refund on both sides while everything fails."""
        placed, events, shipped, refunded = [], [], False, False
        for number in range(ROUNDS):
            if len(placed) < ORDERS:
                placed.append(self._buy({self.mug: 2, self.candle: 1}))
                events.append((f"storm-{self.run_key}-{number}", placed[-1]["id"]))
            # The shop calls late, twice, and in no order.
            calls = events + events[: number // 2]
            chance.shuffle(calls)
            self._call_all(calls[:4])
            self._exchange()
            groups = self._groups(placed)
            if len(groups) >= 3 and not shipped:
                self._ship(groups[0])
                self._ship(groups[1])
                shipped = True
            if len(groups) >= 4 and not refunded:
                self._refund_here(groups[2])
                refunded = self._refund_there(groups[3])
        self.assertTrue(shipped and refunded, "the storm let nothing through")
        return placed

    def _exchange(self):
        """Do what the jobs do; the time until the next attempt is over."""
        for model in ("marketplace.inbox", "marketplace.outbox"):
            self.env[model].search(
                [("storefront_id", "=", self.storefront.id), ("state", "=", "retry")]
            ).date_retry = False
        self._synchronise()
        self.storefront._send_outbox()

    def _groups(self, placed):
        return self.env["marketplace.order"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("external_ref", "in", [order["id"] for order in placed]),
            ],
            order="id",
        )

    def _ship(self, group):
        for order in group.sale_order_ids:
            self.env["marketplace.shipment"]._create_for_order(
                order, carrier_name="Post", tracking_ref=f"T{order.id}"
            ).action_ship()

    def _refund_here(self, group):
        line = group.sale_order_ids.order_line.filtered(
            lambda item: item.offer_id == self.mug
        )
        self._refund_line(group, line)

    def _refund_line(self, group, line):
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": "defective",
                "line_ids": [(0, 0, {"sale_line_id": line.id, "quantity": 1})],
            }
        )
        refund.action_apply()

    def _refund_there(self, group):
        self.operator.refund(
            group.external_ref, {self.candle.vendor_sku: 1}, "came broken"
        )
        return True

    def _call_all(self, calls):
        """Call as the shop does, signed; a repeated delivery is known already."""
        for delivery, ref in calls:
            body = {
                "kind": "order",
                "id": ref,
                "code": ref,
                "state": "PaymentSettled",
                "occurredAt": "2026-03-02T09:31:00.000Z",
            }
            raw = json.dumps(body).encode()
            moment = str(int(time.time()))
            with mute_logger(WEBHOOK_LOGGER):
                answer = self.url_open(
                    "/marketplace/webhook/storm",
                    data=raw,
                    headers={
                        "content-type": "application/json",
                        "x-marketplace-topic": "order.PaymentSettled",
                        "x-marketplace-delivery": delivery,
                        "x-marketplace-timestamp": moment,
                        "x-marketplace-signature": sign(
                            "storm-key", moment, delivery, raw
                        ),
                    },
                    timeout=30,
                )
            self.assertEqual(answer.status_code, 200, answer.text)
            self.env.invalidate_all()

    def _assert_each_once(self, placed):
        """Nothing is there twice, on either side."""
        groups = self._groups(placed)
        self.assertEqual(len(groups), ORDERS)
        self.assertEqual(len(set(groups.mapped("external_ref"))), ORDERS)
        self.assertEqual(len(groups.payment_ids), ORDERS)
        self.assertEqual(len(groups.refund_ids), 2)
        for group in groups[:2]:
            parcels = self.operator.order(group.external_ref)["fulfillments"]
            self.assertEqual(len(parcels), len(group.sale_order_ids))
        for group in groups[2:4]:
            (payment,) = self.operator.order(group.external_ref)["payments"]
            self.assertEqual(len(payment["refunds"]), 1)
