from psycopg2.errors import UniqueViolation

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestTaxRule(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Fisc SARL")
        cls.offer = cls._create_offer(cls.vendor, 120.0)
        cls.product = cls.offer.product_id
        cls.Rule = cls.env["marketplace.tax.rule"]
        cls.belgium = cls.env.ref("base.be")
        cls.books = cls.env["marketplace.tax.class"].create(
            {"name": "Books", "code": "TEST-BOOK"}
        )
        cls.tax_5 = cls.company._marketplace_tax(5.5)

    def _rule(self, **vals):
        return self.Rule.create(
            {"company_id": self.company.id, "country_id": self.france.id, **vals}
        )

    def test_set_up_keeps_the_taxes_of_the_product(self):
        """Once and for every regime; running it again adds nothing."""
        rules = self.company.marketplace_tax_rule_ids
        self.company._marketplace_setup()
        self.assertEqual(self.company.marketplace_tax_rule_ids, rules)
        self.assertEqual(
            set(rules.mapped("vat_regime")), {"normal", "franchise", "non_eu", "oss"}
        )
        self.assertEqual(self.offer._get_sale_taxes().amount, 20.0)
        self.assertTrue(self.offer.is_sellable)

    def test_missing_combination_takes_the_offer_off_sale(self):
        """P3: told at listing time, which combination; cured by the rule."""
        self.product.product_tmpl_id.marketplace_tax_class_id = self.books
        self.assertEqual(
            (self.offer.inactive_reason, self.offer.is_sellable), ("no_tax", False)
        )
        self.assertEqual(self.offer.tax_missing, "Books × France × Registered for VAT")
        rule = self._rule(
            tax_class_id=self.books.id,
            outcome="taxes",
            tax_ids=[Command.set(self.tax_5.ids)],
        )
        self.assertTrue(self.offer.is_sellable)
        self.assertEqual(self.offer._get_sale_taxes().amount, 5.5)
        row = self.offer._price_at("2100-01-01")
        self.assertEqual((row.tax_ids.amount, row.cause), (5.5, "tax"))
        rule.unlink()
        self.assertEqual(self.offer.inactive_reason, "no_tax")

    def test_every_country_sold_to_needs_a_tax(self):
        self.company.marketplace_country_ids = self.france | self.belgium
        self.assertEqual(self.offer.inactive_reason, "no_tax")
        self.assertIn("Belgium", self.offer.tax_missing)
        self._rule(country_id=self.belgium.id)
        self.assertTrue(self.offer.is_sellable)

    def test_class_of_the_category_is_inherited(self):
        parent = self.env["product.category"].create({"name": "Paper"})
        child = parent.create({"name": "Novels", "parent_id": parent.id})
        self.product.categ_id = child
        self.assertTrue(self.offer.is_sellable)
        parent.marketplace_tax_class_id = self.books
        self.assertEqual(self.offer.inactive_reason, "no_tax")
        self.assertEqual(
            self.product.product_tmpl_id._marketplace_tax_class(), self.books
        )

    def test_regime_follows_the_identity_of_the_vendor(self):
        self.assertEqual(self.vendor.vendor_vat_regime, "normal")
        self.vendor.vendor_vat_regime = "oss"
        self.vendor.country_id = self.env.ref("base.ch")
        self.assertEqual(self.vendor.vendor_vat_regime, "oss", "chosen by hand")
        self.vendor.vendor_vat_regime = "normal"
        self.vendor.country_id = self.env.ref("base.us")
        self.assertEqual(self.vendor.vendor_vat_regime, "non_eu")
        self.vendor.is_vat_exempt = True
        self.assertEqual(self.vendor.vendor_vat_regime, "franchise")
        self.assertFalse(self.offer._get_sale_taxes(), "art. 293 B: no VAT")
        self.assertTrue(self.offer.is_sellable)
        self.assertFalse(self.offer._price_at("2100-01-01").tax_ids)

    def test_order_never_stops_for_a_missing_tax(self):
        """What the shop sold is taken; the product's own taxes are the fallback."""
        self.product.product_tmpl_id.marketplace_tax_class_id = self.books
        self.assertEqual(self.offer._get_sale_taxes().amount, 20.0)
        group = self._import_order([(self.offer, 1)])
        self.assertEqual(group.sale_order_ids.amount_tax, 20.0)

    def test_quotation_is_taxed_where_it_is_delivered(self):
        self._rule(
            country_id=self.belgium.id,
            outcome="taxes",
            tax_ids=[Command.set(self.tax_5.ids)],
        )
        delivery = self.env["res.partner"].create(
            {
                "name": "Here",
                "type": "delivery",
                "parent_id": self.customer.id,
                "country_id": self.belgium.id,
            }
        )
        taxes = []
        for partner in (delivery, self.customer):
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.customer.id,
                    "partner_shipping_id": partner.id,
                    "order_line": [Command.create({"product_id": self.product.id})],
                }
            )
            taxes.append(order.order_line.tax_ids.amount)
        self.assertEqual(taxes, [5.5, 20.0])

    def test_rules_are_unique_and_whole(self):
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._rule(vat_regime="normal")
        with self.assertRaisesRegex(MarketplaceError, "Books"):
            self._rule(tax_class_id=self.books.id, outcome="taxes")

    def test_tax_of_many_offers_costs_no_more_queries(self):
        many = self.env["marketplace.offer"].union(
            *(self._create_offer(self.vendor, 5.0) for _n in range(12))
        )

        def queries(offers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            offers._decide_taxes()
            return self.cr.sql_log_count - before

        few = queries(many[:3])
        self.assertLessEqual(queries(many), few)
