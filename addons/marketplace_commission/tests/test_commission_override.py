"""Corrections by hand and volume rebates: facts beside the commission lines."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import CommissionCommon
from .trace_evaluator import evaluate


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionOverride(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.offer = cls._create_offer(cls.vendor, 100.00)
        cls.Fee = cls.env["marketplace.fee"]
        cls.asker, cls.second = (
            new_test_user(
                cls.env,
                login,
                groups="marketplace_commission.group_commission_manager",
            )
            for login in ("override_asker", "override_second")
        )

    def _sell(self, quantity=1, date="2026-03-02 10:00:00", delivered=None):
        group = self._import_order([(self.offer, quantity)], date=date)
        if delivered:
            self._ship_and_deliver(group, date=delivered)
        return self.Line.search([("marketplace_order_id", "=", group.id)])

    def _override(self, line, amount, reason="Promised by phone"):
        override = (
            self.env["marketplace.commission.override"]
            .with_user(self.asker)
            .create({"line_id": line.id, "amount": amount, "reason": reason})
        )
        return override.with_user(self.second)

    # -- corrections ----------------------------------------------------------------

    def test_correction_needs_a_second_user_and_leaves_the_line(self):
        """K17: before it is invoiced the difference is a line of its own."""
        line = self._sell()
        override = self._override(line, 6)
        with self.assertRaisesRegex(UserError, "somebody else approves"):
            override.with_user(self.asker).action_approve()
        self.assertFalse(line.reversal_line_ids)
        override.action_approve()
        override.action_approve()
        self.assertEqual(line.amount, 10.00)
        correction = line.reversal_line_ids
        self.assertRecordValues(
            correction, [{"kind": "override", "amount": -4.00, "base": 0}]
        )
        self.assertEqual(
            self._trace(correction)[0],
            "Corrected by hand from 10.00 € to 6.00 €: Promised by phone.",
        )
        self.assertEqual(
            evaluate(correction.trace_steps), self._minor(correction.amount)
        )
        self.assertEqual(line.sale_order_id.amount_commission, 6.00)

    def test_refund_after_a_correction_ends_on_zero(self):
        line = self._sell(2)
        self._override(line, 9).action_approve()
        for _unit in range(2):
            self._refund(line.marketplace_order_id, [(line.sale_line_id, 1, None)])
        reversals = line.reversal_line_ids.filtered(lambda own: own.kind == "reversal")
        self.assertEqual(reversals.mapped("amount"), [-4.50, -4.50])
        self.assertAlmostEqual(line.sale_order_id.amount_commission, 0)

    def test_correction_once_invoiced_is_an_adjustment(self):
        line = self._sell(delivered="2026-03-05")
        self._invoice_commission("2026-03-10")
        override = self._override(line, 6)
        override.action_approve()
        self.assertFalse(line.reversal_line_ids)
        fee = override.fee_id
        self.assertRecordValues(
            fee, [{"kind": "adjustment", "amount": -4.00, "state": "approved"}]
        )
        self._refund(line.marketplace_order_id, [(line.sale_line_id, 1, None)])
        self.assertEqual(line.reversal_line_ids.amount, -6.00)

    def test_bad_corrections_are_refused(self):
        line = self._sell()
        override = self._override(line, 6)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self._override(line, 5)
        override.action_refuse()
        with self.assertRaisesRegex(UserError, "was decided"):
            override.amount = 3
        self.assertFalse(line.reversal_line_ids)

    # -- rebates --------------------------------------------------------------------

    def _set_rebate(self, period="month", tiers=((150, 0.08), (250, 0.06))):
        self.plan.write(
            {
                "rebate_period": period,
                "rebate_start": "2026-01-01",
                "rebate_tier_ids": [
                    Command.create({"amount_from": start, "rate": rate})
                    for start, rate in tiers
                ],
            }
        )

    def test_turnover_gives_one_credit_note_with_its_calculation(self):
        """K12: 300.00 in March at 10 % is 30.00; from 250.00 on it is 6 %: 18.00."""
        self._set_rebate()
        lines = self._sell(2, delivered="2026-03-05")
        lines |= self._sell(2, date="2026-03-30 10:00:00", delivered="2026-03-31")
        self._refund(
            lines[1].marketplace_order_id,
            [(lines[1].sale_line_id, 1, None)],
            date="2026-04-01",
        )
        before = [line.read(["amount", "base", "trace_steps"]) for line in lines]
        with freeze_time("2026-04-02"):
            self.plan._cron_rebate()
            self.plan._cron_rebate()
        fee = self.Fee.search([("kind", "=", "rebate")])
        self.assertRecordValues(
            fee, [{"vendor_id": self.vendor.id, "amount": -12.00, "state": "approved"}]
        )
        self.assertEqual(
            fee.calculation.replace("\N{NO-BREAK SPACE}", " "),
            "Turnover 300.00 €, commission charged 30.00 €. At 6 % of the turnover it "
            "is 18.00 €: 12.00 € is given back.",
        )
        day = Date.to_date("2026-04-02")
        moves = self.Line._invoiceable(self.company, day)._invoice(
            day, self.Fee._invoiceable(self.company, day)
        )
        self.assertEqual(
            sorted(moves.mapped(lambda move: (move.move_type, move.amount_untaxed))),
            [("out_invoice", 30.00), ("out_refund", 12.00)],
        )
        note = moves.filtered(lambda move: move.move_type == "out_refund")
        self.assertEqual(fee.move_id, note)
        self.assertIn("12.00", note.invoice_line_ids.name)
        self.assertEqual(
            before, [line.read(["amount", "base", "trace_steps"]) for line in lines]
        )
        self.assertTiedOut()

    def test_quarter_below_the_first_tier_gives_nothing(self):
        self._set_rebate("quarter", ((500, 0.05),))
        self._sell(4)
        with freeze_time("2026-03-31"):
            self.plan._cron_rebate()
        with freeze_time("2026-04-01"):
            self.plan._cron_rebate()
        self.assertFalse(self.Fee.search([("kind", "=", "rebate")]))
        self._sell(1, date="2026-01-15 10:00:00")
        with freeze_time("2026-04-01"):
            self.plan._cron_rebate()
        self.assertEqual(self.Fee.search([("kind", "=", "rebate")]).amount, -25.00)

    def test_incomplete_rebate_is_refused(self):
        with self.assertRaisesRegex(UserError, "needs its first day"):
            self.plan.rebate_period = "month"
        with self.assertRaisesRegex(UserError, "between 0 % and 100 %"):
            self._set_rebate(tiers=((100, 8),))
