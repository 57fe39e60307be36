from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError
from ..models import marketplace_entitlement
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestShipment(MarketplaceCommon):
    """Vendors ship; delivery makes the money due."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 9.44)
        cls.other = cls._create_offer(cls.vendor, 5.0)
        cls.Shipment = cls.env["marketplace.shipment"]

    def _order(self, **options):
        options.setdefault("shippings", [(3.46, self.vendor)])
        options.setdefault("date", "2026-03-02")
        # 3 units for 28.33: a third is no whole number of cents.
        return self._import_order(
            [(self.offer, 3, 28.33), (self.other, 1)], **options
        ).sale_order_ids

    def _goods(self, order, offer=None):
        return order.order_line.filtered(lambda x: x.offer_id == (offer or self.offer))

    def _ship(self, order, quantities=None, date="2026-03-05"):
        shipment = self.Shipment._create_for_order(order, quantities)
        shipment.action_ship()
        if date:
            shipment.action_deliver(date=fields.Date.to_date(date))
        return shipment

    def test_delivery_of_everything_makes_all_due(self):
        """Goods and shipping move from pending to due in one entry."""
        order = self._order()
        self.assertBalances(self.vendor, pending=36.79)
        shipment = self._ship(order)
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        self.assertEqual(order.marketplace_order_id.state, "delivered")
        self.assertTrue(shipment.is_entitled)
        self.assertBalances(self.vendor, due=36.79)
        entitled = order.marketplace_order_id.ledger_line_ids.filtered(
            lambda line: line.event == "entitlement"
        )
        self.assertMove(
            entitled.move_id,
            [
                ("VENDOR_PENDING", self.vendor, 36.79, 0),
                ("VENDOR_DUE", self.vendor, 0, 36.79),
            ],
        )
        self.assertEqual(
            set(entitled.mapped("date_available")), {fields.Date.to_date("2026-03-05")}
        )
        self.assertEqual(self._goods(order).qty_delivered, 3.0)
        self.assertTiedOut()

    def test_partial_parcels_follow_quantities(self):
        """Each parcel entitles its units, cumulated: the last one ends on the line."""
        order = self._order()
        line = self._goods(order)
        first = self._ship(order, {line.id: 1})
        self.assertBalances(self.vendor, pending=36.79 - 9.44 - 3.46, due=9.44 + 3.46)
        self.assertEqual(line.qty_delivered, 1.0)
        self.assertEqual(order.marketplace_shipping_state, "to_ship")
        self.assertEqual(line._marketplace_quantities_to_ship(), {line.id: 2.0})
        self._ship(order, {line.id: 1})
        self.assertBalances(self.vendor, pending=14.44, due=22.35)
        self._ship(order)
        self.assertBalances(self.vendor, due=36.79)
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        first.action_deliver()
        self.assertBalances(self.vendor, due=36.79)

    def test_shipped_is_not_delivered(self):
        """A parcel on its way changes no balance; delivering twice does no more."""
        order = self._order()
        shipment = self._ship(order, date=None)
        self.assertEqual(order.marketplace_shipping_state, "shipped")
        self.assertBalances(self.vendor, pending=36.79)
        self.assertEqual(self._goods(order).qty_delivered, 0.0)
        shipment.action_ship()
        shipment.action_deliver()
        shipment.action_deliver()
        self.assertBalances(self.vendor, due=36.79)

    def test_draft_cannot_be_delivered(self):
        """The gate names the document and where it stands."""
        shipment = self.Shipment._create_for_order(self._order())
        with self.assertRaisesRegex(MarketplaceError, "become “Delivered”.*Draft"):
            shipment.action_deliver()

    def test_state_is_not_written_from_outside(self):
        """Only the buttons move a shipment."""
        shipment = self.Shipment._create_for_order(self._order())
        with self.assertRaisesRegex(MarketplaceError, "Use the buttons"):
            shipment.state = "delivered"
        with self.assertRaisesRegex(MarketplaceError, "Use the buttons"):
            self.Shipment.create(
                {"sale_order_id": shipment.sale_order_id.id, "state": "shipped"}
            )

    def test_more_than_ordered_is_refused(self):
        """Over all live parcels of a line."""
        order = self._order()
        line = self._goods(order)
        self.Shipment._create_for_order(order, {line.id: 2})
        with self.assertRaisesRegex(MarketplaceError, ": 1 more than was ordered"):
            self.Shipment._create_for_order(order, {line.id: 2})

    def test_lines_of_another_order_are_refused(self):
        """A parcel holds goods of its own vendor order."""
        order, stranger = self._order(), self._order()
        with self.assertRaisesRegex(MarketplaceError, "not a line of goods"):
            self.Shipment._create_for_order(order, {self._goods(stranger).id: 1})

    def test_nothing_left_to_ship_is_said(self):
        """A second whole shipment has nothing in it."""
        order = self._order()
        self._ship(order)
        with self.assertRaisesRegex(MarketplaceError, "nothing left to ship"):
            self.Shipment._create_for_order(order)

    def test_cancelled_parcel_frees_its_units(self):
        """What a cancelled parcel held can be shipped again."""
        order = self._order()
        shipment = self.Shipment._create_for_order(order)
        shipment.action_cancel()
        self.assertEqual(order.marketplace_shipping_state, "to_ship")
        self._ship(order)
        self.assertEqual(order.marketplace_shipping_state, "delivered")

    def test_contents_are_frozen_once_shipped(self):
        """What left cannot be edited."""
        shipment = self._ship(self._order(), date=None)
        with self.assertRaisesRegex(MarketplaceError, "contents stay"):
            shipment.line_ids[0].quantity = 1

    def test_delivered_before_paid_waits_for_the_payment(self):
        """The capture that comes after the delivery makes the money due at once."""
        order = self._order(captured=False)
        shipment = self._ship(order)
        self.assertFalse(shipment.date_entitlement)
        group = order.marketplace_order_id
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": "LATE",
                    "provider": "x",
                    "state": "captured",
                    "amount_minor": 3679,
                    "date": group.date_order,
                }
            ],
        )
        self.assertTrue(shipment.is_entitled)
        self.assertBalances(self.vendor, due=36.79)

    def _run_cron(self, method):
        # A cron commits between batches, which a test transaction may not.
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            getattr(self.Shipment, method)()

    def test_entitlement_delay(self):
        """With a delay in the contract the money is due that many days later."""
        vendor = self._create_vendor("Slow", entitlement_delay_days=14)
        offer = self._create_offer(vendor, 10.0)
        order = self._import_order([(offer, 1)], date="2026-03-02").sale_order_ids
        shipment = self._ship(order)
        self.assertEqual(shipment.date_entitlement, fields.Date.to_date("2026-03-19"))
        self.assertBalances(vendor, pending=10.0)
        with freeze_time("2026-03-18 12:00:00"):
            self._run_cron("_cron_entitle")
        self.assertBalances(vendor, pending=10.0)
        with freeze_time("2026-03-19 01:00:00"):
            self._run_cron("_cron_entitle")
            self._run_cron("_cron_entitle")
        self.assertBalances(vendor, due=10.0)
        self.assertTiedOut()

    def test_entries_of_many_parcels_are_small_and_keep_vendors_together(self):
        """To match an item of an entry, Odoo reads all of its items."""
        other = self._create_vendor("Basile")
        mixed = [(self.offer, 1), (self._create_offer(other, 8.0), 1)]
        orders = self.env["sale.order"].union(
            *(
                self._import_order(mixed, date="2026-03-02").sale_order_ids
                for _purchase in range(2)
            )
        )
        parcels = self.Shipment.union(
            *(self.Shipment._create_for_order(order) for order in orders)
        )
        parcels.action_ship()
        with patch.object(marketplace_entitlement, "ENTITLEMENT_ENTRY", 2):
            parcels.action_deliver(date=fields.Date.to_date("2026-03-05"))
        lines = self.env["marketplace.ledger.line"].search(
            [("sale_order_id", "in", orders.ids), ("event", "=", "entitlement")]
        )
        vendors = [entry.line_ids.partner_id for entry in lines.move_id.sorted("id")]
        self.assertEqual(vendors, [self.vendor, other])

    def test_what_stops_entitlement_is_told_and_does_not_stop_the_job(self):
        vendor = self._create_vendor("Slow", entitlement_delay_days=14)
        offer = self._create_offer(vendor, 10.0)
        order = self._import_order([(offer, 1)], date="2026-03-02").sale_order_ids
        shipment = self._ship(order)
        refusal = MarketplaceError("No account for: Vendor due")
        with freeze_time("2026-03-19 01:00:00"):
            with (
                patch.object(type(self.Shipment), "_entitle", side_effect=refusal),
                self.assertLogs("odoo.addons.marketplace_base", "WARNING") as logs,
            ):
                self._run_cron("_cron_entitle")
            self.assertIn("No account for: Vendor due", logs.output[0])
            self.assertFalse(shipment.is_entitled)
            self._run_cron("_cron_entitle")
        self.assertTrue(shipment.is_entitled)

    def test_auto_delivery(self):
        """Without proof a parcel counts as delivered after the contract's days."""
        with freeze_time("2026-03-05 10:00:00"):
            shipment = self._ship(self._order(), date=None)
        self.assertEqual(shipment.date_auto_delivery, fields.Date.to_date("2026-03-12"))
        with freeze_time("2026-03-11 22:59:59"):
            self._run_cron("_cron_auto_deliver")
        self.assertEqual(shipment.state, "shipped")
        with freeze_time("2026-03-12 01:00:00"):
            self._run_cron("_cron_auto_deliver")
        self.assertEqual(shipment.state, "delivered")
        self.assertBalances(self.vendor, due=36.79)

    def test_no_auto_delivery_when_the_contract_says_never(self):
        """Zero days: proof is needed."""
        vendor = self._create_vendor("Proof", auto_delivery_days=0)
        offer = self._create_offer(vendor, 10.0)
        order = self._import_order([(offer, 1)]).sale_order_ids
        shipment = self._ship(order, date=None)
        self.assertFalse(shipment.date_auto_delivery)
        with freeze_time(fields.Datetime.now() + timedelta(days=400)):
            self._run_cron("_cron_auto_deliver")
        self.assertEqual(shipment.state, "shipped")

    def test_order_desk_ships_for_the_vendor(self):
        """The order desk does the whole round; a viewer may not."""
        groups = "marketplace_base.group_order_desk"
        desk = new_test_user(self.env, "mkp_desk", groups=groups)
        viewer = new_test_user(
            self.env,
            "mkp_viewer",
            groups="marketplace_base.group_viewer,sales_team.group_sale_salesman_all_leads",
        )
        order = self._order()
        shipment = self.Shipment._create_for_order(order)
        with self.assertRaises(AccessError):
            shipment.with_user(viewer).action_ship()
        shipment.with_user(desk).action_ship()
        shipment.with_user(desk).action_deliver()
        self.assertBalances(self.vendor, due=36.79)
