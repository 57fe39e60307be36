from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged

from ..exceptions import MarketplaceError
from .acceptance_common import NOON, AcceptanceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestHold(AcceptanceCommon):
    """Orders are kept from their vendors while somebody checks them."""

    def test_held_order_does_not_lose_its_time(self):
        """Two hours on hold move the deadline by two hours, and stop parcels."""
        with freeze_time(NOON):
            _group, order, line, _line_two = self._sell()
        deadline = order.date_accept_by
        with freeze_time("2026-03-03 10:00:00"):
            order._marketplace_hold("fraud", "Card reported stolen")
        self.assertTrue(order.is_on_hold)
        with freeze_time("2026-03-04"):
            self._run_cron()
        self.assertEqual(order.acceptance_state, "waiting")
        with self.assertRaisesRegex(MarketplaceError, "on hold"):
            order._marketplace_accept("vendor")
        with self.assertRaisesRegex(MarketplaceError, "on hold"):
            order._marketplace_refuse("vendor", {line: 1}, "price")
        with self.assertRaisesRegex(MarketplaceError, "cannot be shipped"):
            self.env["marketplace.shipment"]._create_for_order(order)
        with freeze_time("2026-03-04 12:00:00"):
            order._marketplace_release("Verified")
        self.assertEqual(order.date_accept_by, deadline + timedelta(hours=26))
        self.assertRecordValues(
            order.hold_ids,
            [
                {
                    "reason_code": "fraud",
                    "note": "Card reported stolen",
                    "outcome": "released",
                    "outcome_note": "Verified",
                    "user_id": self.env.uid,
                }
            ],
        )

    def test_storefront_asks_for_a_hold(self):
        """The vendor's time starts when the order is released, not when it came."""
        with freeze_time(NOON):
            group, order, *_rest = self._sell(
                hold={"reason_code": "fraud", "note": "Score 91"}
            )
        self.assertEqual(set(group.sale_order_ids.mapped("is_on_hold")), {True})
        self.assertEqual(group.hold_count, 2)
        self.assertFalse(order.date_vendor_visible)
        self.assertFalse(order.date_accept_by)
        with freeze_time("2026-03-05 08:00:00"):
            group.sale_order_ids._marketplace_release()
        self.assertEqual(str(order.date_vendor_visible), "2026-03-05 08:00:00")
        self.assertEqual(str(order.date_accept_by), "2026-03-06 08:00:00")

    def test_held_order_is_cancelled_with_a_reason(self):
        """The customer gets his money back, the vendor never knew."""
        group, order, *_rest = self._sell(hold={"reason_code": "payment"})
        held = group.sale_order_ids
        wizard = self.env["marketplace.hold.wizard"].create(
            {
                "decision": "cancel",
                "sale_order_ids": held.ids,
                "note": "Chargeback announced",
            }
        )
        wizard.action_apply()
        self.assertFalse(any(held.mapped("is_on_hold")))
        self.assertEqual(set(held.hold_ids.mapped("outcome")), {"cancelled"})
        self.assertEqual(sum(group.refund_ids.mapped("amount")), group.amount_charged)
        self.assertEqual(set(order.decision_ids.mapped("source")), {"operator"})
        group.refund_ids._apply()
        self.assertEqual(group.payment_state, "refunded")
        self.assertEqual(group.state, "cancelled")
        self.assertTiedOut()

    def test_order_that_left_cannot_be_held(self):
        group, order, *_rest = self._sell()
        order._marketplace_accept("vendor")
        self._ship_and_deliver(order)
        with self.assertRaisesRegex(MarketplaceError, "parcels have left"):
            order._marketplace_hold("fraud")
        with self.assertRaises(MarketplaceError):
            self.env["marketplace.hold"].create(
                {
                    "sale_order_id": order.id,
                    "reason_code": "fraud",
                    "user_id": self.env.uid,
                    "date_start": fields.Datetime.now(),
                }
            )
