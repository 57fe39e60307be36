from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.portal_common import PortalCase

from .vendor_document_common import VendorDocumentCommon

URL = "/my/marketplace/invoices"


@tagged("post_install", "-at_install", "marketplace")
class TestPortalVendorDocument(VendorDocumentCommon, PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_seller("Zoubrovka")
        cls.invoice = cls._invoice(cls._sell())
        cls.foreign = cls._invoice(cls._sell([(cls._create_offer(cls.other, 9.0), 1)]))

    def test_vendor_reads_and_downloads_his_documents(self):
        self._login(self.vendor)
        text = " ".join(self._get(URL).itertext())
        self.assertIn(self.invoice.name, text)
        self.assertNotIn(self.foreign.name, text)
        page = " ".join(self._get(f"{URL}/{self.invoice.id}").itertext())
        self.assertIn("Camille Martin", page)
        pdf = self.url_open(f"{URL}/{self.invoice.id}/pdf")
        self.assertTrue(pdf.content.startswith(b"%PDF"))
        self.assertIn(self.invoice.name, pdf.headers["Content-Disposition"])
        xml = self.url_open(f"{URL}/{self.invoice.id}/xml")
        self.assertIn(b"CrossIndustryInvoice", xml.content)

    def test_nothing_of_another_vendor(self):
        self._login(self.vendor)
        for path in ("", "/pdf", "/xml"):
            response = self.url_open(f"{URL}/{self.foreign.id}{path}")
            self.assertEqual(response.status_code, 404, path)
        self._post(f"{URL}/{self.foreign.id}/contest", status=404, reason="Mine")
        self.assertFalse(self.foreign.is_contested)

    def test_month_narrows_the_list(self):
        self._login(self.vendor)
        month = f"{self.invoice.date:%Y-%m}"
        for query, found in ((month, True), ("2020-01", False), ("2020-13", True)):
            text = " ".join(self._get(f"{URL}?month={query}").itertext())
            self.assertEqual(self.invoice.name in text, found, query)

    def test_vendor_contests_from_the_page(self):
        self._login(self.vendor)
        page = self._get(f"{URL}/{self.invoice.id}")
        self.assertTrue(page.xpath("//textarea[@name='reason']"), "where to write")
        page = self._post(f"{URL}/{self.invoice.id}/contest", status=422, reason=" ")
        self.assertIn("Say what is wrong", self._text(page, "o_marketplace_errors"))
        page = self._post(f"{URL}/{self.invoice.id}/contest", reason="Wrong <b>price")
        self.assertIn("Wrong <b>price", self._text(page, "o_marketplace_contest"))
        self.assertTrue(self.invoice.is_contested)

    def test_documents_are_among_the_downloads(self):
        self._login(self.vendor)
        text = " ".join(self._get("/my/marketplace/downloads?kind=sale").itertext())
        self.assertIn(self.invoice.name, text)
        self.assertNotIn(self.foreign.name, text)
        path = f"/my/marketplace/downloads/sale/{self.invoice.id}"
        self.assertTrue(self.url_open(path).content.startswith(b"%PDF"))

    def test_empty_state_says_what_to_do(self):
        fresh = self._create_seller("Fresh")
        self._login(fresh)
        self.assertIn("billing mandate", " ".join(self._get(URL).itertext()))
