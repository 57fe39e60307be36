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

    def forget_calls(self):
        self.shop.app.calls.clear()

    def count_writes(self):
        calls = self.shop.app.calls
        return sum("productSet" in call or "metaobjectUpsert" in call for call in calls)
