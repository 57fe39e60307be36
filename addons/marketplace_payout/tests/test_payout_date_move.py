import doctest
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.base.models.ir_cron import IrCron

from ..engine import payout_date
from ..engine.answers import Answer
from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPayoutDateMove(PayoutCommon, HttpCase):
    """W4: the vendor reads when a line is paid, and why that day moved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        with freeze_time("2026-03-02 10:00:00"):
            cls.group = cls._sell([(cls.offer, 1)], "2026-03-02")
        cls.line = cls.group.sale_order_ids.order_line

    def _note(self, day):
        """Run the job of a day."""
        with (
            freeze_time(f"{day} 06:00:00"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.env["sale.order.line"]._cron_note_payout_dates()

    def _moves(self):
        self.line.invalidate_recordset(["payout_date_move_ids"])
        return [
            (str(move.date_old or ""), str(move.date_new or ""), move.cause)
            for move in self.line.payout_date_move_ids.sorted("id")
        ]

    def test_engine(self):
        result = doctest.testmod(payout_date)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_the_life_of_a_day(self):
        self._note("2026-03-02")
        self.assertEqual(self._moves(), [], "the first day is no move")
        with freeze_time("2026-03-03 10:00:00"):
            shipment = self.env["marketplace.shipment"]._create_for_order(
                self.line.order_id, carrier_name="Colissimo", tracking_ref="6A1"
            )
            shipment.action_ship()
        self._note("2026-03-04")
        self._note("2026-03-04")
        with freeze_time("2026-03-05 10:00:00"):
            shipment.action_deliver(date="2026-03-05")
            incident = self.env["marketplace.incident"].create(
                {"sale_line_id": self.line.id, "reason_code": "not_received"}
            )
        self._note("2026-03-06")
        with freeze_time("2026-03-07 10:00:00"):
            incident.action_release()
        self._note("2026-03-07")
        self.vendor.write({"payout_hold": True, "payout_hold_reason": "Check"})
        self._note("2026-03-08")
        self.vendor.payout_hold = False
        self._note("2026-03-09")
        with freeze_time("2026-03-11 10:00:00"):
            self._settle("2026-03-10", self.vendor)
        self._note("2026-03-20")
        with freeze_time("2026-03-20 10:00:00"):
            run = self._pay("2026-03-20", self.vendor)
        self._note("2026-03-20")
        moves = self._moves()
        self.assertEqual(
            [cause for _old, _new, cause in moves],
            [
                "shipped",
                "incident",
                "incident_closed",
                "blocked",
                "released",
                "settled",
            ],
        )
        self.assertEqual(moves[0], ("", "2026-03-11", "shipped"))
        self.assertEqual(moves[1][:2], ("2026-03-11", ""))
        self.assertEqual(moves[-1][1], str(run.date_execution))
        self.assertEqual(str(self.line.payout_date_final), "2026-03-20")
        for before, after in zip(moves, moves[1:], strict=False):
            self.assertEqual(before[1], after[0], "a chain without a gap")
        self.line.order_id.invalidate_recordset(["payout_move_count"])
        self.assertEqual(self.line.order_id.payout_move_count, len(moves))
        action = self.line.order_id.action_view_payout_moves()
        self.assertEqual(
            self.env[action["res_model"]].search_count(action["domain"]), len(moves)
        )

    def test_a_transfer_that_comes_back_is_a_move(self):
        with freeze_time("2026-03-11 10:00:00"):
            self._ship_and_deliver(self.group, date="2026-03-05")
            self._settle("2026-03-10", self.vendor)
            run = self._pay("2026-03-11", self.vendor)
        self._note("2026-03-11")
        payout = run.payout_ids
        with freeze_time("2026-03-16 10:00:00"):
            payout._set_returned(
                run.date_execution, {payout: Answer("returned", code="TECH")}
            )
        self.vendor.payout_hold = False
        self._note("2026-03-16")
        self.assertEqual(self._moves()[-1][2], "came_back")
        self.assertFalse(self.line.payout_date_final)

    def test_told_in_the_portal_in_words(self):
        self._note("2026-03-02")
        with freeze_time("2026-03-05 10:00:00"):
            self._ship_and_deliver(self.group, date="2026-03-05")
        self._note("2026-03-06")
        user = self.vendor.user_ids
        self.authenticate(user.login, user.login)
        page = self.url_open(f"/my/marketplace/orders/{self.line.order_id.id}").text
        self.assertIn("Why the day moved", page)
        self.assertIn("The delivery is known", page)

    def test_moves_are_written_once_and_by_the_job(self):
        self._note("2026-03-02")
        with freeze_time("2026-03-05 10:00:00"):
            self._ship_and_deliver(self.group, date="2026-03-05")
        self._note("2026-03-06")
        move = self.line.payout_date_move_ids
        self.assertTrue(move)
        with self.assertRaises(AccessError):
            move.write({"cause": "late"})
        with self.assertRaises(AccessError):
            move.with_user(self.accountant).unlink()
        with self.assertRaises(AccessError):
            move.with_user(self.accountant).create(
                {"sale_line_id": self.line.id, "date": "2026-03-06", "cause": "late"}
            )
        self.assertTrue(move.with_user(self.viewer).read(["cause"]))
        with self.assertRaises(AccessError):
            move.with_user(self.vendor.user_ids).read(["cause"])

    def test_many_lines_cost_the_same_queries(self):
        def lines(number):
            groups = [
                self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
                for _sale in range(number)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            return self.env["sale.order.line"].union(
                *(group.sale_order_ids.order_line for group in groups)
            )

        with freeze_time("2026-03-06 10:00:00"):
            counts = []
            for number in (2, 8):
                records = lines(number)
                before = self.env.cr.sql_log_count
                records._note_payout_dates()
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)
