from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDisputeCommission(MarketplaceCommon):
    """R9: the commission of a claim lost, then won, follows the sale."""

    def setUp(self):
        super().setUp()
        self.vendor = self._create_vendor("Alma")
        self.group = self._import_order(
            [(self._create_offer(self.vendor, 60.0), 1)], date="2026-03-02"
        )
        self._ship_and_deliver(self.group, date="2026-03-05")

    def _lost(self):
        dispute = self.env["marketplace.dispute"].create(
            {"payment_id": self.group.payment_ids.id, "date": "2026-03-20"}
        )
        dispute.action_open()
        dispute.date_closed = "2026-04-10"
        dispute.action_lose()
        return dispute

    def _commissions(self):
        return self.group.sale_order_ids.order_line.commission_line_ids.sorted("id")

    def test_commission_given_back_is_owed_again_once(self):
        dispute = self._lost()
        dispute.date_recovered = "2026-05-12"
        dispute.action_win()
        dispute.action_win()
        lines = self._commissions()
        self.assertRecordValues(
            lines,
            [
                {"kind": "commission", "base": 60.0, "amount": 6.0},
                {"kind": "reversal", "base": -60.0, "amount": -6.0},
                {"kind": "restored", "base": 60.0, "amount": 6.0},
            ],
        )
        self.assertEqual(str(lines[2].date), "2026-05-12")
        self.assertEqual(lines[2].restored_line_id, lines[1])
        self.assertIn("owed again", lines[2].trace)
        self.env["marketplace.commission.line"]._restore(dispute.refund_ids)
        self.assertEqual(self._commissions(), lines)

    def test_a_later_refund_gives_back_the_commission_again(self):
        self._lost().action_win()
        line = self.group.sale_order_ids.order_line[:1]
        self._refund(self.group, [(line, 0, 30.0)], date="2026-06-01")
        self._refund(self.group, [(line, 0, 30.0)], date="2026-06-02")
        self.assertEqual(
            self._commissions().mapped("amount"), [6.0, -6.0, 6.0, -3.0, -3.0]
        )

    def test_what_the_policy_kept_stays_kept_when_the_claim_is_won(self):
        self.env["marketplace.refund.policy"].create(
            {
                "name": "Half of chargebacks is kept",
                "company_id": self.company.id,
                "cell_ids": [
                    (
                        0,
                        0,
                        {
                            "reason_code": "chargeback",
                            "fault": "customer",
                            "rate_kept": 0.5,
                        },
                    )
                ],
            }
        )
        self._lost().action_win()
        self.assertEqual(self._commissions().mapped("amount"), [6.0, -3.0, 3.0])

    def test_no_credit_note_is_issued_for_a_claim_won_before_it(self):
        dispute = self._lost()
        dispute.action_win()
        items = self.env["marketplace.refund.line"]
        self.assertFalse(
            items.search(items._vendor_document_domain(self.company))
            & dispute.refund_ids.line_ids
        )
        self.assertFalse(dispute.activity_ids)
