from odoo.tests import freeze_time, tagged

from .test_dac7_report import Dac7ReportCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2028-01-20 10:00:00")
class TestDas2(Dac7ReportCommon):
    """L10: a French vendor learns what he declares as commission paid to us."""

    def _sell_large(self, vendor, date, cutoff):
        """Sell for 25,000.00, of which 3,000.00 are commission with VAT."""
        offer = self._create_offer(vendor, 25000.0)
        self._sell([(offer, 1)], date, date)
        self._settle(cutoff, vendor)

    def _text(self, line):
        reports = self.env["ir.actions.report"]
        html, _kind = reports._render_qweb_html(
            "marketplace_payout.report_annual_statement", line.ids
        )
        return " ".join(html.decode().split())

    def _paid(self, report):
        return {
            line.vendor_id: f"{line.amount_fees_paid:.2f}" for line in report.line_ids
        }

    def test_what_settlements_netted_is_paid(self):
        """12 % of 2,500.00 with VAT, without it abroad; nobody is told of so little."""
        report = self._report()
        self.assertEqual(
            self._paid(report),
            {
                self.a: "300.00",
                self.b: "300.00",
                self.abroad: "250.00",
                self.public: "300.00",
                self.small: "240.00",
            },
        )
        self.assertNotIn("DAS2", self._text(self._line(report, self.a)))

    def test_above_the_threshold_the_statement_says_so(self):
        for vendor in (self.a, self.b, self.abroad):
            self._sell_large(vendor, "2027-07-01", "2027-12-31")
        report = self._report(year=2027)
        text = self._text(self._line(report, self.a))
        for expected in ("3,000.00", "DAS2", "4 rue de la Paix", self.company.name):
            self.assertIn(expected, text)
        # a private person and a vendor abroad declare nothing in France
        for vendor, paid in ((self.b, "3000.00"), (self.abroad, "2500.00")):
            line = self._line(report, vendor)
            self.assertEqual(f"{line.amount_fees_paid:.2f}", paid)
            self.assertNotIn("DAS2", self._text(line))

    def test_the_threshold_is_to_be_exceeded(self):
        line = self._line(self._report(), self.a)._frozen_unlocked()
        for amount, told in ((2400.0, False), (2400.01, True)):
            line.amount_fees_paid = amount
            self.assertIs(line._needs_das2(), told)

    def test_the_year_is_that_of_payment(self):
        """Sold in December, netted in January: the fees belong to the next year."""
        self._sell_large(self.a, "2026-12-20", "2027-01-10")
        self.assertEqual(self._paid(self._report())[self.a], "300.00")
        later = self._report(year=2027)
        line = self._line(later, self.a)
        self.assertEqual(f"{line.amount_fees_paid:.2f}", "3000.00")
        self.assertEqual((line.decision, line.reason), ("excluded", "no_activity"))
        self.assertTrue(line._needs_das2())

    def test_what_is_given_back_is_not_paid(self):
        """A refund gives the commission of its sale back, by credit note: 300.00."""
        self._refund_of(self.a, "2027-02-02")
        self._sell_large(self.a, "2027-07-01", "2027-12-31")
        self.assertEqual(self._paid(self._report(year=2027))[self.a], "2700.00")
