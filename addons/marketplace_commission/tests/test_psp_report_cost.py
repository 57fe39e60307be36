from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPspReportCost(CommissionCommon):
    """N-48: someone bears what the provider keeps, as the contract says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bearing = cls._create_vendor("Atelier Nord", psp_cost_bearer="vendor")
        cls.spared = cls._create_vendor("Cabane")

    def _report(self, reference, fee):
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": f"po_{self._next()}",
                "amount_gross": 100.0,
                "amount_fee": fee,
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "identifier": f"txn_{self._next()}",
                            "kind": "charge",
                            "date": "2026-03-03",
                            "reference": reference,
                            "amount_gross": 100.0,
                            "amount_fee": fee,
                        },
                    )
                ],
            }
        )
        settlement.action_post()
        return settlement

    def _psp_fees(self, group):
        return self.env["marketplace.fee"].search(
            [("kind", "=", "psp"), ("sale_order_id", "in", group.sale_order_ids.ids)]
        )

    def _refund_all(self, group):
        self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "amount": 100.0,
                "reason_code": "defective",
            }
        ).action_apply()

    def test_full_refund_leaves_the_fee_with_the_vendor_who_bears_it(self):
        """100.00 refunded; 2.90 + 0.30 is not given back: 3.20 on the vendor."""
        group = self._import_order([(self._create_offer(self.bearing, 100.0), 1)])
        self._report(group.payment_ids.external_ref, 3.20)
        self._refund_all(group)
        self.assertRecordValues(
            self._psp_fees(group), [{"vendor_id": self.bearing.id, "amount": 3.20}]
        )

    def test_full_refund_leaves_the_fee_with_the_operator(self):
        """No contract says that the vendor bears it: 3.20 stays a cost of ours."""
        group = self._import_order([(self._create_offer(self.spared, 100.0), 1)])
        settlement = self._report(group.payment_ids.external_ref, 3.20)
        self._refund_all(group)
        self.assertFalse(self._psp_fees(group))
        fee = settlement.ledger_line_ids.filtered(lambda line: line.event == "psp_fee")
        self.assertRecordValues(fee, [{"role_debit": "PSP_FEES", "amount": 3.20}])
        self.assertEqual(group.payment_ids.amount_psp_fee, 3.20)

    def test_a_cost_known_already_stays(self):
        """The file of fees said 3.10: the report does not charge twice."""
        group = self._import_order([(self._create_offer(self.bearing, 100.0), 1)])
        group.payment_ids._record_psp_fees({group.payment_ids: 310})
        self._report(group.payment_ids.external_ref, 3.20)
        self.assertEqual(self._psp_fees(group).mapped("amount"), [3.10])

    def test_a_payment_that_comes_after_its_report_is_charged(self):
        settlement = self._report("LATE-P", 3.20)
        group = self._import_order(
            [(self._create_offer(self.bearing, 100.0), 1)], ref="LATE"
        )
        settlement.line_ids.action_match()
        self.assertEqual(self._psp_fees(group).mapped("amount"), [3.20])
