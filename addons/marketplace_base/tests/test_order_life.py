from odoo import fields
from odoo.tests import freeze_time, tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderLife(MarketplaceCommon):
    """Where lines, vendor orders and their money are follows from facts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 10.0)
        cls.offer_two = cls._create_offer(cls.vendor, 4.0)
        cls.Shipment = cls.env["marketplace.shipment"]
        cls.Payment = cls.env["marketplace.payment"]

    def _sell(self, **options):
        group = self._import_order([(self.offer, 2), (self.offer_two, 1)], **options)
        order = group.sale_order_ids
        return group, order, order.order_line[0], order.order_line[1]

    def _pay(self, group, amount, ref="PAY", state="captured"):
        self.Payment._record_batch(
            group,
            [
                {
                    "ref": ref,
                    "provider": "payflow",
                    "state": state,
                    "amount_minor": self._minor(amount),
                    "date": fields.Datetime.now(),
                }
            ],
        )

    # -- lines ----------------------------------------------------------------------

    def test_line_goes_from_ordered_to_delivered(self):
        """Each step has its date; a line is as far as its last unit."""
        with freeze_time("2026-03-02 09:00:00"):
            _group, order, line, line_two = self._sell(date="2026-03-01")
        self.assertEqual(str(line.date_ordered), "2026-03-01 00:00:00")
        self.assertEqual(line.marketplace_state, "ordered")
        with freeze_time("2026-03-03 09:00:00"):
            first = self.Shipment._create_for_order(order, {line.id: 1})
            self.assertEqual(line.marketplace_state, "ordered", "a draft moves nothing")
            first.action_ship()
        self.assertEqual(line.marketplace_state, "ordered", "a unit is left")
        with freeze_time("2026-03-04 09:00:00"):
            second = self.Shipment._create_for_order(order)
            second.action_ship()
        self.assertRecordValues(
            line | line_two,
            [{"marketplace_state": "shipped"}, {"marketplace_state": "shipped"}],
        )
        self.assertEqual(str(line.date_shipped), "2026-03-04 09:00:00")
        first.action_deliver()
        self.assertEqual(line.marketplace_state, "shipped")
        self.assertEqual(order.marketplace_state, "shipped")
        self.assertFalse(order.is_fulfilled)
        second.action_deliver(date=fields.Date.to_date("2026-03-06"))
        self.assertEqual(line_two.marketplace_state, "delivered")
        self.assertEqual(str(line_two.date_delivered), "2026-03-05 23:00:00")
        self.assertEqual(order.marketplace_state, "delivered")
        self.assertTrue(order.is_fulfilled)

    def test_refunded_and_cancelled_lines(self):
        """Money that went back makes a line refunded; the others decide the order."""
        group, order, line, line_two = self._sell()
        self._refund(group, [(line, 2, None)], date="2026-03-05")
        self.assertEqual(line.marketplace_state, "refunded")
        self.assertEqual(str(line.date_refunded), "2026-03-05")
        self.assertEqual(order.marketplace_state, "ordered")
        self._ship_and_deliver(order)
        self.assertEqual(order.marketplace_state, "delivered")
        self._refund(group, [(line_two, 1, None)])
        self.assertEqual(order.marketplace_state, "refunded")
        group, order, line, line_two = self._sell()
        order._marketplace_refuse("operator", {line: 2}, "other")
        self.assertEqual(line.marketplace_state, "cancelled", "its refund is a draft")
        self.assertTrue(line.date_cancelled)
        group.refund_ids._apply()
        self.assertEqual(line.marketplace_state, "refunded")

    def test_incident_puts_a_line_in_dispute(self):
        """An open incident puts its line in dispute, and the order says so."""
        _group, order, line, line_two = self._sell()
        incident = self.env["marketplace.incident"].create(
            {"sale_line_id": line.id, "reason_code": "not_received"}
        )
        self.assertEqual(line.marketplace_state, "disputed")
        self.assertEqual(line_two.marketplace_state, "ordered")
        self.assertEqual(order.marketplace_state, "disputed")
        incident._transition("released")
        self.assertEqual(line.marketplace_state, "ordered")

    def test_cancelled_order_has_cancelled_lines(self):
        _group, order, line, _line_two = self._sell(captured=False)
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertEqual(line.marketplace_state, "cancelled")
        self.assertEqual(order.marketplace_state, "cancelled")

    # -- money ----------------------------------------------------------------------

    def test_payment_of_a_vendor_order_in_each_state(self):
        """The vendor order reads what its own lines got, not what the group did."""
        group, order, line, line_two = self._sell(captured=False)
        other_group, other, *_rest = self._sell()
        self.assertEqual(order.marketplace_payment_state, "not_paid")
        self._pay(group, 24.0, state="authorized")
        self.assertEqual(order.marketplace_payment_state, "authorized")
        self.assertEqual(order.amount_captured, 0.0)
        self._pay(group, 14.0)
        self.assertRecordValues(
            order, [{"marketplace_payment_state": "partial", "amount_captured": 14.0}]
        )
        self._pay(group, 10.0, ref="PAY2")
        self.assertRecordValues(
            order, [{"marketplace_payment_state": "paid", "amount_captured": 24.0}]
        )
        self._refund(group, [(line, 1, None)])
        self.assertRecordValues(
            order,
            [
                {
                    "marketplace_payment_state": "partially_refunded",
                    "amount_given_back": 10.0,
                }
            ],
        )
        self._refund(group, [(line, 1, None)])
        self._refund(group, [(line_two, 1, None)])
        self.assertEqual(order.marketplace_payment_state, "refunded")
        self.assertEqual(group.payment_state, "refunded")
        self.assertEqual(other.marketplace_payment_state, "paid")
        found = self.env["sale.order"].search(
            [
                ("id", "in", (order | other).ids),
                ("marketplace_payment_state", "=", "refunded"),
            ]
        )
        self.assertEqual(found, order)

    def test_refund_of_one_vendor_leaves_the_other_paid(self):
        bora = self._create_vendor("Bora")
        offer = self._create_offer(bora, 20.0)
        group = self._import_order([(self.offer, 1), (offer, 1)])
        mine, his = group.sale_order_ids.sorted(lambda o: o.vendor_id != self.vendor)
        self._refund(group, [(mine.order_line, 1, None)])
        self.assertEqual(mine.marketplace_payment_state, "refunded")
        self.assertEqual(his.marketplace_payment_state, "paid")
        self.assertEqual(group.payment_state, "partially_refunded")
        self.assertEqual(mine.marketplace_payout_state, "nothing")
        self.assertEqual(his.marketplace_payout_state, "pending")
        self._ship_and_deliver(his)
        his.invalidate_recordset(["marketplace_payout_state"])
        self.assertEqual(his.marketplace_payout_state, "due")
        self.assertTrue(mine.is_fulfilled)
        self.assertTrue(group.is_fulfilled)

    def test_free_order_is_paid(self):
        _group, order, *_rest = self._sell(
            discounts=[(24.0, "marketplace")], captured=False
        )
        self.assertEqual(order.marketplace_payment_state, "paid")

    def test_invoiced_check(self):
        """The vendor invoices what he sells; we invoice what we sell as principal."""
        group, order, *_rest = self._sell()
        self.assertEqual(order.marketplace_invoice_state, "vendor")
        self.assertEqual(group.invoice_state, "vendor")
        principal = self._create_vendor("Principal", posture="principal")
        offer = self._create_offer(principal, 12.0)
        offer.product_id.invoice_policy = "order"
        group = self._import_order([(offer, 1)])
        order = group.sale_order_ids
        self.assertEqual(order.marketplace_invoice_state, "to_invoice")
        order._create_invoices().action_post()
        order.invalidate_recordset(["marketplace_invoice_state"])
        self.assertEqual(order.marketplace_invoice_state, "invoiced")
        self.assertEqual(group.invoice_state, "invoiced")

    def test_group_opens_the_records_behind_its_figures(self):
        group, order, line, line_two = self._sell()
        refund = self._refund(group, [(line, 1, None)])
        for action, records in (
            (group.action_view_sale_orders(), order),
            (group.action_view_payments(), group.payment_ids),
            (group.action_view_refunds(), refund),
            (group.action_view_sold(), line | line_two),
            (group.action_view_ledger(), group.ledger_line_ids),
            (order.action_view_marketplace_ledger(), group.ledger_line_ids),
        ):
            found = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(found, records, action["name"])
        view = self.env["marketplace.order"].get_view(view_type="form")
        self.assertIn("action_view_sold", view["arch"])

    # -- what makes money due -------------------------------------------------------

    def test_money_due_from_shipment(self):
        vendor = self._create_vendor(
            "Bora", entitlement_trigger="shipment", entitlement_delay_days=2
        )
        offer = self._create_offer(vendor, 10.0)
        group = self._import_order([(offer, 2)], captured=False)
        order = group.sale_order_ids
        with freeze_time("2026-03-05 09:00:00"):
            shipment = self.Shipment._create_for_order(order)
            shipment.action_ship()
        self.assertFalse(shipment.date_entitlement, "the customer has not paid")
        self._pay(group, 20.0)
        self.assertEqual(str(shipment.date_entitlement), "2026-03-07")
        self.assertBalances(vendor, pending=20.0)
        shipment._entitle(shipment.date_entitlement)
        self.assertBalances(vendor, due=20.0)
        shipment.action_deliver()
        self.assertBalances(vendor, due=20.0)
        self.assertTiedOut()

    def test_money_due_from_acceptance(self):
        """Accepted and paid is due, delivery fee included; parcels add nothing."""
        vendor = self._create_vendor(
            "Bora", acceptance_required=True, entitlement_trigger="acceptance"
        )
        offer = self._create_offer(vendor, 10.0)
        group = self._import_order(
            [(offer, 3)], shippings=[(5.0, vendor)], captured=False
        )
        order = group.sale_order_ids
        line = order.order_line[0]
        order._marketplace_refuse("vendor", {line: 1}, "out_of_stock")
        order._marketplace_accept("vendor")
        self.assertBalances(vendor)
        self._pay(group, 25.0)
        self.assertBalances(vendor, due=25.0)
        self._ship_and_deliver(order)
        self.assertBalances(vendor, due=25.0)
        self._refund(group, [(line, 2, None)])
        self.assertBalances(vendor, due=5.0)
        self.assertTiedOut()
        # Accepted after the payment, and due some days later.
        contract = vendor.vendor_contract_ids
        with self.assertRaises(MarketplaceError):
            contract.entitlement_trigger = "delivery"
        late = self._create_vendor(
            "Cima",
            acceptance_required=True,
            entitlement_trigger="acceptance",
            entitlement_delay_days=3,
        )
        offer = self._create_offer(late, 10.0)
        order = self._import_order([(offer, 1)]).sale_order_ids
        with freeze_time("2026-03-05 09:00:00"):
            order._marketplace_accept("vendor")
        self.assertBalances(late, pending=10.0)
        self.assertEqual(str(order.decision_ids.date_entitlement), "2026-03-08")
        order.decision_ids._entitle(fields.Date.to_date("2026-03-08"))
        order.decision_ids._entitle(fields.Date.to_date("2026-03-08"))
        self.assertBalances(late, due=10.0)

    def test_acceptance_must_exist_to_make_money_due(self):
        with self.assertRaises(MarketplaceError):
            self._create_vendor("Bora", entitlement_trigger="acceptance")
