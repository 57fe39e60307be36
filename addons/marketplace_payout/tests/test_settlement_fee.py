from odoo.fields import Date
from odoo.tests import tagged

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestSettlementFee(PayoutCommon):
    """Settle what vendors are charged besides commission."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.day = Date.to_date("2026-03-10")

    def _charge(self, amount, kind="one_off"):
        fee = self.env["marketplace.fee"].create(
            {
                "name": "Product photos",
                "kind": kind,
                "vendor_id": self.vendor.id,
                "amount": amount,
                "date": "2026-03-05",
            }
        )
        fee.action_approve()
        return fee

    def test_fee_is_netted_with_the_sales(self):
        """100.00 sold at 10 %, a fee of 25.00, VAT on both: 58.00 is paid."""
        offer = self._create_offer(self.vendor, 100.00)
        group = self._import_order([(offer, 1)], date="2026-03-02 10:00:00")
        self._ship_and_deliver(group, date="2026-03-05")
        fee = self._charge(25.00)
        settlement = self._settle(self.day, self.vendor)
        commission = group.sale_order_ids.amount_commission
        self.assertEqual(fee.move_id, settlement.invoice_ids)
        self.assertAlmostEqual(
            settlement.amount_payout, 100.00 - (commission + 25.00) * 1.2
        )
        self.assertTiedOut()

    def test_statement_lists_fees_and_flags_commission_above_the_credit(self):
        """K13, K14: both on the PDF of the vendor."""
        self.default_rule.amount_min = 12
        cheap = self._create_offer(self.vendor, 10.00)
        group = self._import_order([(cheap, 1)], date="2026-03-02 10:00:00")
        self._ship_and_deliver(group, date="2026-03-05")
        self._charge(25.00)
        settlement = self._settle(self.day, self.vendor)
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("marketplace_payout.report_settlement", settlement.ids)[
                0
            ]
            .decode()
        )
        self.assertIn("Product photos", html)
        self.assertRegex(
            html,
            "Commission above what is credited for the line:\\s*"
            + group.sale_order_ids.name,
        )

    def test_vendor_with_a_fee_only_is_settled_into_debt(self):
        self._charge(25.00)
        settlement = self._settle(self.day, self.vendor)
        self.assertEqual(settlement.amount_payout, 0.0)
        self.assertEqual(settlement.amount_carried, -30.00)
        self.assertFalse(self._settle(self.day, self.vendor))
        self.assertTiedOut()
