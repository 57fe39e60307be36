from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import PayoutCommon


@freeze_time("2026-03-12 09:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestVendorSuspension(PayoutCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "suspension_clerk", groups="marketplace_base.group_catalogue"
        )
        cls.vendor = cls._create_vendor("Atelier Amande")
        offer = cls._create_offer(cls.vendor, 100.0)
        cls._sell([(offer, 1)], "2026-03-02", "2026-03-05")
        cls.offer = offer

    def _suspend(self, **vals):
        return (
            self.env["marketplace.vendor.transition"]
            .with_user(self.clerk)
            .create(
                {
                    "vendor_ids": self.vendor.ids,
                    "target": "suspended",
                    "reason_code": "quality",
                    "reason": "Three complaints",
                    **vals,
                }
            )
            .action_apply()
        )

    def _run_payout(self):
        self._settle("2026-03-10", self.vendor)
        return self._prepare_run("2026-03-12", self.vendor).payout_ids

    def test_suspension_without_an_answer_about_payouts_is_refused(self):
        with self.assertRaisesRegex(UserError, "continue or hold"):
            self._suspend()
        self.assertEqual(self.vendor.vendor_state, "approved")

    def test_suspended_with_payouts_going_on_is_paid(self):
        self._suspend(payouts="continue")
        self.assertEqual(self.vendor.vendor_history_ids[0].payouts, "continue")
        self.assertEqual(self._run_payout().state, "draft")

    def test_suspended_with_payouts_held_is_not_paid(self):
        self._suspend(payouts="hold")
        self.assertEqual(self.vendor.vendor_history_ids[0].payouts, "hold")
        self.assertEqual(self.vendor.payout_hold_reason, "Three complaints")
        payout = self._run_payout()
        self.assertEqual((payout.state, payout.exclusion_reason), ("excluded", "hold"))

    def test_vendor_sells_while_kyc_is_open_and_no_payout_leaves(self):
        for state in ("pending_submission", "pending_approval", "refused"):
            with self.subTest(state):
                self.vendor.kyc_state = state
                self.assertEqual(self.vendor.vendor_state, "approved")
                self.assertTrue(self.offer.is_sellable)
                self.vendor.invalidate_recordset()
                viewed = self.vendor.with_user(self.viewer)
                self.assertEqual(viewed.payout_block_reason, "incomplete_kyc")
                self.assertEqual(f"{viewed.payout_blocked_amount:.2f}", "100.00")
        group = self._sell([(self.offer, 1)], "2026-03-03", "2026-03-06")
        self.assertEqual(group.sale_order_ids.vendor_id, self.vendor)
        payout = self._run_payout()
        self.assertEqual(
            (payout.state, payout.exclusion_reason, f"{payout.amount:.2f}"),
            ("excluded", "incomplete_kyc", "176.00"),
        )
        self.assertBalances(self.vendor, due=176)
        payout.run_id.with_user(self.preparer).action_cancel()
        # lifting the cause frees the money by itself
        self.vendor.kyc_state = "approved"
        self._pay("2026-03-12", self.vendor)
        self.assertBalances(self.vendor, in_payment=176)
        self.vendor.invalidate_recordset()
        self.assertFalse(self.vendor.payout_block_reason)

    def test_iban_changed_one_hour_before_the_run_is_excluded(self):
        account = self.vendor.payout_bank_account_id
        with freeze_time("2026-03-12 08:00:00"):
            account.with_user(self.accountant).allow_out_payment = False
            account.with_user(self.accountant).acc_number = "DE89370400440532013000"
            account.sudo().allow_out_payment = True
        payout = self._run_payout()
        self.assertEqual(
            (payout.state, payout.exclusion_reason), ("excluded", "untrusted_iban")
        )
        payout.run_id.with_user(self.preparer).action_cancel()
        with freeze_time("2026-03-14 08:00:00"):
            run = self._prepare_run("2026-03-14", self.vendor)
            self.assertEqual(run.payout_ids.state, "draft")
