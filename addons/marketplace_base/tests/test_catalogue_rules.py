from psycopg2.errors import CheckViolation

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

GTIN = "4006381333931"
GTIN_NEW = "9780471117094"


@tagged("post_install", "-at_install", "marketplace")
class TestCatalogueRules(MarketplaceCommon):
    """Assortments, required attributes and vendors' words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Jardin Jujube")
        cls.other = cls._create_vendor("Kiosque Kiwi")
        cls.clerk = new_test_user(
            cls.env, "mkp_rules_clerk", groups="marketplace_base.group_catalogue"
        )
        categories = cls.env["product.category"]
        cls.garden = categories.create({"name": "Garden X"})
        cls.knives = categories.create({"name": "Knives X", "parent_id": cls.garden.id})
        cls.food = categories.create({"name": "Food X"})
        cls.brand = cls.env["marketplace.brand"].create({"name": "Laguiole X"})
        cls.color = cls.env["product.attribute"].create(
            {
                "name": "Color X",
                "value_ids": [(0, 0, {"name": "Red"}), (0, 0, {"name": "Blue"})],
            }
        )
        cls.red, cls.blue = cls.color.value_ids
        cls.product = cls.env["product.product"].create(
            {
                "name": "Pruning knife",
                "barcode": GTIN,
                "categ_id": cls.knives.id,
                "marketplace_brand_id": cls.brand.id,
                "taxes_id": [(6, 0, cls.company._marketplace_tax(20.0).ids)],
            }
        )

    def _import(self, *rows):
        _document, results = (
            self.env["marketplace.offer.import"]
            .with_user(self.clerk)
            ._import_rows(self.vendor, self.company, list(rows))
        )
        return results

    def _rule(self, mode, **vals):
        return self.env["marketplace.assortment.rule"].create(
            {"vendor_id": self.vendor.id, "mode": mode, **vals}
        )

    # -- assortment -----------------------------------------------------------------

    def test_denied_category_covers_those_below(self):
        self._rule("deny", categ_id=self.garden.id)
        results = self._import({"sku": "A", "gtin": GTIN, "price": 1})
        self.assertIn("Jardin Jujube may not sell Garden X", results[0].problems[0])
        with self.assertRaisesRegex(MarketplaceError, "may not sell Garden X"):
            self._create_offer(self.vendor, 5.0, product=self.product)
        self._create_offer(self.other, 5.0, product=self.product)

    def test_denied_brand_is_denied_in_proposals_too(self):
        self._rule("deny", brand_id=self.brand.id)
        results = self._import(
            {"sku": "A", "gtin": GTIN, "price": 1},
            {
                "sku": "B",
                "gtin": GTIN_NEW,
                "price": 1,
                "name": "Fork",
                "brand": "laguiole x",
            },
        )
        for row in results:
            self.assertIn("may not sell Laguiole X", row.problems[0])

    def test_allowed_list_refuses_the_rest(self):
        self._rule("allow", categ_id=self.food.id)
        with (
            self.assertRaisesRegex(MarketplaceError, "may sell only Food X"),
            self.cr.savepoint(),
        ):
            self._create_offer(self.vendor, 5.0, product=self.product)
        self._rule("allow", categ_id=self.knives.id)
        self.assertTrue(self._create_offer(self.vendor, 5.0, product=self.product))

    def test_brand_and_category_of_one_rule_both_count(self):
        self._rule("deny", categ_id=self.food.id, brand_id=self.brand.id)
        self.assertTrue(self._create_offer(self.vendor, 5.0, product=self.product))

    def test_rule_takes_offers_off_sale_and_its_end_brings_them_back(self):
        offer = self._create_offer(self.vendor, 5.0, product=self.product)
        rule = self._rule("deny", brand_id=self.brand.id)
        self.assertEqual(offer.inactive_reason, "not_allowed")
        rule.unlink()
        self.assertTrue(offer.is_sellable)

    def test_rule_of_nothing_is_refused(self):
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._rule("deny")

    # -- required attributes --------------------------------------------------------

    def test_offer_lacking_attributes_is_not_published_and_says_which(self):
        offer = self._create_offer(self.vendor, 5.0, product=self.product)
        size = self.env["product.attribute"].create({"name": "Size X"})
        self.garden.marketplace_attribute_ids = self.color | size
        self.assertEqual(offer.inactive_reason, "attributes_missing")
        self.assertEqual(offer.missing_attributes, "Color X, Size X")
        found = self.env["marketplace.offer"].search(
            [("inactive_reason", "=", "attributes_missing")]
        )
        self.assertIn(offer, found)
        self.garden.marketplace_attribute_ids = self.color
        self.product.product_tmpl_id.attribute_line_ids = [
            (0, 0, {"attribute_id": self.color.id, "value_ids": [(6, 0, self.red.ids)]})
        ]
        self.assertTrue(offer.is_sellable)
        self.assertFalse(offer.missing_attributes)

    def test_category_that_moves_brings_its_requirements(self):
        offer = self._create_offer(self.vendor, 5.0, product=self.product)
        self.food.marketplace_attribute_ids = self.color
        self.assertTrue(offer.is_sellable)
        self.garden.parent_id = self.food
        self.assertEqual(offer.inactive_reason, "attributes_missing")

    def test_proposal_lacking_attributes_is_not_confirmed(self):
        self.garden.marketplace_attribute_ids = self.color
        row = {
            "sku": "N",
            "gtin": GTIN_NEW,
            "price": 1,
            "name": "Spade",
            "category": "Garden X / Knives X",
        }
        results = self._import(row)
        proposal = results[0].proposal
        self.assertEqual((proposal.state, proposal.missing), ("draft", "Color X"))
        results = self._import({**row, "attribute:Color X": "Blue"})
        self.assertEqual(proposal.state, "submitted")
        proposal.action_confirm()
        self.assertEqual(proposal.product_id.attribute_line_ids.value_ids, self.blue)
        self.assertEqual(proposal.offer_ids.offer_id.inactive_reason, "out_of_stock")

    # -- vendors' words -------------------------------------------------------------

    def test_word_of_the_vendor_is_mapped(self):
        row = {
            "sku": "N",
            "gtin": GTIN_NEW,
            "price": 1,
            "name": "Spade",
            "category": "Garden X",
            "attribute:color x": "ROUGE",
        }
        results = self._import(row)
        self.assertIn("“ROUGE” is no value of Color X", results[0].problems[0])
        self.assertIn("Red, Blue", results[0].problems[0])
        self.env["marketplace.value.map"].create(
            [
                {
                    "vendor_id": self.vendor.id,
                    "word": "Rouge",
                    "value_id": self.red.id,
                },
                {"vendor_id": self.other.id, "word": "Rouge", "value_id": self.blue.id},
            ]
        )
        results = self._import(row)
        self.assertEqual(results[0].proposal.value_ids, self.red)
        results = self._import({"sku": "M", "gtin": "73513537", "attribute:Hue": "x"})
        self.assertIn("no attribute “hue”", results[0].problems[-1])
