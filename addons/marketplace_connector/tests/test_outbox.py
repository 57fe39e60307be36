from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.queue_job.tests.common import trap_jobs

from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOutbox(ConnectorCommon):
    def _messages(self, **values):
        domain = [("storefront_id", "=", self.storefront.id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.Outbox.search(domain, order="id")

    def test_change_and_message_commit_together(self):
        """No message without the change, no change without the message."""
        before = self._messages()
        with trap_jobs() as trap:
            self.tile.price = 21.0
            trap.assert_enqueued_job(
                self.storefront._job_send_outbox,
                properties={"channel": "root.marketplace"},
            )
        message = self._messages() - before
        self.assertEqual(
            (message.kind, message.res_id, message.key),
            ("offer", self.tile.id, f"offer-{self.tile.id}"),
        )
        try:
            with self.cr.savepoint():
                self.linen.price = 31.0
                self.env.flush_all()
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.env.invalidate_all()
        self.assertEqual(self._messages() - before, message)

    def test_offers_are_sent_by_the_page_and_the_rest_beside_them(self):
        """Many changed prices are few calls, and keep nothing else waiting."""
        offers = self.tile | self.linen
        self.Outbox._enqueue(self.storefront, "offer", offers)
        self.Outbox._enqueue(self.storefront, "fulfilment", offers)
        with (
            patch.object(type(self.storefront), "_push_offers") as push,
            patch.object(type(self.Outbox), "_send_fulfilment") as send,
        ):
            push.return_value = {"sent": 2, "refused": {}}
            self.Outbox._send_waiting(self.storefront, limit=1)
        push.assert_called_once_with(offers)
        send.assert_called_once()
        self.assertEqual(set(self._messages(kind="offer").mapped("state")), {"done"})

    def test_messages_are_found_by_vendor(self):
        """The vendor's form opens what was sent of him and of his offers."""
        self.tile.price = 22.0
        vendor = self.tile.vendor_id
        messages = self.Outbox.search([("vendor_id", "=", vendor.id)])
        self.assertIn(
            ("offer", self.tile.id), messages.mapped(lambda m: (m.kind, m.res_id))
        )
        self.assertNotIn(
            self.linen.id,
            messages.filtered(lambda m: m.kind == "offer").mapped("res_id"),
        )

    def test_queues_count_what_needs_a_person(self):
        self.tile.price = 21.0
        message = self._messages(res_id=self.tile.id, kind="offer")[-1]
        queue = self.env.ref("marketplace_connector.queue_outbox_failed")
        before = queue.item_count
        message._state_unlocked().state = "failed"
        queue.invalidate_recordset()
        self.assertEqual(queue.item_count, before + 1)

    def test_change_the_shop_does_not_show_sends_no_message(self):
        before = self._messages()
        self.tile.lead_time_days = 3
        self.assertEqual(self._messages(), before)

    def test_closed_shop_keeps_messages_for_later(self):
        self.tile.price = 21.0
        self.storefront._send_outbox()
        message = self._messages(res_id=self.tile.id, kind="offer")[-1]
        self.assertEqual((message.state, message.attempts), ("retry", 1))
        self.assertTrue(message.date_retry)
        self.assertIn("cannot be reached", message.reason)

    def test_message_that_always_fails_ends_with_a_person(self):
        self.tile.price = 21.0
        self.storefront._send_outbox()
        message = self._messages(res_id=self.tile.id, kind="offer")[-1]
        for _attempt in range(20):
            message.date_retry = False
            self.storefront._send_outbox()
        self.assertEqual((message.state, message.attempts), ("failed", 11))
        self.assertEqual(self.storefront.outbox_failed_count, len(self._failed()))
        message.action_send_again()
        self.assertEqual((message.state, message.attempts), ("pending", 0))

    def _failed(self):
        return self._messages(state="failed")

    def test_vendor_unknown_to_the_shop_is_not_sent_alone(self):
        self.storefront._send_outbox()
        self.vendors[0].name = "Tuiles du Midi"
        self.storefront._send_outbox()
        message = self._messages(kind="vendor")
        self.assertEqual(message.state, "done")

    def test_nothing_is_queued_for_a_shop_that_is_not_connected(self):
        self.storefront.action_disconnect()
        before = self._messages()
        self.tile.price = 21.0
        self.assertEqual(self._messages(), before)

    def test_shipment_of_an_order_typed_here_tells_no_shop(self):
        group = self._import_order([(self.tile, 1)])
        self._ship_and_deliver(group)
        self.assertFalse(self._messages(kind="fulfilment"))

    def test_shipment_of_a_storefront_order_tells_its_shop(self):
        group = self._import(self._payload("1", [self._line("11", self.tile)])).order_id
        self._ship_and_deliver(group)
        shipment = group.sale_order_ids.marketplace_shipment_ids
        messages = self._messages(kind="fulfilment")
        self.assertEqual(messages.mapped("res_id"), shipment.ids * 2)
        self.storefront._send_outbox()
        # Shipped and delivered are one message to the shop: what the parcel is now.
        self.assertEqual(set(messages.mapped("attempts")), {1})

    def test_half_a_piece_in_a_parcel_is_refused_with_words(self):
        """Sent as a number of pieces, it would be none."""
        line = self._bought(self.tile)
        self.env["marketplace.shipment"]._create_for_order(
            line.order_id, quantities={line.id: 0.5}
        ).action_ship()
        self.storefront._send_outbox()
        message = self._messages(kind="fulfilment")
        self.assertEqual((message.state, message.attempts), ("failed", 0))
        self.assertIn("0.5", message.reason)
        self.assertIn("whole units", message.reason)

    def test_refund_of_a_piece_and_a_half_is_refused_with_words(self):
        line = self._bought(self.tile)
        self.env["marketplace.refund"].create(
            {
                "order_id": line.order_id.marketplace_order_id.id,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1.5})
                ],
            }
        ).action_apply()
        self.storefront._send_outbox()
        message = self._messages(kind="refund")
        self.assertEqual((message.state, message.attempts), ("failed", 0))
        self.assertIn("1.5", message.reason)

    def _bought(self, offer):
        """Return the order line of three pieces, bought in the shop."""
        group = self._import(self._payload("1", [self._line("11", offer, 3)])).order_id
        return group.sale_order_ids.order_line.filtered("offer_id")

    def test_states_move_through_the_gate_only(self):
        self.tile.price = 21.0
        message = self._messages()[-1]
        with self.assertRaises(MarketplaceError):
            message.state = "done"
        message.action_cancel()
        self.assertEqual(message.state, "cancelled")

    def test_viewer_sends_nothing(self):
        viewer = new_test_user(
            self.env, "out_viewer", groups="marketplace_base.group_viewer"
        )
        self.tile.price = 21.0
        with self.assertRaises(AccessError):
            self._messages()[-1].with_user(viewer).action_cancel()
