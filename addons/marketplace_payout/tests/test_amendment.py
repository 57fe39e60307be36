from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestAmendmentAfterSettlement(PayoutCommon):
    """What is invoiced, paid out or locked stays; the change is in the next period."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls.group = cls._sell([(cls.offer, 2)], "2026-03-02", "2026-03-05")
        cls.line = cls.group.sale_order_ids.order_line
        cls.first = cls._settle("2026-03-10", cls.vendor)

    def _amend(self, date, **change):
        amendment = self.env["marketplace.order.amendment"].create(
            {
                "order_id": self.group.id,
                "date": date,
                "reason": "One unit arrived broken.",
                "line_ids": [Command.create({"sale_line_id": self.line.id, **change})],
            }
        )
        amendment._apply()
        return amendment

    def _capture(self, amount):
        self.env["marketplace.payment"]._record_batch(
            self.group,
            [
                {
                    "ref": f"MORE-{self._next()}",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": self._minor(amount),
                    "date": fields.Datetime.to_datetime("2026-03-13 10:00:00"),
                }
            ],
        )

    def _pay_first(self):
        """Pay the first settlement out."""
        with freeze_time("2026-03-11 09:00:00"):
            self._pay("2026-03-12", self.vendor)

    def _facts(self):
        """Return what an amendment must leave alone."""
        commission = self.group.sale_order_ids[:1].commission_line_ids.filtered(
            lambda line: line.kind == "commission"
        )
        return (
            [(item.id, item.amount, item.date) for item in self.ledger],
            [(line.amount, line.move_id, line.rate) for line in commission],
            self.first.amount_payout,
            self.first.invoice_ids.amount_total,
            (self.line.product_uom_qty, self.line.price_unit, self.line.amount_vendor),
        )

    def assertFrozen(self, facts):
        self.assertEqual(self._facts(), facts)
        self.assertTiedOut()
        problems = self.env["marketplace.health"]._check(self.company)
        self.assertFalse([text for text in problems if self.group.name in text])

    def _lower(self):
        """Take one unit off on 12 March, and settle on the 20th."""
        self.ledger = self.group.ledger_line_ids
        facts = self._facts()
        self._amend("2026-03-12", quantity_new=1)
        self.assertFrozen(facts)
        second = self._settle("2026-03-20", self.vendor)
        self.assertFrozen(facts)
        [note] = second.invoice_ids
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual(f"{note.amount_total:.2f}", "12.00")
        return second

    def test_settled_the_delta_is_in_the_next_statement(self):
        """200.00 settled, not paid yet; one unit less: 88.00 of it are taken back."""
        self.assertSettled(self.first, 0, 176, 176, 0)
        second = self._lower()
        self.assertSettled(second, 176, -88, 88, 0)

    def test_settled_more_is_in_the_next_statement(self):
        """A unit ten euro dearer and one more unit: next statement, own commission."""
        self.ledger = self.group.ledger_line_ids
        facts = self._facts()
        amendment = self._amend("2026-03-12", quantity_new=3, price_new=110.0)
        self.assertEqual(f"{amendment.amount_delta:.2f}", "130.00")
        self._capture(130)
        self._ship_and_deliver(amendment.sale_order_ids, date="2026-03-15")
        self.assertFrozen(facts)
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, 0, 114.4, 114.4, 0)
        self.assertFrozen(facts)

    def test_paid_out_the_vendor_owes_the_difference(self):
        """176.00 paid out; one unit less: he owes 88.00, netted from what comes."""
        self._pay_first()
        second = self._lower()
        self.assertSettled(second, 0, -88, 0, -88)
        self._sell([(self.offer, 2)], "2026-03-21", "2026-03-23")
        third = self._settle("2026-03-31", self.vendor)
        self.assertSettled(third, -88, 176, 88, 0)

    def test_locked_period_is_booked_in_the_open_one(self):
        """March is closed: entries of the change are dated 1 April, its day is kept."""
        self._pay_first()
        self.ledger = self.group.ledger_line_ids
        facts = self._facts()
        self.company.fiscalyear_lock_date = "2026-03-31"
        amendment = self._amend("2026-03-25", quantity_new=1)
        new = self.group.ledger_line_ids - self.ledger
        self.assertEqual(set(new.mapped("date")), {fields.Date.to_date("2026-04-01")})
        self.assertEqual(set(new.mapped("date_event")), {amendment.date})
        self.assertFrozen(facts)
        second = self._settle("2026-04-10", self.vendor)
        self.assertSettled(second, 0, -88, 0, -88)
        self.assertFrozen(facts)

    def test_cancelled_before_payment_charges_no_commission(self):
        """Half of an unpaid order is cancelled: commission of the other half only."""
        group = self._import_order(
            [(self.offer, 2)], date="2026-03-11 10:00:00", captured=False
        )
        self.group, self.line = group, group.sale_order_ids.order_line
        self._amend("2026-03-12", quantity_new=1)
        self.assertEqual(f"{group.amount_commission:.2f}", "10.00")
        self._capture(100)
        self._ship_and_deliver(group, date="2026-03-15")
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, 0, 88, 88, 0)
