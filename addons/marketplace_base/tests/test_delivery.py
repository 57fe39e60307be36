from datetime import date, datetime
from unittest.mock import patch

from odoo.http import Request
from odoo.tests import HttpCase, RecordCapturer, freeze_time, new_test_user, tagged

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDelivery(MarketplaceCommon, HttpCase):
    """Who confirms a delivery, on which day, and what the vendor is then due."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_tz = "Europe/Paris"
        cls.vendor = cls._create_vendor(
            "Alma", entitlement_delay_days=14, auto_delivery_days=7
        )
        cls.offer = cls._create_offer(cls.vendor, 10.0)
        cls.Shipment = cls.env["marketplace.shipment"]

    def _ship(self, quantity=1, tracking="6A1"):
        order = self._import_order(
            [(self.offer, quantity)], date="2026-03-02"
        ).sale_order_ids
        shipment = self.Shipment._create_for_order(
            order, carrier_name="Colissimo", tracking_ref=tracking
        )
        shipment.action_ship()
        return shipment

    def _event(self, parcel, **values):
        return {
            "event_id": "EV-1",
            "shipment": parcel.name,
            "date": "2026-03-05T14:30:00+01:00",
            **values,
        }

    # -- days -----------------------------------------------------------------------

    def test_last_second_of_the_local_day(self):
        """23:59:59 in Paris is that day there, whatever the day in UTC."""
        for moment, day in (
            ("2026-03-05T23:59:59", date(2026, 3, 19)),
            ("2026-03-06T00:00:00", date(2026, 3, 20)),
            # 28 March plus a day is the night the clocks change.
            ("2026-03-28T23:59:59", date(2026, 4, 11)),
            ("2026-03-29T00:00:00", date(2026, 4, 12)),
            ("2026-03-29T23:59:59", date(2026, 4, 12)),
            ("2026-10-25T23:59:59", date(2026, 11, 8)),
        ):
            with self.subTest(moment):
                shipment = self._ship()
                self.Shipment._confirm_delivery(
                    self._event(shipment, event_id=moment, date=moment)
                )
                self.assertEqual(shipment.date_entitlement, day)

    def test_day_typed_is_the_companys_day(self):
        """Also where the company is west of Greenwich."""
        for zone, utc in (
            ("Europe/Paris", datetime(2026, 3, 4, 23)),
            ("America/Los_Angeles", datetime(2026, 3, 5, 8)),
            (False, datetime(2026, 3, 5)),
        ):
            with self.subTest(zone):
                self.company.marketplace_tz = zone
                shipment = self._ship()
                shipment.action_deliver(date="2026-03-05")
                self.assertEqual(shipment.date_delivered, utc)
                self.assertEqual(shipment.date_entitlement, date(2026, 3, 19))

    def test_assumed_delivery_counts_local_days(self):
        """Shipped at 23:30 UTC is the next day in Paris; the job looks there too."""
        with freeze_time("2026-06-04 22:30:00"):
            shipment = self._ship()
        self.assertEqual(shipment.date_auto_delivery, date(2026, 6, 12))
        with freeze_time("2026-06-11 21:59:59"):
            self._auto_deliver()
        self.assertEqual(shipment.state, "shipped")
        with freeze_time("2026-06-11 22:00:00"):
            self._auto_deliver()
        self.assertEqual(
            (shipment.state, shipment.delivery_source), ("delivered", "assumed")
        )
        self.assertEqual(shipment.date_entitlement, date(2026, 6, 26))

    def _auto_deliver(self):
        # A cron commits between batches, which a test transaction may not.
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            self.Shipment._cron_auto_deliver()

    # -- events ---------------------------------------------------------------------

    def test_carrier_event_is_taken_once(self):
        """The same event again, or a later one, changes nothing."""
        shipment = self._ship()
        for _repeat in range(2):
            found = self.Shipment._confirm_delivery(self._event(shipment))
            self.assertEqual(found, shipment)
        self.Shipment._confirm_delivery(
            self._event(shipment, event_id="EV-2", date="2026-03-09T10:00:00+01:00")
        )
        self.assertRecordValues(
            shipment,
            [
                {
                    "state": "delivered",
                    "delivery_source": "carrier",
                    "delivery_event_ref": "EV-1",
                    "date_delivered": datetime(2026, 3, 5, 13, 30),
                }
            ],
        )
        other = self._ship(tracking="6A2")
        with self.assertRaisesRegex(MarketplaceError, f"confirmed {shipment.name}"):
            self.Shipment._confirm_delivery(self._event(other))

    def test_event_by_tracking_number(self):
        """Found by it, unless several parcels have it."""
        shipment = self._ship(tracking="6A77")
        event = {"event_id": "EV-7", "tracking_ref": "6A77", "source": "storefront"}
        self.Shipment._confirm_delivery(event)
        self.assertEqual(shipment.delivery_source, "storefront")
        self._ship(tracking="6A77")
        with self.assertRaisesRegex(MarketplaceError, "several parcels"):
            self.Shipment._confirm_delivery({**event, "event_id": "EV-8"})

    def test_bad_events_are_refused_in_words(self):
        shipment = self._ship()
        draft = self.Shipment._create_for_order(
            self._import_order([(self.offer, 1)]).sale_order_ids
        )
        future = "2126-03-05T14:30:00+01:00"
        for event, words in (
            (self._event(shipment, event_id=""), "needs a number"),
            (self._event(shipment, source="gossip"), "does not confirm deliveries"),
            (self._event(shipment, source="assumed"), "does not confirm deliveries"),
            (self._event(shipment, shipment=None), "Say which parcel"),
            (self._event(shipment, shipment="SHP/none"), "no parcel “SHP/none”"),
            (self._event(shipment, date="yesterday"), "“yesterday” is no date"),
            (self._event(shipment, date=future), "in the future"),
            (self._event(draft), f"{draft.name} .*Draft"),
        ):
            with (
                self.subTest(words),
                self.assertRaisesRegex(MarketplaceError, words),
                self.cr.savepoint(),
            ):
                self.Shipment._confirm_delivery(event)
        self.assertEqual(shipment.state, "shipped")

    def test_back_office_is_named_as_the_source(self):
        shipment = self._ship()
        shipment.action_deliver()
        self.assertEqual(shipment.delivery_source, "operator")
        with self.assertRaisesRegex(MarketplaceError, "Use the buttons"):
            shipment.delivery_source = "customer"

    # -- late parcels ---------------------------------------------------------------

    def test_late_parcels_are_listed(self):
        """After the company's number of days, until they arrive."""
        self.company.marketplace_late_days = 5
        with freeze_time("2026-06-04 10:00:00"):
            shipment = self._ship()
        domain = [("is_late", "=", True), ("id", "=", shipment.id)]
        with freeze_time("2026-06-09 21:00:00"):
            self.assertFalse(self.Shipment.search(domain))
            self.assertFalse(shipment.is_late)
        shipment.invalidate_recordset(["is_late"])
        with freeze_time("2026-06-09 22:30:00"):
            self.assertEqual(self.Shipment.search(domain), shipment)
            self.assertTrue(shipment.is_late)
            self.assertFalse(
                self.Shipment.search(
                    [("is_late", "=", False), ("id", "=", shipment.id)]
                )
            )
            shipment.action_deliver()
            self.assertFalse(self.Shipment.search(domain))

    # -- the customer's link --------------------------------------------------------

    def _path(self, shipment):
        return (
            "/marketplace/delivery/"
            + shipment._customer_delivery_url().partition("/marketplace/delivery/")[2]
        )

    def test_customer_confirms_by_his_link(self):
        """Opening it changes nothing; the button does, once."""
        shipment = self._ship()
        path = self._path(shipment)
        self.authenticate(None, None)
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Alma", page.text)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(shipment.state, "shipped")
        for _repeat in range(2):
            page = self.url_open(path, data={"csrf_token": Request.csrf_token(self)})
            self.assertIn("noted as delivered", page.text)
        self.assertEqual(
            (shipment.state, shipment.delivery_source), ("delivered", "customer")
        )

    def test_link_of_another_parcel_or_forged_is_not_found(self):
        first, second = self._ship(), self._ship()
        token = self._path(first).rpartition("/")[2]
        self.authenticate(None, None)
        for path in (
            f"/marketplace/delivery/{second.id}/{token}",
            f"/marketplace/delivery/{first.id}/{'0' * 64}",
            f"/marketplace/delivery/999999999/{token}",
        ):
            self.assertEqual(self.url_open(path).status_code, 404)

    def test_customer_is_told_and_the_vendor_does_not_see_the_link(self):
        """He could confirm his own delivery with it."""
        shipment = self._ship()
        desk = new_test_user(
            self.env, "delivery_desk", groups="marketplace_base.group_order_desk"
        )
        with RecordCapturer(self.env["mail.mail"]) as capture:
            shipment.with_user(desk).action_tell_customer()
        token = shipment._customer_token()
        mail = capture.records
        self.assertIn(token, mail.body_html)
        self.assertEqual(mail.recipient_ids, self.customer)
        messages = self.env["mail.message"]
        about = [("body", "ilike", token)]
        self.assertTrue(messages.search(about).is_internal)
        self.assertFalse(messages.with_user(self.vendor.user_ids).search(about))
        self.customer.email = False
        with self.assertRaisesRegex(MarketplaceError, "no e-mail address"):
            shipment.action_tell_customer()
        shipment.action_deliver()
        with self.assertRaisesRegex(MarketplaceError, "nothing to tell"):
            shipment.action_tell_customer()

    # -- tracking -------------------------------------------------------------------

    def test_vendor_corrects_the_tracking_of_a_parcel(self):
        """From the portal, his own only; what is wrong is said."""
        shipment = self._ship()
        shipment.tracking_url = "https://carrier.example/6A1"
        user = self.vendor.user_ids
        self.authenticate(user.login, user.login)
        path = f"/my/marketplace/parcels/{shipment.id}/tracking"
        data = {
            "carrier_name": "DHL",
            "tracking_ref": "JD01",
            "csrf_token": Request.csrf_token(self),
        }
        page = self.url_open(path, data=data)
        self.assertEqual(page.status_code, 200)
        self.assertRecordValues(
            shipment,
            [
                {
                    "carrier_name": "DHL",
                    "tracking_ref": "JD01",
                    "tracking_url": False,
                    "state": "shipped",
                }
            ],
        )
        self.assertIn("counts as delivered on", page.text)
        page = self.url_open(path, data={**data, "carrier_name": ""})
        self.assertEqual(page.status_code, 422)
        self.assertIn("Tell which carrier", page.text)
        self.assertEqual(shipment.carrier_name, "DHL")

    def test_due_day_is_shown_to_the_vendor(self):
        """Delivery plus the delay of his contract."""
        shipment = self._ship()
        shipment.action_deliver(date="2026-03-05")
        user = self.vendor.user_ids
        self.authenticate(user.login, user.login)
        page = self.url_open(f"/my/marketplace/orders/{shipment.sale_order_id.id}")
        self.assertIn("Due to you", page.text)
        self.assertIn("2026", page.text)
        self.assertIn("Back office", page.text)

    def test_tracking_change_is_told_once_and_only_on_the_way(self):
        """A hook for the storefront: not for drafts, nor for what stays the same."""
        told = []
        self.patch(
            type(self.Shipment),
            "_after_tracking_change",
            lambda shipments: told.append(shipments.ids),
        )
        order = self._import_order([(self.offer, 1)]).sale_order_ids
        shipment = self.Shipment._create_for_order(order)
        shipment.tracking_ref = "6A1"
        shipment.action_ship()
        shipment.tracking_ref = "6A1"
        self.assertFalse(told)
        shipment.write({"tracking_ref": "6A2", "carrier_name": "DHL"})
        self.assertEqual(told, [shipment.ids])
        self.assertEqual(len(order.marketplace_shipment_ids), 1)

    def test_cancelled_parcel_has_no_tracking_to_correct(self):
        order = self._import_order([(self.offer, 1)]).sale_order_ids
        shipment = self.Shipment._create_for_order(order)
        shipment.action_cancel()
        with self.assertRaisesRegex(MarketplaceError, "no tracking number to correct"):
            shipment.tracking_ref = "6A9"
