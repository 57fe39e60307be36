from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import OTHER_IBAN, PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestFourEyes(PayoutRunCommon):
    def _change_iban(self, vendor, iban):
        account = vendor.sudo().payout_bank_account_id
        account.allow_out_payment = False
        account.acc_number = iban
        account.allow_out_payment = True

    # -- four eyes ------------------------------------------------------------------

    def test_one_person_cannot_do_both(self):
        """Each step needs its role; no other role replaces it."""
        run = self._prepare_run("2026-03-12", self.vendors)
        for user in (self.approver, self.accountant, self.env.user):
            with self.assertRaises(AccessError):
                run.with_user(user).action_check()
        run.with_user(self.preparer).action_check()
        for user in (self.preparer, self.accountant, self.env.user):
            with self.assertRaises(AccessError):
                run.with_user(user).action_approve()

    def test_somebody_who_changed_role_cannot_approve_his_own_check(self):
        run = self._prepare_run("2026-03-12", self.vendors)
        run.with_user(self.preparer).action_check()
        self.preparer.group_ids = [
            Command.unlink(self.env.ref("marketplace_payout.group_payout_preparer").id),
            Command.link(self.env.ref("marketplace_payout.group_payout_approver").id),
        ]
        with self.assertRaisesRegex(MarketplaceError, "somebody else"):
            run.with_user(self.preparer).action_approve()
        self.env.flush_all()
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE marketplace_payout_run SET approved_by_id = prepared_by_id"
                " WHERE id = %s",
                [run.id],
            )

    def test_the_two_roles_exclude_each_other(self):
        approver = self.env.ref("marketplace_payout.group_payout_approver")
        preparer = self.env.ref("marketplace_payout.group_payout_preparer")
        with self.assertRaisesRegex(ValidationError, "both prepare and approve"):
            self.preparer.group_ids = [Command.link(approver.id)]
        with self.assertRaisesRegex(ValidationError, "both prepare and approve"):
            approver.user_ids = [Command.link(self.preparer.id)]
        with self.assertRaisesRegex(ValidationError, "both prepare and approve"):
            preparer.implied_ids = [Command.link(approver.id)]

    def test_nobody_writes_a_run(self):
        run = self._prepare_run("2026-03-12", self.vendors)
        for user in (self.preparer, self.approver, self.accountant):
            with self.assertRaises(AccessError):
                run.with_user(user).write({"fingerprint": "forged"})
            with self.assertRaises(AccessError):
                run.payout_ids.with_user(user).write({"amount": 1})
        with self.assertRaises(MarketplaceError):
            run.sudo().state = "approved"

    def test_runs_and_their_file_are_closed_to_viewers(self):
        """The file holds bank accounts: order desk and catalogue cannot read it."""
        run = self._pay("2026-03-12", self.vendors)
        with self.assertRaises(AccessError):
            run.with_user(self.viewer).read(["name"])
        with self.assertRaises(AccessError):
            run.sudo().file_id.with_user(self.viewer).read(["raw"])
        self.assertTrue(run.sudo().file_id.with_user(self.accountant).raw)

    # -- changes void the approval ---------------------------------------------------

    def _assert_voided(self, run):
        result = run.with_user(self.preparer).action_send()
        self.assertEqual(result["tag"], "display_notification")
        self.assertEqual(run.state, "draft")
        self.assertFalse(run.approved_by_id or run.prepared_by_id or run.fingerprint)
        self.assertFalse(run.file_id)
        self.assertFalse(
            self.settlements.ledger_line_ids.filtered(lambda x: x.event == "payout")
        )

    def test_a_changed_iban_voids_the_approval(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        self.assertFalse(run.is_changed)
        self._change_iban(self.a, OTHER_IBAN)
        run.invalidate_recordset(["is_changed"])
        self.assertTrue(run.is_changed)
        self._assert_voided(run)
        self._approve(run)
        run.with_user(self.preparer).action_send()
        self.assertEqual(self._texts(run, "IBAN").count(OTHER_IBAN), 2)

    def test_another_account_of_the_vendor_voids_the_approval(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        account = self.env["res.partner.bank"].create(
            {"partner_id": self.a.id, "acc_number": "BE71096123456769"}
        )
        account.sudo().allow_out_payment = True
        self.a.payout_bank_account_id = account
        self._assert_voided(run)

    def test_the_account_of_the_file_renumbered_voids_the_approval(self):
        """The checked number moves to another account; the file would use the old."""
        run = self._prepare_run("2026-03-12", self.vendors)
        run.with_user(self.preparer).action_check()
        checked_iban = self.a.sudo().payout_bank_account_id.sanitized_acc_number
        self._change_iban(self.a, "BE71096123456769")
        account = self.env["res.partner.bank"].create(
            {"partner_id": self.a.id, "acc_number": checked_iban}
        )
        account.sudo().allow_out_payment = True
        self.a.payout_bank_account_id = account
        run.with_user(self.approver).action_approve()
        self.assertEqual(run.state, "draft")
        self.assertFalse(run.fingerprint)

    def test_a_hold_voids_the_approval(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        self.a.write({"payout_hold": True, "payout_hold_reason": "Dispute"})
        self._assert_voided(run)
        self._approve(run)
        self.assertEqual(self._payout(run, self.a).exclusion_reason, "hold")
        run.with_user(self.preparer).action_send()
        self.assertEqual(self._texts(run, "InstdAmt"), ["88.00"])

    def test_an_amount_written_by_sql_voids_the_approval(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        self.env.flush_all()
        self.cr.execute(
            "UPDATE marketplace_payout SET amount = 880 WHERE id = %s",
            [self._payout(run, self.a).id],
        )
        self.env.invalidate_all()
        self._assert_voided(run)

    def test_a_change_between_check_and_approval_is_seen(self):
        run = self._prepare_run("2026-03-12", self.vendors)
        run.with_user(self.preparer).action_check()
        self._change_iban(self.a, OTHER_IBAN)
        run.with_user(self.approver).action_approve()
        self.assertEqual(run.state, "draft")
