from odoo import fields
from odoo.tests import freeze_time, tagged

from .common import PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestAlert(PayoutRunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Alert = cls.env["marketplace.alert"]
        cls.today = fields.Date.to_date("2026-03-12")
        cls.company.marketplace_alert_user_id = cls.accountant

    def _kinds(self, alerts):
        return {(alert.kind, alert.vendor_id.name) for alert in alerts}

    def test_a_quiet_night(self):
        self.assertFalse(self.Alert._watch(self.company))

    def test_a_rate_apart(self):
        self._create_rule("Hot", 0.35, vendor_ids=self.b.ids)
        self._sell([(self.offers[0], 10), (self.offers[1], 1)], "2026-03-11")
        alerts = self.Alert._watch(self.company)
        self.assertEqual(self._kinds(alerts), {("rate", "Brasserie Basalte")})
        self.assertIn("22.5", alerts.message)

    def test_many_refunds(self):
        """Three refunds of 30.00 in a week: not for two, nor below the share."""
        group = self._sell([(self.offers[0], 1)], "2026-03-10", "2026-03-11")
        line = group.sale_order_ids.order_line
        for _number in range(2):
            self._refund(group, [(line, 0, 30.0)], date="2026-03-11")
        self.assertFalse(self.Alert._watch(self.company))
        self._refund(group, [(line, 0, 30.0)], date="2026-03-12")
        self.company.marketplace_alert_refund_percent = 95
        self.assertFalse(self.Alert._watch(self.company))
        self.company.marketplace_alert_refund_percent = 20
        alerts = self.Alert._watch(self.company)
        self.assertEqual(self._kinds(alerts), {("refund", "Atelier Amande")})
        self.assertIn("3 refunds", alerts.message)

    def test_offers_nobody_buys(self):
        offer = self._create_offer(self.a, 10.0)
        (offer | self.offers[0] | self.offers[1]).flush_recordset()
        self.cr.execute(
            "UPDATE marketplace_offer SET create_date = '2025-01-01' WHERE id IN %s",
            [tuple(record.id for record in (offer, *self.offers))],
        )
        offer.invalidate_recordset()
        found = self.Alert._watch(self.company).filtered(
            lambda alert: alert.vendor_id in self.vendors
        )
        self.assertEqual(self._kinds(found), {("dead_offer", "Atelier Amande")})
        self.assertIn("1 offers", found.message)

    def test_an_account_changed_before_a_payout(self):
        account = self.a.sudo().payout_bank_account_id
        with freeze_time("2026-03-12 12:00:00"):
            account.acc_number = "BE71096123456769"
            alerts = self.Alert._watch(self.company)
        self.assertEqual(self._kinds(alerts), {("bank", "Atelier Amande")})
        self.assertNotIn("BE71", alerts.message)

    def test_said_once_and_over_when_it_is_over(self):
        self._create_rule("Hot", 0.35, vendor_ids=self.b.ids)
        self._sell([(self.offers[0], 10), (self.offers[1], 1)], "2026-03-11")
        alert = self.Alert._watch(self.company)
        self.assertEqual(alert.activity_ids.user_id, self.accountant)
        self.assertFalse(self.Alert._watch(self.company), "a second night adds none")
        self.assertEqual(len(alert.activity_ids), 1)
        self.company.marketplace_alert_rate_points = 50
        self.Alert._cron_watch()
        self.assertEqual((alert.state, alert.date_end), ("closed", self.today))
        self.assertFalse(alert.activity_ids)
        self.company.marketplace_alert_rate_points = 10
        again = self.Alert._watch(self.company)
        self.assertEqual(self._kinds(again), {("rate", "Brasserie Basalte")})


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestCashForecast(PayoutRunCommon):
    def _rows(self, partner):
        self.env.flush_all()
        rows = (
            self.env["marketplace.cash.forecast"]
            .with_user(self.preparer)
            .search([("partner_id", "=", partner.id)])
        )
        return [(row.kind, fields.Date.to_string(row.date), row.amount) for row in rows]

    def test_what_goes_out_and_what_comes_in(self):
        """Settled, due, and expected from the provider three days after payment."""
        self.assertEqual(self._rows(self.a), [("statement", "2026-03-12", -88.0)])
        self._sell([(self.offers[0], 1)], "2026-03-11", "2026-03-11")
        self.assertEqual(
            self._rows(self.a),
            [("payable", "2026-03-12", -100.0), ("statement", "2026-03-12", -88.0)],
        )
        self.assertIn(("psp", "2026-03-14", 100.0), self._rows(self.psp))
        self._pay("2026-03-12", self.a)
        self.assertEqual(self._rows(self.a), [("payable", "2026-03-12", -100.0)])

    def test_money_available_later_is_shown_later(self):
        self._sell([(self.offers[0], 1)], "2026-03-11", "2026-03-11")
        line = self.Ledger.search(
            [("vendor_id", "=", self.a.id), ("role_credit", "=", "VENDOR_DUE")],
            order="id desc",
            limit=1,
        )
        line._unlocked().date_available = "2026-04-02"
        self.assertIn(("payable", "2026-04-02", -100.0), self._rows(self.a))

    def test_below_the_minimum_is_carried(self):
        c = self._create_vendor("Comptoir", iban="BE71096123456769", payout_minimum=500)
        self._sell([(self._create_offer(c, 100.0), 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", c)
        self.assertEqual(self._rows(c), [("carried", "2026-03-12", -88.0)])
