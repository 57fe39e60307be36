from psycopg2.errors import UniqueViolation
from sepaxml.validation import try_valid_xml

from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.pain001 import SCHEMA
from .common import OTHER_IBAN, PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestPayoutRun(PayoutRunCommon):
    # -- the way of a run -----------------------------------------------------------

    def test_run_from_draft_to_the_bank(self):
        """Checked, approved, sent: a valid file, one entry; then the bank's debit."""
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual(run.state, "draft")
        self.assertEqual((run.payout_count, run.excluded_count), (2, 0))
        self.assertEqual(f"{run.amount_total:.2f}", "176.00")
        run.with_user(self.preparer).action_check()
        self.assertEqual((run.state, run.prepared_by_id), ("checked", self.preparer))
        run.with_user(self.approver).action_approve()
        self.assertEqual((run.state, run.approved_by_id), ("approved", self.approver))
        self.assertFalse(run.file_id)
        run.with_user(self.preparer).action_send()
        self.assertEqual(run.state, "sent")
        self.assertEqual(set(run.payout_ids.mapped("state")), {"sent"})
        self.assertEqual(set(self.settlements.mapped("state")), {"closed"})
        lines = self.settlements.ledger_line_ids.filtered(
            lambda line: line.event == "payout"
        )
        self.assertEqual(
            lines.move_id.journal_id, self.company.marketplace_journal_payout_id
        )
        self.assertMove(
            lines.move_id,
            [
                ("VENDOR_DUE", self.a, 88, 0),
                ("VENDOR_DUE", self.b, 88, 0),
                ("PAYOUT_TRANSIT", self.a, 0, 88),
                ("PAYOUT_TRANSIT", self.b, 0, 88),
            ],
        )
        self.assertBalances(self.a, in_payment=88)
        run.with_user(self.accountant).action_confirm_bank(date="2026-03-13")
        self.assertEqual(run.state, "confirmed")
        debit = self.settlements.ledger_line_ids.filtered(
            lambda line: line.event == "payout_bank"
        )
        self.assertMove(
            debit.move_id,
            [
                ("PAYOUT_TRANSIT", self.a, 88, 0),
                ("PAYOUT_TRANSIT", self.b, 88, 0),
                ("BANK", None, 0, 176),
            ],
        )
        self.assertBalances(self.a, paid=88)
        account = self.company._marketplace_account("PAYOUT_TRANSIT")
        items = (lines.move_id | debit.move_id).line_ids
        transit = items.filtered(lambda item: item.account_id == account)
        self.assertTrue(all(transit.mapped("reconciled")))
        self.assertTiedOut()

    def test_payout_reconciles_the_vendors_account(self):
        """Sale, netting and payout of a vendor clear each other, chains included."""
        self._pay("2026-03-12", self.vendors)
        account = self.company._marketplace_account("VENDOR_DUE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("partner_id", "in", self.vendors.ids)]
        )
        self.assertEqual(len(items), 6)
        self.assertTrue(all(items.mapped("full_reconcile_id")))

    def test_file_is_valid_and_complete(self):
        run = self._pay("2026-03-12", self.vendors)
        try_valid_xml(run.sudo().file_id.raw, SCHEMA)
        self.assertEqual(self._texts(run, "MsgId"), [run.name])
        self.assertEqual(self._texts(run, "InstdAmt"), ["88.00", "88.00"])
        self.assertEqual(
            self._texts(run, "EndToEndId"), run.payout_ids.mapped("end_to_end_id")
        )
        self.assertEqual(
            self._texts(run, "IBAN"),
            [
                "FR1420041010050500013M02606",
                "FR7630006000011234567890189",
                OTHER_IBAN,
            ],
        )
        self.assertIn(self.settlements[0].name, self._texts(run, "Ustrd")[0])
        self.assertEqual(self._texts(run, "TwnNm")[-1], "Marseille")

    def test_execution_date_is_a_day_of_the_payment_system(self):
        """Good Friday to Easter Monday: the transfer is asked for Tuesday."""
        run = self._prepare_run("2026-04-03", self.vendors)
        self.assertEqual(str(run.date_execution), "2026-04-07")

    def test_sending_twice_pays_once(self):
        run = self._pay("2026-03-12", self.vendors)
        before = self.env["account.move"].search_count([])
        run.with_user(self.preparer).action_send()
        self.assertEqual(self.env["account.move"].search_count([]), before)
        with self.assertRaisesRegex(MarketplaceError, "waits for its payout"):
            self._prepare_run("2026-03-12", self.vendors)

    def test_sent_run_cannot_go_back(self):
        run = self._pay("2026-03-12", self.vendors)
        for refused in ("action_reset", "action_cancel"):
            with self.assertRaises(MarketplaceError):
                getattr(run.with_user(self.preparer), refused)()

    def test_past_execution_date_is_not_sent(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        with (
            freeze_time("2026-03-13 10:00:00"),
            self.assertRaisesRegex(MarketplaceError, "is over"),
        ):
            run.with_user(self.preparer).action_send()
        self.assertEqual(run.state, "approved")

    # -- who is not paid -------------------------------------------------------------

    def test_vendor_without_iban_is_listed_stays_due_and_is_paid_later(self):
        account = self.a.payout_bank_account_id
        self.a.payout_bank_account_id = False
        run = self._pay("2026-03-12", self.vendors)
        payout = self._payout(run, self.a)
        self.assertEqual(
            (payout.state, payout.exclusion_reason), ("excluded", "no_iban")
        )
        self.assertBalances(self.a, due=88)
        self.assertEqual(payout.settlement_id.state, "confirmed")
        self.assertEqual(self._texts(run, "InstdAmt"), ["88.00"])
        # The cause is lifted: the next run pays by itself.
        self.a.payout_bank_account_id = account
        later = self._pay("2026-03-12", self.vendors)
        self.assertEqual(later.payout_ids.vendor_id, self.a)
        self.assertBalances(self.a, in_payment=88)
        self.assertTiedOut()

    def test_each_cause_is_named(self):
        for vals, reason in (
            ({"payout_hold": True}, "hold"),
            ({"kyc_state": "pending_approval"}, "incomplete_kyc"),
        ):
            before = {name: self.a[name] for name in vals}
            self.a.write(vals)
            run = self._prepare_run("2026-03-12", self.vendors)
            self.assertEqual(self._payout(run, self.a).exclusion_reason, reason)
            run.with_user(self.preparer).action_cancel()
            self.a.write(before)
        self.a.payout_bank_account_id.sudo().allow_out_payment = False
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual(self._payout(run, self.a).exclusion_reason, "untrusted_iban")

    def test_a_debt_made_since_the_settlement_holds_the_payout_back(self):
        """88.00 settled, then 100.00 refunded: nothing leaves before it is earned."""
        order = self.settlements.ledger_line_ids.sale_order_id.filtered(
            lambda order: order.vendor_id == self.a
        )
        self._refund(
            order.marketplace_order_id, [(order.order_line, 1, None)], date="2026-03-11"
        )
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual(self._payout(run, self.a).exclusion_reason, "negative")

    def _refund_sale(self, vendor, amount, date):
        line = self.settlements.ledger_line_ids.sale_line_id.filtered(
            lambda line: line.order_id.vendor_id == vendor
        )
        group = line.order_id.marketplace_order_id
        self._refund(group, [(line, 0, amount)], date=date)

    def test_a_debt_takes_back_what_was_never_paid(self):
        """88.00 held back, 30.00 refunded less 3.60 commission: 61.60 is paid."""
        account = self.a.payout_bank_account_id
        self.a.payout_bank_account_id = False
        self._pay("2026-03-12", self.vendors)
        self._refund_sale(self.a, 30.0, "2026-03-11")
        first = self.settlements.filtered(lambda x: x.vendor_id == self.a)
        second = self._settle("2026-03-12", self.a)
        self.assertSettled(second, 88, -26.4, 61.6, 0)
        self.assertEqual((first.state, first.netted_by_id), ("netted", second))
        self.a.payout_bank_account_id = account
        run = self._pay("2026-03-12", self.vendors)
        self.assertEqual(run.payout_ids.settlement_id, second)
        self.assertEqual(self._texts(run, "InstdAmt"), ["61.60"])
        self.assertBalances(self.a, in_payment=61.6)
        due = self.company._marketplace_account("VENDOR_DUE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", due.id), ("partner_id", "=", self.a.id)]
        )
        self.assertTrue(all(items.mapped("full_reconcile_id")))
        self.assertTiedOut()

    def test_cancelling_gives_back_what_was_taken(self):
        self._refund_sale(self.a, 30.0, "2026-03-11")
        first = self.settlements.filtered(lambda x: x.vendor_id == self.a)
        second = self._settle("2026-03-12", self.a)
        self.assertEqual(first.state, "netted")
        second.with_user(self.accountant).action_cancel()
        self.assertEqual(first.state, "confirmed")
        self.assertFalse(first.netted_by_id)
        self.assertSettled(self._settle("2026-03-12", self.a), 88, -26.4, 61.6, 0)

    def test_what_a_run_released_is_taken_back_later(self):
        """In a draft run it stays; the run cancelled, the debt takes it back."""
        run = self._prepare_run("2026-03-12", self.vendors)
        self._refund_sale(self.a, 30.0, "2026-03-11")
        second = self._settle("2026-03-11", self.a)
        self.assertSettled(second, 0, -26.4, 0, -26.4)
        self.assertFalse(self._settle("2026-03-12", self.a), "still in a run")
        run.with_user(self.preparer).action_cancel()
        third = self._settle("2026-03-12", self.a)
        self.assertSettled(third, 61.6, 0, 61.6, 0)
        self._pay("2026-03-12", self.a)
        due = self.company._marketplace_account("VENDOR_DUE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", due.id), ("partner_id", "=", self.a.id)]
        )
        self.assertTrue(all(items.mapped("full_reconcile_id")))

    def test_balances_carried_forward_are_listed_as_not_paid(self):
        vendor = self._create_vendor("Cabane Corail", payout_minimum=50)
        self._sell([(self._create_offer(vendor, 10.0), 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", vendor)
        run = self._prepare_run("2026-03-12")
        payout = self._payout(run, vendor)
        self.assertEqual(
            (payout.state, payout.exclusion_reason, f"{payout.amount:.2f}"),
            ("excluded", "threshold", "8.80"),
        )
        self.assertNotIn(payout, run.payout_ids._paid())

    def test_nobody_to_pay_is_said(self):
        self.vendors.payout_hold = True
        run = self._prepare_run("2026-03-12", self.vendors)
        with self.assertRaisesRegex(MarketplaceError, "Nobody can be paid"):
            run.with_user(self.preparer).action_check()

    # -- one run at a time -----------------------------------------------------------

    def test_settlement_is_in_one_live_run(self):
        run = self._prepare_run("2026-03-12", self.vendors)
        with self.assertRaisesRegex(MarketplaceError, "waits for its payout"):
            self._prepare_run("2026-03-12", self.vendors)
        payout = self._payout(run, self.a)
        self.env.flush_all()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            payout.copy({"end_to_end_id": "OTHER"})
        run.with_user(self.preparer).action_cancel()
        self.assertEqual(set(run.payout_ids.mapped("state")), {"cancelled"})
        self.assertEqual(self._prepare_run("2026-03-12", self.vendors).payout_count, 2)

    def test_a_settlement_cancelled_meanwhile_leaves_the_draft_run(self):
        """Excluded at first, cancelled, then free: it must not be paid."""
        self.a.payout_hold = True
        run = self._prepare_run("2026-03-12", self.vendors)
        self._payout(run, self.a).settlement_id.action_cancel()
        self.a.payout_hold = False
        run.with_user(self.preparer).action_check()
        self.assertEqual(run.payout_ids.vendor_id, self.b)

    # -- set-up ----------------------------------------------------------------------

    def test_bank_journal_without_iban_is_refused_with_the_place_to_set_it(self):
        self.bank.bank_account_id = False
        with self.assertRaisesRegex(MarketplaceError, "has no IBAN"):
            self._prepare_run("2026-03-12", self.vendors)

    def test_bank_journal_of_another_account_is_refused(self):
        other = self.env["account.journal"].create(
            {"name": "Other bank", "type": "bank", "code": "OTHB"}
        )
        with self.assertRaisesRegex(MarketplaceError, "role “Bank”"):
            self.Run._prepare(self.settlements[0].date_cutoff, self.company, other)

    def test_straight_to_the_bank(self):
        """Without transit account the entry is final; the bank adds nothing."""
        self.company.marketplace_payout_posting = "bank"
        run = self._pay("2026-03-12", self.a)
        line = self.settlements.ledger_line_ids.filtered(lambda x: x.event == "payout")
        self.assertMove(
            line.move_id, [("VENDOR_DUE", self.a, 88, 0), ("BANK", self.a, 0, 88)]
        )
        self.assertBalances(self.a, paid=88)
        before = self.env["account.move"].search_count([])
        run.with_user(self.preparer).action_confirm_bank()
        self.assertEqual(self._payout(run, self.a).state, "confirmed")
        self.assertEqual(self.env["account.move"].search_count([]), before)
        self.assertTiedOut()

    def test_wizard_prepares_a_run(self):
        form = Form(self.env["marketplace.payout.wizard"].with_user(self.preparer))
        self.assertEqual(form.journal_id, self.bank)
        self.assertEqual(str(form.date_execution), "2026-03-12")
        action = form.save().action_prepare()
        run = self.Run.browse(action["res_id"])
        self.assertLessEqual(self.vendors, run.payout_ids.vendor_id)
        with self.assertRaises(AccessError):
            self.env["marketplace.payout.wizard"].with_user(self.accountant).create({})

    def test_wizard_refuses_a_company_the_user_does_not_work_in(self):
        other = self.env["res.company"].create({"name": "Other Market"})
        wizard = self.env["marketplace.payout.wizard"].with_user(self.preparer)
        wizard = wizard.create({"date": "2026-03-12"})
        wizard.sudo().write({"company_id": other.id, "journal_id": False})
        with self.assertRaisesRegex(MarketplaceError, "not working in Other Market"):
            wizard.action_prepare()

    # -- speed -----------------------------------------------------------------------

    def test_queries_do_not_grow_with_the_vendors(self):
        """Sending ten payouts costs what sending five does, but for a few batches."""
        vendors = self.env["res.partner"].union(
            *(self._create_vendor(f"Vendor {number}") for number in range(16))
        )
        offers = [self._create_offer(vendor, 30.0) for vendor in vendors]
        self._sell([(offer, 1) for offer in offers], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", vendors)

        def queries(batch):
            run = self._approve(self._prepare_run("2026-03-12", batch))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            run.with_user(self.preparer).action_send()
            self.env.flush_all()
            self.assertEqual(len(run.payout_ids), len(batch))
            return self.cr.sql_log_count - before

        queries(vendors[:1])
        five, ten = queries(vendors[1:6]), queries(vendors[6:])
        self.assertLessEqual(ten - five, 5)
