import random
from copy import deepcopy
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.marketplace_payout.tests.common import PayoutCommon

from ..adapters.vendure import VendureAdapter
from ..engine.contract import Event, Result
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestInboxChange(ConnectorCommon):
    """The shop edits, cancels or deletes an order that is imported already."""

    def _unpaid(self, ref="1", **values):
        """Return an order of 2 tiles and 1 linen whose payment is only authorized."""
        payload = self._payload(
            ref,
            [self._line("11", self.tile, 2), self._line("12", self.linen)],
            **values,
        )
        payload["payments"][0]["state"] = "Authorized"
        return payload

    def _paid(self, ref="1"):
        return self._payload(
            ref, [self._line("11", self.tile, 2), self._line("12", self.linen)]
        )

    def _cancelled(self, payload):
        """Return an order after all of it was cancelled, as Vendure shows it."""
        payload = deepcopy(payload)
        for line in payload["lines"]:
            line.update(quantity=0, linePriceWithTax=0, proratedLinePrice=0)
            line.update(linePrice=0, proratedLinePriceWithTax=0)
        return {**payload, "state": "Cancelled", "totalWithTax": 0}

    def _counts(self):
        return {
            model: self.env[model].search_count([])
            for model in (
                "marketplace.order.amendment",
                "marketplace.refund",
                "marketplace.outbox",
                "sale.order",
                "marketplace.ledger.line",
            )
        }

    # -- nothing captured: followed ---------------------------------------------------

    def test_fewer_units_before_payment_are_taken_off(self):
        payload = self._unpaid()
        group = self._import(payload).order_id
        message = self._import(self._with_quantity(payload, "11", 1))
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(
            (message.change_kind, message.change_stage), ("edited", "open")
        )
        self.assertEqual(self._minor(group.amount_payable), 5500)
        self.assertEqual(group.amendment_count, 1)
        self.assertFalse(
            self.Outbox.search([("kind", "in", ["refund", "cancellation"])]),
            "the shop knows its own change",
        )
        counts = self._counts()
        message.action_replay()
        self.assertEqual(self._counts(), counts)

    def test_more_units_and_a_new_line_are_sold(self):
        payload = self._unpaid()
        group = self._import(payload).order_id
        changed = self._with_quantity(payload, "11", 3)
        extra = self._line("13", self.linen)
        changed["lines"].append(extra)
        changed["totalWithTax"] += extra["proratedLinePriceWithTax"]
        message = self._import(changed)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self._minor(group.amount_payable), 12500)
        # ... and half of it back: what was added last goes first.
        message = self._import(self._with_quantity(changed, "11", 1))
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self._minor(group.amount_payable), 8500)
        self.assertEqual(sum(group._get_held_lines()["11"].values()), 1)
        self.assertTiedOut()

    def test_edit_and_back_again_is_seen(self):
        """The third document means what the first did, and is no repetition."""
        payload = self._unpaid()
        group = self._import(payload).order_id
        self._import(self._with_quantity(payload, "11", 1))
        message = self._import(payload)
        self.assertEqual(len(message), 1)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self._minor(group.amount_payable), 7500)
        self.assertFalse(self._import(payload), "told twice, stored once")

    def test_other_price_before_payment_is_followed(self):
        payload = self._unpaid()
        group = self._import(payload).order_id
        changed = deepcopy(payload)
        changed["lines"][1].update(
            linePriceWithTax=2700, proratedLinePrice=2250, proratedLinePriceWithTax=2700
        )
        changed["totalWithTax"] -= 300
        message = self._import(changed)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self._minor(group.amount_payable), 7200)

    def test_cancelled_before_payment_is_cancelled_here(self):
        payload = self._unpaid()
        group = self._import(payload).order_id
        message = self._import(self._cancelled(payload))
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(message.change_kind, "cancelled")
        self.assertEqual(self._minor(group.amount_payable), 0)
        self.assertFalse(group._get_held_lines())
        self.assertTiedOut()

    def test_cancelled_after_shipment_is_asked(self):
        payload = self._unpaid()
        group = self._import(payload).order_id
        self.env["marketplace.shipment"]._create_for_order(group.sale_order_ids[0])
        message = self._import(self._cancelled(payload))
        self.assertEqual(message.state, "quarantine")
        self.assertIn("parcel", message.reason)
        self.assertEqual(self._minor(group.amount_payable), 7500)

    # -- captured ---------------------------------------------------------------------

    def test_fewer_units_after_payment_wait_for_the_money(self):
        """Taken off and not given back: a person is asked; given back: it goes on."""
        payload = self._paid()
        group = self._import(payload).order_id
        fewer = self._with_quantity(payload, "11", 1)
        message = self._import(fewer)
        self.assertEqual(message.state, "quarantine")
        for part in (
            "Edited in the shop",
            "20.00",
            group.sale_order_ids[0].order_line[0].name,
        ):
            self.assertIn(part, message.reason)
        self.assertFalse(group.refund_ids)
        later = self._import(self._refunded(fewer, "r-1", 2000, 1))
        self.assertEqual(later.state, "done", later.reason)
        self.assertEqual(message.state, "ignored", "the newer one took over")
        self.assertEqual(self._minor(group.refund_ids.amount), 2000)
        self.assertTiedOut()

    def test_cancelled_and_refunded_in_the_shop(self):
        payload = self._paid()
        group = self._import(payload).order_id
        self.assertEqual(self._import(self._cancelled(payload)).state, "quarantine")
        gone = self._refunded(self._cancelled(payload), "r-1", 7500)
        message = self._import(gone)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(group.payment_state, "refunded")
        self.assertTiedOut()

    def test_corrected_here_is_the_new_agreement(self):
        payload = self._paid()
        group = self._import(payload).order_id
        changed = self._with_quantity(payload, "11", 1)
        message = self._import(changed)
        self.assertEqual(message.state, "quarantine")
        desk = new_test_user(
            self.env, "change_desk", groups="marketplace_base.group_order_desk"
        )
        message.with_user(desk).action_corrected()
        self.assertEqual(message.state, "done", message.reason)
        self.assertIn("corrected here", group.message_ids[:1].body)
        later = self._import({**changed, "state": "Shipped"})
        self.assertEqual(later.state, "done", later.reason)

    # -- deleted ----------------------------------------------------------------------

    def test_deleted_order_is_asked_about(self):
        group = self._import(self._paid()).order_id
        event = Event("d-1", "order.deleted", "order", "1", self._now())
        message = self.Inbox._store_event(self.storefront, event, b"{}")
        stranger = self.Inbox._store_event(
            self.storefront,
            Event("d-2", "order.deleted", "order", "99", self._now()),
            b"{}",
        )
        with patch.object(VendureAdapter, "fetch_orders", return_value=[]):
            self.storefront._process_inbox()
        self.assertEqual(message.state, "quarantine")
        self.assertEqual((message.order_id, message.change_kind), (group, "deleted"))
        self.assertEqual(stranger.state, "done")
        message.action_corrected()
        self.assertEqual(message.state, "ignored")

    def test_deleted_order_is_missed_by_the_second_lane(self):
        payload = self._paid()
        payload["orderPlacedAt"] = fields.Datetime.now().isoformat() + "Z"
        group = self._import(payload).order_id
        with patch.object(VendureAdapter, "fetch_orders", return_value=[]):
            for _time in range(2):
                self.storefront._find_deleted(
                    group.create_date.replace(year=2020), set()
                )
        message = self.Inbox.search([("topic", "=", "order.deleted")])
        self.assertEqual(message.mapped("state"), ["quarantine"])
        self.assertEqual(message.order_id, group)

    # -- ours -------------------------------------------------------------------------

    def test_our_cancellation_goes_to_the_shop_and_its_echo_changes_nothing(self):
        payload = self._unpaid()
        group = self._import(payload).order_id
        line = group.sale_order_ids.order_line.filtered(
            lambda line: line.external_ref == "11"
        )
        amendment = self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "reason": "Out of stock",
                "line_ids": [
                    fields.Command.create({"sale_line_id": line.id, "quantity_new": 1})
                ],
            }
        )
        amendment.action_apply()
        message = self.Outbox.search([("kind", "=", "cancellation")])
        with patch.object(
            VendureAdapter, "cancel_order", return_value=Result("x", "1")
        ) as call:
            self.storefront._send_outbox()
        (command,) = call.call_args.args
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(
            [(item.line_ref, item.quantity) for item in command.lines], [("11", 1)]
        )
        counts = self._counts()
        echo = self._import(self._with_quantity(payload, "11", 1))
        self.assertEqual(echo.state, "done", echo.reason)
        self.assertEqual(self._counts(), counts)

    def test_replay_in_any_order_leaves_the_same_books(self):
        """Orders, edits, cancellations and refunds, each message replayed twice."""
        paid = self._paid("1")
        unpaid = self._unpaid("2")
        unpaid["payments"][0]["id"] = "payment-2"
        for line in unpaid["lines"]:
            line["id"] = f"2-{line['id']}"
        unpaid["payments"][0]["state"] = "Authorized"
        messages = self._import(paid, unpaid)
        fewer = self._with_quantity(paid, "11", 1)
        messages |= self._import(fewer)
        messages |= self._import(self._refunded(fewer, "r-1", 2000, 1))
        messages |= self._import(self._with_quantity(unpaid, "2-11", 1))
        messages |= self._import(self._cancelled(unpaid))
        self.assertFalse(messages.filtered(lambda m: m.state == "quarantine"))
        books = self._books()
        self.assertTrue(books)
        shuffle = random.Random(28).shuffle
        for _time in range(2):
            ids = list(messages.ids)
            shuffle(ids)
            for message in self.Inbox.browse(ids):
                message.action_replay()
            self.assertEqual(self._books(), books)
        self.assertTiedOut()

    def _books(self):
        """Return what the ledger says of all, in order."""
        lines = self.env["marketplace.ledger.line"].search([], order="source_key, id")
        return [
            (
                line.source_key,
                line.event,
                line.role_debit,
                line.role_credit,
                self._minor(line.amount),
            )
            for line in lines
        ]

    def test_older_revision_is_not_taken(self):
        payload = self._unpaid()
        with self._told(revision=5):
            group = self._import(payload).order_id
        with self._told(revision=4):
            message = self._import(self._with_quantity(payload, "11", 1))
        self.assertEqual(message.state, "done")
        self.assertIn("newer", message.reason)
        self.assertEqual(self._minor(group.amount_payable), 7500)

    def test_context_of_a_client_does_not_silence_the_shop(self):
        group = self._import(self._unpaid()).order_id
        line = group.sale_order_ids[0].order_line[0]
        self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "reason": "Out of stock",
                "line_ids": [
                    fields.Command.create({"sale_line_id": line.id, "quantity_new": 1})
                ],
            }
        ).with_context(marketplace_told_by_shop=True).action_apply()
        self.assertTrue(self.Outbox.search([("kind", "=", "cancellation")]))


@tagged("post_install", "-at_install", "marketplace")
class TestInboxChangeStage(ConnectorCommon, PayoutCommon):
    """How far the books were when the shop changed an order."""

    def test_stage_after_invoice_and_after_payout(self):
        payload = self._payload("1", [self._line("11", self.tile, 2)])
        payload["orderPlacedAt"] = "2026-03-02T09:30:00.000Z"
        group = self._import(payload).order_id
        self.assertEqual(group._get_change_stage(), "open")
        shipment = self.env["marketplace.shipment"]._create_for_order(
            group.sale_order_ids
        )
        shipment.action_ship()
        shipment.action_deliver()
        later = fields.Date.today() + timedelta(days=60)
        with freeze_time(later):
            settlement = self._settle(later - timedelta(days=1))
        self.assertTrue(settlement)
        self.assertEqual(group._get_change_stage(), "invoiced")
        settlement._transition("closed")
        message = self._import(self._with_quantity(payload, "11", 1))
        self.assertEqual(message.state, "quarantine")
        self.assertEqual(message.change_stage, "paid_out")
        self.assertIn("After payout", message.reason)
