from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.account.models.account_partial_reconcile import (
    AccountPartialReconcile,
)
from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutRunCommon

CUTOFF = fields.Date.to_date("2026-03-11")
TODAY = fields.Date.to_date("2026-03-12")


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestPayoutRunWork(PayoutRunCommon):
    """Z2: a run in chunks, cut anywhere, is the run done at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.starter = new_test_user(
            cls.env,
            "starter",
            groups="marketplace_payout.group_payout_preparer,"
            "marketplace_base.group_accountant",
        )
        for offer in cls.offers:
            cls._sell([(offer, 2)], "2026-03-10", "2026-03-11")
        cls.Batched = cls.Run.with_context(marketplace_work_batch=1)

    def _start(self, vendors=None):
        return self.Batched._start(
            CUTOFF, TODAY, self.company, vendors=vendors or self.vendors
        ).sudo()

    def _figures(self, run):
        return [
            (payout.vendor_id, payout.settlement_id.name, payout.amount, payout.state)
            for payout in run.payout_ids
        ]

    def test_chunks_give_what_one_shot_gives(self):
        with self.env.cr.savepoint() as savepoint:
            self._settle("2026-03-11", self.vendors)
            expected = self._figures(self._prepare_run("2026-03-12", self.vendors))
            savepoint.rollback()
        run = self._start()
        seen = []
        while run._work_chunk() is not None:
            seen.append((run.work_done, len(run.payout_ids)))
        self.assertEqual(seen, [(1, 0), (2, 0), (2, 4)])
        self.assertEqual(run.work_total, 2)
        self.assertFalse(run.work)
        self.assertEqual(self._figures(run), expected)

    def test_the_job_goes_on_where_it_stopped(self):
        run = self._start()
        run._work_chunk()
        first = run.work_last_id
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            self.Batched._cron_work()
        self.assertEqual((run.work, run.work_done), (False, 2))
        self.assertGreater(run.work_last_id, first)
        self.assertEqual(run.payout_count, 4)

    def test_a_sale_after_the_cutoff_is_not_in_the_run(self):
        """Z3: what is recorded while the run works belongs to the next one."""
        run = self._start()
        run._work_chunk()
        group = self._sell([(self.offers[1], 5)], "2026-03-12", "2026-03-12")
        while run._work_chunk() is not None:
            pass
        lines = self.env["marketplace.ledger.line"].search(
            [("marketplace_order_id", "=", group.id)]
        )
        self.assertTrue(lines)
        self.assertFalse(lines.settlement_id)
        self.assertEqual(len(set(run.payout_ids.mapped("amount"))), 2)

    def test_a_cutoff_that_is_not_over_is_refused(self):
        with self.assertRaisesRegex(MarketplaceError, "before today"):
            self.Run._start(TODAY, TODAY, self.company)

    def test_nobody_checks_a_run_that_is_settling(self):
        run = self._start()
        run._work_chunk()
        with self.assertRaisesRegex(MarketplaceError, "1 of 2"):
            run.with_user(self.preparer).action_check()
        run.with_user(self.preparer).action_cancel()
        self.assertFalse(run.work)
        self.assertIsNone(run._work_chunk())

    def test_what_stops_a_run_is_written_on_it(self):
        run = self._start()
        settlements = type(self.Settlement)
        refusal = MarketplaceError("Map the role first.")
        with (
            patch.object(IrCron, "_commit_progress", return_value=10.0),
            mute_logger("odoo.addons.marketplace_payout.models.payout_run_work"),
        ):
            with patch.object(settlements, "_run", side_effect=refusal) as call:
                self.Batched._cron_work()
                self.Batched._cron_work()
            self.assertEqual(call.call_count, 1, "a stopped run waits for a person")
            self.assertEqual(run.work_error, "Map the role first.")
            self.assertEqual((run.work, run.work_done), ("settle", 0))
            run.with_user(self.preparer).action_resume()
            self.Batched._cron_work()
        self.assertFalse(run.work_error)
        self.assertEqual(run.payout_count, 4)

    def test_one_run_of_a_company_settles_at_a_time(self):
        self._start()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._start()

    def test_the_command_given_again_finds_its_run(self):
        Run = self.Run.with_user(self.starter)
        run = Run._continue_or_start(CUTOFF, TODAY, self.company)
        self.assertEqual(Run._continue_or_start(CUTOFF, TODAY, self.company), run)
        for user in (self.preparer, self.accountant):
            with self.assertRaises(AccessError):
                self.Run.with_user(user)._continue_or_start(CUTOFF, TODAY, self.company)

    def test_the_button_of_the_wizard(self):
        wizard = (
            self.env["marketplace.payout.wizard"]
            .with_user(self.starter)
            .create({"date": TODAY, "vendor_ids": self.vendors.ids})
        )
        self.assertEqual(wizard.date_cutoff, CUTOFF)
        run = self.Run.browse(wizard.action_settle_and_prepare()["res_id"]).sudo()
        self.assertEqual((run.work, run.work_total), ("settle", 2))
        self.assertEqual(run.date_cutoff, CUTOFF)
        self.assertEqual(run.scope_vendor_ids, self.vendors)

    def test_payouts_are_reconciled_in_chunks(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        batched = run.with_context(marketplace_work_batch=1)
        batched.with_user(self.preparer).action_send()
        run = batched.sudo()
        self.assertEqual((run.state, run.work, run.work_total), ("sent", "letter", 2))
        due = self.company._marketplace_account("VENDOR_DUE")

        def open_items():
            items = run.payout_ids.settlement_id.ledger_line_ids
            items = items.debit_move_line_id | items.credit_move_line_id
            items = items.filtered(lambda item: item.account_id == due)
            return items.filtered(lambda item: not item.reconciled).partner_id

        self.assertEqual(open_items(), self.vendors)
        run._work_chunk()
        self.assertEqual(len(open_items()), 1)
        while run._work_chunk() is not None:
            pass
        self.assertFalse(open_items())
        self.assertFalse(run.work)

    # -- matching -------------------------------------------------------------------

    def _invoice(self, tax):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.a.id,
                "invoice_date": "2026-03-11",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Service",
                            "price_unit": 100,
                            "tax_ids": [Command.set(tax.ids)],
                        }
                    )
                ],
            }
        )
        move.action_post()
        return move

    def _collected(self, move):
        """Return whether matching an invoice looked for taxes due on payment."""
        [item] = move.line_ids.filtered(lambda i: i.display_type == "payment_term")
        payment = self.env["account.move"].create(
            {
                "date": "2026-03-11",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": self.a.id,
                            "balance": sign * item.balance,
                        }
                    )
                    for account, sign in (
                        (item.account_id, -1),
                        (self.company._marketplace_account("BANK"), 1),
                    )
                ],
            }
        )
        payment.action_post()
        items = item | payment.line_ids.filtered(
            lambda other: other.account_id == item.account_id
        )
        with patch.object(
            AccountPartialReconcile,
            "_create_tax_cash_basis_moves",
            autospec=True,
            side_effect=AccountPartialReconcile._create_tax_cash_basis_moves,
        ) as collect:
            items._marketplace_reconcile([items, item])
        self.assertTrue(item.reconciled)
        return bool(collect.call_count)

    def test_only_entries_with_a_tax_due_on_payment_are_searched(self):
        self.company.tax_exigibility = True
        tax = self.company._marketplace_tax(20.0)
        later = tax.copy(
            {
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": self.company._marketplace_account(
                    "VAT_ACCRUED"
                ).id,
            }
        )
        self.assertFalse(self._collected(self._invoice(tax)))
        invoice = self._invoice(later)
        self.assertTrue(self._collected(invoice))
        self.assertTrue(invoice.tax_cash_basis_created_move_ids)
