from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-02 12:00:00")
class TestOrderTogether(MarketplaceCommon):
    """Acceptance, amendments, accounts, services and warehouse on one purchase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor(
            "Alma",
            acceptance_required=True,
            acceptance_hours=24,
            acceptance_expiry="refuse",
            entitlement_trigger="acceptance",
            on_account_terms="guaranteed",
        )
        cls.other = cls._create_vendor("Bora")
        cls.offer = cls._create_offer(cls.vendor, 10.0)
        cls.offer_other = cls._create_offer(cls.other, 20.0)

    def _sell(self, lines=None, **options):
        """Return (group, its first order, the order's first line)."""
        group = self._import_order(
            lines or [(self.offer, 3), (self.offer_other, 1)], **options
        )
        order = group.sale_order_ids[0]
        return group, order, order.order_line[0]

    def _amend(self, group, *changes):
        amendment = self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "date": "2026-03-02",
                "reason": "The customer called.",
                "line_ids": [Command.create(change) for change in changes],
            }
        )
        self.env.flush_all()  # what the user saw is stored
        amendment._apply()
        return amendment

    def _capture(self, group, amount):
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": f"PAY-{self._next()}",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": self._minor(amount),
                    "date": fields.Datetime.now(),
                }
            ],
        )

    def assertSound(self, group):
        self.assertTiedOut()
        problems = self.env["marketplace.health"]._check(self.company)
        names = {group.name, *group.sale_order_ids.mapped("name")}
        self.assertFalse([text for text in problems if any(n in text for n in names)])

    # -- acceptance and amendments --------------------------------------------------

    def test_refused_line_that_an_amendment_added(self):
        """Two units more, one refused before it is paid: the other is paid and due."""
        group, order, line = self._sell()
        order._marketplace_accept("vendor")
        self.assertBalances(self.vendor, due=30)
        added = self._amend(
            group, {"sale_line_id": line.id, "quantity_new": 5}
        ).sale_order_ids
        self.assertEqual(added.acceptance_state, "waiting")
        added._marketplace_refuse("vendor", {added.order_line: 1}, "out_of_stock")
        added._marketplace_accept("vendor")
        self.assertRecordValues(
            group.refund_ids, [{"before_capture": True, "amount": 10.0}]
        )
        self.assertEqual(group.amount_to_capture, 10.0)
        self.assertBalances(self.vendor, due=30)
        self._capture(group, 10)
        self.assertBalances(self.vendor, due=40)
        self.assertEqual(added.marketplace_payment_state, "paid")
        self.assertSound(group)

    def test_cancelled_addition_leaves_the_first_purchase_to_pay(self):
        """What is cancelled of an addition is no part of what was bought first."""
        group, order, line = self._sell(captured=False)
        added = self._amend(
            group, {"sale_line_id": line.id, "quantity_new": 5}
        ).sale_order_ids
        added._marketplace_refuse("vendor", {added.order_line: 2}, "out_of_stock")
        order._marketplace_accept("vendor")
        self._capture(group, 30)
        self.assertEqual(group.payment_state, "partial")
        self.assertBalances(self.vendor, pending=18)
        self._capture(group, 20)
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.vendor, due=30)
        self.assertSound(group)

    def test_higher_price_is_not_accepted_but_due_with_its_line(self):
        """A vendor accepts goods; nobody asks him about a higher price of them."""
        group, order, line = self._sell()
        added = self._amend(
            group, {"sale_line_id": line.id, "price_new": 11.0}
        ).sale_order_ids
        self.assertTrue(added.order_line.is_supplement)
        self.assertFalse(added.order_line.acceptance_state)
        self.assertEqual(added.acceptance_state, "decided")
        self._capture(group, 3)
        self.assertBalances(self.vendor, pending=33)
        order._marketplace_accept("vendor")
        self.assertBalances(self.vendor, due=33)
        with (
            freeze_time("2026-03-09"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.env["sale.order"]._cron_acceptance()
        self.assertFalse(group.refund_ids)
        self.assertSound(group)

    def test_amended_to_nothing_then_the_deadline(self):
        """The deadline refuses what is left only: the rest is cancelled already."""
        group, order, line = self._sell(captured=False)
        self._amend(group, {"sale_line_id": line.id, "quantity_new": 1})
        with (
            freeze_time("2026-03-09"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.env["sale.order"]._cron_acceptance()
        self.assertEqual(order.marketplace_state, "cancelled")
        self.assertEqual(group.amount_payable, 20.0)
        self._capture(group, 20)
        self.assertBalances(self.vendor)
        self.assertBalances(self.other, pending=20)
        self.assertEqual(group.payment_state, "paid")
        self.assertSound(group)

    # -- payments -------------------------------------------------------------------

    def test_part_captured_part_refused(self):
        """What is not captured is cancelled first, the captured rest goes back."""
        group, order, line = self._sell([(self.offer, 3)], captured=False)
        self._capture(group, 12)
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        self.assertRecordValues(
            group.refund_ids,
            [{"before_capture": True, "state": "done", "amount": 10.0}],
        )
        order._marketplace_refuse("vendor", {line: 2}, "out_of_stock")
        draft = group.refund_ids.filtered(lambda refund: refund.state == "draft")
        self.assertRecordValues(draft, [{"before_capture": False, "amount": 12.0}])
        self.assertEqual(draft.line_ids.quantity, 2.0)
        self.assertEqual(group.amount_payable, 12.0)
        self.assertBalances(self.vendor, pending=12)
        with self.assertRaisesRegex(MarketplaceError, "refused"):
            draft.unlink()
        draft.action_apply()
        self.assertBalances(self.vendor)
        self.assertEqual(order.marketplace_state, "refunded")
        self.assertEqual(order.marketplace_payment_state, "refunded")
        self.assertSound(group)

    def test_surplus_pays_no_later_addition(self):
        """What was captured for cancelled units goes back; an addition is paid anew."""
        group, order, line = self._sell([(self.offer, 3)], captured=False)
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        order._marketplace_accept("vendor")
        self._capture(group, 30)
        surplus = group.refund_ids.filtered("is_surplus")
        self.assertRecordValues(surplus, [{"state": "draft", "amount": 10.0}])
        with self.assertRaisesRegex(MarketplaceError, "for nothing"):
            surplus.unlink()
        self._amend(group, {"offer_id": self.offer_other.id, "quantity_new": 1})
        self.assertEqual(group.payment_state, "partial")
        self.assertBalances(self.other)
        self.assertSound(group)
        self._capture(group, 20)
        self.assertBalances(self.other, pending=20)
        surplus.action_apply()
        self.assertBalances(self.vendor, due=20)
        with self.assertRaisesRegex(MarketplaceError, "exceed"):
            self._capture(group, 0.01)
        self.assertSound(group)

    def test_amended_units_captured_anyway_go_back(self):
        """Whoever cancelled them: the customer paid for nothing."""
        group, _order, line = self._sell(captured=False)
        self._amend(group, {"sale_line_id": line.id, "quantity_new": 2})
        self._capture(group, 50)
        surplus = group.refund_ids.filtered("is_surplus")
        self.assertRecordValues(
            surplus, [{"amount": 10.0, "reason_code": group.refund_ids[-1].reason_code}]
        )
        surplus.action_apply()
        self.assertBalances(self.vendor, pending=20)
        self.assertFalse(group._rounding_left_minor())
        self.assertSound(group)

    def test_refund_of_a_line_cancelled_in_part(self):
        """One unit is cancelled, one delivered and refunded: VAT ends on the line's."""
        offer = self._create_offer(self.other, 9.99)
        group, order, line = self._sell([(offer, 3)], captured=False)
        self._amend(group, {"sale_line_id": line.id, "quantity_new": 2})
        self._capture(group, 19.98)
        self._ship_and_deliver(order)
        self.assertEqual(line.marketplace_state, "delivered")
        self._refund(group, [(line, 1, None)])
        self.assertBalances(self.other, due=9.99)
        with (
            self.assertRaisesRegex(MarketplaceError, "left"),
            self.env.cr.savepoint(),
        ):
            self._refund(group, [(line, 2, None)])
        self._refund(group, [(line, 1, None)])
        self.assertBalances(self.other)
        taxes = group.refund_ids.line_ids.mapped("amount_tax")
        self.assertEqual(
            sum(map(self._minor, taxes)),
            self._minor(line.amount_vendor - line.amount_vendor_untaxed),
        )
        self.assertEqual(line.marketplace_state, "refunded")
        self.assertSound(group)

    # -- on account -----------------------------------------------------------------

    def test_on_account_with_acceptance(self):
        """Accepted is not yet sold: what we guarantee is due when it has left."""
        group, order, line = self._sell(
            captured=False, on_account=True, date_due="2026-04-30"
        )
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        order._marketplace_accept("vendor")
        self.assertBalances(self.vendor)
        self.assertEqual(group.amount_payable, 40.0)
        shipment = self.env["marketplace.shipment"]._create_for_order(order)
        shipment.action_ship()
        self.assertBalances(self.vendor, due=20)
        self.assertEqual(order.amount_captured, 0.0)
        self.assertEqual(order.marketplace_payment_state, "not_paid")
        self.assertSound(group)
        self._capture(group, 40)
        self.assertBalances(self.vendor, due=20)
        self.assertBalances(self.other, pending=20)
        self.assertEqual(order.marketplace_payment_state, "paid")
        self.assertSound(group)

    # -- warehouse and services -----------------------------------------------------

    def test_amended_line_of_the_operators_warehouse(self):
        """Its transfer follows: less is not picked, more gets a transfer of its own."""
        if not self.env["stock.warehouse"].search_count(
            [("company_id", "=", self.company.id)]
        ):
            self.env["stock.warehouse"].create(
                {"name": "Main", "code": "WH", "company_id": self.company.id}
            )
        offer = self._create_offer(
            self.other, 10.0, quantity=0, is_operator_fulfilled=True
        )
        receipt = self.env["stock.picking"].browse(
            offer.action_receive_stock()["res_id"]
        )
        receipt.move_ids.product_uom_qty = 9
        receipt.action_confirm()
        self._validate(receipt)
        group, order, line = self._sell([(offer, 3)])
        self._amend(group, {"sale_line_id": line.id, "quantity_new": 2})
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 2)
        added = self._amend(
            group, {"sale_line_id": line.id, "quantity_new": 6}
        ).sale_order_ids
        self.assertTrue(added.order_line.is_operator_fulfilled)
        self._capture(group, 40)
        self._validate(order.picking_ids | added.picking_ids)
        orders = order | added
        self.assertEqual(
            sum(orders.marketplace_shipment_ids.line_ids.mapped("quantity")), 6
        )
        orders.marketplace_shipment_ids.action_deliver()
        self.assertBalances(self.other, due=60)
        self.assertSound(group)

    def _validate(self, pickings):
        for picking in pickings:
            for move in picking.move_ids:
                move.quantity = move.product_uom_qty
                move.picked = True
            picking.with_context(skip_backorder=True).button_validate()

    def test_dated_service_waits_for_its_acceptance(self):
        """Its day comes before the vendor's answer: the job skips it, once."""
        self.offer.product_id.marketplace_fulfilment = "date"
        payload = self._prepare_payload([(self.offer, 1)])
        payload["lines"][0]["service_date"] = "2026-03-02"
        [group], _problems = self.env["marketplace.order"]._import_batch([payload])
        order = group.sale_order_ids
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            self.env["marketplace.shipment"]._cron_perform()
            self.assertFalse(order.marketplace_shipment_ids)
            order._marketplace_accept("vendor")
            self.env["marketplace.shipment"]._cron_perform()
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        self.assertBalances(self.vendor, due=10)
        self.assertSound(group)

    def test_download_needs_no_acceptance(self):
        """Done with the order: nobody could refuse it any more."""
        self.offer.product_id.marketplace_fulfilment = "confirmation"
        group, order, line = self._sell([(self.offer, 1)])
        self.assertFalse(line.acceptance_state)
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        self.assertBalances(self.vendor, due=10)
        self.assertSound(group)

    def test_returned_service(self):
        """A service that was performed badly is claimed and refunded like goods."""
        self.offer_other.product_id.marketplace_fulfilment = "vendor"
        group, order, line = self._sell([(self.offer_other, 1)])
        order.action_perform_services()
        self.assertBalances(self.other, due=20)
        record = self.env["marketplace.return"].create(
            {
                "sale_order_id": order.id,
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        )
        record.action_accept()
        record.action_receive()
        record.action_compliant()
        refund = self.env["marketplace.refund"].browse(record.action_refund()["res_id"])
        refund.action_apply()
        self.assertEqual(record.state, "closed")
        self.assertBalances(self.other)
        self.assertSound(group)
