from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.portal_common import PortalCase

from .vendor_document_common import VendorDocumentCommon

URL = "/my/marketplace/bills"


@tagged("post_install", "-at_install", "marketplace")
class TestPortalSelfBill(VendorDocumentCommon, PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller, cls.other = (
            cls._create_seller(name, posture="principal") for name in ("Alma", "Zoub")
        )
        cls.bill, cls.foreign = (
            cls._bill_of(vendor) for vendor in (cls.seller, cls.other)
        )

    @classmethod
    def _bill_of(cls, vendor):
        group = cls._sell([(cls._create_offer(vendor, 120.0), 1)])
        group.sale_order_ids._issue_principal_documents()
        return group.sale_order_ids.self_bill_ids

    def test_vendor_reads_and_downloads_his_copies(self):
        self._login(self.seller)
        text = " ".join(self._get(URL).itertext())
        self.assertIn(self.bill.name, text)
        self.assertNotIn(self.foreign.name, text)
        page = " ".join(self._get(f"{URL}/{self.bill.id}").itertext())
        self.assertIn("You can contest this document until", page)
        pdf = self.url_open(f"{URL}/{self.bill.id}/pdf")
        self.assertTrue(pdf.content.startswith(b"%PDF"))
        xml = self.url_open(f"{URL}/{self.bill.id}/xml")
        self.assertIn(b"<ram:TypeCode>389<", xml.content)
        downloads = self._get("/my/marketplace/downloads?kind=self_bill")
        self.assertIn(self.bill.name, " ".join(downloads.itertext()))

    def test_nothing_of_another_vendor(self):
        self._login(self.seller)
        for path in ("", "/pdf", "/xml"):
            response = self.url_open(f"{URL}/{self.foreign.id}{path}")
            self.assertEqual(response.status_code, 404, path)
        for path in ("accept", "contest"):
            self._post(f"{URL}/{self.foreign.id}/{path}", status=404, reason="Mine")
        self.assertEqual(self.foreign.acceptance, "open")

    def test_vendor_accepts_from_the_page(self):
        self._login(self.seller)
        page = self._post(f"{URL}/{self.bill.id}/accept")
        self.assertIn("You accepted this", self._text(page, "o_marketplace_accepted"))
        self.assertEqual(self.bill.acceptance, "accepted")
        page = self._post(f"{URL}/{self.bill.id}/contest", status=422, reason="No")
        self.assertIn("You accepted", self._text(page, "o_marketplace_errors"))

    def test_vendor_contests_from_the_page(self):
        self._login(self.seller)
        page = self._get(f"{URL}/{self.bill.id}")
        self.assertTrue(page.xpath("//textarea[@name='reason']"), "where to write")
        page = self._post(f"{URL}/{self.bill.id}/contest", status=422, reason=" ")
        self.assertIn("Say what is wrong", self._text(page, "o_marketplace_errors"))
        page = self._post(f"{URL}/{self.bill.id}/contest", reason="Wrong <b>price")
        self.assertIn("Wrong <b>price", self._text(page, "o_marketplace_contest"))
        text = " ".join(page.itertext())
        self.assertIn("Stopped until your objection is answered", text)
        page = self._post(f"{URL}/{self.bill.id}/accept", status=422)
        self.assertIn("contested already", self._text(page, "o_marketplace_errors"))

    def test_invoice_to_a_customer_is_accepted_from_its_page(self):
        invoice = self._invoice(self._sell())
        self._login(self.vendor)
        page = self._post(f"/my/marketplace/invoices/{invoice.id}/accept")
        self.assertIn("You accepted this", self._text(page, "o_marketplace_accepted"))
        self.assertEqual(invoice.acceptance, "accepted")

    def test_tab_is_for_vendors_who_have_bills(self):
        self._login(self.vendor)
        home = self._get("/my/marketplace")
        self.assertFalse(home.xpath(f"//a[@href='{URL}']"))
        self.assertIn(
            "Nothing was bought from you", " ".join(self._get(URL).itertext())
        )
