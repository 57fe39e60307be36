import base64
from datetime import date

from sepaxml.validation import try_valid_xml

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.pain001 import SCHEMA
from .bank_files import batch_entry, camt053, camt054, entry, pain002
from .common import PayoutRunCommon


class AnswerCommon(PayoutRunCommon):
    def _import(self, content, user=None):
        Message = self.env["marketplace.bank.message"].with_user(
            user or self.accountant
        )
        return Message._import_file(content, "bank.xml", self.company).sudo()

    def _sent(self):
        run = self._pay("2026-03-12", self.vendors)
        return run, self._payout(run, self.a), self._payout(run, self.b)

    def _ledger(self, payout, event):
        return self.env["marketplace.ledger.line"].search(
            [
                ("settlement_id", "=", payout.settlement_id.id),
                ("event", "=", event),
            ]
        )


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestPayoutAnswer(AnswerCommon):
    # -- status reports -------------------------------------------------------------

    def test_partial_rejection_leaves_the_run_partly_failed(self):
        """One of two is refused: its money is due again, the other is under way."""
        run, first, second = self._sent()
        message = self._import(
            pain002(
                run.name,
                [
                    (first.end_to_end_id, "RJCT", "AC04"),
                    (second.end_to_end_id, "ACSP", ""),
                ],
                group="PART",
            )
        )
        self.assertEqual(message.applied_count, 1)
        self.assertEqual((first.state, second.state), ("failed", "sent"))
        self.assertEqual(first.failure_cause, "The account is closed.")
        self.assertEqual(run.state, "partly_failed")
        self.assertEqual((run.waiting_count, run.failed_count), (1, 1))
        self.assertMove(
            self._ledger(first, "payout_return").move_id,
            [("PAYOUT_TRANSIT", self.a, 88, 0), ("VENDOR_DUE", self.a, 0, 88)],
        )
        self.assertBalances(self.a, due=88)
        self.assertBalances(self.b, in_payment=88)
        self.assertTiedOut()
        with self.assertRaisesRegex(MarketplaceError, "wait for an answer"):
            run.with_user(self.accountant).action_close()
        run.with_user(self.accountant).action_confirm_bank(date="2026-03-13")
        self.assertEqual((first.state, second.state), ("failed", "confirmed"))
        self.env["marketplace.payout.run"]._cron_close()
        self.assertEqual(run.state, "closed")

    def test_whole_file_rejected(self):
        """A fault of ours: every payout fails, no account is flagged."""
        run, first, second = self._sent()
        self._import(pain002(run.name, group="RJCT"))
        self.assertEqual({first.state, second.state}, {"failed"})
        self.assertBalances(self.a, due=88)

    def test_unknown_reference_is_a_problem_in_words(self):
        run, _first, _second = self._sent()
        message = self._import(pain002(run.name, [("PAY/99999-0001", "RJCT", "AC01")]))
        self.assertEqual((message.applied_count, message.problem_count), (0, 1))
        self.assertIn("No payout has the reference", message.line_ids.problem)
        self.assertEqual(run.state, "sent")
        queue = self.env.ref("marketplace_payout.queue_bank_message_problem")
        before = queue.item_count
        message.with_user(self.preparer).action_seen()
        queue.invalidate_recordset()
        self.assertEqual(queue.item_count, before - 1)

    def test_same_file_twice_is_refused(self):
        run, first, _second = self._sent()
        content = pain002(run.name, [(first.end_to_end_id, "RJCT", "AC01")])
        self._import(content)
        with self.assertRaisesRegex(MarketplaceError, "was imported already"):
            self._import(content)

    def test_who_may_import(self):
        with self.assertRaises(AccessError):
            self._import(b"<x/>", user=self.viewer)
        with self.assertRaisesRegex(MarketplaceError, "no pain.002"):
            self._import(b"<x><y/></x>")

    # -- statements, in any order ---------------------------------------------------

    def test_statement_books_and_later_messages_change_nothing(self):
        run, first, second = self._sent()
        self._import(
            camt053(
                entry(first.end_to_end_id, "88.00", "2026-03-13"),
                entry(second.end_to_end_id, "88.00", "2026-03-14"),
            )
        )
        self.assertEqual(run.state, "confirmed")
        self.assertEqual(first.date_answer, date(2026, 3, 13))
        self.assertBalances(self.a, paid=88)
        moves = self.env["account.move"].search_count([])
        for content in (
            pain002(run.name, group="ACCP"),
            pain002(run.name, [(first.end_to_end_id, "ACSC", "")], number="STS2"),
            camt054(entry(first.end_to_end_id, "88.00", "2026-03-13")),
        ):
            message = self._import(content)
            self.assertEqual(set(message.line_ids.mapped("outcome")), {"known"})
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        self.assertEqual((first.state, run.state), ("confirmed", "confirmed"))
        self.assertTiedOut()

    def test_debit_of_the_batch_confirms_what_was_not_refused(self):
        run, first, second = self._sent()
        self._import(pain002(run.name, [(first.end_to_end_id, "RJCT", "AC06")]))
        message = self._import(camt053(batch_entry(run.name, "88.00", "2026-03-13")))
        self.assertEqual(message.line_ids.outcome, "applied")
        self.assertEqual((first.state, second.state), ("failed", "confirmed"))

    def test_other_amount_changes_nothing(self):
        run, first, _second = self._sent()
        message = self._import(
            camt053(entry(first.end_to_end_id, "80.00", "2026-03-13"))
        )
        self.assertIn("Nothing was changed", message.line_ids.problem)
        self.assertEqual(first.state, "sent")
        self.assertEqual(run.state, "sent")

    def test_pending_entries_and_others_payments_are_left_alone(self):
        _run, first, _second = self._sent()
        message = self._import(
            camt053(
                entry(
                    first.end_to_end_id, "88.00", "2026-03-13", status="<Sts>PDNG</Sts>"
                ),
                entry("RENT-MARCH", "900.00", "2026-03-13"),
            )
        )
        self.assertEqual(message.line_ids.mapped("outcome"), ["other"])
        self.assertEqual(first.state, "sent")

    # -- returns ---------------------------------------------------------------------

    def test_return_before_its_debit_is_known(self):
        """The return tells of the debit: both are posted, the late debit adds none."""
        _run, first, _second = self._sent()
        self._import(
            camt054(
                entry(first.end_to_end_id, "84.00", "2026-03-16", True, "AC04", "4.00")
            )
        )
        self.assertEqual(first.state, "returned")
        self.assertEqual(f"{first.amount_fee:.2f}", "4.00")
        self.assertMove(
            self._ledger(first, "payout_return").move_id,
            [
                ("BANK", self.a, 84, 0),
                ("PSP_FEES", None, 4, 0),
                ("VENDOR_DUE", self.a, 0, 88),
            ],
        )
        late = self._import(camt053(entry(first.end_to_end_id, "88.00", "2026-03-13")))
        self.assertEqual(late.line_ids.outcome, "known")
        self.assertBalances(self.a, due=88)
        self.assertTiedOut()

    def test_return_flags_the_account_and_tells_everybody(self):
        self.a.lang = "en_US"
        _run, first, _second = self._sent()
        run = first.run_id
        account = first.partner_bank_id
        mails = self.env["mail.mail"].search([])
        self._import(
            camt053(
                entry(first.end_to_end_id, "88.00", "2026-03-13"),
                entry(first.end_to_end_id, "88.00", "2026-03-16", True, "AC04"),
            )
        )
        self.assertEqual(first.state, "returned")
        self.assertFalse(account.allow_out_payment)
        self.assertEqual(account.payout_failure_cause, "The account is closed.")
        self.assertEqual(self.a.payout_block_reason, "untrusted_iban")
        mail = (self.env["mail.mail"].search([]) - mails).filtered(
            lambda mail: "did not arrive" in (mail.subject or "")
        )
        self.assertEqual(len(mail), 1)
        self.assertIn("The account is closed.", mail.body_html)
        self.assertIn("enter another one", mail.body_html)
        lost = first.settlement_id._lost_payout()
        self.assertEqual((lost, lost.failure_cause), (first, "The account is closed."))
        activity = run.activity_ids
        self.assertEqual(activity.user_id, self.preparer)
        self.assertIn("The account is closed.", activity.note)
        # Reconciliations of the first payment stay: the debt is a new item.
        due = self.company._marketplace_account("VENDOR_DUE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", due.id), ("partner_id", "=", self.a.id)]
        )
        open_items = items.filtered(lambda item: not item.reconciled)
        self.assertEqual(
            open_items, self._ledger(first, "payout_return").credit_move_line_id
        )

    def test_returned_payout_is_paid_again_on_another_account(self):
        _run, first, _second = self._sent()
        self._import(
            camt053(
                entry(first.end_to_end_id, "88.00", "2026-03-13"),
                entry(first.end_to_end_id, "88.00", "2026-03-16", True, "MD07"),
            )
        )
        run = self._prepare_run("2026-03-12", self.a)
        self.assertEqual(run.payout_ids.exclusion_reason, "untrusted_iban")
        run.with_user(self.preparer).action_cancel()
        first.partner_bank_id.allow_out_payment = True
        self.assertFalse(first.partner_bank_id.payout_failure_code)
        again = self._pay("2026-03-12", self.a)
        self.assertEqual(f"{again.amount_total:.2f}", "88.00")
        self.assertEqual(again.payout_ids.settlement_id, first.settlement_id)
        self.assertBalances(self.a, in_payment=88)
        due = self.company._marketplace_account("VENDOR_DUE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", due.id), ("partner_id", "=", self.a.id)]
        )
        self.assertTrue(all(items.mapped("reconciled")))
        self.assertTiedOut()

    def test_ceiling_of_failures_holds_the_vendor(self):
        self.company.marketplace_payout_attempts_max = 2
        for number in (1, 2):
            run = self._pay("2026-03-12", self.a)
            self.assertFalse(self.a.payout_hold)
            self._import(
                pain002(
                    run.name,
                    [(run.payout_ids.end_to_end_id, "RJCT", "AM04")],
                    number=f"STS{number}",
                )
            )
        self.assertTrue(self.a.payout_hold)
        self.assertIn("2 payouts failed in a row", self.a.payout_hold_reason)
        self.assertTrue(self.a.payout_bank_account_id.allow_out_payment)
        run = self._prepare_run("2026-03-12", self.a)
        self.assertEqual(run.payout_ids.exclusion_reason, "hold")

    def test_return_after_a_lock_is_posted_on_the_first_open_day(self):
        _run, first, _second = self._sent()
        self._import(camt053(entry(first.end_to_end_id, "88.00", "2026-03-13")))
        with freeze_time("2026-04-02 10:00:00"):
            self.company.fiscalyear_lock_date = "2026-03-31"
            self._import(
                camt053(
                    entry(first.end_to_end_id, "88.00", "2026-03-30", True, "AC01"),
                    number="STMT2",
                )
            )
        line = self._ledger(first, "payout_return")
        self.assertEqual(first.state, "returned")
        self.assertEqual(line.date_event, date(2026, 3, 30))
        self.assertGreater(line.move_id.date, date(2026, 3, 31))
        self.assertTiedOut()

    # -- by hand, with proof ---------------------------------------------------------

    def test_a_person_records_a_return_with_proof(self):
        run, first, _second = self._sent()
        run.with_user(self.accountant).action_confirm_bank(date="2026-03-13")
        Wizard = self.env["marketplace.payout.answer.wizard"]
        vals = {
            "payout_id": first.id,
            "kind": "returned",
            "date": "2026-03-17",
            "cause": "AC06",
            "amount_returned": 80.0,
            "reason": "Letter of the bank",
            "proof": base64.b64encode(b"letter"),
            "proof_name": "letter.txt",
        }
        with self.assertRaises(AccessError):
            Wizard.with_user(self.preparer).create(vals)
        wizard = Wizard.with_user(self.accountant).create(vals)
        wizard.action_record()
        self.assertEqual(first.state, "returned")
        self.assertEqual(f"{first.amount_fee:.2f}", "8.00")
        message = first.message_ids.filtered("attachment_ids")
        self.assertEqual(message.attachment_ids.name, "letter.txt")
        self.assertIn("Letter of the bank", message.body)
        with self.assertRaisesRegex(MarketplaceError, "this answer already"):
            wizard.action_record()

    # -- file and payee --------------------------------------------------------------

    def test_version_of_the_bank(self):
        """Either version is valid against its schema: one batch, hybrid address."""
        self.bank.marketplace_pain_schema = "pain.001.001.03"
        run = self._pay("2026-03-12", self.vendors)
        content = run.sudo().file_id.raw
        try_valid_xml(content, "pain.001.001.03")
        self.assertEqual(content.count(b"<PmtInf>"), 1)
        self.assertIn(b"<TwnNm>Marseille</TwnNm>", content)
        self.assertNotIn(SCHEMA.encode(), content)

    def test_payee_data_names_the_field_to_fix(self):
        account = self.a.payout_bank_account_id.sudo()
        account.acc_holder_name = "株式会社"
        account.name_match = "match"
        account.allow_out_payment = True
        run = self._prepare_run("2026-03-12", self.vendors)
        payout = self._payout(run, self.a)
        self.assertEqual(payout.exclusion_reason, "payee_data")
        self.assertIn("Latin letters", payout.data_problem)
        self.assertEqual(self._payout(run, self.b).state, "draft")
        account.acc_holder_name = self.a.name
        account.allow_out_payment = True
        run.with_user(self.preparer).action_check()
        self.assertEqual(payout.state, "draft")
        self.assertFalse(payout.data_problem)

    def test_name_check_policy(self):
        """The bank's answer pays, warns or excludes, as the company decides."""
        account = self.a.payout_bank_account_id.sudo()
        account.with_user(self.accountant).write(
            {"payee_check": "close", "payee_check_proof": base64.b64encode(b"x")}
        )
        self.assertEqual(account.payee_check_user_id, self.accountant)
        self.assertTrue(account.date_payee_check)
        run = self._prepare_run("2026-03-12", self.vendors)
        payout = self._payout(run, self.a)
        self.assertEqual((payout.state, payout.payee_check), ("draft", "close"))
        self.assertTrue(payout.is_name_warning)
        self.company.marketplace_name_policy_close = "exclude"
        run.with_user(self.preparer).action_check()
        self.assertEqual(payout.exclusion_reason, "payee_name")
        account.acc_number = "FR7630004000031234567890143"
        self.assertFalse(account.payee_check)

    # -- bank lines of Odoo ----------------------------------------------------------

    def _bank_line(self, reference, amount):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": "2026-03-13",
                "payment_ref": reference,
                "amount": amount,
            }
        )

    def test_bank_lines_are_matched_by_reference(self):
        """The line's entry is the debit; transit is cleared and the ledger agrees."""
        run, first, second = self._sent()
        line = self._bank_line(f"SEPA {first.end_to_end_id} VENDOR", -88.0)
        wrong = self._bank_line(f"SEPA {second.end_to_end_id}", -80.0)
        other = self._bank_line("Rent March", -900.0)
        Line = self.env["account.bank.statement.line"].with_user(self.accountant)
        action = Line.with_company(self.company).action_marketplace_match()
        self.assertEqual(first.state, "confirmed")
        self.assertEqual(first.bank_line_id, line)
        self.assertTrue(line.is_reconciled)
        self.assertMove(
            line.move_id,
            [("PAYOUT_TRANSIT", self.a, 88, 0), ("BANK", None, 0, 88)],
        )
        transit = self._ledger(first, "payout").credit_move_line_id
        self.assertTrue(transit.reconciled)
        self.assertEqual(Line.search(action["domain"]), other | wrong)
        self.assertIn("Ask the bank", wrong.marketplace_problem)
        self.assertEqual((second.state, run.state), ("sent", "sent"))
        self.assertBalances(self.a, paid=88)
        self.assertTiedOut()

    def test_bank_line_of_the_whole_batch(self):
        run, first, second = self._sent()
        line = self._bank_line(f"BATCH {run.name}", -176.0)
        line._marketplace_match(self.company)
        self.assertEqual({first.state, second.state}, {"confirmed"})
        self.assertEqual(run.state, "confirmed")
        self.assertTrue(line.is_reconciled)
        self.assertTiedOut()
        again = self._bank_line(f"BATCH {run.name}", -176.0)
        self.assertFalse(again._marketplace_match(self.company))
        self.assertIn("answered already", again.marketplace_problem)
