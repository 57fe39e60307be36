from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorPortalRetention(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Quincaillerie Quetsche")
        cls.offer = cls._create_offer(cls.vendor, 12.0, sku="QUETSCHE-1")
        cls.order = cls._import_order([(cls.offer, 1)]).sale_order_ids
        cls.user = cls.vendor.user_ids
        cls.cron = cls.env.ref("marketplace_base.ir_cron_end_portal_access")

    def _close(self, days_ago):
        self.vendor._vendor_transition("closed", reason="Retires")
        self.vendor.vendor_history_ids[:1].date = fields.Datetime.now() - timedelta(
            days=days_ago
        )

    def _status(self):
        self.authenticate(self.user.login, self.user.login)
        path = f"/my/marketplace/orders/{self.order.id}"
        return self.url_open(path).status_code

    def _offers_read(self):
        offers = self.env["marketplace.offer"]
        return offers.with_env(self.env(user=self.user, su=False, context={})).search(
            []
        )

    def test_closed_vendor_reads_until_the_end_of_the_period(self):
        self.company.marketplace_portal_years = 10
        self._close(days_ago=3650 - 30)
        self.cron.method_direct_trigger()
        self.assertEqual(self._status(), 200)
        self.assertTrue(self._offers_read())

    def test_access_ends_after_the_period_and_history_stays(self):
        """Portal, RPC and API end; approving again brings all of it back."""
        member = self.vendor.vendor_user_ids
        key, _token = self.env["marketplace.vendor.api.key"]._generate(
            member, "Sync", ["orders"], 300
        )
        self.company.marketplace_portal_years = 10
        self._close(days_ago=3660)
        self.cron.method_direct_trigger()
        self.assertEqual(self._status(), 404)
        self.assertFalse(self._offers_read())
        self.assertFalse(key.exists())
        self.assertFalse(member.active)
        self.vendor._vendor_transition("approved")
        self.assertTrue(member.active)
        self.assertTrue(member.is_owner)
        self.assertEqual(self._status(), 200)
        self.assertGreaterEqual(len(self.vendor.vendor_history_ids), 3)

    def test_zero_keeps_the_portal_for_ever(self):
        self.company.marketplace_portal_years = 0
        self._close(days_ago=36500)
        self.cron.method_direct_trigger()
        self.assertEqual(self._status(), 200)
