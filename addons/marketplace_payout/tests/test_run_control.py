import doctest
import re
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.sql_db import Cursor
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine import run_difference
from .common import PayoutRunCommon

THIRD_IBAN = "BE71096123456769"


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestRunControl(PayoutRunCommon):
    def _kinds(self, run):
        run = run.sudo()
        return {
            (item.kind, item.payee.name) for item in run._differences(run._payees())
        }

    def test_engine(self):
        self.assertEqual(doctest.testmod(run_difference).failed, 0)

    # -- comparison -----------------------------------------------------------------

    def test_differences_with_the_run_before(self):
        first = self._pay("2026-03-12", self.a)
        self.assertEqual(self._kinds(first), {("first", "Atelier Amande")})
        self._pay("2026-03-12", self.b)
        account = self.a.sudo().payout_bank_account_id
        account.allow_out_payment = False
        account.acc_number = THIRD_IBAN
        account.allow_out_payment = True
        self._sell([(self.offers[0], 4)], "2026-03-10", "2026-03-11")
        self._settle("2026-03-11", self.vendors)
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual(
            self._kinds(run),
            {
                ("account", "Atelier Amande"),
                ("back", "Atelier Amande"),
                ("gone", "Brasserie Basalte"),
            },
        )
        self.assertEqual(run.difference_count, 3)
        self.assertIn("•••• 6769", run.difference_html)
        self.assertNotIn(THIRD_IBAN, run.difference_html)

    def test_an_amount_above_three_times_stands_out(self):
        self._pay("2026-03-12", self.vendors)
        self._sell(
            [(self.offers[0], 4), (self.offers[1], 3)], "2026-03-10", "2026-03-11"
        )
        self._settle("2026-03-11", self.vendors)
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual(self._kinds(run), {("amount", "Atelier Amande")})
        self.company.marketplace_difference_factor = 5
        self.assertEqual(self._kinds(run), set())

    # -- dry run --------------------------------------------------------------------

    def test_the_dry_run_writes_nothing_and_says_the_same(self):
        self.b.write({"payout_hold": True, "payout_hold_reason": "Dispute"})
        self.env.flush_all()
        written, execute = [], Cursor.execute

        def spy(cursor, query, *args, **kwargs):
            text = getattr(query, "code", query)
            if re.match(r"\s*(INSERT|UPDATE|DELETE|SELECT nextval)", str(text), re.I):
                written.append(text)
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, "execute", spy):
            found = self.Run._dry_run(
                fields.Date.to_date("2026-03-12"), self.company, vendors=self.vendors
            )
            self.env.flush_all()
        self.assertEqual(written, [])
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual(
            (found["count"], found["excluded"], found["total"]),
            (run.payout_count, run.excluded_count, run.amount_total),
        )
        self.assertEqual((found["count"], found["total"]), (1, 88.0))
        self.assertEqual(found["html"], run.difference_html)

    def test_the_wizard_shows_the_dry_run(self):
        Wizard = self.env["marketplace.payout.wizard"].with_user(self.preparer)
        with Form(Wizard) as form:
            for vendor in self.vendors:
                form.vendor_ids.add(vendor)
            self.assertEqual((form.dry_count, form.dry_total), (2, 176.0))
        wizard = form.record
        with self.assertRaises(AccessError):
            wizard.with_user(self.approver).read(["dry_total"])

    # -- second approval ------------------------------------------------------------

    def test_a_run_above_the_amount_needs_a_third_person(self):
        self.company.marketplace_second_approval_amount = 175.99
        run = self._prepare_run("2026-03-12", self.vendors)
        with self.assertRaisesRegex(MarketplaceError, "not checked"):
            run.with_user(self.accountant).action_countersign()
        run.with_user(self.preparer).action_check()
        with self.assertRaisesRegex(MarketplaceError, "countersign it first"):
            run.with_user(self.approver).action_approve()
        with self.assertRaises(AccessError):
            run.with_user(self.approver).action_countersign()
        run.with_user(self.accountant).action_countersign()
        run.with_user(self.approver).action_approve()
        self.assertEqual(run.state, "approved")
        run.with_user(self.preparer).action_reset()
        self.assertFalse(run.countersigned_by_id, "a reset voids the signature")

    def test_up_to_the_amount_two_people_are_enough(self):
        self.company.marketplace_second_approval_amount = 176.0
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        self.assertEqual(run.state, "approved")

    def test_the_third_person_is_neither_of_the_two(self):
        self.company.marketplace_second_approval_amount = 1.0
        both = new_test_user(
            self.env,
            "both",
            groups="marketplace_base.group_accountant,"
            "marketplace_payout.group_payout_approver",
        )
        run = self._prepare_run("2026-03-12", self.vendors)
        run.with_user(self.preparer).action_check()
        run.with_user(both).action_countersign()
        with self.assertRaisesRegex(MarketplaceError, "You countersigned"):
            run.with_user(both).action_approve()
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            run.sudo().countersigned_by_id = run.prepared_by_id
            self.env.flush_all()

    def test_a_lower_amount_after_the_approval_holds_the_sending(self):
        run = self._approve(self._prepare_run("2026-03-12", self.vendors))
        self.company.marketplace_second_approval_amount = 100.0
        with self.assertRaisesRegex(MarketplaceError, "countersign"):
            run.with_user(self.preparer).action_send()

    # -- client money ---------------------------------------------------------------

    def _position(self):
        return self.company._marketplace_client_money(
            fields.Date.to_date("2026-03-12"), self.currency
        )

    def _take_money(self, amount):
        """Leave an amount at hand: the rest goes to another account."""
        held = self.currency._marketplace_amount(self._position()["available"])
        move = self.env["account.move"].create(
            {
                "journal_id": self.company.marketplace_journal_correction_id.id,
                "date": "2026-03-11",
                "line_ids": [
                    fields.Command.create(
                        {
                            "account_id": self.company._marketplace_account(role).id,
                            "balance": sign * (amount - held),
                        }
                    )
                    for role, sign in (("BANK", 1), ("OPERATOR_COST", -1))
                ],
            }
        )
        move.action_post()

    def test_a_run_beyond_the_money_at_hand_is_refused(self):
        self._take_money(175.99)
        self.company.marketplace_client_money_control = "block"
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual((run.amount_available, run.amount_shortfall), (175.99, 0.01))
        run.with_user(self.preparer).action_check()
        with self.assertRaisesRegex(MarketplaceError, "0.01"):
            run.with_user(self.approver).action_approve()
        self.company.marketplace_client_money_control = "warn"
        run.with_user(self.approver).action_approve()
        self.assertEqual(run.state, "approved")
        self.assertIn("are missing", run.message_ids[:1].body)
        self.company.marketplace_client_money_control = "block"
        with self.assertRaises(MarketplaceError):
            run.with_user(self.preparer).action_send()

    def test_what_is_on_its_way_is_spent(self):
        """Two runs cannot spend the same money, approved or sent."""
        self._take_money(100.0)
        self.company.marketplace_client_money_control = "block"
        first = self._approve(self._prepare_run("2026-03-12", self.a))
        second = self._prepare_run("2026-03-12", self.b)
        second.with_user(self.preparer).action_check()
        self.assertEqual((second.amount_available, second.amount_shortfall), (12, 76))
        first.with_user(self.preparer).action_send()
        second.invalidate_recordset()
        self.assertEqual((second.amount_available, second.amount_shortfall), (12, 76))
        with self.assertRaises(MarketplaceError):
            second.with_user(self.approver).action_approve()

    def test_accounts_of_the_settings(self):
        """Only what lies on the segregated account counts."""
        self.company.marketplace_client_account_ids = self.company._marketplace_account(
            "DISPUTES"
        )
        run = self._prepare_run("2026-03-12", self.vendors)
        self.assertEqual((run.amount_available, run.amount_shortfall), (0, 176))

    def test_position_page(self):
        before = self._position()
        self._sell([(self.offers[0], 1)], "2026-03-11", "2026-03-11")
        after = self._position()
        self.assertEqual(after["held"] - before["held"], 10000)
        self.assertEqual(after["owed"] - before["owed"], 10000)
        page = (
            self.env["marketplace.client.money"]
            .with_user(self.accountant)
            .create({"company_id": self.company.id, "date": "2026-03-12"})
        )
        self.assertEqual(
            self._minor(page.amount_position), after["available"] - after["owed"]
        )
