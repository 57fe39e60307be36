from odoo.tests import freeze_time, tagged

from ..engine.dac7 import Quarter
from .common import PayoutCommon


class Dac7Common(PayoutCommon):
    """Give vendors sales in several quarters of 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0

    @classmethod
    def _quarters(cls, vendor, year=2026, currency=None):
        figures = cls.Ledger._yearly_figures(cls.company, year)
        return figures.get((vendor.id, (currency or cls.currency).id))

    def assertTiesToLedger(self, vendor, *years):
        """Assert that the quarters add up to the vendor's posted account.

        What he was credited less what he was charged is what is due, once payouts are
        added back: nothing is lost between the quarters.
        """
        gross = fees = 0
        for year in years:
            for quarter in self._quarters(vendor, year) or ():
                gross += quarter.gross
                fees += quarter.fees
        due = charged = paid = 0
        for line in self.Ledger.search([("vendor_id", "=", vendor.id)]):
            minor = self._minor(line.amount)
            for role, sign in ((line.role_credit, 1), (line.role_debit, -1)):
                if role in ("VENDOR_DUE", "VENDOR_RESERVE"):
                    due += sign * minor
                if role == "VENDOR_AR":
                    charged += sign * minor
            if line.event == "payout":
                paid += minor
        # netting moves between both accounts, and cancels out in their sum
        self.assertEqual(gross - fees, due + charged + paid)


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2027-01-20 10:00:00")
class TestDac7Figures(Dac7Common):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.a, 100.0)
        cls.first = cls._sell([(cls.offer, 1)], "2026-02-01", "2026-02-05")
        # paid in a quarter, due in the next
        cls.second = cls._sell([(cls.offer, 3)], "2026-03-30", "2026-04-02")

    def test_credit_counts_when_it_is_due_and_fees_with_their_sale(self):
        """The commission of a sale is invoiced later, and counts with it."""
        self._settle("2026-02-28", self.a)
        self._settle("2027-01-05", self.a)
        self.assertEqual(
            self._quarters(self.a),
            (
                Quarter(10000, 1200, 0, 1),
                Quarter(30000, 3600, 0, 1),
                Quarter(),
                Quarter(),
            ),
        )
        self.assertTiesToLedger(self.a, 2026)

    def test_refund_counts_in_the_quarter_of_its_sale(self):
        """A refund after the year, too; none makes its own quarter negative."""
        self._settle("2026-12-31", self.a)
        self._refund(
            self.first, [(self.first.sale_order_ids.order_line, 1, None)], "2026-08-01"
        )
        self._refund(
            self.second,
            [(self.second.sale_order_ids.order_line, 1, None)],
            "2027-01-10",
        )
        self._settle("2027-01-15", self.a)
        self.assertEqual(
            self._quarters(self.a),
            (Quarter(), Quarter(20000, 2400, 0, 1), Quarter(), Quarter()),
        )
        self.assertIsNone(self._quarters(self.a, 2027))
        self.assertTiesToLedger(self.a, 2026, 2027)

    def test_order_delivered_in_two_quarters_is_one_sale(self):
        shipment = self.env["marketplace.shipment"]
        group = self._sell([(self.offer, 4)], "2026-06-20")
        order = group.sale_order_ids
        for units, day in ((1, "2026-06-29"), (3, "2026-07-02")):
            parcel = shipment._create_for_order(
                order,
                carrier_name="Colissimo",
                tracking_ref=f"6A{self._next():08d}",
                quantities={order.order_line.id: units},
            )
            parcel.action_ship()
            parcel.action_deliver(date=day)
        self._settle("2026-07-31", self.a)
        self._refund(group, [(order.order_line, 1, None)], "2026-09-01")
        self._settle("2026-12-31", self.a)
        quarters = self._quarters(self.a)
        # Q2 holds the 3 × 100 of the second sale as well
        self.assertEqual(quarters[1], Quarter(40000, 4800, 0, 2))
        self.assertEqual(quarters[2], Quarter(20000, 2400, 0, 0))
        self.assertTiesToLedger(self.a, 2026)

    def test_fee_without_sale_counts_on_its_day(self):
        """What shares a document with commission is not taken for it."""
        fee = self.env["marketplace.fee"].create(
            {
                "name": "Product photos",
                "kind": "one_off",
                "vendor_id": self.a.id,
                "amount": 25.0,
                "date": "2026-09-05",
            }
        )
        fee.action_approve()
        self._settle("2026-09-30", self.a)
        quarters = self._quarters(self.a)
        self.assertEqual([q.fees for q in quarters], [1200, 3600, 3000, 0])
        self.assertTiesToLedger(self.a, 2026)

    def test_vat_of_the_operator_is_tax_withheld(self):
        """Deemed supplier: 119.99 is 99.99 for the vendor and 20.00 of VAT."""
        foreign = self._create_vendor("Nansen", vat_debtor="operator")
        offer = self._create_offer(foreign, 119.99)
        group = self._sell([(offer, 1)], "2026-03-20", "2026-04-09")
        self._refund(group, [(group.sale_order_ids.order_line, 0, 60.0)], "2026-08-12")
        self.assertEqual(
            self._quarters(foreign),
            (Quarter(), Quarter(4999, 0, 1000, 1), Quarter(), Quarter()),
        )

    def test_payouts_and_netting_are_no_consideration(self):
        self._settle("2026-12-31", self.a)
        before = self._quarters(self.a)
        self._pay("2027-01-20", self.a)
        self.assertEqual(self._quarters(self.a), before)
        self.assertTiesToLedger(self.a, 2026)

    def test_unposted_lines_do_not_count(self):
        self.company.marketplace_posting_mode = "day_vendor"
        self._sell([(self.offer, 1)], "2026-10-01", "2026-10-02")
        self.assertEqual(self._quarters(self.a)[3], Quarter())
        self.Ledger.search([("debit_move_line_id", "=", False)])._post()
        self.assertEqual(self._quarters(self.a)[3].gross, 10000)

    def test_many_vendors_cost_the_same_queries(self):
        vendors = [self._create_vendor(f"Vendor {n}") for n in range(4)]
        offers = [self._create_offer(vendor, 50.0) for vendor in vendors]
        self._sell([(offer, 1) for offer in offers], "2026-05-01", "2026-05-04")
        self.env.flush_all()
        with self.assertQueryCount(2):
            figures = self.Ledger._yearly_figures(self.company, 2026)
        self.assertGreaterEqual(
            figures.keys(), {(v.id, self.currency.id) for v in vendors}
        )
