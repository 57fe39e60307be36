from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorClosure(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 30.0)
        cls.other = cls._create_offer(cls._create_vendor("Basalte", iban=None), 20.0)
        cls.closures = cls.env["marketplace.vendor.closure"]

    def _close(self, start, end):
        return self.closures.create(
            {"vendor_id": self.vendor.id, "date_start": start, "date_end": end}
        )

    def _night(self):
        """Let the daily job run; return the offers it told others about."""
        told = []
        with patch.object(
            type(self.offer),
            "_after_offer_change",
            autospec=True,
            side_effect=lambda offers, names: told.append((offers, names)),
        ):
            self.env.ref(
                "marketplace_base.ir_cron_follow_closures"
            ).ir_actions_server_id.run()
        self.env.flush_all()
        return told

    def test_offers_go_off_sale_and_come_back_by_themselves(self):
        with freeze_time("2026-07-30"):
            order = self._import_order(
                [(self.offer, 1)], date="2026-07-30 10:00:00"
            ).sale_order_ids
            promised = order.commitment_date
            self._close("2026-08-01", "2026-08-15")
            self.assertTrue(self.offer.is_sellable, "not yet")
        for day, sold in (
            ("2026-07-31", True),
            ("2026-08-01", False),
            ("2026-08-15", False),
            ("2026-08-16", True),
        ):
            with self.subTest(day), freeze_time(day):
                told = self._night()
                self.assertEqual(self.offer.is_sellable, sold)
                self.assertEqual(
                    self.offer.inactive_reason, False if sold else "vendor_closed"
                )
                self.assertTrue(self.other.is_sellable)
                changed = day in ("2026-08-01", "2026-08-16")
                self.assertEqual(
                    told[0][0], self.offer if changed else self.offer.browse()
                )
        # what was sold before is shipped during the closure, on the day promised
        self.assertEqual(order.commitment_date, promised)
        with freeze_time("2026-08-05"):
            self._ship_and_deliver(order)
        self.assertEqual(order.marketplace_shipping_state, "delivered")

    def test_closure_of_today_acts_at_once_and_so_does_its_removal(self):
        with freeze_time("2026-08-03"):
            closure = self._close("2026-08-01", "2026-08-15")
            self.assertEqual(self.offer.inactive_reason, "vendor_closed")
            closure.date_end = "2026-08-02"
            self.assertTrue(self.offer.is_sellable)
            closure.date_end = "2026-08-15"
            closure.unlink()
            self.assertTrue(self.offer.is_sellable)

    def test_graver_reason_is_shown_first(self):
        with freeze_time("2026-08-03"):
            self._close("2026-08-01", "2026-08-15")
            self.offer.quantity = 0
            self.assertEqual(self.offer.inactive_reason, "out_of_stock")

    def test_two_closures_do_not_overlap(self):
        self._close("2026-08-01", "2026-08-15")
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._close("2026-08-15", "2026-08-20")

    def test_catalogue_role_plans_closures(self):
        clerk = new_test_user(
            self.env, "mkp_closure_clerk", groups="marketplace_base.group_catalogue"
        )
        with freeze_time("2026-08-03"):
            self.closures.with_user(clerk).create(
                {
                    "vendor_id": self.vendor.id,
                    "date_start": "2026-08-01",
                    "date_end": "2026-08-09",
                }
            )
            self.assertFalse(self.offer.is_sellable)
