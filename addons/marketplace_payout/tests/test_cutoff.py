from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .test_close import CloseCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-04-05 10:00:00")
class TestCutoff(CloseCommon):
    """Two vendors sell 100.00 each at the end of March; commission follows in April."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls._sell(
            [(offer, 1) for offer in cls.offers], "2026-03-28", "2026-03-30"
        )
        cls.end = fields.Date.to_date("2026-03-31")

    def _accruals(self):
        return self.Ledger.search([("event", "in", ("accrual", "accrual_reversal"))])

    def test_earned_commission_is_accrued_and_reversed_the_next_day(self):
        close = self._open_month()
        check = self._check(close, "accrual")
        self.assertEqual((check.count, check.amount), (2, 24.0))
        with self.assertRaisesRegex(MarketplaceError, "Commission accrued"):
            close.action_close()
        close.action_accrue()
        self.assertEqual(self._check(close, "accrual").state, "ok")
        first, second = self._accruals().move_id.sorted("date")
        sides = [
            (role, vendor, debit, credit)
            for vendor in (self.a, self.b)
            for role, debit, credit in (
                ("ACCRUED_INCOME", 12.0, 0),
                ("COMMISSION", 0, 10.0),
                ("VAT_ACCRUED", 0, 2.0),
            )
        ]
        self.assertMove(first, sides)
        self.assertMove(
            second, [(role, who, credit, debit) for role, who, debit, credit in sides]
        )
        self.assertEqual(first.date, self.end)
        self.assertEqual(second.date, fields.Date.to_date("2026-04-01"))
        self.assertTiedOut()

    def test_a_second_run_posts_nothing(self):
        self.company._marketplace_accrue(self.end)
        before = self._accruals()
        self.assertFalse(self.company._marketplace_accrue(self.end))
        self.assertEqual(self._accruals(), before)

    def test_a_second_run_posts_the_difference(self):
        self.company._marketplace_accrue(self.end)
        self._sell([(self.offers[0], 1)], "2026-03-29", "2026-03-31")
        lines = self.company._marketplace_accrue(self.end)
        self.assertEqual(lines.vendor_id, self.a)
        self.assertEqual(sum(lines.mapped("amount")), 24.0)
        self.assertFalse(self.company._marketplace_accrual_gaps(self.end))

    def test_invoicing_in_april_changes_nothing_for_march(self):
        """The invoice of April comes before the close of March: still accrued."""
        self._settle("2026-04-03", self.vendors)
        self.company._marketplace_accrue(self.end)
        accrued = self._accruals().filtered(lambda line: line.event == "accrual")
        self.assertEqual(sum(accrued.mapped("amount")), 24.0)

    def test_a_refund_of_march_lowers_the_accrual(self):
        line = self.group.sale_order_ids.filtered(
            lambda order: order.vendor_id == self.a
        ).order_line
        self._refund(self.group, [(line, 1, 40.0)], date="2026-03-31")
        gaps = self.company._marketplace_accrual_gaps(self.end)
        self.assertEqual(
            gaps,
            {
                (self.a, "net"): 600,
                (self.a, "tax"): 120,
                (self.b, "net"): 1000,
                (self.b, "tax"): 200,
            },
        )

    def test_more_given_back_than_charged_swaps_the_roles(self):
        """An order invoiced on 10 March is refunded on the 31st."""
        group = self.settlements.ledger_line_ids.marketplace_order_id
        line = group.sale_order_ids.filtered(
            lambda order: order.vendor_id == self.a
        ).order_line
        self._refund(group, [(line, 1, None)], date="2026-03-31")
        late = self.group.sale_order_ids.filtered(
            lambda order: order.vendor_id == self.a
        ).order_line
        self._refund(self.group, [(late, 1, None)], date="2026-03-31")
        lines = self.company._marketplace_accrue(self.end)
        own = lines.filtered(
            lambda line: line.vendor_id == self.a and line.event == "accrual"
        )
        self.assertEqual(set(own.mapped("role_credit")), {"ACCRUED_INCOME"})
        self.assertEqual(sum(own.mapped("amount")), 12.0)

    def test_one_entry_per_run_when_posting_per_day_and_vendor(self):
        self.company.marketplace_posting_mode = "day_vendor"
        lines = self.company._marketplace_accrue(self.end)
        self.assertEqual(len(lines.move_id), 2)

    def test_a_locked_month_takes_no_accrual(self):
        self.company.fiscalyear_lock_date = self.end
        with self.assertRaisesRegex(MarketplaceError, "locked period"):
            self.company._marketplace_accrue(self.end)

    def test_n41_with_lock_dates(self):
        """110 less a late refund of 50 pays 60; an overdrawn vendor pays the rest.

        The refund happened in the closed month: it is posted in the open one, with
        its own date kept.
        """
        self.default_rule.rate = 0.0
        c = self._create_vendor("Comptoir Corail", iban="BE71096123456769")
        offer = self._create_offer(c, 110.0)
        group = self._sell([(offer, 1)], "2026-03-20", "2026-03-22")
        close = self._open_month()
        close.action_accrue()
        close.action_close()
        refund_line = group.sale_order_ids.order_line
        self._refund(group, [(refund_line, 1, 50.0)], date="2026-03-30")
        late = self.Ledger.search([("vendor_id", "=", c.id), ("event", "=", "refund")])
        self.assertEqual(
            set(late.mapped("date_event")), {fields.Date.to_date("2026-03-30")}
        )
        self.assertEqual(set(late.mapped("date")), {fields.Date.to_date("2026-04-01")})
        first = self._settle("2026-04-04", c)
        self.assertSettled(first, 0, 60, 60, 0)
        self._pay("2026-04-04", c)
        # balance 0, refund 100 after the payout: minus 100
        second_group = self._sell([(offer, 1)], "2026-04-01", "2026-04-02")
        second = self._settle("2026-04-05", c)
        self._pay("2026-04-05", c)
        self.assertSettled(second, 0, 110, 110, 0)
        self._refund(
            second_group,
            [(second_group.sale_order_ids.order_line, 1, 100.0)],
            date="2026-04-06",
        )
        with freeze_time("2026-04-10 10:00:00"):
            third = self._settle("2026-04-07", c)
            self.assertSettled(third, 0, -100, 0, -100)
            self._sell([(offer, 1)], "2026-04-07", "2026-04-08")
            fourth = self._settle("2026-04-09", c)
        self.assertSettled(fourth, -100, 110, 10, 0)
        self.assertTiedOut()
