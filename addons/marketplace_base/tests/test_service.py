from unittest.mock import patch

from odoo import fields
from odoo.http import Request
from odoo.tests import freeze_time

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon
from .portal_common import PortalCase


class TestService(MarketplaceCommon):
    """What needs no parcel is due when it is performed; weighed goods end lower."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Alma")
        cls.offers = {
            fulfilment: cls._create_offer(cls.vendor, price)
            for fulfilment, price in (
                ("parcel", 10.0),
                ("vendor", 20.0),
                ("date", 40.0),
                ("confirmation", 80.0),
            )
        }
        for fulfilment, offer in cls.offers.items():
            offer.product_id.marketplace_fulfilment = fulfilment

    def _buy(self, *fulfilments, **options):
        group = self._import_order(
            [(self.offers[fulfilment], 1) for fulfilment in fulfilments], **options
        )
        return group, group.sale_order_ids

    def test_services_need_no_parcel_by_default(self):
        """A product of type service is performed; goods are sent."""
        service, goods = self.env["product.template"].create(
            [{"name": "Repair", "type": "service"}, {"name": "Chair", "type": "consu"}]
        )
        self.assertEqual(service.marketplace_fulfilment, "vendor")
        self.assertEqual(goods.marketplace_fulfilment, "parcel")

    def test_performed_by_the_vendor(self):
        """The vendor says when: the money is due, no parcel was made."""
        group, order = self._buy("vendor")
        self.assertTrue(order.has_marketplace_service)
        self.assertEqual(order.marketplace_shipping_state, "to_ship")
        with self.assertRaisesRegex(MarketplaceError, "nothing left to ship"):
            self.env["marketplace.shipment"]._create_for_order(order)
        order.action_perform_services()
        self.assertRecordValues(
            order.marketplace_shipment_ids,
            [{"kind": "service", "state": "delivered", "is_entitled": True}],
        )
        self.assertEqual(order.order_line.qty_delivered, 1.0)
        self.assertBalances(self.vendor, due=20)
        self.assertEqual(group.state, "delivered")
        with self.assertRaisesRegex(MarketplaceError, "no service left"):
            order.action_perform_services()
        self.assertTiedOut()

    def test_done_with_the_order(self):
        """A download is delivered at once, and due when it is paid."""
        group, order = self._buy("confirmation", captured=False)
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        self.assertFalse(order.has_marketplace_service)
        self.assertBalances(self.vendor)
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": f"P-{self._next()}",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": 8000,
                    "date": fields.Datetime.now(),
                }
            ],
        )
        self.assertBalances(self.vendor, due=80)
        self.assertTiedOut()

    def test_free_download_is_credited(self):
        """The marketplace pays all of it: credited and due, though nobody pays."""
        _group, order = self._buy(
            "confirmation", discounts=[(80.0, "marketplace")], captured=False
        )
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        self.assertBalances(self.vendor, due=80)

    def test_performed_on_its_date(self):
        """The job performs it that day, not before, and once."""
        payload = self._prepare_payload([(self.offers["date"], 1)])
        payload["lines"][0]["service_date"] = "2027-03-10"
        [group], _problems = self.env["marketplace.order"]._import_batch([payload])
        order = group.sale_order_ids
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            for day, state in (
                ("2027-03-09", "to_ship"),
                ("2027-03-12", "delivered"),
                ("2027-03-13", "delivered"),
            ):
                with freeze_time(f"{day} 06:00:00"):
                    self.env["marketplace.shipment"]._cron_perform()
                self.assertEqual(order.marketplace_shipping_state, state)
        self.assertEqual(len(order.marketplace_shipment_ids), 1)
        self.assertEqual(
            self.company._marketplace_day(
                order.marketplace_shipment_ids.date_delivered
            ),
            fields.Date.to_date("2027-03-10"),
        )
        self.assertBalances(self.vendor, due=40)

    def test_mixed_order_waits_for_both(self):
        """Goods travel, the service is performed: each makes its own part due."""
        _group, order = self._buy("parcel", "vendor", shippings=[(6.0, self.vendor)])
        self._ship_and_deliver(order)
        self.assertEqual(
            order.marketplace_shipment_ids.line_ids.product_id,
            self.offers["parcel"].product_id,
        )
        self.assertBalances(self.vendor, due=16, pending=20)
        self.assertEqual(order.marketplace_shipping_state, "to_ship")
        order.action_perform_services()
        self.assertBalances(self.vendor, due=36)
        self.assertEqual(order.marketplace_shipping_state, "delivered")

    def test_weighed_goods_end_on_what_was_sent(self):
        """2 kg at 10.00, 1.35 kg sent: 6.50 less, refunded or never charged."""
        offer = self._create_offer(self.vendor, 10.0)
        offer.product_id.is_marketplace_weighed = True
        for captured in (True, False):
            with self.subTest(captured=captured):
                group = self._import_order([(offer, 2)], captured=captured)
                line = group.sale_order_ids.order_line
                shipment = self.env["marketplace.shipment"]._create_for_order(
                    line.order_id, {line.id: 1.35}
                )
                shipment.action_ship()
                amendment = self.env["marketplace.order.amendment"].search(
                    [("order_id", "=", group.id)]
                )
                self.assertEqual(self._minor(amendment.amount_delta), -650)
                self.assertEqual(amendment.state, "applied")
                self.assertEqual(amendment.refund_ids.before_capture, not captured)
                self.assertEqual(line.order_id.marketplace_shipping_state, "shipped")
                shipment.action_deliver()
                self.assertEqual(group.state, "delivered")
        self.assertBalances(self.vendor, due=13.5)
        self.assertTiedOut()

    def test_cancel_units_asks_for_what_is_not_shipped(self):
        """One of three is on its way: two can be cancelled, at most."""
        group = self._import_order([(self.offers["parcel"], 3)])
        order = group.sale_order_ids
        line = order.order_line
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, {line.id: 1}
        )
        shipment.action_ship()
        wizard = self.env["marketplace.cancel.units"].create(
            {"sale_order_id": order.id, "reason": "Out of stock"}
        )
        self.assertRecordValues(
            wizard.line_ids,
            [{"sale_line_id": line.id, "quantity_left": 2.0, "amount": 0.0}],
        )
        with self.assertRaisesRegex(MarketplaceError, "how many"):
            wizard.action_cancel_units()
        wizard.line_ids.quantity = 3
        with self.assertRaisesRegex(MarketplaceError, "not shipped"):
            wizard.action_cancel_units()
        wizard.line_ids.quantity = 2
        self.assertEqual(self._minor(wizard.amount), 2000)
        wizard.action_cancel_units()
        self.assertEqual(order.marketplace_shipping_state, "shipped")
        self.assertEqual(self._minor(group.amount_refunded), 2000)
        self.assertBalances(self.vendor, pending=10)


class TestServicePortal(PortalCase):
    def test_vendor_marks_his_service_performed(self):
        """He says the day; a day to come, or no date at all, is refused in words."""
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 20.0)
        offer.product_id.marketplace_fulfilment = "vendor"
        order = self._import_order([(offer, 1)]).sale_order_ids
        self._login(vendor)
        url = f"/my/marketplace/orders/{order.id}"
        page = self.url_open(url).text
        self.assertIn("Mark performed", page)
        self.assertNotIn("Confirm shipment", page)
        csrf = Request.csrf_token(self)
        for date, words in (("2999-01-01", "or was before"), ("soon", "is not a date")):
            answer = self.url_open(
                f"{url}/perform", data={"csrf_token": csrf, "date": date}
            )
            self.assertEqual(answer.status_code, 422)
            self.assertIn(words, answer.text)
        today = fields.Date.to_string(fields.Date.today())
        answer = self.url_open(
            f"{url}/perform", data={"csrf_token": csrf, "date": today}
        )
        self.assertIn("is confirmed", answer.text)
        self.assertNotIn("Mark performed", answer.text)
        self.assertBalances(vendor, due=20)
