import io
from decimal import Decimal

from PyPDF2 import PdfReader

from odoo.tests import tagged
from odoo.tools import mute_logger

from .facturx_checks import FacturxChecks
from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorDocumentFiles(FacturxChecks, VendorDocumentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.business = cls.env["res.partner"].create(
            {
                "name": "Librairie Lune",
                "is_company": True,
                "street": "8 quai Sud",
                "zip": "33000",
                "city": "Bordeaux",
                "country_id": cls.france.id,
                "vat": "FR83404833048",
                "company_registry": "404833048",
                "email": "lune@example.com",
            }
        )

    @mute_logger("factur-x")
    def _check(self, document, credit):
        """Assert that XML, PDF and ledger agree, and that the XML is valid.

        :param credit: minor units that the ledger says.
        """
        document._print()
        tree, text = self._check_files(document)
        total = Decimal(credit) / 100
        self.assertEqual(self._summation(tree, "GrandTotalAmount"), total)
        self.assertEqual(self._summation(tree, "TotalPrepaidAmount"), total)
        self.assertEqual(self._summation(tree, "DuePayableAmount"), 0)
        self.assertEqual(
            self._summation(tree, "TaxTotalAmount") * 100,
            self._minor(document.amount_tax),
        )
        for amount in (document.amount_total, document.amount_tax):
            self.assertIn(f"{amount:.2f}", text.replace(",", "."))
        return tree, text

    def test_schematron_is_really_checked(self):
        """A total that does not add up is refused: the other checks prove something."""
        invoice = self._invoice(self._sell())
        _name, xml = invoice._file("xml")
        wrong = xml.replace(b"<ram:DuePayableAmount>0", b"<ram:DuePayableAmount>9")
        self.assertNotEqual(wrong, xml)
        with self.assertRaisesRegex(AssertionError, "BR-CO-16"):
            self._check_schematron(wrong)

    def test_consumer_invoice_with_several_rates(self):
        low = self._create_offer(self.vendor, 9.99, tax_rate=5.5)
        group = self._sell(
            [(self.offer, 2), (low, 3)],
            shippings=[(4.9, self.vendor)],
            discounts=[(10.0, "marketplace")],
        )
        invoice = self._invoice(group)
        tree, text = self._check(invoice, self._ledger_credit(group.sale_order_ids))
        self.assertEqual(
            self._node_texts(tree, "//ram:SellerTradeParty/ram:Name"),
            ["Atelier Amande"],
        )
        self.assertEqual(
            self._node_texts(tree, "//ram:BuyerTradeParty/ram:Name"),
            [self.customer.name],
        )
        self.assertIn("10.00", text)
        self.assertIn("Camille Martin", text)
        notes = " ".join(self._node_texts(tree, "//ram:IncludedNote/ram:Content"))
        self.assertIn(
            f"Facture établie par {self.company.name} au nom et pour le compte de "
            "Atelier Amande",
            notes,
        )

    def test_rounding_mode_of_the_company_is_that_of_every_face(self):
        """K9: three lines of 9.99 hold 5.00 of VAT together, 3 x 1.67 line by line."""
        for method, vat in (("round_globally", 500), ("round_per_line", 501)):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                offers = [self._create_offer(self.vendor, 9.99) for _rank in range(3)]
                group = self._sell([(offer, 1) for offer in offers])
                order = group.sale_order_ids
                invoice = self._invoice(group)
                refund = self._refund(
                    group, [(line, 1, None) for line in order.order_line]
                )
                self.assertEqual(self._minor(order.amount_tax), vat)
                for document in (invoice, self._credit(refund)):
                    self.assertEqual(self._minor(document.amount_tax), vat)
                    self._check(document, 2997)

    def test_credit_note_names_its_invoice(self):
        group = self._sell()
        invoice = self._invoice(group)
        refund = self._refund(group, [(group.sale_order_ids.order_line, 1, None)])
        credit_note = self._credit(refund)
        tree, text = self._check(credit_note, 6000)
        self.assertEqual(
            self._node_texts(
                tree, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID"
            ),
            [invoice.name],
        )
        self.assertIn(invoice.name, text)
        self.assertIn("381", self._node_texts(tree, "//ram:TypeCode"))

    def test_franchise_invoice_has_no_vat(self):
        vendor = self._create_seller("Petite", vat=False, is_vat_exempt=True)
        offer = self._create_offer(vendor, 12.0, tax_rate=0.0)
        group = self._sell([(offer, 1)])
        invoice = self._invoice(group)
        tree, text = self._check(invoice, 1200)
        self.assertIn("TVA non applicable, art. 293 B du CGI", text)
        self.assertIn(
            "VATEX-FR-FRANCHISE",
            self._node_texts(tree, "//ram:ApplicableTradeTax/ram:ExemptionReasonCode"),
        )

    def test_business_invoice_passes_the_french_rules(self):
        """Customer's SIREN and VAT number, delivery address, late payment."""
        group = self._sell(
            partner_id=self.business.id, partner_shipping_id=self.customer.id
        )
        invoice = self._invoice(group)
        tree, text = self._check(invoice, 12000)
        codes = self._codes(invoice)
        for code in (
            "buyer_registry",
            "buyer_vat",
            "delivery_address",
            "late_payment",
            "recovery_fee",
            "no_discount",
        ):
            self.assertIn(code, codes)
        self.assertIn("404833048", text)
        self.assertIn("3 rue des Lilas", text)

    def test_customers_language_is_printed(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        invoice = self._invoice(self._sell())
        invoice._print()
        self.assertEqual(invoice.lang, "fr_FR")
        text = self._pdf_text(invoice._file("pdf")[1])
        self.assertIn("120,00", text)

    def test_pdf_is_archivable(self):
        invoice = self._invoice(self._sell())
        _name, pdf = invoice._file("pdf")
        root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
        metadata = root["/Metadata"].get_object().get_data()
        self.assertIn(b"pdfaid:part", metadata)
        self.assertIn(b"factur-x.xml", metadata)
        self.assertIn("/OutputIntents", root)

    def test_customer_gets_the_mail_once(self):
        invoice = self._invoice(self._sell())
        cron = self.env.ref("marketplace_commission.ir_cron_print_documents")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertTrue(invoice.is_printed)
        self.assertTrue(invoice.date_sent)
        mails = self.env["mail.mail"].search(
            [("model", "=", invoice._name), ("res_id", "=", invoice.id)]
        )
        self.assertEqual(len(mails), 1)
        self.assertEqual(mails.recipient_ids, self.customer)
        self.assertEqual(mails.state, "outgoing")
        self.assertEqual(mails.attachment_ids.mapped("name"), [f"{invoice.name}.pdf"])
        self.assertTrue(mails.attachment_ids.raw.startswith(b"%PDF"))
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(
            self.env["mail.mail"].search_count([("res_id", "=", invoice.id)]), 1
        )

    def test_no_mail_where_the_company_wants_none(self):
        self.company.marketplace_document_mail = False
        invoice = self._invoice(self._sell())
        invoice._print()
        self.assertTrue(invoice.is_printed)
        self.assertFalse(invoice.date_sent)
