from odoo.tests import freeze_time, tagged

from . import test_payout_request
from .common import PayoutRunCommon
from .test_payout_psp import PspCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-10 10:00:00")
class TestPayoutCharge(PayoutRunCommon):
    """Y22: what a bank transfer costs the vendor, with its VAT."""

    def _charges(self, vendor):
        return self.env["marketplace.fee"].search(
            [("source_key", "=like", "payout_%"), ("vendor_id", "=", vendor.id)]
        )

    def test_a_transfer_is_charged_once_it_is_paid(self):
        """1.50 and 20 % VAT on the next statement: 88.00 becomes 86.20."""
        self.a.vendor_contract_ids.payout_charge_sepa = 1.5
        self.a.vendor_contract_ids.payout_charge_psp = 9.0
        run = self._approve(self._prepare_run("2026-03-10", self.vendors))
        run.with_user(self.preparer).action_send()
        self.assertFalse(self._charges(self.a))
        run.payout_ids._set_paid(run.date)
        run.payout_ids._set_paid(run.date)
        self.assertRecordValues(
            self._charges(self.a), [{"amount": 1.5, "state": "approved"}]
        )
        self.assertFalse(self._charges(self.b))
        with freeze_time("2026-03-21 10:00:00"):
            self._sell([(self.offers[0], 1)], "2026-03-11", "2026-03-12")
            settlement = self._settle("2026-03-20", self.a)
        self.assertEqual(f"{settlement.amount_payout:.2f}", "86.20")
        self.assertTrue(self._charges(self.a).move_line_id)


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-10 10:00:00")
class TestPayoutChargePsp(PspCommon):
    def test_a_transfer_of_the_provider_has_its_own_charge(self):
        self.a.vendor_contract_ids.payout_charge_psp = 0.25
        self._send_psp(self.a)
        self._order()
        fees = self.env["marketplace.fee"].search([("source_key", "=like", "payout_%")])
        self.assertRecordValues(fees, [{"amount": 0.25, "vendor_id": self.a.id}])


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-07 09:00:00")
class TestPayoutRequestFee(test_payout_request.TestPayoutRequest):
    """Y20: a payout on demand costs what the contract says, taken off it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract.payout_request_fee = 2.0

    def _net(self):
        return self._ask().amount_payout

    def test_the_same_balance_is_asked_for_once(self):
        """88.00 less 2.00 and 20 % VAT; each demand is charged once."""
        self.assertEqual(f"{self._net():.2f}", "85.60")
        with freeze_time("2026-03-14 09:00:00"):
            self._sell([(self.offer, 1)], "2026-03-08", "2026-03-09")
            self.assertEqual(f"{self._net():.2f}", "85.60")
        fees = self.env["marketplace.fee"].search(
            [("source_key", "=like", "payout_request:%")]
        )
        self.assertEqual(fees.mapped("amount"), [2.0, 2.0])
        self.assertTrue(all(fee.move_line_id for fee in fees))

    def test_the_vendor_reads_the_charge_before_he_asks(self):
        self.authenticate(self.user.login, self.user.login)
        page = self.url_open("/my/marketplace/statements/request").text
        self.assertIn("2.00", page)
        self.assertIn("before VAT", page)

    def test_a_refused_demand_costs_nothing(self):
        self.contract.payout_request_minimum = 500
        self.assertTrue(self._problem())
        self.assertFalse(
            self.env["marketplace.fee"].search(
                [("source_key", "=like", "payout_request:%")]
            )
        )
