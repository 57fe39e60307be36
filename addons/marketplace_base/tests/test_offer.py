from unittest.mock import patch

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOffer(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Miel des Alpes")
        cls.offer = cls._create_offer(cls.vendor, 12.5, sku="MIEL-250")

    def _assert_state(self, offer, reason):
        self.assertEqual(
            (offer.inactive_reason, offer.is_sellable), (reason, not reason)
        )

    # -- uniqueness -----------------------------------------------------------------

    def test_sku_is_unique_per_vendor(self):
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._create_offer(self.vendor, 9.0, sku="MIEL-250")
        other = self._create_offer(self._create_vendor("Ruche"), 9.0, sku="MIEL-250")
        self.assertTrue(other.is_sellable)

    def test_archived_offer_keeps_its_sku(self):
        self.offer.action_archive()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._create_offer(self.vendor, 9.0, sku="MIEL-250")

    def test_one_offer_per_product_and_condition(self):
        product = self.offer.product_id
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._create_offer(self.vendor, 9.0, product=product)
        self._create_offer(self.vendor, 9.0, product=product, condition="used")

    def test_negative_figures_are_refused(self):
        for name in ("price", "quantity", "lead_time_days"):
            with (
                self.subTest(name),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.offer.write({name: -1})
                self.offer.flush_recordset()

    def test_customer_offers_nothing(self):
        with self.assertRaisesRegex(MarketplaceError, "no vendor"):
            self._create_offer(self.customer, 9.0)

    # -- sellable -------------------------------------------------------------------

    def test_offer_in_order_is_sellable(self):
        self._assert_state(self.offer, False)

    def test_each_cause_hides_the_offer_and_its_end_shows_it(self):
        self.offer.quantity = 0
        self._assert_state(self.offer, "out_of_stock")
        self.offer.price = 0
        self._assert_state(self.offer, "no_price")
        contract = self.vendor.vendor_contract_ids
        contract._transition("draft")
        self._assert_state(self.offer, "no_contract")
        self.vendor._vendor_transition("suspended")
        self._assert_state(self.offer, "vendor_suspended")
        self.offer.action_archive()
        self._assert_state(self.offer, "archived")
        self.offer.action_unarchive()
        self.vendor._vendor_transition("approved")
        contract._transition("active")
        self.offer.write({"price": 11.0, "quantity": 3})
        self._assert_state(self.offer, False)

    def test_archived_product_hides_the_offer(self):
        self.offer.product_id.action_archive()
        self._assert_state(self.offer, "archived")

    def test_contract_of_another_company_does_not_sell_here(self):
        company = self.env["res.company"].create({"name": "Second Operator"})
        offer = self._create_offer(
            self.vendor, 9.0, product=self.offer.product_id, company_id=company.id
        )
        self._assert_state(offer, "no_contract")

    def test_passing_days_end_and_start_offers(self):
        """The nightly job follows contracts that start or end without an edit."""
        contract = self.vendor.vendor_contract_ids
        with freeze_time("2025-06-15 08:00:00"):
            contract.date_end = "2025-06-30"
            self._assert_state(self.offer, False)
        with freeze_time("2025-07-01 03:00:00"), self._hook_calls() as calls:
            self.env["marketplace.offer"]._cron_refresh_sellable()
            self._assert_state(self.offer, "no_contract")
            self.assertIn((self.offer, {"is_sellable"}), calls)
        with freeze_time("2025-06-30 03:00:00"):
            self.env["marketplace.offer"]._cron_refresh_sellable()
            self._assert_state(self.offer, False)

    # -- hook -----------------------------------------------------------------------

    def _hook_calls(self):
        """Record what ``_after_offer_change`` is told: [(offers, field names)]."""
        calls = []
        patcher = patch.object(
            type(self.env["marketplace.offer"]),
            "_after_offer_change",
            lambda offers, names: calls.append((offers, names)),
        )

        class Recorder:
            def __enter__(self):
                patcher.start()
                return calls

            def __exit__(self, *exc):
                patcher.stop()

        return Recorder()

    def test_hook_is_told_once_per_batch(self):
        second = self._create_offer(self.vendor, 20.0)
        both = self.offer | second
        with self._hook_calls() as calls:
            both.write({"price": 15.0, "quantity": 2})
        self.assertEqual(calls, [(both, {"price", "quantity"})])
        vals = [
            {
                "vendor_id": self.vendor.id,
                "product_id": self.offer.product_id.id,
                "condition": condition,
                "vendor_sku": f"MIEL-{condition}",
                "price": 5.0,
            }
            for condition in ("used", "refurbished")
        ]
        with self._hook_calls() as calls:
            offers = self.env["marketplace.offer"].create(vals)
        self.assertEqual(calls, [(offers, set(vals[0]))])

    def test_hook_is_told_of_a_suspended_vendor(self):
        with self._hook_calls() as calls:
            self.vendor._vendor_transition("suspended")
        self.assertEqual(calls, [(self.offer, {"is_sellable"})])

    # -- choice ---------------------------------------------------------------------

    def test_cheapest_sellable_offer_serves_then_the_oldest(self):
        product = self.offer.product_id
        offers = self.env["marketplace.offer"]
        for name, price, quantity in (
            ("Cheap but empty", 8.0, 0),
            ("First at ten", 10.0, 5),
            ("Second at ten", 10.0, 5),
        ):
            offers |= self._create_offer(
                self._create_vendor(name), price, product=product, quantity=quantity
            )
        alone = self._create_offer(self.vendor, 3.0)
        unsold = self.env["product.product"].create({"name": "Nobody sells it"})
        products = product | alone.product_id | unsold
        best = self.env["marketplace.offer"]._default_for_products(
            products, self.company
        )
        self.assertEqual(best, {product.id: offers[1], alone.product_id.id: alone})

    def test_offers_in_another_currency_are_not_compared(self):
        currencies = self.env.ref("base.USD") | self.env.ref("base.EUR")
        other = (currencies - self.company.currency_id)[0]
        other.active = True
        product = self.offer.product_id
        cheap = self._create_offer(
            self._create_vendor("Yankee"), 1.0, product=product, currency_id=other.id
        )
        choose = self.env["marketplace.offer"]._default_for_products
        self.assertEqual(choose(product, self.company)[product.id], self.offer)
        self.assertEqual(choose(product, self.company, other)[product.id], cheap)

    # -- taxes ----------------------------------------------------------------------

    def test_tax_of_the_offer_is_included_in_its_price(self):
        excluded = self.company._marketplace_tax(20, included=False)
        self.assertFalse(excluded.price_include)
        self.offer.product_id.taxes_id = excluded
        tax = self.offer._get_sale_taxes()
        self.assertTrue(tax.price_include)
        self.assertEqual(tax.compute_all(12)["total_excluded"], 10.0)
        self.assertEqual(self.offer._get_sale_taxes(), tax, "no second twin")

    def test_tax_that_no_price_includes_is_refused_by_name(self):
        self.offer.product_id.taxes_id = self.env["account.tax"].create(
            {"name": "Eco fee", "amount_type": "fixed", "amount": 0.5}
        )
        with self.assertRaisesRegex(MarketplaceError, "Eco fee"):
            self.offer._get_sale_taxes()

    # -- names and rights -----------------------------------------------------------

    def test_offer_is_found_by_sku_product_or_vendor_code(self):
        self.offer.product_id.name = "Miel de sapin"
        self.assertEqual(
            self.offer.display_name, "MIEL-250 · Miel de sapin · Miel des Alpes"
        )
        Offer = self.env["marketplace.offer"]
        for text in ("MIEL-25", "sapin", self.vendor.vendor_code):
            self.assertIn(self.offer.id, dict(Offer.name_search(text)), text)

    def test_vendor_reads_the_names_of_his_offers(self):
        """He may read no product; the name of what he offers he may."""
        self.env.invalidate_all()
        offer = self.offer.with_user(self.vendor.user_ids)
        [values] = offer.read(["display_name"])
        self.assertIn(self.offer.product_id.name, values["display_name"])
        with self.assertRaises(AccessError):
            offer.product_id.read(["name"])

    def test_viewer_reads_and_catalogue_writes(self):
        viewer = new_test_user(
            self.env, "mkp_viewer", groups="marketplace_base.group_viewer"
        )
        offer = self.offer.with_user(viewer)
        self.assertEqual(offer.vendor_sku, "MIEL-250")
        with self.assertRaises(AccessError):
            offer.price = 1.0
        clerk = new_test_user(
            self.env, "mkp_clerk", groups="marketplace_base.group_catalogue"
        )
        self.offer.with_user(clerk).price = 13.0

    def test_other_company_is_out_of_sight(self):
        company = self.env["res.company"].create({"name": "Second Operator"})
        user = new_test_user(
            self.env,
            "mkp_elsewhere",
            groups="marketplace_base.group_catalogue",
            company_id=company.id,
            company_ids=company.ids,
        )
        with self.assertRaises(AccessError):
            self.offer.with_user(user).read(["price"])
        with self.assertRaises(AccessError):
            self.vendor.vendor_contract_ids.with_user(user).read(["posture"])

    def test_sellable_of_many_offers_costs_no_more_queries(self):
        """A price list of one vendor: the contract is looked up once."""
        many = self.env["marketplace.offer"]
        for _number in range(20):
            many |= self._create_offer(self.vendor, 5.0)

        def queries(offers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            offers.write({"quantity": 0})
            self.env.flush_all()
            return self.cr.sql_log_count - before

        # The budget is a comparison: addons to the left add queries of their own.
        few = queries(many[:4])
        self.assertLessEqual(queries(many[4:]), few)
        self.assertEqual(set(many.mapped("inactive_reason")), {"out_of_stock"})
