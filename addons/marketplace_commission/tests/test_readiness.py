from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionReadiness(CommissionCommon):
    def test_vendor_abroad_without_position_is_told_and_stops_his_invoice(self):
        """A17: no fiscal position fits Japan: the domestic tax is not charged."""
        vendor = self._create_vendor("Kyoto Crafts")
        vendor.country_id = self.env.ref("base.jp")
        offer = self._create_offer(vendor, 100.0)
        self.assertFalse(self.company._marketplace_setup_problems())
        rows = self.company._marketplace_readiness()
        self.assertTrue([row for row in rows if row["name"] == "Japan"])
        positions = self.env["account.fiscal.position"].search(
            [("company_id", "=", self.company.id)]
        )
        positions.auto_apply = False
        [problem] = self.company._marketplace_setup_problems()
        self.assertIn("Kyoto Crafts", problem)
        self.assertIn("Japan", problem)
        self._ship_and_deliver(
            self._import_order([(offer, 1)], date="2026-03-02"), date="2026-03-05"
        )
        with self.assertRaisesRegex(MarketplaceError, "Kyoto Crafts"):
            self._invoice_commission("2026-03-10", vendor)

    def test_rounding_of_vat_is_told(self):
        """K9: one mode for the company, there for everybody to read."""
        for method, words in (
            ("round_globally", "Round per Tax"),
            ("round_per_line", "Round per Line"),
        ):
            self.company.tax_calculation_rounding_method = method
            rows = self.company._marketplace_readiness()
            [value] = [r["value"] for r in rows if r["name"].startswith("Rounding of")]
            self.assertEqual(value, words)

    def test_missing_tax_is_told(self):
        """Without a tax on the product there is no commission invoice."""
        product = self.company._marketplace_commission_product()
        product.taxes_id = False
        [problem] = self.company._marketplace_setup_problems()
        self.assertIn("has no sale tax", problem)
