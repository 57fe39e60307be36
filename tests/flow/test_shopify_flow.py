"""The way of an order through Shopify, with Odoo."""

from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

from tests.conformance.test_shopify import Bucket, Shop, ShopifyDriver, running

from .local_shop import LocalShopCase


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestShopifyFlow(LocalShopCase, MarketplaceCommon):
    """Shopify names no tax of ours, and has one delivery for all vendors."""

    code = "shopify"
    delivery_count = 1

    @classmethod
    def start_shop(cls):
        shop = Shop()
        shop.bucket = Bucket(size=10**6)  # this is about orders, not about patience
        return ShopifyDriver(cls.enterClassContext(running(shop)))

    def test_large_catalogue_goes_in_bulk_with_a_call_for_fifty(self):
        """A load of 1,500; one line is refused, and one changes meanwhile."""
        offers = self.env["marketplace.offer"].union(
            *(
                self._create_offer(self.a, 5.0, sku=f"BULK{rank}")
                for rank in range(1500)
            )
        )
        offers[5].product_id.name = "Bead " * 60
        self.env["marketplace.outbox"].search(
            [("state", "=", "pending")]
        ).action_cancel()
        self.shop.app.requests = 0
        load = self.env["marketplace.load"].create(
            {"storefront_id": self.storefront.id, "kind": "catalogue"}
        )
        load.action_start()
        load._job_load()
        self.assertEqual((load.state, load.on_its_way_count), ("running", 1500))
        self.storefront._follow_bulks()
        offers[7].price = 6.0
        while self.storefront._follow_bulks() is not None:
            pass
        load._job_load()
        self.assertLessEqual(self.shop.app.requests, 1500 / 50)
        self.assertEqual((load.state, load.progress), ("done", 100.0))
        bulk = load.bulk_ids
        self.assertEqual((bulk.sent_count, bulk.refused_count), (1499, 1))
        failed = self.env["marketplace.outbox"].search([("state", "=", "failed")])
        self.assertEqual(failed.mapped("res_id"), offers[5].ids)
        self.assertIn("too long", failed.reason)
        self.storefront._send_outbox()
        shown = self.shop.offers()
        self.assertEqual(shown["BULK7"].price, 600)
        self.assertEqual(len(shown), 2 + 1499)
        self.forget_calls()
        self.storefront._push_offers(offers - offers[5])
        self.assertEqual(self.shop.app.calls, [], "the same again sends nothing")

    @classmethod
    def storefront_vals(cls):
        return {"is_sandbox": True}

    def forget_calls(self):
        self.shop.app.calls.clear()

    def count_writes(self):
        calls = self.shop.app.calls
        return sum("productSet" in call or "metaobjectUpsert" in call for call in calls)
