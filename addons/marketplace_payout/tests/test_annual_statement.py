import io

from PyPDF2 import PdfReader

from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .test_dac7_report import Dac7ReportCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2027-01-20 10:00:00")
class TestAnnualStatement(Dac7ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.Report.with_user(cls.accountant).create({"year": 2026})
        cls.report.action_prepare()
        cls.report.action_generate()

    def _pdf(self, line):
        content, kind = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("marketplace_payout.report_annual_statement", line.ids)
        )
        self.assertEqual(kind, "pdf")
        (page,) = PdfReader(io.BytesIO(content)).pages
        return " ".join(page.extract_text().split())

    def test_pdf_tells_the_year(self):
        text = self._pdf(self._line(self.report, self.a))
        for expected in (
            "Annual statement 2026",
            "Le Marché",
            "Amande",
            "2,500.00",
            "300.00",
            "2,200.00",
            "As reported",
            "2200 EUR",
        ):
            self.assertIn(expected, text)

    def test_pdf_of_one_who_is_not_reported(self):
        """Everybody gets the statement; a private person a word on his taxes."""
        text = self._pdf(self._line(self.report, self.small))
        self.assertIn("2,000.00", text)
        self.assertNotIn("As reported", text)
        self.assertIn("private person", self._pdf(self._line(self.report, self.b)))

    def test_mailed_once_to_every_vendor(self):
        mails = self.env["mail.mail"]
        before = mails.search([])
        self.report.action_share()
        sent = mails.search([]) - before
        self.assertEqual(sent.recipient_ids, self.report.line_ids.vendor_id)
        self.assertEqual(len(sent), 5)
        self.report.action_share()
        self.assertEqual(mails.search([]) - before, sent)
        with self.assertRaisesRegex(MarketplaceError, "have their statements"):
            self.report.action_draft()

    def test_not_before_the_file(self):
        report = self._report(year=2025, kind="nil")
        with self.assertRaises(MarketplaceError):
            report.action_share()

    def test_among_the_documents_of_the_vendor_once_shared(self):
        user = new_test_user(self.env, "amande", groups="base.group_portal")
        member = self.env["marketplace.vendor.user"].create(
            {"vendor_id": self.a.id, "user_id": user.id, "is_finance": True}
        )
        self.assertFalse(member._documents(["annual"]))
        self.report.action_share()
        [(kind, record, title, day)] = member._documents(["annual"])
        self.assertEqual(record.vendor_id, self.a)
        self.assertIn("2026", title)
        self.assertEqual(str(day), "2027-01-20")
        name, content = member._document_file(kind, record)
        self.assertTrue(name.startswith("2026-") and name.endswith(".pdf"))
        self.assertTrue(content.startswith(b"%PDF"))
