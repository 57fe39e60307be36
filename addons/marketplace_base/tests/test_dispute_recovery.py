from odoo.tests import freeze_time, tagged

from ..exceptions import MarketplaceError
from .dispute_common import DisputeCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDisputeRecovery(DisputeCommon):
    """R9: a won claim gives back to whom the loss was, in any order."""

    def _lost(self, group, **vals):
        dispute = self._dispute(group, **vals)
        dispute.action_open()
        dispute.date_closed = "2026-04-10"
        dispute.action_lose()
        return dispute

    def _win(self, dispute, **vals):
        dispute.write({"date_recovered": "2026-05-12", **vals})
        dispute.with_user(self.desk).action_win()
        dispute.with_user(self.desk).action_win()

    def test_lost_then_won_gives_each_vendor_what_he_had_lost(self):
        group = self._paid()
        dispute = self._lost(group)
        self.assertBalances(self.a)
        self._win(dispute)
        move = self._move(group, "dispute_recovered")
        self.assertMove(
            move,
            [
                ("PSP_CLEARING", self.psp, 100.0, 0),
                ("VENDOR_DUE", self.a, 0, 60.0),
                ("VENDOR_DUE", self.b, 0, 40.0),
            ],
        )
        self.assertEqual(str(move.date), "2026-05-12")
        self.assertBalances(self.a, due=60.0)
        self.assertBalances(self.b, due=40.0)
        lost = group.ledger_line_ids.filtered(lambda x: x.event == "dispute_lost")
        back = group.ledger_line_ids.filtered(lambda x: x.event == "dispute_recovered")
        self.assertEqual(back.reversed_line_id, lost, "each names what it undoes")
        self.assertEqual(dispute.refund_ids.state, "reversed")
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(f"{group.payment_ids.amount_left:.2f}", "100.00")
        self.assertTiedOut()

    def test_the_loss_stays_in_its_month_as_it_was(self):
        """Facts are immutable: the entries of the loss are not touched."""
        group = self._paid()
        dispute = self._lost(group)
        [before] = self._move(group, "dispute_lost")
        items = before.line_ids.read(["account_id", "partner_id", "balance", "date"])
        self._win(dispute)
        self.assertEqual(
            before.line_ids.read(["account_id", "partner_id", "balance", "date"]), items
        )
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            dispute.refund_ids.amount = 1.0
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            dispute.refund_ids.line_ids.unlink()

    def test_vendor_who_moved_changed_bank_and_was_suspended_keeps_his_ledger(self):
        group = self._paid()
        dispute = self._lost(group)
        old = self.a.payout_bank_account_id
        with freeze_time("2026-04-20"):
            bank = self.env["res.partner.bank"].create(
                {"partner_id": self.a.id, "acc_number": "BE71096123456769"}
            )
        bank.sudo().allow_out_payment = True
        self.a.write({"country_id": self.env.ref("base.be").id, "zip": "1000"})
        with freeze_time("2026-05-01"):  # the new account has cooled off by then
            self.a.payout_bank_account_id = bank
            old.active = False
        self.a._vendor_transition("suspended")
        self._win(dispute)
        self.assertBalances(self.a, due=60.0)
        [line] = group.ledger_line_ids.filtered(
            lambda x: x.event == "dispute_recovered" and x.vendor_id == self.a
        )
        self.assertEqual(line.sale_order_id.vendor_id, self.a)
        self.assertEqual(str(line.date_available), "2026-05-12")
        self.assertTiedOut()

    def test_the_fee_comes_back_when_the_provider_returns_it(self):
        group = self._paid()
        dispute = self._lost(group)
        self._win(dispute, amount_fee_back=15.0)
        self.assertMove(
            self._move(group, "dispute_fee_back"),
            [
                ("PSP_CLEARING", self.psp, 115.0, 0),
                ("PSP_FEES", self.psp, 0, 15.0),
                ("VENDOR_DUE", self.a, 0, 60.0),
                ("VENDOR_DUE", self.b, 0, 40.0),
            ],
        )
        other = self._paid()
        claim = self.env["marketplace.dispute"].create(
            {"payment_id": other.payment_ids.id, "amount_fee": 15.0}
        )
        claim.action_open()
        claim.amount_fee_back = 5.0
        claim.action_win()
        self.assertMove(
            self._move(other, "dispute_won", "dispute_fee_back"),
            [
                ("PSP_CLEARING", self.psp, 105.0, 0),
                ("DISPUTES", self.psp, 0, 100.0),
                ("PSP_FEES", self.psp, 0, 5.0),
            ],
        )
        self.assertTiedOut()

    def test_a_funded_discount_is_paid_by_the_marketplace_again(self):
        group = self._paid(discounts=[(20.0, "marketplace")])
        dispute = self._lost(group, amount=40.0)
        self._win(dispute)
        self.assertMove(
            self._move(group, "dispute_recovered"),
            [
                ("PSP_CLEARING", self.psp, 40.0, 0),
                ("DISCOUNT_MKT", self.a, 6.0, 0),
                ("DISCOUNT_MKT", self.b, 4.0, 0),
                ("VENDOR_DUE", self.a, 0, 30.0),
                ("VENDOR_DUE", self.b, 0, 20.0),
            ],
        )
        self.assertBalances(self.a, due=60.0)
        self.assertTiedOut()

    def test_a_loss_of_the_operator_comes_back_to_him(self):
        group = self._paid(delivered=False)
        dispute = self._lost(group, borne_by="operator")
        self._win(dispute)
        self.assertMove(
            self._move(group, "dispute_relieved"),
            [
                ("PSP_CLEARING", self.psp, 100.0, 0),
                ("OPERATOR_COST", None, 0, 100.0),
            ],
        )
        self.assertBalances(self.a, pending=60.0)
        self.assertTiedOut()

    def test_what_was_delivered_while_the_claim_was_lost_becomes_due(self):
        group = self._paid(delivered=False)
        dispute = self._lost(group)
        self.assertBalances(self.a)
        parcels = self._ship_and_deliver(group.sale_order_ids[0], date="2026-04-20")
        self.assertTrue(parcels)
        self._win(dispute)
        self.assertBalances(self.a, due=60.0)
        self.assertBalances(self.b, pending=40.0)
        self._ship_and_deliver(group.sale_order_ids[1], date="2026-05-20")
        self.assertBalances(self.b, due=40.0)
        self.assertTiedOut()

    def test_what_came_back_can_be_refunded_again_once(self):
        group = self._paid()
        self._win(self._lost(group))
        line = group.sale_order_ids[0].order_line[:1]
        self._refund(group, [(line, 1, 60.0)], date="2026-06-01")
        self.assertBalances(self.a)
        with self.assertRaisesRegex(MarketplaceError, "left to refund"):
            self._refund(group, [(line, 1, 0.01)], date="2026-06-02")
        self.assertTiedOut()

    def test_report_of_the_provider_matches_the_late_win(self):
        group = self._paid()
        dispute = self._lost(group)
        self._win(dispute, amount_fee_back=15.0)
        report = self.env["marketplace.psp.settlement"].create(
            {
                "reference": "po_win",
                "date": "2026-05-15",
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "identifier": "txn_win",
                            "kind": "chargeback_won",
                            "date": "2026-05-12",
                            "reference": dispute.external_ref,
                            "amount_gross": 100.0,
                            "amount_fee": -15.0,
                        },
                    )
                ],
            }
        )
        report.line_ids.action_match()
        self.assertTrue(report.line_ids.is_matched)
        self.assertEqual(f"{report.line_ids.amount_difference:.2f}", "0.00")
