from odoo.tests import tagged

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorDocumentMentions(VendorDocumentCommon):
    """L9: what each case must say; a missing mention fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        address = {"street": "1 Weg", "zip": "10115", "city": "Berlin"}
        cls.german, cls.american, cls.business = cls.env["res.partner"].create(
            [
                {
                    "name": "Buchladen",
                    "is_company": True,
                    "country_id": cls.env.ref("base.de").id,
                    "vat": "DE136695976",
                    **address,
                },
                {"name": "John", "country_id": cls.env.ref("base.us").id, **address},
                {
                    "name": "Librairie",
                    "is_company": True,
                    "country_id": cls.france.id,
                    "vat": "FR83404833048",
                    "company_registry": "40483304800022",
                    **address,
                },
            ]
        )

    def _case(self, offer, customer=None, shipping=None):
        customer = customer or self.customer
        group = self._sell(
            [(offer, 1)],
            partner_id=customer.id,
            partner_shipping_id=(shipping or customer).id,
            # Services are performed, not shipped.
            deliver=offer.product_id.type != "service" and "2026-03-05",
        )
        return self._invoice(group)

    def _service(self, vendor, tax_rate):
        product = self.env["product.product"].create(
            {
                "name": "Lesson",
                "type": "service",
                "taxes_id": [(6, 0, self.company._marketplace_tax(tax_rate).ids)],
            }
        )
        return self._create_offer(vendor, 60.0, product=product)

    def test_mentions_by_case(self):
        franchise = self._create_seller("Petite", vat=False, is_vat_exempt=True)
        debits = self._create_seller("Cours", is_vat_on_debits=True)
        zero = self._create_offer(self.vendor, 12.0, tax_rate=0.0)
        operator = self.company.name
        always = [
            f"Facture établie par {operator} au nom et pour le compte de ",
            "334175221",
        ]
        vat = ["FR23334175221"]
        cases = [
            (
                "consumer",
                self._case(self.offer),
                [*vat, "livraison de biens (Nature of the operation: supply of goods)"],
            ),
            (
                "franchise",
                self._case(self._create_offer(franchise, 12.0, tax_rate=0.0)),
                ["TVA non applicable, art. 293 B du CGI"],
            ),
            (
                "business",
                self._case(self.offer, self.business),
                [
                    *vat,
                    "404833048",
                    "FR83404833048",
                    "indemnité forfaitaire pour frais de recouvrement de 40 euros",
                    "L441-10",
                ],
            ),
            (
                "intra-Community",
                self._case(zero, self.german),
                [*vat, "DE136695976", "262 ter"],
            ),
            (
                "reverse charge",
                self._case(self._service(self.vendor, 0.0), self.german),
                [*vat, "DE136695976", "Autoliquidation", "prestation de services"],
            ),
            ("export", self._case(zero, self.american), ["262, I du CGI"]),
            (
                "delivered elsewhere",
                self._case(self.offer, self.business, self.customer),
                ["Delivered to", "3 rue des Lilas", "69003 Lyon"],
            ),
            (
                "VAT on debits",
                self._case(self._service(debits, 20.0)),
                ["d'après les débits"],
            ),
        ]
        for name, document, wanted in cases:
            text = "\n".join(item["text"] for item in document.content["mentions"])
            for words in [*always, *wanted]:
                with self.subTest(f"{name}: {words}"):
                    self.assertIn(words, text)

    def test_late_payment_is_not_told_to_consumers(self):
        self.assertNotIn("late_payment", self._codes(self._case(self.offer)))

    def test_exempt_vendor_cannot_have_sold_with_vat(self):
        vendor = self._create_seller("Petite")
        group = self._sell([(self._create_offer(vendor, 12.0), 1)])
        vendor.write({"vat": False, "is_vat_exempt": True})
        self.assertFalse(self._invoice(group))
        self.assertIn(
            "not registered for VAT", group.sale_order_ids.vendor_document_problem
        )

    def test_french_customer_reads_french_only(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        document = self._case(self.offer)
        self.assertEqual(
            self._mention(document, "agent_mandate"),
            f"Facture établie par {self.company.name} au nom et pour le compte de "
            "Atelier Amande",
        )
        self.assertEqual(
            self._mention(document, "nature"),
            "Nature de l'opération : livraison de biens",
        )
