from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestReserve(PayoutCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.Reserve = cls.env["marketplace.reserve"]
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 20.0)
        cls.contract = cls.vendor.vendor_contract_ids

    def _release_job(self, day):
        with (
            freeze_time(f"{day} 06:00:00"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.Reserve._cron_release()

    @contextmanager
    def _rolling(self, **vals):
        self.contract.write({"reserve_kind": "rolling", "reserve_rate": 0.1, **vals})
        yield

    def assertReserveTiesOut(self):
        """A10: the reserve account is the sum of the holds on the screen."""
        held = sum(
            self._minor(record.amount)
            for record in self.Reserve.search(
                [("company_id", "=", self.company.id), ("state", "=", "held")]
            )
        )
        account = self.company._marketplace_account("VENDOR_RESERVE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        self.assertEqual(-sum(self._minor(item.balance) for item in items), held)
        self.assertTiedOut()

    def test_scenario_s8(self):
        """10 % held, 15.60 below 25.00 carried, 39.00 paid, 5.00 released, carried.

        The hold of the design's entries 2 and 6 is an entry of its own here, dated on
        the cut-off: what counts is what sales less refunds came to by then.
        """
        self.contract.write(
            {
                "reserve_kind": "rolling",
                "reserve_rate": 0.1,
                "reserve_days": 92,
                "payout_minimum": 25,
            }
        )
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
        first = self._settle("2026-03-10", self.vendor)
        self.assertSettled(first, 0, 17.60, 0, 15.60)
        self.assertEqual(first.carry_reason, "threshold")
        self.assertEqual(f"{first.amount_reserved:.2f}", "2.00")
        hold = first.ledger_line_ids.filtered(lambda x: x.event == "reserve_hold")
        self.assertEqual(str(hold.date), "2026-03-10")
        self.assertMove(
            hold.move_id,
            [
                ("VENDOR_DUE", self.vendor, 2.00, 0),
                ("VENDOR_RESERVE", self.vendor, 0, 2.00),
            ],
        )
        self._sell(
            [(self._create_offer(self.vendor, 30.0), 1)], "2026-03-12", "2026-03-14"
        )
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, 15.60, 26.40, 39.00, 0)
        self.assertReserveTiesOut()
        with freeze_time("2026-03-21 10:00:00"):
            self._pay("2026-03-21", self.vendor)
        self.assertBalances(self.vendor, reserved=5, in_payment=39)
        self._release_job("2026-06-09")
        self.assertBalances(self.vendor, reserved=5, in_payment=39)
        self._release_job("2026-06-20")
        self.assertBalances(self.vendor, due=5, in_payment=39)
        released = self.Ledger.search(
            [("vendor_id", "=", self.vendor.id), ("event", "=", "reserve_release")],
            order="date",
        )
        self.assertEqual(
            [str(line.date) for line in released], ["2026-06-10", "2026-06-20"]
        )
        with freeze_time("2026-06-21 10:00:00"):
            third = self._settle("2026-06-20", self.vendor)
        self.assertSettled(third, 0, 5, 0, 5)
        self.assertEqual(
            [row["label"] for row in third._statement_rows()], ["Reserve released"] * 2
        )
        reserve = self.company._marketplace_account("VENDOR_RESERVE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", reserve.id), ("partner_id", "=", self.vendor.id)]
        )
        self.assertEqual(len(items), 4)
        self.assertTrue(all(item.reconciled for item in items))
        self.assertReserveTiesOut()

    def test_job_run_twice_releases_once(self):
        with self._rolling(reserve_days=10):
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            self._settle("2026-03-10", self.vendor)
        self._release_job("2026-03-20")
        self._release_job("2026-03-21")
        self.assertEqual(
            self.Ledger.search_count(
                [("vendor_id", "=", self.vendor.id), ("event", "=", "reserve_release")]
            ),
            1,
        )

    def test_refunds_of_the_period_lower_the_rolling_reserve(self):
        with self._rolling():
            group = self._sell([(self.offer, 3)], "2026-03-02", "2026-03-04")
            line = group.sale_order_ids.order_line
            self._refund(group, [(line, 1, None)], date="2026-03-06")
            settlement = self._settle("2026-03-10", self.vendor)
        self.assertEqual(f"{settlement.amount_reserved:.2f}", "4.00")
        self.assertReserveTiesOut()

    def test_release_plan_gives_equal_monthly_parts(self):
        with self._rolling(reserve_rate=0.5, reserve_days=20, reserve_parts=3):
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            settlement = self._settle("2026-03-11", self.vendor)
        self.assertEqual(
            [
                (str(record.date_release), f"{record.amount:.2f}")
                for record in settlement.reserve_ids.sorted("date_release")
            ],
            [("2026-03-31", "3.34"), ("2026-04-30", "3.33"), ("2026-05-31", "3.33")],
        )
        self.assertReserveTiesOut()

    def test_fixed_target_is_filled_lowered_and_released_at_the_end(self):
        self.contract.write(
            {"reserve_kind": "fixed", "reserve_target": 25, "reserve_days": 30}
        )
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
        first = self._settle("2026-03-10", self.vendor)
        self.assertSettled(first, 0, 17.60, 0, 0)
        self.assertEqual(f"{first.amount_reserved:.2f}", "17.60")
        self._sell([(self.offer, 1)], "2026-03-12", "2026-03-13")
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, 0, 17.60, 10.20, 0)
        self.contract.reserve_target = 20
        self._release_job("2026-03-21")
        self.assertBalances(self.vendor, due=15.20, reserved=20)
        self.contract.date_end = "2026-04-30"
        self._release_job("2026-05-01")
        held = self.Reserve.search([("vendor_id", "=", self.vendor.id)]).filtered(
            lambda record: record.state == "held"
        )
        self.assertEqual(
            {str(day) for day in held.mapped("date_release")}, {"2026-05-30"}
        )
        self._release_job("2026-05-30")
        self.assertBalances(self.vendor, due=35.20)
        self.assertReserveTiesOut()

    def test_a_debt_is_no_base_for_a_reserve(self):
        with self._rolling():
            group = self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            self._settle("2026-03-10", self.vendor)
            with freeze_time("2026-03-11 10:00:00"):
                self._pay("2026-03-11", self.vendor)
            line = group.sale_order_ids.order_line
            self._refund(group, [(line, 1, None)], date="2026-03-12")
            settlement = self._settle("2026-03-20", self.vendor)
        self.assertEqual(settlement.carry_reason, "negative")
        self.assertFalse(settlement.amount_reserved)

    def test_cancelled_settlement_gives_the_reserve_back(self):
        with self._rolling():
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            settlement = self._settle("2026-03-10", self.vendor)
            settlement.with_user(self.accountant).action_cancel()
            self.assertBalances(self.vendor, due=17.60)
            again = self._settle("2026-03-20", self.vendor)
        self.assertSettled(again, 0, 17.60, 15.60, 0)
        self.assertReserveTiesOut()

    @freeze_time("2026-03-12 09:00:00")
    def test_closing_releases_the_reserve_into_the_last_statement(self):
        clerk = new_test_user(
            self.env, "reserve_clerk", groups="marketplace_base.group_catalogue"
        )
        with self._rolling():
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            self._settle("2026-03-10", self.vendor)
        self.vendor.with_user(clerk)._vendor_transition("closed", reason="Leaves")
        closing = self.Settlement.search([("vendor_id", "=", self.vendor.id)], limit=1)
        self.assertSettled(closing, 0, 2, 2, 0)
        self.assertFalse(closing.amount_reserved, "nothing more is held of who left")
        self.assertReserveTiesOut()

    @freeze_time("2026-03-12 09:00:00")
    def test_closing_may_keep_the_reserve_as_planned(self):
        with self._rolling(reserve_closing="keep", reserve_days=90):
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            self._settle("2026-03-10", self.vendor)
        self.vendor._vendor_transition("closed", reason="Leaves")
        self.assertBalances(self.vendor, due=15.60, reserved=2)

    def test_only_accountants_release_by_hand(self):
        with self._rolling():
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            reserve = self._settle("2026-03-10", self.vendor).reserve_ids
        with self.assertRaises(AccessError):
            reserve.with_user(self.viewer).action_release()
        reserve.with_user(self.accountant).action_release()
        self.assertEqual(reserve.state, "released")
        self.assertEqual(reserve.released_by_id, self.accountant)
        self.assertBalances(self.vendor, due=17.60)

    def test_statement_shows_the_reserve_and_adds_up(self):
        with self._rolling():
            self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
            settlement = self._settle("2026-03-10", self.vendor)
        lines = settlement._statement_csv().decode("utf-8-sig").splitlines()
        self.assertIn("Held in reserve", lines[-2])
        self.assertIn("-2.00,15.60", lines[-2])
        self.assertIn("-15.60,0.00", lines[-1])
        html = self.env["ir.qweb"]._render(
            "marketplace_payout.report_settlement", {"docs": settlement}
        )
        self.assertIn("Reserve: yours, released later", str(html))

    def test_contract_terms_are_checked(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.env.cr.savepoint(),
        ):
            self.contract.reserve_rate = 1.5
            self.env.flush_all()

    def test_a_statement_that_does_not_add_up_is_refused(self):
        """N-42: a movement that the lines do not show stops the settlement."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-04")
        claim = type(self.Settlement)._claim_lines

        def claim_too_much(records):
            claimed = claim(records)
            return {key: (due + 1727, debt) for key, (due, debt) in claimed.items()}

        with (
            patch.object(type(self.Settlement), "_claim_lines", claim_too_much),
            self.assertRaisesRegex(MarketplaceError, "17.27"),
        ):
            self._settle("2026-03-10", self.vendor)
