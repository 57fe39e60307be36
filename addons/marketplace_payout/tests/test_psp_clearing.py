from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .test_close import CloseCommon
from .test_payout_psp import PspCommon


class ReportMixin:
    """Record reports of the provider by hand, as the import does."""

    def _report(self, *lines, post=True, **vals):
        """Return a report with lines [(kind, reference, gross, fee)]."""
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "reference": f"po_{self._next()}",
                "date": "2026-03-12",
                "line_ids": [
                    Command.create(
                        {
                            "identifier": f"txn_{self._next()}",
                            "kind": kind,
                            "date": "2026-03-11",
                            "reference": reference,
                            "amount_gross": gross,
                            "amount_fee": fee,
                        }
                    )
                    for kind, reference, gross, fee in lines
                ],
                **vals,
            }
        )
        settlement._take_line_totals()
        settlement.line_ids.action_match()
        if post:
            settlement.action_post()
        return settlement

    def _rows(self, *buckets):
        return self.env["marketplace.psp.clearing"].search(
            [("bucket", "in", buckets), ("psp_partner_id", "=", self.psp.id)]
        )


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-10 10:00:00")
class TestPspTransferMatch(ReportMixin, PspCommon):
    """A9: payouts made by the provider leave the clearing account, each by itself."""

    def test_each_transfer_is_matched_with_its_payout(self):
        run = self._send_psp()
        self._order()
        payouts = run.payout_ids
        self.assertEqual(len(payouts), 2)
        report = self._report(
            *(
                ("transfer", payout.psp_reference, -payout.amount, 0.0)
                for payout in payouts
            )
        )
        self.assertFalse(report.unmatched_count)
        self.assertEqual(
            report.line_ids.mapped("amount_ours"),
            [-payout.amount for payout in payouts],
        )
        self.assertFalse(self._rows("unknown", "difference"))


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-04-05 10:00:00")
class TestPspClearing(ReportMixin, CloseCommon):
    """A9: the bank side of reports, and the check of the close."""

    def _bank_line(self, reference, amount, date="2026-03-13"):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company._marketplace_bank_journal().id,
                "date": date,
                "payment_ref": reference,
                "amount": amount,
            }
        )

    def _simple(self, gross=100.0, fee=1.5, **vals):
        return self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "reference": f"po_{self._next()}",
                "date": "2026-03-12",
                "amount_gross": gross,
                "amount_fee": fee,
                **vals,
            }
        )

    # -- bank -----------------------------------------------------------------------

    def test_the_bank_line_is_the_bank_side_of_the_report(self):
        """N-46, first entry: bank 98.50 against clearing, no revenue, booked once."""
        report = self._simple()
        line = self._bank_line(f"STRIPE {report.reference}", 98.5)
        report.with_user(self.accountant).action_match_bank()
        self.assertEqual((report.state, report.bank_line_id), ("posted", line))
        self.assertTrue(line.is_reconciled)
        self.assertMove(
            line.move_id,
            [("BANK", self.psp, 98.5, 0), ("PSP_CLEARING", self.psp, 0, 98.5)],
        )
        fee = report.ledger_line_ids.filtered(lambda one: one.event == "psp_fee")
        self.assertMove(
            fee.move_id,
            [("PSP_FEES", self.psp, 1.5, 0), ("PSP_CLEARING", self.psp, 0, 1.5)],
        )
        net = report.ledger_line_ids - fee
        self.assertEqual(net.move_id, line.move_id)
        report.action_post()
        self.assertEqual(len(report.ledger_line_ids), 2)
        self.assertTiedOut()

    def test_money_taken_back_by_the_provider(self):
        report = self._simple(gross=-20.0, fee=0.0)
        line = self._bank_line(report.reference, -20.0)
        report.action_match_bank()
        self.assertMove(
            line.move_id,
            [("PSP_CLEARING", self.psp, 20.0, 0), ("BANK", self.psp, 0, 20.0)],
        )
        self.assertTiedOut()

    def test_without_a_reference_only_a_single_line_of_the_amount_is_taken(self):
        one, two = self._simple(), self._simple()
        self._bank_line("STRIPE", 98.5)
        with self.assertRaisesRegex(MarketplaceError, one.reference):
            (one | two).action_match_bank()
        other = self._simple(gross=50.0, fee=0.0)
        line = self._bank_line("STRIPE", 50.0)
        self._bank_line("STRIPE", 50.0, date="2026-03-25")
        (one | other).action_match_bank()
        self.assertEqual(other.bank_line_id, line)

    def test_another_amount_is_not_taken(self):
        report = self._simple()
        self._bank_line(report.reference, 98.4)
        with self.assertRaisesRegex(MarketplaceError, report.reference):
            report.action_match_bank()
        self.assertEqual(report.state, "draft")

    def test_a_bank_line_is_of_one_report(self):
        report, other = self._simple(), self._simple()
        line = self._bank_line(report.reference, 98.5)
        report.action_match_bank()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            other.bank_line_id = line
            other.flush_recordset()

    def test_only_accountants_match(self):
        viewer = new_test_user(
            self.env, "psp_viewer", groups="marketplace_base.group_viewer"
        )
        with self.assertRaises(AccessError):
            self._simple().with_user(viewer).action_match_bank()

    # -- close ----------------------------------------------------------------------

    def test_the_close_wants_the_clearing_account_explained(self):
        """A stranger in a report blocks; booked with a reason, the month closes."""
        report = self._report(("charge", "ch_stranger", 20.0, 0.0))
        close = self._open_month()
        check = self._check(close, "psp_explained")
        self.assertRecordValues(
            check,
            [
                {
                    "state": "open",
                    "count": 1 + len(self._overdue()),
                    "is_blocking": True,
                }
            ],
        )
        self.assertIn("ch_stranger", check.details)
        [row] = self._rows("unknown")
        action = row.action_book_difference()
        self.env["marketplace.psp.difference"].with_user(self.accountant).with_context(
            **action["context"]
        ).create(
            {"role": "OPERATOR_COST", "reason": "Test charge of the shop"}
        ).action_apply()
        self._tell_everything()
        close.action_refresh()
        self.assertEqual(check.state, "ok")
        self.assertEqual(report.state, "posted")

    def test_overdue_counts_once_reports_have_lines(self):
        """Payments of early March not told by the 31st: overdue, with their age."""
        close = self._open_month()
        check = self._check(close, "psp_explained")
        self.assertTrue(self._overdue())
        self.assertEqual(check.state, "ok")
        self._report(("fee", False, 0.0, 1.0))
        close.action_refresh()
        self.assertEqual((check.state, check.count), ("open", len(self._overdue())))
        self.assertEqual(check.date_oldest, min(self._overdue().mapped("date")))
        self._tell_everything()
        close.action_refresh()
        self.assertEqual(check.state, "ok")

    def _overdue(self):
        return self._rows("in_transit").filtered(
            lambda row: str(row.date) < "2026-03-21"
        )

    def _tell_everything(self):
        """Record a report that tells all that waits."""
        Payment = self.env["marketplace.payment"]
        payments = Payment.browse(
            int(row.reference.partition(":")[2]) for row in self._overdue()
        )
        self._report(
            *(("charge", one.external_ref, one.amount, 0.0) for one in payments)
        )
