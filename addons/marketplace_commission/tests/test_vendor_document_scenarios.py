from odoo.tests import tagged

from .vendor_document_common import VendorDocumentCommon

# Scenario S3 of the accounting design: {vendor: (total, {rate: (base, VAT)})}, cents.
S3 = {
    "Alma": (4615, {20.0: (3287, 657), 5.5: (636, 35)}),
    "Bora": (4506, {20.0: (2781, 556), 5.5: (1108, 61)}),
    "Cima": (96, {20.0: (80, 16)}),
}


@tagged("post_install", "-at_install", "marketplace")
class TestVendorDocumentScenarios(VendorDocumentCommon):
    def test_s3_documents_of_three_vendors(self):
        """S3: discount and delivery shared, VAT extracted per document and rate."""
        a, b, c = (self._create_seller(name) for name in S3)
        group = self._sell(
            [
                (self._create_offer(a, 19.99), 2),
                (self._create_offer(a, 7.45, tax_rate=5.5), 1),
                (self._create_offer(b, 4.33, tax_rate=5.5), 3),
                (self._create_offer(b, 33.33), 1),
                (self._create_offer(c, 0.99), 1),
            ],
            discounts=[(9.47, "vendor")],
            shippings=[(6.90, None)],
        )
        documents = self._invoice(group)
        found = {}
        for document in documents:
            by_rate = {
                rate: (
                    sum(
                        self._minor(line.amount_total) - self._minor(line.amount_tax)
                        for line in lines
                    ),
                    sum(self._minor(line.amount_tax) for line in lines),
                )
                for rate, lines in document.line_ids.grouped("vat_rate").items()
            }
            found[document.vendor_id.name] = (
                self._minor(document.amount_total),
                by_rate,
            )
        self.assertEqual(found, S3)
