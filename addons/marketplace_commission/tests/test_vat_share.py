from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVatShare(VendorDocumentCommon):
    """Whose VAT it is, in figures that others publish."""

    def _net(self, vendor, group):
        """Return what the vendor is owed after commission, VAT on it left out."""
        balances = self.Ledger._vendor_balances(vendor, self.company)
        owed = self._minor(balances[vendor.id, self.currency.id]["due"])
        return owed - self._minor(group.sale_order_ids.amount_commission)

    def test_n_25_vat_goes_to_who_owes_it(self):
        """N-25 (YITH 360002903213): 100 + 20, 50 %: 70 / 50, or 50 / 70."""
        self.default_rule.write({"rate": 0.5, "base_tax": "excluded"})
        for debtor, expected in (("vendor", 7000), ("operator", 5000)):
            with self.subTest(debtor):
                vendor = self._create_vendor(f"Seller {debtor}", vat_debtor=debtor)
                group = self._sell([(self._create_offer(vendor, 120.0), 1)])
                self.assertEqual(self._net(vendor, group), expected)
                vat = group.ledger_line_ids.filtered(
                    lambda line: line.role_credit == "VAT_DEEMED"
                )
                kept = 12000 - expected
                self.assertEqual(
                    kept, 5000 + sum(map(self._minor, vat.mapped("amount")))
                )

    def test_n_25_vat_is_not_split(self):
        """N-25, 60 / 60: nobody owes half a VAT; refused before it is written."""
        contract = self._create_vendor("Seller").vendor_contract_ids
        with self.assertRaisesRegex(
            MarketplaceError, "not shared between.*Write vendor"
        ):
            contract.write({"vat_debtor": "split"})
        self.assertEqual(contract.vat_debtor, "vendor")
        count = self.env["marketplace.contract"].search_count([])
        with self.assertRaisesRegex(MarketplaceError, "“half” is nobody"):
            self.env["marketplace.contract"].create(
                {
                    **self._prepare_contract_vals(contract.vendor_id),
                    "vat_debtor": "half",
                }
            )
        self.assertEqual(self.env["marketplace.contract"].search_count([]), count)

    def test_n_26_operator_income_is_never_the_sale(self):
        """N-26 (pequi.eu): 20 sold in the vendor's name; our invoice is 2.00 TTC."""
        self.default_rule.base_tax = "excluded"
        group = self._sell([(self._create_offer(self.vendor, 20.0), 1)])
        document = self._invoice(group)
        self.assertEqual(self._minor(document.amount_total), 2000)
        invoice = self._invoice_commission("2026-03-10", vendors=self.vendor)
        self.assertMove(
            invoice,
            [
                ("VENDOR_AR", self.vendor, 2.0, 0),
                ("COMMISSION", self.vendor, 0, 1.67),
                ("VAT_OUT", self.vendor, 0, 0.33),
            ],
        )
        income = (group.ledger_line_ids.move_id + invoice).line_ids.filtered(
            lambda item: item.account_id.internal_group == "income"
        )
        self.assertEqual(self._minor(sum(income.mapped("credit"))), 167)

    def test_n_10_each_document_keeps_its_treatment(self):
        """N-10 (spree): a rate of its own for one vendor, the usual one for another.

        10.00 at 19 %, and at 20 %; each line of the ledger and the invoice says which.
        """
        taxes = self.company._marketplace_commission_taxes(
            self.company.domestic_fiscal_position_id
        )
        german = taxes.copy({"name": "19 % of our branch", "amount": 19.0})
        position = self.env["account.fiscal.position"].create(
            {"name": "German branch", "company_id": self.company.id}
        )
        german.write(
            {
                "fiscal_position_ids": [(6, 0, position.ids)],
                "original_tax_ids": [(6, 0, taxes.ids)],
            }
        )
        branch, usual = (self._create_seller(n) for n in ("Branch", "Usual"))
        branch.with_company(self.company).write(
            {
                "marketplace_vat_position_id": position.id,
                "marketplace_vat_reason": "Supplied by our German branch",
            }
        )
        for vendor, rate, vat, case in (
            (branch, 19.0, 190, "override"),
            (usual, 20.0, 200, "domestic"),
        ):
            group = self._sell([(self._create_offer(vendor, 100.0), 1)])
            invoice = self._invoice_commission("2026-03-10", vendors=vendor)
            self.assertEqual(
                (
                    invoice.invoice_line_ids.tax_ids.amount,
                    self._minor(invoice.amount_tax),
                    invoice.marketplace_vat_case,
                ),
                (rate, vat, case),
            )
            text = group.sale_order_ids.commission_line_ids.trace
            self.assertIn(invoice.invoice_line_ids.tax_ids.name, text)
