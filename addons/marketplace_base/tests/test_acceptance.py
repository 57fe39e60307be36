from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from ..exceptions import MarketplaceError
from .acceptance_common import NOON, AcceptanceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestAcceptance(AcceptanceCommon):
    """A vendor accepts or refuses each line before a deadline."""

    def _set_expiry(self, expiry):
        # A contract no order rests on yet.
        contract = self.vendor.vendor_contract_ids
        contract.acceptance_expiry = expiry

    # -- accepting ------------------------------------------------------------------

    @freeze_time(NOON)
    def test_order_waits_until_its_lines_are_accepted(self):
        """Nothing ships before the vendor accepts; twice is once."""
        _group, order, line, line_two = self._sell()
        self.assertEqual(order.acceptance_state, "waiting")
        self.assertEqual(str(order.date_accept_by), "2026-03-03 12:00:00")
        with self.assertRaisesRegex(MarketplaceError, "has not accepted"):
            self.env["marketplace.shipment"]._create_for_order(order)
        order._marketplace_accept("vendor", line)
        order._marketplace_accept("vendor", line)
        self.assertEqual(len(line.decision_ids), 1)
        self.assertRecordValues(
            line | line_two,
            [
                {"acceptance_state": "accepted", "marketplace_state": "accepted"},
                {"acceptance_state": "waiting", "marketplace_state": "ordered"},
            ],
        )
        self.assertEqual(str(line.date_accepted), NOON)
        shipment = self.env["marketplace.shipment"]._create_for_order(order)
        self.assertEqual(shipment.line_ids.sale_line_id, line)
        refused = self.env["marketplace.shipment"]._create_for_order(
            order, {line_two.id: 1}
        )
        with self.assertRaisesRegex(MarketplaceError, "cannot be shipped"):
            refused.action_ship()
        order._marketplace_accept("vendor")
        self.assertEqual(order.acceptance_state, "decided")
        refused.action_ship()
        self.assertEqual(line_two.marketplace_state, "shipped")

    def test_vendor_without_the_term_ships_at_once(self):
        group, *_rest = self._sell()
        order = group.sale_order_ids.filtered(
            lambda o: o.vendor_id == self.other_vendor
        )
        self.assertFalse(order.acceptance_state)
        self.assertFalse(order.date_accept_by)
        self.assertTrue(order.date_vendor_visible)
        self._ship_and_deliver(order)
        self.assertEqual(order.marketplace_state, "delivered")

    # -- refusing what was paid -----------------------------------------------------

    def test_refused_units_of_a_paid_order_make_a_draft_refund(self):
        """The captured price of the units waits for a person to give it back."""
        group, order, line, line_two = self._sell()
        decisions = order._marketplace_refuse(
            "vendor", {line: 1}, "out_of_stock", "Broken"
        )
        refund = decisions.refund_id
        self.assertRecordValues(
            refund,
            [
                {
                    "state": "draft",
                    "amount": 10.0,
                    "reason_code": "out_of_stock",
                    "is_refusal": True,
                    "note": "Broken",
                }
            ],
        )
        self.assertEqual(line.qty_refused, 1.0)
        self.assertEqual(line._marketplace_quantities_to_ship(), {line.id: 2.0})
        self.assertEqual(line.acceptance_state, "waiting")
        order._marketplace_accept("vendor")
        self.assertEqual(line.acceptance_state, "partial")
        with self.assertRaisesRegex(MarketplaceError, "refused"):
            refund.line_ids.quantity = 0
        with self.assertRaisesRegex(MarketplaceError, "refused"):
            refund.unlink()
        refund.action_apply()
        self.assertEqual(line._marketplace_quantities_to_ship(), {line.id: 2.0})
        self._ship_and_deliver(order)
        self.assertEqual(line.marketplace_state, "delivered")
        self.assertEqual(line_two.marketplace_state, "delivered")
        # 3 x 10 + 4 + 3, less the unit refused.
        self.assertBalances(self.vendor, due=27.0)
        self.assertTiedOut()
        self.assertFalse(self.env["marketplace.health"]._check_orders(self.company))

    def test_refusing_everything_gives_the_delivery_back(self):
        """Setting "refund at once": goods and delivery fee, and nothing is left."""
        self.company.marketplace_refusal_refund = "apply"
        group, order, line, line_two = self._sell()
        order._marketplace_refuse("vendor", {line: 3, line_two: 1}, "discontinued")
        refund = group.refund_ids
        self.assertRecordValues(refund, [{"state": "done", "amount": 37.0}])
        self.assertEqual(
            set(order.order_line.mapped("acceptance_state")), {"refused", False}
        )
        self.assertEqual(order.marketplace_state, "refunded")
        self.assertFalse(order.marketplace_shipping_state)
        self.assertTrue(order.is_fulfilled)
        self.assertEqual(order.marketplace_payment_state, "refunded")
        self.assertEqual(group.payment_state, "partially_refunded")
        self.assertEqual(group.state, "to_ship", "the other vendor ships")
        self.assertBalances(self.vendor)
        self.assertTiedOut()

    def test_refusal_above_what_is_left_is_refused(self):
        _group, order, line, _line_two = self._sell()
        order._marketplace_refuse("vendor", {line: 2}, "price")
        with self.assertRaisesRegex(MarketplaceError, "only 1 left to refuse"):
            order._marketplace_refuse("vendor", {line: 2}, "price")
        shipment = self.env["marketplace.shipment"].create(
            {
                "sale_order_id": order.id,
                "line_ids": [
                    fields.Command.create({"sale_line_id": line.id, "quantity": 2})
                ],
            }
        )
        order._marketplace_accept("vendor")
        with self.assertRaisesRegex(MarketplaceError, "2 refused"):
            shipment.action_ship()

    # -- refusing what was not paid -------------------------------------------------

    def test_refused_unpaid_units_are_cancelled(self):
        """The storefront captures the rest, which completes the order."""
        group, order, line, line_two = self._sell(captured=False)
        authorized = {
            "ref": "AUTH",
            "provider": "payflow",
            "state": "authorized",
            "amount_minor": 5700,
            "date": fields.Datetime.now(),
        }
        Payment = self.env["marketplace.payment"]
        Payment._record_batch(group, [authorized])
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        order._marketplace_accept("vendor")
        refund = group.refund_ids
        self.assertRecordValues(
            refund, [{"state": "done", "before_capture": True, "amount": 10.0}]
        )
        self.assertRecordValues(refund.line_ids, [{"quantity": 1.0, "amount": 10.0}])
        self.assertEqual(group.amount_payable, 47.0)
        self.assertEqual(group.amount_refunded, 0.0)
        self.assertEqual(group.payment_state, "authorized")
        Payment._record_batch(
            group, [{**authorized, "state": "captured", "amount_minor": 4700}]
        )
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(order.marketplace_payment_state, "paid")
        self.assertBalances(self.vendor, pending=27.0)
        self._ship_and_deliver(order)
        self.assertBalances(self.vendor, due=27.0)
        # What is left can go back at its own price.
        self._refund(group, [(line, 1, None)])
        self.assertBalances(self.vendor, due=17.0)
        self.assertEqual(order.marketplace_payment_state, "partially_refunded")
        self.assertTiedOut()
        self.assertFalse(self.env["marketplace.health"]._check_orders(self.company))

    def test_cancelled_units_captured_anyway_go_back(self):
        """A storefront that captures all it authorized owes the customer the rest."""
        group, order, line, _line_two = self._sell(captured=False)
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": "ALL",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": 5700,
                    "date": fields.Datetime.now(),
                }
            ],
        )
        self.assertBalances(self.vendor, pending=27.0)
        draft = group.refund_ids.filtered(lambda r: r.state == "draft")
        self.assertRecordValues(draft, [{"amount": 10.0, "amount_rounding": 10.0}])
        draft.action_apply()
        self.assertEqual(group.payment_state, "partially_refunded")
        self.assertBalances(self.vendor, pending=27.0)
        self.assertFalse(group._rounding_left_minor())
        self.assertTiedOut()
        self.assertFalse(self.env["marketplace.health"]._check_orders(self.company))

    def test_cancelling_all_that_is_unpaid_needs_no_payment(self):
        group, order, line, line_two = self._sell(
            [(self.offer, 3), (self.offer_two, 1)], captured=False
        )
        order._marketplace_refuse("vendor", {line: 3, line_two: 1}, "discontinued")
        self.assertEqual(group.amount_payable, 0.0)
        self.assertEqual(group.payment_state, "not_paid")
        self.assertEqual(group.state, "cancelled")
        self.assertEqual(order.marketplace_state, "cancelled")
        self.assertEqual(order.marketplace_payment_state, "not_paid")
        self.assertBalances(self.vendor)

    def test_marketplace_discount_of_cancelled_units_is_not_paid(self):
        """The marketplace pays its discount on what is sold, not on what is refused."""
        group, order, line, _line_two = self._sell(
            [(self.offer, 2)],
            shippings=[],
            discounts=[(5.0, "marketplace")],
            captured=False,
        )
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        # 7.50 that the customer does not pay, 2.50 that the marketplace does not.
        self.assertRecordValues(
            group.refund_ids.line_ids, [{"amount": 7.5, "amount_vendor": 10.0}]
        )
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": "REST",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": 750,
                    "date": fields.Datetime.now(),
                }
            ],
        )
        self.assertBalances(self.vendor, pending=10.0)
        self.assertTiedOut()

    # -- deadline -------------------------------------------------------------------

    def test_deadline_accepts_refuses_or_escalates(self):
        """What a silent vendor leaves goes as his contract says; once, in time only."""
        for expiry in ("accept", "refuse", "escalate"):
            with self.subTest(expiry), self.env.cr.savepoint() as savepoint:
                self._set_expiry(expiry)
                with freeze_time(NOON):
                    group, order, line, _line_two = self._sell()
                with freeze_time("2026-03-03 11:59:59"):
                    self._run_cron()
                self.assertEqual(order.acceptance_state, "waiting")
                self.assertFalse(order.date_escalated)
                with freeze_time("2026-03-03 12:00:00"):
                    self._run_cron()
                    self._run_cron()
                if expiry == "escalate":
                    self.assertEqual(order.acceptance_state, "waiting")
                    self.assertEqual(len(order.activity_ids), 1)
                    order.action_marketplace_accept()
                    self.assertFalse(order.activity_ids)
                else:
                    self.assertEqual(order.acceptance_state, "decided")
                    self.assertEqual(
                        set(order.decision_ids.mapped("source")), {"deadline"}
                    )
                    self.assertEqual(
                        line.acceptance_state,
                        "accepted" if expiry == "accept" else "refused",
                    )
                    self.assertEqual(len(group.refund_ids), expiry == "refuse")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_many_silent_vendors_cost_one_batch(self):
        """Ten orders more cost no query more per order than their own records."""
        self._set_expiry("accept")
        with freeze_time(NOON):
            payloads = [self._prepare_payload([(self.offer, 1)]) for _n in range(12)]
            groups, _problems = self.env["marketplace.order"]._import_batch(payloads)
        orders = groups.sale_order_ids
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time("2026-03-09"):
            start = self.env.cr.sql_log_count
            orders[:2]._marketplace_expire()
            self.env.flush_all()
            few = self.env.cr.sql_log_count - start
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            orders[2:]._marketplace_expire()
            self.env.flush_all()
            many = self.env.cr.sql_log_count - start
        self.assertLessEqual(many, few + 4)

    # -- rights ---------------------------------------------------------------------

    def test_terms_and_decisions_are_facts(self):
        _group, order, line, _line_two = self._sell()
        order._marketplace_accept("vendor")
        desk = new_test_user(
            self.env, "accept.desk", groups="marketplace_base.group_order_desk"
        )
        for values in (
            {"date_accept_by": "2030-01-01"},
            {"acceptance_required": False},
        ):
            with self.assertRaises(MarketplaceError):
                order.with_user(desk).write(values)
        with self.assertRaises(UserError):
            line.decision_ids.with_user(desk).write({"quantity": 9})
        with self.assertRaises(MarketplaceError):
            line.decision_ids.quantity = 9
        with self.assertRaises(MarketplaceError):
            self.env["marketplace.refund"].with_user(desk).create(
                {"order_id": line.order_id.marketplace_order_id.id, "is_refusal": True}
            )
        with self.assertRaises(MarketplaceError):
            self.vendor.vendor_contract_ids.acceptance_hours = 1

    def test_order_desk_decides_for_the_vendor(self):
        _group, order, line, line_two = self._sell()
        desk = new_test_user(
            self.env, "accept.desk2", groups="marketplace_base.group_order_desk"
        )
        viewer = new_test_user(
            self.env, "accept.viewer", groups="marketplace_base.group_viewer"
        )
        with self.assertRaises(AccessError):
            order.with_user(viewer).action_marketplace_accept()
        action = order.with_user(desk).action_marketplace_refuse()
        wizard = (
            self.env["marketplace.line.refusal"]
            .with_user(desk)
            .with_context(**action["context"])
            .create({"reason_code": "address"})
        )
        self.assertEqual(wizard.line_ids.mapped("quantity"), [3.0, 1.0])
        wizard.line_ids[0].quantity = 2
        wizard.line_ids[1].unlink()
        wizard.action_apply()
        self.assertEqual(line.qty_refused, 2.0)
        order.with_user(desk).action_marketplace_accept()
        self.assertEqual(order.acceptance_state, "decided")
        self.assertEqual(line.decision_ids.user_id, desk)
