"""The way of an order through WooCommerce and Dokan, with Odoo."""

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

from tests.conformance.test_woocommerce import WooCommerceDriver, running

from .local_shop import LocalShopCase


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestWooCommerceFlow(LocalShopCase, MarketplaceCommon):
    """Dokan charges the delivery of each vendor."""

    code = "woocommerce"

    @classmethod
    def start_shop(cls):
        return WooCommerceDriver(cls.enterClassContext(running()))

    @classmethod
    def storefront_vals(cls):
        tax = cls.company._marketplace_tax(20.0)
        delivery = {"name": "Parcel", "amount": 4.90, "tax_id": tax.id}
        return {"shipping_ids": [Command.create(delivery)]}

    def forget_calls(self):
        self.shop.app.requests.clear()

    def count_writes(self):
        return sum(method != "GET" for method, _path in self.shop.app.requests)
