from odoo.fields import Command
from odoo.tests import freeze_time

from ..exceptions import MarketplaceError
from .cash_vendor_common import CashVendorCommon


@freeze_time("2026-03-20 12:00:00")
class TestCashVendorRefund(CashVendorCommon):
    """Refunds of cash that the vendor keeps."""

    def _sold(self, **options):
        group = self._buy(**options)
        cash = self._ship(group)
        self._deliver(cash)
        return group, cash.line_ids.sale_line_id

    def test_vendor_gives_back_what_he_took(self):
        """He pays the customer himself: neither side owes anything for it."""
        group, line = self._sold()
        refund = self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertEqual(refund.payment_id.kind, "vendor_cash")
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_DUE", self.vendor, 10.0, 0),
                ("VENDOR_CASH", self.vendor, 0, 10.0),
            ],
        )
        self.assertBalances(self.vendor)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 0)
        self.assertEqual(group.payment_state, "partially_refunded")
        self._refund(group, [(line, 2, None)], date="2026-03-19")
        self.assertEqual(group.payment_state, "refunded")
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_given_back_before_it_is_due(self):
        """Refunded within the delay of the contract: taken off what is pending."""
        slow = self._create_vendor(
            "Lente", cash_collector="vendor", entitlement_delay_days=14
        )
        group = self._buy([(self._create_offer(slow, 10.0), 3)])
        cash = self._ship(group, slow)
        self._deliver(cash, "2026-03-10")
        self._refund(group, [(cash.line_ids.sale_line_id, 1, None)], date="2026-03-12")
        self.assertBalances(slow)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 2000)
        with freeze_time("2026-03-24 12:00:00"):
            self._cron("_cron_entitle")
        self.assertBalances(slow)
        self.assertSound(group)

    def test_we_give_back_and_he_owes_it(self):
        """Transferred by us: his debt, and a transfer to make."""
        group, line = self._sold()
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "cash_back_by": "operator",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1.0})
                ],
            }
        )
        self.assertTrue(refund.goes_negative)
        refund._apply()
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_DUE", self.vendor, 10.0, 0),
                ("CUST_REFUND", self.customer, 0, 10.0),
            ],
        )
        self.assertBalances(self.vendor, due=-10)
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            refund.cash_back_by = "vendor"
        self.assertSound(group)

    def test_preview_says_that_nothing_is_owed(self):
        """The vendor gives it back of his own pocket: his account does not move."""
        group, line = self._sold()
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1.0})
                ],
            }
        )
        self.assertFalse(refund.problem)
        self.assertFalse(refund.goes_negative)
        [row] = refund._effect()["vendors"]
        self.assertEqual((row["before"], row["change"]), (0, 0))

    def test_our_part_of_a_refund_comes_back_to_him(self):
        """He gives back a price that held VAT of ours: we owe him that VAT."""
        vendor = self._create_vendor(
            "Reprise", cash_collector="vendor", vat_debtor="operator"
        )
        group = self._buy([(self._create_offer(vendor, 120.0), 1)])
        cash = self._ship(group, vendor)
        self._deliver(cash)
        self.assertBalances(vendor, due=-20)
        self._refund(group, [(cash.line_ids.sale_line_id, 1, None)], date="2026-03-18")
        self.assertBalances(vendor)
        self.assertEqual(self._role_minor(group, "VAT_DEEMED"), 0)
        self.assertSound(group)

    def test_discount_of_ours_comes_back_with_the_refund(self):
        """Credited 10.00 for 8.00 of cash; given back, we are even again."""
        group, line = self._sold(
            lines=[(self.offer, 1)], discounts=[(2.0, "marketplace")]
        )
        self.assertBalances(self.vendor, due=2)
        self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_goodwill_of_ours_leaves_the_vendor_alone(self):
        """A gesture of the operator is a transfer of the operator."""
        group, _line = self._sold()
        self.env["marketplace.refund"].create(
            {"order_id": group.id, "borne_by": "operator", "amount": 3.0}
        )._apply()
        self.assertMove(
            self._moves(group, "goodwill"),
            [
                ("OPERATOR_COST", self.env["res.partner"], 3.0, 0),
                ("CUST_REFUND", self.customer, 0, 3.0),
            ],
        )
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_each_vendor_gives_back_his_own(self):
        """Two vendors keep their cash: a refund finds that of its lines."""
        other = self._create_vendor("Voisin", cash_collector="vendor")
        group = self._buy([(self.offer, 1), (self._create_offer(other, 50.0), 1)])
        mine, his = self._ship(group), self._ship(group, other)
        self._deliver(mine | his)
        line = mine.line_ids.sale_line_id
        refund = self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertEqual(refund.payment_id, mine.payment_id)
        wrong = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "payment_id": mine.payment_id.id,
                "line_ids": [
                    Command.create(
                        {"sale_line_id": his.line_ids.sale_line_id.id, "quantity": 1.0}
                    )
                ],
            }
        )
        with self.assertRaisesRegex(MarketplaceError, "took for his own parcel"):
            wrong._apply()
        self.assertBalances(self.vendor)
        self.assertBalances(other)
        self.assertSound(group)

    def test_amendment_gives_each_vendors_cash_back(self):
        """Fewer units of two vendors: one refund on the cash of each."""
        other = self._create_vendor("Voisine", cash_collector="vendor")
        group = self._buy([(self.offer, 2), (self._create_offer(other, 50.0), 2)])
        mine, his = self._ship(group), self._ship(group, other)
        self._deliver(mine | his)
        self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "reason": "One of each less",
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": cash.line_ids.sale_line_id.id,
                            "quantity_new": 1,
                        }
                    )
                    for cash in (mine, his)
                ],
            }
        )._apply()
        self.assertEqual(
            {refund.payment_id: refund.amount for refund in group.refund_ids},
            {mine.payment_id: 10.0, his.payment_id: 50.0},
        )
        self.assertBalances(self.vendor)
        self.assertBalances(other)
        self.assertSound(group)

    def test_cash_without_a_parcel_is_refused(self):
        """Typed by hand, nobody would know who keeps it."""
        group = self._buy()
        payment = self.env["marketplace.payment"].create(
            {"order_id": group.id, "amount": 30.0, "kind": "vendor_cash"}
        )
        with self.assertRaisesRegex(MarketplaceError, "noted on the parcel"):
            payment.action_capture()
