from odoo.tests import freeze_time, new_test_user, tagged

from .common import PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDisputeStatement(PayoutRunCommon):
    """R9 on the statement: lost after the payout, then won."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = new_test_user(
            cls.env, "late_desk", groups="marketplace_base.group_order_desk"
        )
        cls.approving = new_test_user(
            cls.env, "second_accountant", groups="marketplace_base.group_accountant"
        )

    def _claim(self):
        orders = self.settlements.ledger_line_ids.sale_order_id
        group = orders.filtered(lambda o: o.vendor_id == self.a).marketplace_order_id
        return self.env["marketplace.dispute"].create(
            {
                "payment_id": group.payment_ids.id,
                "external_ref": "dp_1",
                "date": "2026-03-15",
                "amount_fee": 15.0,
            }
        )

    def _lost_after_the_payout(self):
        with freeze_time("2026-03-12"):
            run = self._pay("2026-03-12", self.a)
            run.with_user(self.accountant).action_confirm_bank()
        claim = self._claim()
        claim.action_open()
        claim.date_closed = "2026-03-20"
        claim.action_lose()
        return claim

    def _rows(self, settlement):
        return [
            (str(row["date"]), row["label"], f"{row['amount']:.2f}")
            for row in settlement._statement_rows()
        ]

    def test_lost_after_the_payout_then_won_is_paid_again(self):
        """Paid 88.00; the claim makes -88.00, carried; won, the statement is at zero.

        The vendor changed country and account between; his ledger did not.
        """
        claim = self._lost_after_the_payout()
        negative = self._settle("2026-03-31", self.a)
        self.assertSettled(negative, 0, -88, 0, -88)
        self.assertBalances(self.a, due=-88, paid=88)
        self.a.write({"country_id": self.env.ref("base.be").id, "zip": "1000"})
        claim.write({"date_recovered": "2026-04-15", "amount_fee_back": 15.0})
        claim.action_win()
        settled = self._settle("2026-04-30", self.a)
        self.assertSettled(settled, -88, 88, 0, 0)
        self.assertIn(
            ("2026-04-15", "Lost chargeback won later", "100.00"), self._rows(settled)
        )
        self.assertBalances(self.a, paid=88)
        self.assertTiedOut()

    def test_lost_then_won_before_the_settlement_nets_to_nothing_but_both_show(self):
        claim = self._claim()
        claim.action_open()
        claim.date_closed = "2026-03-20"
        claim.action_lose()
        claim.date_recovered = "2026-03-25"
        claim.action_win()
        settled = self._settle("2026-03-31", self.a)
        self.assertEqual(
            self._rows(settled)[:2],
            [
                ("2026-03-20", "Chargeback lost by the vendor", "-100.00"),
                ("2026-03-25", "Lost chargeback won later", "100.00"),
            ],
        )
        self.assertEqual(f"{settled.amount_movements:.2f}", "0.00")
        self.assertTiedOut()

    def test_catalogue_names_each_movement_of_the_late_win(self):
        claim = self._claim()
        claim.action_open()
        claim.action_lose()
        claim.amount_fee_back = 5.0
        claim.action_win()
        pairs = self.env["marketplace.ledger.line"]._posting_pairs()
        lines = self.env["marketplace.ledger.line"].search(
            [("event_key", "=", f"dispute:{claim.id}:won")]
        )
        self.assertEqual(
            set(lines.mapped("event")), {"dispute_recovered", "dispute_fee_back"}
        )
        for line in lines:
            self.assertIn((line.role_debit, line.role_credit), pairs[line.event])

    def test_won_after_the_debt_was_written_off_asks_who_keeps_it(self):
        claim = self._lost_after_the_payout()
        negative = self._settle("2026-03-31", self.a)
        case = self.env["marketplace.debt"].search([("vendor_id", "=", self.a.id)])
        self.assertEqual(case.settlement_id, negative)
        case.with_user(self.accountant).sudo()._request_write_off("Gone")
        case.with_user(self.approving).action_approve_write_off()
        self.assertBalances(self.a, paid=88)
        claim.with_user(self.desk).action_win()
        self.assertBalances(self.a, due=100, paid=88)
        self.assertEqual(case.activity_ids.user_id, self.approving)
        self.assertIn(claim.name, case.activity_ids.note)
        self.assertTiedOut()
