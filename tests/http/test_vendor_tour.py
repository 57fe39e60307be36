from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.marketplace_payout.tests.common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorTour(PayoutCommon, HttpCase):
    def test_vendor_ships_and_reads_statement(self):
        """A vendor's morning in a browser: ship an order, read the last statement."""
        vendor = self._create_vendor("Tisanes du Tour")
        offer = self._create_offer(vendor, 24.0)
        self._ship_and_deliver(self._import_order([(offer, 2)]))
        self._settle(fields.Date.today(), vendor)
        order = self._import_order([(offer, 1)]).sale_order_ids
        self.start_tour(
            "/my", "vendor_ships_and_reads_statement", login=vendor.user_ids.login
        )
        self.assertRecordValues(
            order.marketplace_shipment_ids,
            [
                {
                    "state": "shipped",
                    "carrier_name": "Colissimo",
                    "tracking_ref": "6A12345678901",
                }
            ],
        )
