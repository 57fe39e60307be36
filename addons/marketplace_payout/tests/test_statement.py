import csv
import io

from PyPDF2 import PdfReader

from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.report.weasyprint_pdf import (
    BASE_URL,
    StaticFetcher,
    html_to_pdf,
)

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestStatement(PayoutCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a = cls._create_vendor("Atelier Amande")
        cls.b = cls._create_vendor("Brasserie Basalte")
        cls.vendors = cls.a | cls.b
        cls.offers = [cls._create_offer(vendor, 100.0) for vendor in cls.vendors]
        cls.group = cls._sell(
            [(offer, 1) for offer in cls.offers], "2026-03-02", "2026-03-05"
        )
        cls.settlements = cls._settle("2026-03-10", cls.vendors)
        cls.settlement = cls.settlements.filtered(lambda s: s.vendor_id == cls.a)

    def _pdf(self, settlements):
        content, kind = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("marketplace_payout.report_settlement", settlements.ids)
        )
        self.assertEqual(kind, "pdf")
        pages = PdfReader(io.BytesIO(content)).pages
        return [" ".join(page.extract_text().split()) for page in pages]

    # -- PDF --------------------------------------------------------------------------

    def test_pdf_tells_the_whole_statement(self):
        """A real PDF with text: number, vendor, movements, documents, balances."""
        (text,) = self._pdf(self.settlement)
        order = self.group.sale_order_ids.filtered(lambda o: o.vendor_id == self.a)
        for expected in (
            self.settlement.name,
            self.company.name,
            "Atelier Amande",
            order.name,
            self.settlement.invoice_ids.name,
            "100.00",
            "-12.00",
            "88.00",
            "1 / 1",
        ):
            self.assertIn(expected, text)

    def test_pdf_in_the_language_of_the_vendor(self):
        self.a.lang = "fr_FR"
        (text,) = self._pdf(self.settlement)
        self.assertIn("Relevé", text)
        self.assertIn("88,00", text)

    def test_pdf_of_many_has_a_page_each(self):
        """wkhtmltopdf refused this: several documents, each with its own page 1."""
        first, second = self._pdf(self.settlements)
        self.assertIn(self.settlements[0].name, first)
        self.assertNotIn(self.settlements[1].name, first)
        self.assertIn(self.settlements[1].name, second)
        self.assertIn("1 / 1", second)

    def test_pdf_names_the_payout_once_sent(self):
        run = self._pay("2026-03-12", self.a)
        (text,) = self._pdf(self.settlement)
        self.assertIn(run.payout_ids.end_to_end_id, text)

    def test_a_document_calls_no_address_and_reads_no_file(self):
        fetcher = StaticFetcher()
        for url in (
            "http://localhost:8069/web",
            "https://example.com/x.png",
            "file:///etc/passwd",
            f"{BASE_URL}web/content/1",
            f"{BASE_URL}marketplace_base/static/../__manifest__.py",
            f"{BASE_URL}marketplace_base/static/%2e%2e/__manifest__.py",
        ):
            with self.subTest(url), self.assertRaises(ValueError):
                fetcher.fetch(url)
        sheet = f"{BASE_URL}marketplace_base/static/src/report/document.css"
        self.assertIn(b"@page", fetcher.fetch(sheet).read())
        self.assertTrue(html_to_pdf("<p>plain</p>").startswith(b"%PDF"))

    # -- CSV --------------------------------------------------------------------------

    def test_csv_runs_from_the_opening_to_nothing_left(self):
        content = self.settlement._statement_csv().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(content)))
        order = self.group.sale_order_ids.filtered(lambda o: o.vendor_id == self.a)
        self.assertEqual(
            [
                (row["Date"], row["Order"], row["Amount"], row["Balance"])
                for row in rows
            ],
            [
                ("", "", "0.00", "0.00"),
                ("2026-03-05", order.name, "100.00", "100.00"),
                ("2026-03-10", "", "-12.00", "88.00"),
                ("2026-03-10", "", "-88.00", "0.00"),
            ],
        )

    def test_refund_and_credit_note_are_rows_of_the_next_statement(self):
        order = self.group.sale_order_ids.filtered(lambda o: o.vendor_id == self.a)
        self._refund(self.group, [(order.order_line, 1, None)], date="2026-03-11")
        settlement = self._settle("2026-03-12", self.a)
        self.assertSettled(settlement, 88, -88, 0, 0)
        self.assertEqual(
            [f"{row['amount']:.2f}" for row in settlement._statement_rows()],
            ["-100.00", "12.00"],
        )
        self.assertEqual(settlement.invoice_ids.move_type, "out_refund")

    # -- mail -------------------------------------------------------------------------

    def test_vendor_is_told_once_in_his_language(self):
        self.a.lang = "fr_FR"
        mails = self.env["mail.mail"]
        before = mails.search([])
        self.settlements._notify_vendors()
        sent = mails.search([]) - before
        self.assertEqual(sent.recipient_ids, self.vendors)
        french = sent.filtered(lambda mail: mail.recipient_ids == self.a)
        self.assertIn("relevé", french.subject)
        self.assertIn("88,00", french.body_html.replace("\N{NO-BREAK SPACE}", " "))
        self.assertIn("virés avec le prochain versement", french.body_html)
        self.assertIn(self.settlement.access_url, french.body_html)
        self.settlements._notify_vendors()
        self.assertEqual(mails.search([]) - before, sent)
