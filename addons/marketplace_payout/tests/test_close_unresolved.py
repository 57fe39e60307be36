from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.answers import Answer
from .test_close import CloseCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-04-05 10:00:00")
class TestCloseUnresolved(CloseCommon):
    """B1: a month is not closed while nobody knows what became of a payout."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-03-12 10:00:00"):
            cls.run_sent = cls._pay("2026-03-12", cls.vendors)

    def _find(self, close):
        close.action_refresh()
        return self._check(close, "unresolved")

    def test_payouts_without_answer_block_until_answered(self):
        close = self._open_month()
        check = self._check(close, "unresolved")
        self.assertTrue(check.is_blocking)
        self.assertEqual((check.count, f"{check.amount:.2f}"), (2, "176.00"))
        self.assertEqual(check.age_days, 24)
        for payout in self.run_sent.payout_ids:
            self.assertIn(payout.end_to_end_id, check.details)
        self.assertEqual(
            check.action_open_records()["domain"],
            [["id", "in", self.run_sent.payout_ids.ids]],
        )
        check.user_id = self.accountant
        with self.assertRaisesRegex(MarketplaceError, "Payouts answered"):
            close.action_close()
        self.run_sent.payout_ids._answer(
            {payout: Answer("booked") for payout in self.run_sent.payout_ids}
        )
        self.assertEqual(self._find(close).state, "ok")
        close.action_close()
        self.assertEqual(close.state, "closed")

    def test_a_bank_has_days_to_answer_an_unknown_answer_has_none(self):
        company = self.run_sent.company_id
        close = self._open_month()
        late = fields.Date.to_date("2026-03-12")
        for days, found in ((4, 0), (5, 2)):
            with freeze_time(f"{late + timedelta(days=days)} 10:00:00"):
                self.assertEqual(close._find_unresolved().count, found)
        self.run_sent.payout_ids[0]._transition("unresolved")
        with freeze_time("2026-03-13 10:00:00"):
            self.assertEqual(close._find_unresolved().count, 1)
        self.assertEqual(close.company_id, company)

    def test_months_to_come_do_not_block(self):
        with freeze_time("2026-03-02 10:00:00"):
            close = self._open_month("2026-02-01")
        self.assertEqual(close._find_unresolved().count, 0)
