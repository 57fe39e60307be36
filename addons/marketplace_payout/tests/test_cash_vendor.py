from odoo import fields
from odoo.tests import freeze_time, tagged

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-31 12:00:00")
class TestCashVendorSettlement(PayoutCommon):
    """O9: a vendor keeps 100.00 in cash, of which commission 10.00 and VAT 2.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Comptant", cash_collector="vendor")
        cls.offer = cls._create_offer(cls.vendor, 100.0)

    def _sell_for_cash(self, day, quantity=1, shipped=None):
        """Sell for cash and deliver on a day; return the group."""
        group = self._import_order(
            [(self.offer, quantity)],
            date="2026-03-02 10:00:00",
            captured=False,
            values={"cash_on_delivery": True},
        )
        self._deliver(group, day, shipped)
        return group

    def _deliver(self, group, day, quantity=None):
        line = group.sale_order_ids.order_line
        shipment = self.env["marketplace.shipment"]._create_for_order(
            group.sale_order_ids, quantity and {line.id: quantity}
        )
        shipment.action_ship()
        shipment.action_deliver(date=fields.Date.to_date(day))

    def _rows(self, settlement):
        return [
            (row["label"], f"{row['amount']:.2f}")
            for row in settlement._statement_rows()
        ]

    def assertSound(self, settlements):
        self.assertTiedOut()
        self.assertFalse(self.Settlement._untied(self.company) & settlements)
        lines = self.Ledger.search([("vendor_id", "=", self.vendor.id)])
        pairs = self.Ledger._posting_pairs()
        for line in lines:
            self.assertIn((line.role_debit, line.role_credit), pairs[line.event])
        open_items = settlements._open_items("VENDOR_AR")
        self.assertFalse([items for items in open_items.values() if items])

    def test_delivery_posts_the_debt(self):
        """Owed from the door on, VAT included, before any document exists."""
        group = self._sell_for_cash("2026-03-05")
        owed = group.ledger_line_ids.filtered(
            lambda line: line.event == "cash_commission"
        )
        self.assertMove(
            owed.move_id,
            [
                ("VENDOR_DUE", self.vendor, 12.0, 0),
                ("VENDOR_AR", self.vendor, 0, 12.0),
            ],
        )
        self.assertEqual(owed.date_event, fields.Date.to_date("2026-03-05"))
        self.assertBalances(self.vendor, due=-12)

    def test_statement_says_it_in_words_and_pays_nothing(self):
        """Sale, cash taken, commission document: -12.00, carried as a debt."""
        self._sell_for_cash("2026-03-05")
        settlement = self._settle("2026-03-10", self.vendor)
        self.assertSettled(settlement, 0, -12, 0, -12)
        self.assertEqual(settlement.carry_reason, "negative")
        invoice = settlement.invoice_ids
        self.assertEqual(
            self._rows(settlement),
            [
                ("Sale delivered", "100.00"),
                ("Cash that you took from the customer", "-100.00"),
                (f"Commission invoice {invoice.name}", "-12.00"),
            ],
        )
        self.assertEqual(invoice.amount_total, 12.0)
        self.assertEqual(invoice.payment_state, "paid", "netted with the vendor's debt")
        self.assertBalances(self.vendor, due=-12)
        self.assertIn("Cash that you took", settlement._statement_csv().decode())
        self.assertSound(settlement)

    def test_debt_is_followed_and_claimed(self):
        """A negative balance like any other: a case, a claim, his payment."""
        self._sell_for_cash("2026-03-05")
        self._settle("2026-03-10", self.vendor)
        self.env["marketplace.debt"]._follow(self.company)
        case = self.env["marketplace.debt"].search([("vendor_id", "=", self.vendor.id)])
        self.assertEqual((case.state, case.amount_open), ("open", 12.0))
        case.with_user(self.accountant).action_claim()
        case._record_payment(12.0, fields.Date.to_date("2026-03-20"), "VIR-1")
        self.assertEqual(case.state, "recovered")
        self.assertBalances(self.vendor)

    def test_next_sales_by_card_pay_it(self):
        """88.00 of a sale by card, less the 12.00 owed: 76.00."""
        self._sell_for_cash("2026-03-05")
        first = self._settle("2026-03-10", self.vendor)
        self._sell([(self.offer, 1)], "2026-03-11", "2026-03-15")
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, -12, 88, 76, 0)
        self.assertSound(first | second)

    def test_both_in_one_statement(self):
        """Sold for cash and by card in one cycle: 100.00 - 24.00."""
        self._sell_for_cash("2026-03-05")
        self._sell([(self.offer, 1)], "2026-03-03", "2026-03-05")
        settlement = self._settle("2026-03-10", self.vendor)
        self.assertSettled(settlement, 0, 76, 76, 0)
        self.assertSound(settlement)

    def test_refund_before_the_statement(self):
        """All given back by the vendor: he owes nothing, and reads why."""
        group = self._sell_for_cash("2026-03-05")
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-06")
        self.assertBalances(self.vendor)
        settlement = self._settle("2026-03-10", self.vendor)
        self.assertSettled(settlement, 0, 0, 0, 0)
        self.assertEqual(
            self._rows(settlement),
            [
                ("Sale delivered", "100.00"),
                ("Cash that you took from the customer", "-100.00"),
                ("Refund to the customer", "-100.00"),
                ("Cash that you gave back to the customer", "100.00"),
            ],
        )
        self.assertSound(settlement)

    def test_refund_after_the_statement(self):
        """The commission comes back with a credit note: his debt is gone."""
        group = self._sell_for_cash("2026-03-05")
        first = self._settle("2026-03-10", self.vendor)
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-12")
        self.assertBalances(self.vendor)
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, -12, 12, 0, 0)
        self.assertEqual(second.invoice_ids.move_type, "out_refund")
        self.assertSound(first | second)

    def test_half_a_line_waits_for_the_rest(self):
        """Commission is earned by whole lines: so is the debt."""
        group = self._sell_for_cash("2026-03-05", quantity=2, shipped=1)
        self.assertBalances(self.vendor)
        first = self._settle("2026-03-10", self.vendor)
        self.assertSettled(first, 0, 0, 0, 0)
        self._deliver(group, "2026-03-12")
        self.assertBalances(self.vendor, due=-24)
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, 0, -24, 0, -24)
        self.assertSound(first | second)

    def test_vat_of_the_document_is_rounded_once(self):
        """Three lines of 0.11 of VAT each are 0.32 on the document: it is right."""
        cheap = self._create_offer(self.vendor, 5.4)
        group = self._import_order(
            [(cheap, 1)] * 3,
            date="2026-03-02 10:00:00",
            captured=False,
            values={"cash_on_delivery": True},
        )
        self._deliver(group, "2026-03-05")
        self.assertBalances(self.vendor, due=-1.95)
        settlement = self._settle("2026-03-10", self.vendor)
        self.assertSettled(settlement, 0, -1.94, 0, -1.94)
        self.assertBalances(self.vendor, due=-1.94)
        self.assertSound(settlement)

    def test_cancelled_statement_is_made_again(self):
        """Cancelled and settled again: the same figures."""
        self._sell_for_cash("2026-03-05")
        settlement = self._settle("2026-03-10", self.vendor)
        settlement.with_user(self.accountant).action_cancel()
        again = self._settle("2026-03-10", self.vendor)
        self.assertSettled(again, 0, -12, 0, -12)
        self.assertBalances(self.vendor, due=-12)
        self.assertSound(again)

    def test_limit_counts_the_commission(self):
        """12.00 owed and 10.00 allowed: the carrier collects the next sale."""
        contract = self.vendor.vendor_contract_ids
        contract.cash_limit = 10.0
        self.company.marketplace_cash_carrier_id = self.env["res.partner"].create(
            {"name": "ColisPort"}
        )
        group = self._sell_for_cash("2026-03-05")
        self.assertEqual(group.sale_order_ids.cash_collector, "vendor")
        self.env.flush_all()
        contract.invalidate_recordset()
        self.assertEqual(contract.cash_debt, 12.0)
        next_one = self._import_order(
            [(self.offer, 1)], captured=False, values={"cash_on_delivery": True}
        )
        self.assertEqual(next_one.sale_order_ids.cash_collector, "carrier")

    def test_yearly_figures_are_those_of_a_sale_by_card(self):
        """DAC7 and DAS2 see the sale and its commission, not the set-off."""
        group = self._sell_for_cash("2026-03-05", quantity=2)
        self._settle("2026-03-10", self.vendor)
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-12")
        self._settle("2026-03-20", self.vendor)
        key = (self.vendor.id, self.currency.id)
        figures = self.Ledger._yearly_figures(self.company, 2026, self.vendor)[key]
        first = figures[0]
        self.assertEqual((first.gross, first.fees, first.sales), (10000, 1200, 1))
        self.assertEqual(self.Ledger._fees_paid(self.company, 2026)[key], 1200)

    def test_vendor_books_show_the_cash(self):
        """In his own books: sale, cash in hand, commission; each entry balances."""
        self._sell_for_cash("2026-03-05")
        self._settle("2026-03-10", self.vendor)
        movements = self.vendor._vendor_accounting_movements(
            self.company, self.currency, fields.Date.to_date("2026-03-01")
        )
        self.assertEqual(
            [(movement.kind, movement.amount) for movement in movements],
            [("sale", 10000), ("cash", -10000), ("fee", -1200)],
        )
