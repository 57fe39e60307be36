from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError
from .returns_common import ReturnsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestReturn(ReturnsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = new_test_user(
            cls.env, "return_desk", groups="marketplace_base.group_order_desk"
        )
        cls.group = cls._deliver()
        cls.mugs = cls._line(cls.group, cls.mug)

    # -- the flow -------------------------------------------------------------------

    def test_from_request_to_refund(self):
        """Requested, accepted, in transit, received, compliant, refunded: closed."""
        record = self._ask_return(self.group, [(self.mug, 2)]).with_user(self.desk)
        self.assertEqual(record.state, "requested")
        self.assertTrue(record.activity_ids, "somebody is reminded to answer")
        for step, state in (
            ("action_accept", "accepted"),
            ("action_send", "in_transit"),
            ("action_receive", "received"),
            ("action_compliant", "compliant"),
        ):
            with self.subTest(state):
                getattr(record, step)()
                self.assertEqual(record.state, state)
        self.assertFalse(record.sudo().activity_ids)
        refund = self._refund_of(record)
        self.assertEqual(f"{refund.amount:.2f}", "40.00")
        self.assertEqual(refund.reason_code, "withdrawal")
        self.assertEqual(refund.line_ids.quantity, 2)
        self.assertEqual(self._refund_of(record), refund, "one draft at a time")
        refund.with_user(self.desk).action_apply()
        self.assertEqual(record.state, "closed")
        self.assertEqual(f"{record.amount_refunded:.2f}", "40.00")
        self.assertBalances(self.vendor, due=50)

    def test_refund_only_from_the_allowed_states(self):
        """By the contract: compliant by default; in transit when it says so."""
        record = self._ask_return(self.group, [(self.mug, 1)])
        for step in (None, record.action_accept, record.action_send):
            if step:
                step()
            with self.assertRaisesRegex(MarketplaceError, "Once it is checked"):
                record.action_refund()
        record.action_receive()
        self.assertFalse(record.is_refundable, "no button either")
        with self.assertRaisesRegex(MarketplaceError, "Once it is checked"):
            record.action_refund()
        record.action_non_compliant()
        with self.assertRaisesRegex(MarketplaceError, "Not Compliant"):
            record.action_refund()

    def test_a_draft_made_in_time_is_not_applied_too_late(self):
        """The state is looked at when the money moves, not when it was typed."""
        other = self._create_vendor(
            "Basalte", iban=None, return_refund_from="in_transit"
        )
        offer = self._create_offer(other, 10.0)
        group = self._deliver([(offer, 2)])
        record = self._ask_return(group, [(offer, 2)])
        record.action_accept()
        record.action_send()
        refund = self._refund_of(record)
        record.action_receive()
        record.action_non_compliant()
        with self.assertRaisesRegex(MarketplaceError, record.name):
            refund.action_apply()

    def test_refunded_on_the_way_it_closes_once_checked(self):
        """A contract that refunds at proof of sending: the check still restocks."""
        other = self._create_vendor(
            "Basalte", iban=None, return_refund_from="in_transit"
        )
        offer = self._create_offer(other, 10.0)
        group = self._deliver([(offer, 2)])
        record = self._ask_return(group, [(offer, 2)])
        record.action_accept()
        record.action_send()
        self._refund_of(record).action_apply()
        self.assertEqual(record.state, "in_transit")
        stock = offer.quantity
        record.action_receive()
        record.action_compliant()
        self.assertEqual(record.state, "closed")
        self.assertEqual(offer.quantity, stock + 2)

    def test_partial_compliance(self):
        """Of two mugs one is broken: one is refunded and back on sale, once."""
        record = self._receive(self._ask_return(self.group, [(self.mug, 2)]))
        record.line_ids.quantity_compliant = 1
        stock = self.mug.quantity
        record.action_compliant()
        record.action_compliant()
        self.assertEqual(self.mug.quantity, stock + 1)
        refund = self._refund_of(record)
        self.assertEqual(refund.line_ids.quantity, 1)
        refund.action_apply()
        self.assertEqual(record.state, "closed")
        self.assertEqual(self.mug.quantity, stock + 1)
        with self.assertRaisesRegex(MarketplaceError, "its result stays"):
            record.line_ids.quantity_compliant = 2

    def test_destroyed_goods_do_not_go_on_sale(self):
        record = self._receive(
            self._ask_return(self.group, [(self.mug, 2), (self.tray, 1)])
        )
        record.line_ids[0].disposal = "destroy"
        stocks = self.mug.quantity, self.tray.quantity
        record.action_compliant()
        self.assertEqual(self.mug.quantity, stocks[0])
        self.assertEqual(self.tray.quantity, stocks[1] + 1)

    def test_no_compliant_unit_is_no_compliant_return(self):
        record = self._receive(self._ask_return(self.group, [(self.mug, 2)]))
        record.line_ids.quantity_compliant = 0
        with self.assertRaisesRegex(MarketplaceError, "Not Compliant"):
            record.action_compliant()

    def test_the_operator_overrules(self):
        """A refusal, and a check, may be overruled; a refusal needs a reason."""
        record = self._ask_return(self.group, [(self.mug, 1)])
        with self.assertRaisesRegex(MarketplaceError, "say why"):
            record.action_refuse()
        record.refusal_reason = "Too late"
        record.action_refuse()
        record.action_accept()
        record.action_receive()
        record.action_non_compliant()
        record.line_ids.quantity_compliant = 1
        record.action_compliant()
        self.assertEqual(record.state, "compliant")
        with self.assertRaisesRegex(MarketplaceError, "refund"):
            record.action_close()

    def test_a_non_compliant_return_closes_without_refund(self):
        record = self._receive(self._ask_return(self.group, [(self.mug, 1)]))
        record.action_non_compliant()
        record.action_close()
        self.assertEqual(record.state, "closed")
        self.assertBalances(self.vendor, due=90)

    def test_states_change_by_the_buttons_only(self):
        record = self._ask_return(self.group, [(self.mug, 1)])
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            record.state = "compliant"
        viewer = new_test_user(
            self.env, "return_viewer", groups="marketplace_base.group_viewer"
        )
        with self.assertRaises(AccessError):
            record.with_user(viewer).action_accept()

    # -- units ----------------------------------------------------------------------

    def test_units_are_returned_once(self):
        """Three delivered: two and one may come back, a fourth may not."""
        first = self._ask_return(self.group, [(self.mug, 2)])
        with (
            self.assertRaisesRegex(MarketplaceError, "only 1 delivered units"),
            self.cr.savepoint(),
        ):
            self._ask_return(self.group, [(self.mug, 2)])
        self._ask_return(self.group, [(self.mug, 1)])
        first.refusal_reason = "No"
        first.action_refuse()
        self._ask_return(self.group, [(self.mug, 2)])
        with self.assertRaisesRegex(MarketplaceError, "only 0 delivered units"):
            first.action_accept()

    def test_units_refunded_do_not_come_back(self):
        self._refund(self.group, [(self.mugs, 2, None)])
        with self.assertRaisesRegex(MarketplaceError, "only 1 delivered"):
            self._ask_return(self.group, [(self.mug, 2)])

    def test_units_not_delivered_do_not_come_back(self):
        group = self._import_order([(self.mug, 2)])
        with self.assertRaisesRegex(MarketplaceError, "only 0 delivered"):
            self._ask_return(group, [(self.mug, 1)])

    def test_units_in_a_return_are_refunded_through_it_only(self):
        """Two of three wait in a return: one is free; an amount without units too."""
        record = self._ask_return(self.group, [(self.mug, 2)])
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": self.group.id,
                "line_ids": [
                    (0, 0, {"sale_line_id": self.mugs.id, "quantity": 2}),
                ],
            }
        )
        with self.assertRaisesRegex(MarketplaceError, record.name):
            refund.action_apply()
        refund.line_ids.quantity = 1
        refund.action_apply()
        record.action_accept()
        record.action_receive()
        record.action_compliant()
        self._refund_of(record).action_apply()
        self.assertEqual(self.mugs._marketplace_quantities_refunded()[self.mugs.id], 3)

    def test_a_storefront_refund_counts_as_the_return_s(self):
        """The customer got his money at the shop: the fact is taken, and linked."""
        record = self._receive(self._ask_return(self.group, [(self.mug, 3)]))
        record.action_compliant()
        refunds, problems = self.env["marketplace.refund"]._import_batch(
            [
                {
                    "company_id": self.company.id,
                    "channel": "test",
                    "order_ref": self.group.external_ref,
                    "ref": "SHOP-RF",
                    "date": "2026-03-20",
                    "lines": [{"line_ref": self.mugs.external_ref, "quantity": 3}],
                }
            ]
        )
        self.assertFalse(problems)
        self.assertEqual(refunds.line_ids.return_line_id, record.line_ids)
        self.assertEqual(record.state, "closed")

    def test_one_line_is_in_a_return_once(self):
        record = self._ask_return(self.group, [(self.mug, 1)])
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            record.line_ids.copy()

    # -- the label ------------------------------------------------------------------

    def test_who_pays_the_label(self):
        """By reason: the vendor for his fault, the contract when the customer is."""
        record = self._ask_return(self.group, [(self.mug, 1)])
        self.assertEqual((record.fault, record.label_payer), ("customer", "customer"))
        record.reason_code = "defective"
        self.assertEqual((record.fault, record.label_payer), ("vendor", "vendor"))
        self.assertTrue(record.refund_shipping)
        other = self._create_vendor("Basalte", iban=None, return_label_payer="operator")
        offer = self._create_offer(other, 10.0)
        record = self._ask_return(self._deliver([(offer, 1)]), [(offer, 1)])
        self.assertEqual(record.label_payer, "operator")

    def test_the_customer_pays_the_label(self):
        """20.00 less 5.90: 14.10 back, and the vendor keeps what the label cost."""
        record = self._receive(
            self._ask_return(self.group, [(self.mug, 1)], label_cost=5.9)
        )
        record.action_compliant()
        self._refund_of(record).action_apply()
        self.assertEqual(f"{record.amount_refunded:.2f}", "14.10")
        self.assertBalances(self.vendor, due=75.9)
        self.assertTiedOut()

    def test_the_operator_pays_the_label(self):
        """20.00 back to the customer, 5.90 from the operator to the vendor, once."""
        record = self._receive(
            self._ask_return(
                self.group, [(self.mug, 2)], label_cost=5.9, label_payer="operator"
            )
        )
        record.action_compliant()
        refund = self._refund_of(record)
        refund.line_ids.quantity = 1
        refund.action_apply()
        self.assertBalances(self.vendor, due=75.9)
        with self.assertRaisesRegex(MarketplaceError, "label is settled"):
            record.label_cost = 10
        last = self._refund_of(record)
        self.assertEqual(last._effect()["operator"], 0)
        last.action_apply()
        self.assertBalances(self.vendor, due=55.9)
        self.assertEqual(record.state, "closed")
        self.assertTiedOut()

    def test_delivery_goes_back_with_the_whole_order(self):
        """All goods come back: so does the delivery fee; part of them: it stays."""
        group = self._deliver([(self.tray, 1)], shippings=[(4.9, self.vendor)])
        record = self._receive(self._ask_return(group, [(self.tray, 1)]))
        record.action_compliant()
        refund = self._refund_of(record)
        self.assertEqual(f"{refund.amount:.2f}", "34.90")
        record = self._ask_return(self.group, [(self.mug, 3)])
        self.assertFalse(record.refund_shipping)

    # -- deadlines ------------------------------------------------------------------

    def test_fourteen_days_from_delivery(self):
        """Delivered on Monday 2 March: to the 16th; the day after is too late."""
        in_time = self._ask_return(self.group, [(self.mug, 1)], date="2026-03-16")
        self.assertEqual(str(in_time.date_withdrawal_end), "2026-03-16")
        self.assertFalse(in_time.is_late)
        late = self._ask_return(self.group, [(self.mug, 1)], date="2026-03-17")
        self.assertTrue(late.is_late)
        late.reason_code = "defective"
        self.assertFalse(late.is_late, "a fault has no such deadline")
        self.assertEqual(str(late.date_answer), "2026-03-20")

    def test_a_deadline_on_a_holiday_moves(self):
        """23 March + 14 days is Easter Monday in France: Tuesday."""
        group = self._deliver([(self.mug, 1)], date="2026-03-23")
        record = self._ask_return(group, [(self.mug, 1)], date="2026-03-25")
        self.assertEqual(str(record.date_withdrawal_end), "2026-04-07")

    def test_no_deadline_before_the_last_parcel(self):
        """Goods of one order delivered apart: counted from the last (article 9)."""
        group = self._import_order([(self.mug, 2)], date="2026-03-02 10:00:00")
        order = group.sale_order_ids
        shipments = self.env["marketplace.shipment"]
        first = shipments._create_for_order(order, {order.order_line.id: 1})
        first.action_ship()
        first.action_deliver("2026-03-04")
        record = self._ask_return(group, [(self.mug, 1)])
        self.assertFalse(record.date_withdrawal_end)

    # -- requests of customers ------------------------------------------------------

    def _payload(self, **vals):
        return {
            "company_id": self.company.id,
            "channel": "test",
            "order_ref": self.group.external_ref,
            "ref": "RMA-1",
            "date": "2026-03-10",
            "reason": "defective",
            "lines": [
                {"line_ref": self.mugs.external_ref, "quantity": 1},
            ],
            **vals,
        }

    def test_a_request_is_recorded_once(self):
        Return = self.env["marketplace.return"]
        first, problems = Return._request_batch([self._payload()])
        self.assertFalse(problems)
        self.assertEqual(first.vendor_id, self.vendor)
        self.assertEqual(first.reason_code, "defective")
        again, problems = Return._request_batch([self._payload(), self._payload()])
        self.assertEqual((again, problems), (first, {}))
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._ask_return(self.group, [(self.tray, 1)], external_ref="RMA-1")

    def test_a_request_over_two_vendors_makes_two_returns(self):
        other = self._create_vendor("Basalte", iban=None)
        offer = self._create_offer(other, 10.0)
        group = self._deliver([(self.mug, 1), (offer, 1)])
        lines = group.sale_order_ids.order_line
        records, problems = self.env["marketplace.return"]._request_batch(
            [
                self._payload(
                    order_ref=group.external_ref,
                    reason="mauvaise taille",
                    lines=[
                        {"line_ref": line.external_ref, "quantity": 1} for line in lines
                    ],
                )
            ]
        )
        self.assertFalse(problems)
        self.assertEqual(records.vendor_id, self.vendor | other)
        self.assertEqual(set(records.mapped("reason_code")), {"other"})
        self.assertEqual(set(records.mapped("note")), {"mauvaise taille"})

    def test_wrong_requests_say_why_and_leave_the_others(self):
        bad_line = [{"line_ref": "NOPE", "quantity": 1}]
        too_much = [{"line_ref": self.mugs.external_ref, "quantity": 9}]
        records, problems = self.env["marketplace.return"]._request_batch(
            [
                self._payload(ref="A", order_ref="UNKNOWN"),
                self._payload(ref="B", lines=bad_line),
                self._payload(ref="C", lines=too_much),
                self._payload(ref="D"),
                self._payload(ref="E", lines=[]),
                self._payload(ref="F", lines=[{**too_much[0], "quantity": 3}]),
            ]
        )
        self.assertEqual(records.mapped("external_ref"), ["D"])
        self.assertEqual(sorted(problems), [0, 1, 2, 4, 5])
        self.assertIn("quantity above zero", problems[4][0])
        self.assertIn("only 2 delivered", problems[5][0])
        self.assertIn("UNKNOWN", problems[0][0])
        self.assertIn("NOPE", problems[1][0])
        self.assertIn("only 3 delivered", problems[2][0])

    # -- R13: the withdrawal window -------------------------------------------------

    def test_a_contract_with_withdrawal_waits_14_days(self):
        """13 days are refused by the database; what orders rest on does not change."""
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._create_vendor(
                "Court", iban=None, withdrawal_applies=True, entitlement_delay_days=13
            )
        contract = self.vendor.vendor_contract_ids
        with self.assertRaisesRegex(MarketplaceError, "Orders rest on"):
            contract.write({"withdrawal_applies": True, "entitlement_delay_days": 14})

    @freeze_time("2026-03-10 10:00:00")
    def test_early_payment_is_refused_with_the_day(self):
        """Delivered on the 2nd: free on the 16th, refused on the 10th."""
        other = self._create_vendor(
            "Basalte", iban=None, withdrawal_applies=True, entitlement_delay_days=14
        )
        offer = self._create_offer(other, 10.0)
        group = self._deliver([(offer, 1)])
        shipment = group.sale_order_ids.marketplace_shipment_ids
        self.assertEqual(str(shipment.date_entitlement), "2026-03-16")
        with self.assertRaisesRegex(MarketplaceError, "03/16/2026"):
            shipment.action_entitle_now()
        self.assertBalances(other, pending=10)
        with freeze_time("2026-03-16 10:00:00"):
            shipment.action_entitle_now()
        self.assertBalances(other, due=10)

    @freeze_time("2026-03-10 10:00:00")
    def test_without_withdrawal_a_delay_may_be_waived(self):
        other = self._create_vendor("Basalte", iban=None, entitlement_delay_days=20)
        offer = self._create_offer(other, 10.0)
        shipment = self._deliver([(offer, 1)]).sale_order_ids.marketplace_shipment_ids
        shipment.action_entitle_now()
        self.assertBalances(other, due=10)
        with self.assertRaisesRegex(MarketplaceError, "nothing waits"):
            shipment.action_entitle_now()
