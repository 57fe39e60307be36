from odoo import fields
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon

URL = "/my/marketplace/statements/request"


@freeze_time("2026-03-07 09:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestPayoutRequest(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.contract = cls.vendor.vendor_contract_ids
        cls.contract.write(
            {
                "payout_on_demand": True,
                "payout_request_minimum": 50,
                "date_start": "2026-01-01",
            }
        )
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls._sell([(cls.offer, 1)], "2026-03-02", "2026-03-05")
        cls.user = cls.vendor.user_ids

    def _ask(self):
        return self.vendor._vendor_request_payout(self.company, self.user)

    def _problem(self):
        return self.vendor._vendor_request_problem(self.company)

    def test_the_same_balance_is_asked_for_once(self):
        settlement = self._ask()
        self.assertSettled(settlement, 0, 88, 88, 0)
        with self.assertRaisesRegex(MarketplaceError, "2026-03-14"):
            self._ask()
        with freeze_time("2026-03-14 09:00:00"):
            with self.assertRaisesRegex(MarketplaceError, "50.00\xa0€ are missing"):
                self._ask()
            self._sell([(self.offer, 1)], "2026-03-08", "2026-03-09")
            self.assertSettled(self._ask(), 0, 88, 88, 0)
        # the next payout run pays both, once
        run = self._prepare_run(fields.Date.to_date("2026-03-16"), self.vendor)
        self.assertEqual(f"{run.amount_total:.2f}", "176.00")

    def test_what_is_missing_is_said_to_the_cent(self):
        self.contract.payout_request_minimum = 112.4
        self.assertIn("12.40\xa0€ are missing", self._problem())

    def test_only_with_the_contract(self):
        self.contract.payout_on_demand = False
        self.assertIn("no payout on demand", self._problem())

    def test_a_blocked_vendor_is_told_why(self):
        self.vendor.write({"payout_hold": True, "payout_hold_reason": "Check"})
        self.assertIn("Payouts on hold", self._problem())

    def test_vendor_asks_in_the_portal(self):
        self.authenticate(self.user.login, self.user.login)
        page = self.url_open(URL)
        self.assertIn("Ask for the payout", page.text)
        data = {"csrf_token": Request.csrf_token(self)}
        response = self.url_open(URL, data=data)
        self.assertEqual(response.status_code, 200)
        request = self.env["marketplace.payout.request"].search(
            [("vendor_id", "=", self.vendor.id)]
        )
        self.assertTrue(response.url.endswith(f"/{request.settlement_id.id}"))
        self.assertEqual(request.user_id, self.user)
        self.assertEqual(self.url_open(URL, data=data).status_code, 422)


@freeze_time("2026-03-12 09:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestPayoutBlocks(PayoutCommon):
    """Y16, Y7: a cause has a name and an amount, and lifting it is enough."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls._sell([(cls.offer, 1)], "2026-03-02", "2026-03-05")

    def _block(self, reason):
        vendor = self.vendor
        if reason == "hold":
            vendor.write({"payout_hold": True, "payout_hold_reason": "Check"})
            return lambda: vendor.write({"payout_hold": False})
        if reason == "incomplete_kyc":
            vendor.kyc_state = "pending_approval"
            return lambda: vendor.write({"kyc_state": "approved"})
        if reason == "no_iban":
            account = vendor.payout_bank_account_id
            vendor.payout_bank_account_id = False
            return lambda: vendor.write({"payout_bank_account_id": account.id})
        self.company.marketplace_payout_mandate = True
        terms = self.env["marketplace.terms"].create(
            {
                "name": "Mandate",
                "kind": "mandate",
                "body": "<p>Mandate</p>",
                "date_effective": "2026-01-01",
            }
        )
        terms.action_publish()
        return lambda: terms._accept(vendor, "127.0.0.1")

    def test_each_cause_lifts_itself_at_the_next_run(self):
        settlement = self._settle("2026-03-10", self.vendor)
        for reason in ("hold", "incomplete_kyc", "no_mandate", "no_iban"):
            with self.subTest(reason):
                lift = self._block(reason)
                with self.assertRaisesRegex(MarketplaceError, "Nobody can be paid"):
                    run = self._prepare_run("2026-03-12", self.vendor)
                    self.assertEqual(run.payout_ids.exclusion_reason, reason)
                    run.with_user(self.preparer).action_check()
                run.with_user(self.preparer).action_cancel()
                self.assertEqual(self.vendor._payout_block_reason(), reason)
                lift()
                again = self._prepare_run("2026-03-12", self.vendor)
                self.assertFalse(again.payout_ids.exclusion_reason)
                self.assertEqual(again.payout_ids.settlement_id, settlement)
                again.with_user(self.preparer).action_cancel()

    def test_carried_below_the_minimum_names_amount_and_day(self):
        """Ask for 700 when 700 are missing, not for the whole 5,000 (Eshopbox)."""
        self.vendor.vendor_contract_ids.payout_minimum = 788
        settlement = self._settle("2026-03-10", self.vendor)
        self.assertEqual(f"{settlement.amount_missing:.2f}", "700.00")
        self.assertEqual(str(settlement.date_next), "2026-03-21")

    def test_monthly_day_and_time_zone(self):
        """The 31st, in Paris: after midnight there, daylight saving or not."""
        self.company.marketplace_tz = "Europe/Paris"
        self.vendor.vendor_contract_ids.write(
            {"payout_calendar": "monthly", "payout_day": 31}
        )
        for moment, cutoffs in (
            ("2026-03-30 21:59:00", {"2026-02-27"}),
            ("2026-03-30 22:00:00", {"2026-03-30"}),  # summer time began on the 29th
            ("2026-10-30 22:59:00", {"2026-09-29"}),
            ("2026-10-30 23:00:00", {"2026-10-30"}),  # winter time
        ):
            with self.subTest(moment), freeze_time(moment):
                found = self.Settlement._vendors_to_settle(
                    self.company, self.company._marketplace_today()
                )
                self.assertEqual(
                    {
                        str(day)
                        for day, vendors in found.items()
                        if self.vendor in vendors
                    },
                    cutoffs,
                )
