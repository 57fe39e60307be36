import csv
import io
import re
from decimal import Decimal

from lxml import etree

from odoo.fields import Date
from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import CommissionCommon
from .facturx_checks import FacturxChecks

ROUNDING_METHODS = ("round_globally", "round_per_line")


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionDocument(FacturxChecks, CommissionCommon):
    """The invoice and credit note as files: what they say and what they add up to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Atelier A", "Brume B"))
        cls.a.vat = "FR23334175221"

    def _sell(self, lines, date="2026-03-02", **options):
        group = self._import_order(lines, date=f"{date} 10:00:00", **options)
        self._ship_and_deliver(group, date="2026-03-05")
        return group

    def _credit_note(self):
        """Return (invoice, credit note): two of three units come back."""
        self.default_rule.rate = 0.125
        group = self._sell([(self._create_offer(self.a, 11.11), 3)])
        invoice = self._invoice_commission("2026-03-10")
        line = group.sale_order_ids.order_line.filtered("offer_id")
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "date": "2026-03-12",
                "reason_code": "defective",
                "fault": "vendor",
                "line_ids": [(0, 0, {"sale_line_id": line.id, "quantity": 2})],
            }
        )
        refund._apply()
        return invoice, self._invoice_commission("2026-03-12")

    def _printed(self, move):
        with self.allow_pdf_render():
            return " ".join(self._pdf_text(move._commission_pdf()).split())

    def _csv_rows(self, move):
        text = move._commission_annex_csv().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    # -- numbers and period ---------------------------------------------------------

    def test_numbers_have_no_gaps_and_each_document_its_period(self):
        self._sell([(self._create_offer(self.a, 10.00), 1)])
        self._sell([(self._create_offer(self.b, 10.00), 1)], date="2026-03-03")
        self._sell([(self._create_offer(self.b, 10.00), 1)], date="2026-03-04")
        moves = self._invoice_commission("2026-03-10")
        self._sell([(self._create_offer(self.a, 10.00), 1)], date="2026-03-15")
        moves |= self._invoice_commission("2026-03-20")
        self.assertEqual(moves.journal_id.code, "MKC")
        numbers = sorted(moves.mapped("sequence_number"))
        self.assertEqual(
            numbers, list(range(numbers[0], numbers[0] + 3)), moves.mapped("name")
        )
        periods = [
            (str(move.marketplace_date_from), str(move.marketplace_date_to))
            for move in moves.sorted("name")
        ]
        self.assertCountEqual(
            periods,
            [
                ("2026-03-02", "2026-03-02"),
                ("2026-03-03", "2026-03-04"),
                ("2026-03-15", "2026-03-15"),
            ],
        )

    # -- annex ----------------------------------------------------------------------

    def test_annex_adds_up_to_the_document(self):
        """A4: fee and order lines; PDF, CSV and invoice have one total."""
        self.default_rule.rate = 0.12
        self._sell(
            [
                (self._create_offer(self.a, 19.99), 2),
                (self._create_offer(self.a, 7.45, tax_rate=5.5), 1),
            ]
        )
        fee = self.env["marketplace.fee"].create(
            {
                "name": "Photos",
                "vendor_id": self.a.id,
                "amount": 25.00,
                "date": "2026-03-06",
            }
        )
        fee.action_approve()
        lines = self.Line._invoiceable(self.company)
        move = lines._invoice(Date.to_date("2026-03-10"), fee)
        self.assertEqual(len(move._commission_annex()), 3)
        self.assertEqual(move._commission_annex_total(), move.amount_untaxed)
        rows = self._csv_rows(move)
        self.assertEqual(
            f"{sum(float(row['Amount excl. VAT']) for row in rows):.2f}",
            f"{move.amount_untaxed:.2f}",
        )
        self.assertEqual({row["Document"] for row in rows}, {move.name})
        self.assertEqual(str(move.marketplace_date_to), "2026-03-06")

    def test_annex_of_a_document_with_given_back_commission(self):
        """Commission and a smaller reversal on one invoice: 3.33 - 1.11 = 2.22."""
        group = self._import_order(
            [(self._create_offer(self.a, 11.11), 3)], date="2026-03-02 10:00:00"
        )
        self._ship_and_deliver(group, date="2026-03-05")
        line = group.sale_order_ids.order_line.filtered("offer_id")
        self._refund(group, [(line, 1, None)], date="2026-03-08")
        move = self._invoice_commission("2026-03-10")
        amounts = [row["amount"] for row in move._commission_annex()]
        self.assertEqual(amounts, [3.33, -1.11])
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_invoice", 2.22))

    def test_credit_note_says_what_it_corrects_why_and_with_which_sign(self):
        """A5: positive amounts on a credit note, negative revenue in the books."""
        invoice, credit_note = self._credit_note()
        self.assertEqual(credit_note.move_type, "out_refund")
        self.assertEqual(credit_note.reversed_entry_id, invoice)
        self.assertEqual(credit_note._commission_origins(), invoice)
        self.assertGreater(credit_note.amount_untaxed, 0)
        self.assertEqual(
            credit_note._commission_annex_total(), credit_note.amount_untaxed
        )
        [row] = self._csv_rows(credit_note)
        self.assertEqual(row["Original Document"], invoice.name)
        self.assertGreater(float(row["Amount excl. VAT"]), 0)
        self.assertIn("caused by: Vendor", row["Reason"])
        revenue = credit_note.line_ids.filtered(
            lambda item: (
                item.account_id == self.company._marketplace_account("COMMISSION")
            )
        )
        self.assertLess(sum(revenue.mapped("credit")) - sum(revenue.mapped("debit")), 0)
        report = self.env["account.invoice.report"].search(
            [("move_id", "in", (invoice | credit_note).ids)]
        )
        by_move = {row.move_id: row.price_subtotal for row in report}
        self.assertGreater(by_move[invoice], 0)
        self.assertLess(by_move[credit_note], 0)

    # -- PDF ------------------------------------------------------------------------

    def test_pdf_carries_numbers_vat_and_mentions(self):
        self._sell([(self._create_offer(self.a, 33.33), 1)])
        move = self._invoice_commission("2026-03-10")
        text = self._printed(move)
        for wanted in (
            move.name,
            "03/02/2026",
            "Atelier A",
            "FR23334175221",
            "3.33",
            "0.67",
            "4.00",
            "VAT on debits",
            "Late payment",
            "set-off",
        ):
            self.assertIn(wanted, text)
        self.assertTrue(re.search(r"1 / \d", text), "pages are counted")

    def test_pdf_of_a_credit_note_prints_reason_and_party(self):
        invoice, credit_note = self._credit_note()
        text = self._printed(credit_note)
        self.assertIn("Credit note", text)
        self.assertIn(f"Corrects: {invoice.name}", text)
        self.assertIn("caused by: Vendor", text)

    def test_cause_without_reason_names_the_party_alone(self):
        line = self.Line.new({"fault": "customer"})
        self.assertEqual(line._commission_cause(), "Caused by: Customer")

    def test_pdf_is_printed_once_and_kept(self):
        self._sell([(self._create_offer(self.a, 33.33), 1)])
        move = self._invoice_commission("2026-03-10")
        with self.allow_pdf_render():
            first = move._commission_pdf()
            self.a.name = "Renamed"
            self.assertEqual(move._commission_pdf(), first)
        self.assertTrue(move.invoice_pdf_report_id)
        self.assertIn("/web/content/", move.action_commission_csv()["url"])

    def test_only_commission_documents_have_one(self):
        with self.assertRaisesRegex(MarketplaceError, "no posted commission document"):
            self.env["account.move"].create(
                {"move_type": "out_invoice", "partner_id": self.a.id}
            )._commission_pdf()

    def test_vendor_downloads_invoice_and_annex(self):
        self._sell([(self._create_offer(self.a, 33.33), 1)])
        move = self._invoice_commission("2026-03-10")
        member = self.env["marketplace.vendor.user"].new({"vendor_id": self.a.id})
        titles = {
            (code, title)
            for code, _record, title, _day in member._documents(
                ["commission", "commission_annex"]
            )
        }
        self.assertIn(("commission_annex", f"Annex of {move.name}"), titles)
        name, content = member._document_file("commission_annex", move)
        self.assertTrue(name.endswith(".csv"))
        self.assertIn(move.name.encode(), content)
        with self.allow_pdf_render():
            name, content = member._document_file("commission", move)
        self.assertEqual((name[-4:], content[:4]), (".pdf", b"%PDF"))

    # -- K9: VAT rounding -----------------------------------------------------------

    def test_vat_is_that_of_the_total_of_the_invoice(self):
        """Rule 9: three commissions of 4.17 give 2.50, not 3 x 0.83."""
        self.default_rule.rate = 0.125
        offer = self._create_offer(self.a, 33.33)
        for method in ROUNDING_METHODS:
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                for _rank in range(3):
                    self._sell([(offer, 1)])
                move = self._invoice_commission("2026-03-10")
                self.assertEqual(self._minor(move.amount_untaxed), 1251)
                self._check_vat(move, 250)

    def test_rounding_mode_of_the_company_is_that_of_every_face(self):
        """1.02 and an adjustment of 1.02: VAT 0.41 together, 0.40 line by line."""
        for method, vat in zip(ROUNDING_METHODS, (41, 40), strict=True):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                group = self._sell([(self._create_offer(self.a, 10.20), 1)])
                self._check_vat(self._invoice_adjusted(1.02, "2026-03-10"), vat)
                line = group.sale_order_ids.order_line.filtered("offer_id")
                self._refund(group, [(line, 1, None)], date="2026-03-12")
                self._check_vat(self._invoice_adjusted(-1.02, "2026-03-13"), vat)

    def _invoice_adjusted(self, amount, date):
        fee = self.env["marketplace.fee"].create(
            {
                "name": "Rate agreed by letter",
                "vendor_id": self.a.id,
                "kind": "adjustment",
                "amount": amount,
                "date": "2026-03-06",
            }
        )
        fee.action_approve()
        return self.Line._invoiceable(self.company)._invoice(Date.to_date(date), fee)

    def _check_vat(self, move, minor):
        """Assert the VAT of a document on screen, in PDF, XML, entry and ledger."""
        tax = move.line_ids.filtered(lambda item: item.display_type == "tax")
        ledger = self.Ledger.search(
            [
                ("event", "=", "commission_tax"),
                ("event_key", "=", f"commission:{move.id}"),
            ]
        )
        with self.allow_pdf_render():
            pdf = move._commission_pdf()
        xml = move._commission_xml()
        self._check_xml(xml, pdf)
        tree = etree.fromstring(xml)
        rows = self._node_texts(
            tree,
            "//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax"
            "/ram:CalculatedAmount",
        )
        self.assertEqual(
            {
                "screen": self._minor(move.amount_tax),
                "page": sum(
                    self._minor(row["tax"]) for row in move._commission_vat_rows()
                ),
                "entry": abs(self._minor(sum(tax.mapped("balance")))),
                "ledger": sum(
                    self._minor(amount) for amount in ledger.mapped("amount")
                ),
                "XML": self._summation(tree, "TaxTotalAmount") * 100,
                "XML rows": sum(map(Decimal, rows)) * 100,
                "XML total": self._summation(tree, "GrandTotalAmount") * 100
                - self._minor(move.amount_untaxed),
            },
            dict.fromkeys(
                ("screen", "page", "entry", "ledger", "XML", "XML rows", "XML total"),
                minor,
            ),
        )
        text = self._pdf_text(pdf).replace(",", ".")
        for amount in (minor, self._minor(move.amount_total)):
            self.assertIn(f"{Decimal(amount) / 100:.2f}", text)
