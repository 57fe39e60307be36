from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from .common import PayoutCommon


@freeze_time("2026-03-12 09:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestVendorClosing(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "closing_clerk", groups="marketplace_base.group_catalogue"
        )
        cls.vendor = cls._create_vendor("Atelier Amande", payout_minimum=500.0)
        cls.offer = cls._create_offer(cls.vendor, 100.0)

    def _move(self, target):
        self.vendor.with_user(self.clerk)._vendor_transition(
            target, reason="Leaves the marketplace"
        )

    def _statements(self):
        return self.Settlement.search([("vendor_id", "=", self.vendor.id)])

    def test_closing_statement_pays_what_the_minimum_kept_back(self):
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        kept = self._settle("2026-03-10", self.vendor)
        self.assertEqual((kept.carry_reason, kept.amount_payout), ("threshold", 0.0))
        self._move("closed")
        closing = self._statements() - kept
        self.assertSettled(closing, opening=88, movements=0, payout=88, carried=0)
        self.assertEqual(str(closing.date_cutoff), "2026-03-12")
        self._pay("2026-03-12", self.vendor)
        self.assertBalances(self.vendor, in_payment=88)
        self.assertTiedOut()

    def test_orders_under_way_are_settled_later_without_minimum(self):
        group = self._sell([(self.offer, 1)], "2026-03-02")
        self._move("closed")
        self.assertFalse(self._statements(), "nothing is due yet")
        self._ship_and_deliver(group, date="2026-03-13")
        with freeze_time("2026-03-22 09:00:00"):
            later = self._settle("2026-03-20", self.vendor)
        self.assertSettled(later, opening=0, movements=88, payout=88, carried=0)

    def test_vendor_who_owes_us_is_claimed(self):
        group = self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", self.vendor)
        self.vendor.vendor_contract_ids.payout_minimum = 0
        self._settle("2026-03-11", self.vendor)
        self._pay("2026-03-12", self.vendor)
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-12")
        self._move("closed")
        closing = self._statements()[0]
        self.assertEqual(closing.carry_reason, "negative")
        self.assertIn("88.00", self.vendor.activity_ids.summary)
        self.assertEqual(f"{closing.amount_carried:.2f}", "-88.00")

    def test_portal_stays_readable_and_reopening_keeps_history(self):
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._move("closed")
        login = self.vendor.user_ids.login
        self.authenticate(login, login)
        statement = self._statements()
        for path in (
            "/my/marketplace",
            "/my/marketplace/orders",
            f"/my/marketplace/statements/{statement.id}",
        ):
            self.assertEqual(self.url_open(path).status_code, 200, path)
        changes = len(self.vendor.vendor_history_ids)
        self._move("approved")
        self.vendor.invalidate_recordset()
        self.assertEqual(len(self.vendor.vendor_history_ids), changes + 1)
        self.assertEqual(self._statements(), statement)
        self.assertTrue(self.offer.is_sellable)
