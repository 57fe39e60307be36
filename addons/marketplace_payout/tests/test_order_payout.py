from odoo import fields
from odoo.tests import tagged

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderPayout(PayoutCommon):
    """The order says whether its money is in a statement, and whether it left."""

    def test_order_follows_its_money_to_the_bank(self):
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 50.0)
        group = self._sell([(offer, 1)], "2026-03-02", delivered="2026-03-05")
        later = self._sell([(offer, 1)], "2026-03-02")
        order = group.sale_order_ids

        def state(record):
            record.invalidate_recordset(["marketplace_payout_state"])
            return record.marketplace_payout_state

        self.assertEqual(state(order), "due")
        self.assertEqual(state(later.sale_order_ids), "pending")
        self.assertEqual(group.settlement_count, 0)
        settlement = self._settle("2026-03-31", vendor)
        self.assertEqual(state(order), "settled")
        group.invalidate_recordset(["settlement_count"])
        self.assertEqual(group.settlement_count, 1)
        action = group.action_view_settlements()
        self.assertEqual(
            self.env[action["res_model"]].search(action["domain"]), settlement
        )
        self._pay(fields.Date.today(), vendor)
        self.assertEqual(settlement.state, "closed")
        self.assertEqual(state(order), "paid")
        self.assertEqual(state(later.sale_order_ids), "pending")
