from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..engine.contract import Hold, PaymentKind, PaymentState
from ..engine.payment_kinds import with_kinds
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-20 12:00:00")
class TestCashOnDeliveryOrders(ConnectorCommon):
    """O9: the method “cod” is cash on delivery, because the storefront says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_cash_carrier_id = cls.env["res.partner"].create(
            {"name": "ColisPort"}
        )
        cls.keeper = cls._create_vendor("Comptant", cash_collector="vendor")
        cls.lamp = cls._create_offer(cls.keeper, 40.0, sku="LAMP")
        cls.storefront.payment_method_ids = [Command.create({"code": "COD"})]
        cls.method = cls.storefront.payment_method_ids

    def _cash(self, ref, state="Authorized", lines=None, **payment):
        """Return an order of the shop paid with “cod”: 45.00, delivery included."""
        payload = self._payload(ref, lines or [self._line(f"{ref}-1", self.lamp)])
        payload["state"] = "PaymentAuthorized"
        payload["payments"][0].update({"method": "cod", "state": state, **payment})
        return payload

    def _group(self, message):
        self.assertEqual(message.state, "done", message.reason)
        return message.order_id

    def _deliver(self, group):
        cash = self.env["marketplace.cash.collection"]
        for order in group.sale_order_ids:
            shipment = self.env["marketplace.shipment"]._create_for_order(order)
            shipment.action_ship()
            shipment.action_deliver(date=fields.Date.to_date("2026-03-12"))
            cash |= shipment.cash_collection_ids
        return cash

    def test_unpaid_order_is_imported_as_cash_on_delivery(self):
        """Neither in quarantine nor waiting for money: its parcels collect it."""
        group = self._group(self._import(self._cash("D1")))
        self.assertRecordValues(
            group,
            [
                {
                    "cash_on_delivery": True,
                    "cash_collector": False,
                    "cash_payment_ref": "payment-D1",
                    "payment_state": "not_paid",
                    "is_held_by_shop": False,
                }
            ],
        )
        self.assertFalse(group.payment_ids, "the authorization is no money")
        self.assertEqual(group.sale_order_ids.cash_collector, "vendor")
        cash = self._deliver(group)
        self.assertRecordValues(
            cash, [{"state": "kept", "amount": 45.0, "carrier_id": self.keeper.id}]
        )
        self.assertEqual(group.payment_state, "paid")
        self.assertTiedOut()

    def test_contracts_say_who_collects(self):
        """One vendor keeps his cash, the carrier collects that of the other."""
        lines = [self._line("D2-1", self.lamp), self._line("D2-2", self.tile)]
        group = self._group(self._import(self._cash("D2", lines=lines)))
        self.assertEqual(
            {order.vendor_id: order.cash_collector for order in group.sale_order_ids},
            {self.keeper: "vendor", self.vendors[0]: "carrier"},
        )

    def test_method_says_who_collects(self):
        """The shop told its customer that a carrier comes: so it is."""
        self.method.cash_collector = "carrier"
        group = self._group(self._import(self._cash("D3")))
        self.assertEqual(group.cash_collector, "carrier")
        self.assertEqual(group.sale_order_ids.cash_collector, "carrier")
        cash = self._deliver(group)
        self.assertEqual((cash.state, cash.collector), ("collected", "carrier"))

    def test_method_that_is_not_listed_is_a_providers(self):
        """No platform's word is known to us: “cod” alone says nothing."""
        self.method.unlink()
        group = self._group(self._import(self._cash("D4")))
        self.assertFalse(group.cash_on_delivery)
        self.assertEqual(group.payment_ids.mapped("state"), ["authorized"])

    def test_card_of_the_same_shop_is_a_payment(self):
        group = self._group(
            self._import(self._payload("D5", [self._line("D5-1", self.lamp)]))
        )
        self.assertFalse(group.cash_on_delivery)
        self.assertEqual(group.payment_state, "paid")

    def test_failed_cash_is_none(self):
        """Chosen first, then paid by card: nothing is collected."""
        payload = self._cash("D6", state="Declined")
        payload["payments"].append(
            {**payload["payments"][0], "id": "card", "method": "card"}
        )
        payload["payments"][1]["state"] = "Settled"
        group = self._group(self._import(payload))
        self.assertFalse(group.cash_on_delivery)
        self.assertEqual(group.payment_state, "paid")

    def test_hold_for_payment_is_dropped(self):
        """Shops keep unpaid orders back; at the door nobody has paid yet."""
        with self._told(hold=Hold("payment", "Waiting for the bank")):
            group = self._group(self._import(self._cash("D7")))
        self.assertFalse(group.is_held_by_shop)
        with self._told(hold=Hold("fraud", "Look at it")):
            other = self._group(self._import(self._cash("D8")))
        self.assertTrue(other.is_held_by_shop)

    def test_settled_in_the_shop_is_not_paid_twice(self):
        """The shop calls it paid: what was collected is known by the parcels."""
        group = self._group(self._import(self._cash("D9")))
        self._deliver(group)
        again = self._import(self._cash("D9", state="Settled"))
        self.assertEqual(self._group(again), group)
        self.assertEqual(group.payment_ids.mapped("kind"), ["vendor_cash"])
        self.assertEqual(group.amount_captured, 45.0)
        self.assertTiedOut()

    def test_refund_told_by_the_shop_goes_back_on_the_cash(self):
        """The shop names its own payment, which here is the vendor's cash."""
        payload = self._cash(
            "D10", state="Settled", lines=[self._line("11", self.lamp)]
        )
        group = self._group(self._import(payload))
        cash = self._deliver(group)
        self._group(self._import(self._refunded(payload, "R-1", 4000, 1)))
        refund = group.refund_ids
        self.assertEqual((refund.payment_id, refund.amount), (cash.payment_id, 40.0))
        self.assertEqual(refund._customer_role(), "VENDOR_CASH")
        self.assertTiedOut()

    def test_our_refund_names_the_payment_of_the_shop(self):
        """The shop knows one payment, we know the cash of each parcel."""
        group = self._group(self._import(self._cash("D11")))
        cash = self._deliver(group)
        refund = self._refund(
            group, [(cash.line_ids.sale_line_id[:1], 1, None)], date="2026-03-14"
        )
        message = self.Outbox.new({"storefront_id": self.storefront.id})
        command = message._prepare_refund(refund, "key")
        self.assertEqual(command.payment_ref, "payment-D11")

    def test_nightly_comparison_leaves_the_cash_to_parcels(self):
        """Paid in the shop, collected here: no capture on either side, no gap."""
        payload = self._cash("D12", state="Settled")
        message = self._import(payload)
        self._deliver(self._group(message))
        order = message._parse_order()
        self.assertEqual(
            {fact.flow for fact in self.storefront._facts_of(order, "")}, {"order"}
        )

    def test_vendor_above_his_limit_is_named_in_quarantine(self):
        """No carrier collects, and he owes too much: said in words, to replay."""
        contract = self.keeper.vendor_contract_ids
        contract.cash_limit = 1.0
        self._deliver(self._group(self._import(self._cash("D13"))))
        self.env.flush_all()
        self.company.marketplace_cash_carrier_id = False
        refused = self._import(self._cash("D14"))
        self.assertEqual(refused.state, "quarantine")
        self.assertIn("keeps no more cash", refused.reason)
        contract.cash_limit = 0.0
        refused.action_replay()
        self.storefront._process_inbox()
        self.assertTrue(self._group(refused).cash_on_delivery)

    def test_method_is_listed_once(self):
        """Whatever its capitals."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self.storefront.payment_method_ids = [Command.create({"code": "cod"})]

    def test_other_kinds_are_mapped_too(self):
        """A gift card of the shop is one here: no provider is asked for its money."""
        self.storefront.payment_method_ids = [
            Command.create({"code": "voucher", "kind": "gift_card"})
        ]
        group = self._group(
            self._import(self._cash("D15", state="Settled", method="voucher"))
        )
        self.assertEqual(group.payment_ids.kind, "gift_card")
        self.assertFalse(group.cash_on_delivery)

    def test_what_an_adapter_knows_stays(self):
        """A kind that the adapter read itself is not overwritten."""
        order = self._import(self._cash("D16"))._parse_order()
        self.assertTrue(order.is_cash_on_delivery)
        known = self._replace(
            order,
            payments=(self._replace(order.payments[0], kind=PaymentKind.STORE_CREDIT),),
        )
        told = with_kinds(known, {"cod": PaymentKind.CASH_ON_DELIVERY})
        self.assertEqual(told, known)
        failed = self._replace(
            order,
            payments=(self._replace(order.payments[0], state=PaymentState.FAILED),),
        )
        self.assertFalse(failed.is_cash_on_delivery)
