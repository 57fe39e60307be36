from odoo.tests import Form, new_test_user

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


class TestReadiness(MarketplaceCommon):
    """A17: accounts and journals are checked at set-up; none falls to a default."""

    def _role(self, code):
        return self.company.marketplace_role_ids.filtered(lambda x: x.code == code)

    def _check(self):
        user = new_test_user(
            self.env,
            f"ready_{self._next()}",
            groups="marketplace_base.group_accountant",
        )
        return Form(self.env["marketplace.readiness"].with_user(user)).save()

    def test_complete_set_up_says_so(self):
        """Each role and journal has a row, and none has a problem."""
        readiness = self._check()
        self.assertEqual(readiness.problem_count, 0)
        accounts = readiness.line_ids.filtered(lambda row: row.area == "account")
        self.assertEqual(len(accounts), len(self.company.marketplace_role_ids))
        self.assertTrue(all(accounts.mapped("value")))

    def test_each_fault_is_a_row_and_stops_its_event(self):
        """Archived, missing, not chosen: said before, refused when it matters."""
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 10.0)
        self.env.flush_all()
        faults = {
            "archived": lambda: self._role("PSP_CLEARING").account_id.write(
                {"active": False}
            ),
            "has no account": lambda: self._role("VENDOR_PENDING").unlink(),
            "not chosen": lambda: self.company.write(
                {"marketplace_journal_order_id": False}
            ),
        }
        for words, break_it in faults.items():
            with self.subTest(words), self.cr.savepoint() as savepoint:
                break_it()
                readiness = self._check()
                self.assertEqual(readiness.problem_count, 1)
                self.assertIn(words, readiness.line_ids[0].problem)
                with self.assertRaisesRegex(MarketplaceError, "has no"):
                    self._import_order([(offer, 1)])
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(self._check().problem_count, 0)

    def test_account_of_the_wrong_kind_is_named(self):
        """A vendor role needs a partner account; an income role no balance sheet."""
        cost = self._role("OPERATOR_COST").account_id
        bank = self._role("PAYOUT_TRANSIT").account_id
        self._role("VENDOR_RESERVE").account_id = cost
        self._role("COMMISSION").account_id = bank
        problems = "\n".join(self.company._marketplace_setup_problems())
        self.assertIn("payable or receivable", problems)
        self.assertIn("wrong kind", problems)

    def test_set_up_creates_what_is_missing(self):
        """The button repairs, and looks again."""
        self._role("BAD_DEBT").unlink()
        readiness = self.env["marketplace.readiness"].create({})
        self.assertEqual(readiness.problem_count, 1)
        action = readiness.action_setup()
        fresh = self.env["marketplace.readiness"].browse(action["res_id"])
        self.assertEqual(fresh.problem_count, 0)
