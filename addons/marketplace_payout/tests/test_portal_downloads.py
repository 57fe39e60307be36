import base64
import io
import zipfile

from lxml import html

from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.models import vendor_documents

from .common import PayoutCommon


@freeze_time("2026-03-12 09:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestPortalDownloads(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Orfèvrerie Olive")
        cls.other = cls._create_vendor("Papeterie Pervenche")
        vendors = cls.vendor | cls.other
        offers = [cls._create_offer(vendor, 100.0) for vendor in vendors]
        cls._sell([(offer, 1) for offer in offers], "2026-03-02", "2026-03-05")
        settlements = cls._settle("2026-03-10", vendors)
        cls.settlement, cls.settlement_other = (
            settlements.filtered(lambda s, v=vendor: s.vendor_id == v)
            for vendor in vendors
        )
        cls.invoice = cls.settlement.invoice_ids
        # As once sent: printing it anew needs wkhtmltopdf.
        cls.invoice.invoice_pdf_report_file = base64.b64encode(b"%PDF-1.4 invoice")
        terms = cls.env["marketplace.terms"].create(
            {"name": "Conditions", "body": "<p>Be kind.</p>"}
        )
        terms.action_publish()
        for vendor in vendors:
            terms._accept(vendor, "127.0.0.1")

    def setUp(self):
        super().setUp()
        self._login(self.vendor.user_ids)

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _get(self, path="", status=200):
        response = self.url_open(f"/my/marketplace/downloads{path}")
        self.assertEqual(response.status_code, status, path)
        return response

    def _listed(self, query=""):
        page = html.fromstring(self._get(query).content)
        return {
            link.get("href").removeprefix("/my/marketplace/downloads")
            for link in page.xpath(
                "//*[contains(@class, 'o_marketplace_downloads')]//a"
            )
        }

    def test_list_by_type_and_period(self):
        statement = f"/statement/{self.settlement.id}"
        invoice = f"/commission/{self.invoice.id}"
        annex = f"/commission_annex/{self.invoice.id}"
        self.assertLess({statement, invoice, annex}, self._listed())
        self.assertEqual(self._listed("?kind=statement"), {statement})
        self.assertEqual(
            self._listed("?date_from=2026-03-10&date_to=2026-03-10"),
            {statement, invoice, annex},
        )
        self.assertEqual(self._listed("?date_to=2026-03-09"), set())
        self.assertTrue(self._listed("?kind=bad&date_from=bad"))

    def test_single_downloads(self):
        for path in (
            f"/statement/{self.settlement.id}",
            f"/commission/{self.invoice.id}",
        ):
            response = self._get(path)
            self.assertTrue(response.content.startswith(b"%PDF"), path)
            self.assertIn("attachment", response.headers["Content-Disposition"])
            self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")

    def test_archive_of_a_period(self):
        response = self._get("/zip?date_from=2026-03-01&date_to=2026-03-31")
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            names = archive.namelist()
            self.assertTrue(all(archive.read(name) for name in names))
        self.assertEqual(
            {name.partition("/")[0] for name in names},
            {
                "Statements",
                "Commission invoices",
                "Annexes of commission invoices (CSV)",
                "Terms",
            },
        )
        self.patch(vendor_documents, "ZIP_MAX", 1)
        self.assertIn("too many", self._get("/zip", 422).text)

    def test_documents_of_the_other_are_not_found(self):
        terms = self.env["marketplace.terms.acceptance"].search(
            [("vendor_id", "=", self.other.id)]
        )
        for path in (
            f"/statement/{self.settlement_other.id}",
            f"/commission/{self.settlement_other.invoice_ids.id}",
            f"/commission_annex/{self.settlement_other.invoice_ids.id}",
            f"/terms/{terms.id}",
            "/unknown/1",
        ):
            self._get(path, 404)

    def test_kinds_follow_the_role(self):
        member = self.vendor._vendor_invite_user("F", "f.o@example.com", ["finance"])
        terms = self.env["marketplace.terms.acceptance"].search(
            [("vendor_id", "=", self.vendor.id)]
        )
        self._login(member.user_id)
        self.assertEqual(len(self._listed()), 3)
        self._get(f"/terms/{terms.id}", 404)
        member.write({"is_finance": False, "is_catalogue": True})
        self.assertEqual(self._listed(), set())
        with mute_logger("odoo.http"):
            self._get(f"/statement/{self.settlement.id}", 404)
