from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .test_close import CloseCommon
from .test_psp_clearing import ReportMixin


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-04-05 10:00:00")
class TestPspFeeAccrual(ReportMixin, CloseCommon):
    """A11: fees of March that the provider tells of in April."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.end = fields.Date.to_date("2026-03-31")
        cls.company.write(
            {"marketplace_psp_rate": 0.029, "marketplace_psp_fixed": 0.30}
        )

    def _accruals(self, *events):
        return self.Ledger.search([("event", "in", events)])

    def _tell_march(self):
        """Record in March a report of all that is captured so far, fee 1.00 each."""
        payments = self.env["marketplace.payment"].search(
            [("company_id", "=", self.company.id), ("state", "=", "captured")]
        )
        self._report(
            *(("charge", one.external_ref, one.amount, 1.0) for one in payments)
        )

    def test_fees_are_accrued_and_reversed_the_next_day(self):
        """Untold: 2.9 % of 200.00 and 0.30 are 6.10; a line of April says 3.50."""
        self._tell_march()
        told = self._sell([(self.offers[0], 1)], "2026-03-29")
        untold = self._sell([(offer, 1) for offer in self.offers], "2026-03-30")
        self._report(
            ("charge", told.payment_ids.external_ref, told.payment_ids.amount, 3.5),
            date="2026-04-02",
            post=False,
        )
        self.assertEqual(untold.payment_ids.amount, 200.0)
        close = self._open_month()
        check = self._check(close, "psp_accrual")
        self.assertEqual((check.state, check.amount), ("open", 9.6))
        with self.assertRaisesRegex(MarketplaceError, "fees accrued"):
            close.action_close()
        close.action_accrue()
        self.assertEqual(check.state, "ok")
        accrual, reversal = (
            self._accruals(event) for event in ("psp_accrual", "psp_accrual_reversal")
        )
        self.assertMove(
            accrual.move_id,
            [("PSP_FEES", self.psp, 9.6, 0), ("ACCRUED_PSP", self.psp, 0, 9.6)],
        )
        self.assertMove(
            reversal.move_id,
            [("ACCRUED_PSP", self.psp, 9.6, 0), ("PSP_FEES", self.psp, 0, 9.6)],
        )
        self.assertEqual(accrual.move_id.date, self.end)
        self.assertEqual(str(reversal.move_id.date), "2026-04-01")
        self.assertFalse(self.company._marketplace_accrue_psp(self.end))
        self.assertTiedOut()

    def test_a_report_posted_in_april_changes_nothing_for_march(self):
        self._tell_march()
        late = self._sell([(self.offers[0], 1)], "2026-03-29")
        self._report(
            ("charge", late.payment_ids.external_ref, 100.0, 3.5), date="2026-04-02"
        )
        self.company._marketplace_accrue(self.end)
        self.assertEqual(self._accruals("psp_accrual").amount, 3.5)

    def test_a_second_run_posts_the_difference(self):
        """Estimated at 3.20, told at 3.50: 0.30 more."""
        self._tell_march()
        late = self._sell([(self.offers[0], 1)], "2026-03-29")
        self.company._marketplace_accrue(self.end)
        self.assertEqual(self._accruals("psp_accrual").amount, 3.2)
        self._report(
            ("charge", late.payment_ids.external_ref, 100.0, 3.5), date="2026-04-02"
        )
        lines = self.company._marketplace_accrue_psp(self.end)
        self.assertEqual(lines.mapped("amount"), [0.3, 0.3])
        self.assertFalse(self.company._marketplace_psp_accrual_gaps(self.end))

    def test_a_report_of_the_month_leaves_nothing_to_accrue(self):
        self._tell_march()
        self.assertFalse(self.company._marketplace_psp_accrual_gaps(self.end))

    def test_a_provider_without_lines_is_left_out(self):
        self.assertFalse(self.company._marketplace_psp_accrual_gaps(self.end))

    def test_postings_are_catalogued(self):
        self._tell_march()
        self._sell([(self.offers[0], 1)], "2026-03-29")
        lines = self.company._marketplace_accrue(self.end)
        pairs = self.Ledger._posting_pairs()
        for line in lines:
            self.assertIn((line.role_debit, line.role_credit), pairs[line.event])
