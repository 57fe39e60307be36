"""The way of an order through Shopify, with Odoo; to the cent."""

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

from tests.conformance.test_shopify import Bucket, Shop, ShopifyDriver, running


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestShopifyFlow(MarketplaceCommon):
    """Shopify names no tax of ours, and has one delivery for all vendors."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shop = Shop()
        shop.bucket = Bucket(size=10**6)  # this is about orders, not about patience
        cls.app = cls.enterClassContext(running(shop))
        cls.shop = ShopifyDriver(cls.app)
        cls.company.country_id = cls.france
        cls.storefront = cls.env["marketplace.storefront"].create(
            {
                "name": "Shopify",
                "code": "shopify",
                "adapter": "shopify",
                "url": cls.app.url,
                "password": cls.shop.password,
            }
        )
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Ardoise", "Bois"))
        cls.mug = cls._create_offer(cls.a, 19.99, sku="MUG")
        cls.book = cls._create_offer(cls.b, 12.00, tax_rate=5.5, sku="BOOK")
        cls.storefront.action_test_connection()
        cls.report = cls.storefront._push_catalogue()

    def _buy(self, **options):
        placed = self.shop.place_order({"MUG": 2, "BOOK": 1}, **options)
        return placed, self._synchronise(placed)

    def _synchronise(self, placed):
        self.storefront._pull_orders()
        self.storefront._process_inbox()
        return self.env["marketplace.order"].search(
            [("channel", "=", "shopify"), ("external_ref", "=", placed.ref)]
        )

    def test_catalogue_goes_out_once(self):
        self.assertEqual(self.report, {"sent": 4, "refused": {}})
        shown = self.shop.offers()
        self.assertEqual((shown["MUG"].price, shown["MUG"].vendor), (1999, "Ardoise"))
        self.app.calls.clear()
        self.assertEqual(self.storefront._push_catalogue()["sent"], 0)
        writes = [
            call for call in self.app.calls if "productSet" in call or "Upsert" in call
        ]
        self.assertEqual(writes, [])

    def test_order_of_two_vendors_is_split_to_the_cent(self):
        """The one delivery is shared by what the vendors' goods cost."""
        placed, group = self._buy()
        self.assertEqual(placed.total, 2 * 1999 + 1200 + 490)
        orders = group.sale_order_ids
        self.assertEqual(orders.vendor_id, self.a | self.b)
        self.assertEqual(
            sum(self._minor(order.amount_total) for order in orders), placed.total
        )
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(self._synchronise(placed), group)
        self.assertTiedOut()

    def test_parcel_and_refund_reach_the_shop(self):
        placed, group = self._buy()
        order = group.sale_order_ids.filtered(lambda o: o.vendor_id == self.a)
        line = order.order_line.filtered("offer_id")
        parcel = self.env["marketplace.shipment"]._create_for_order(
            order, quantities={line.id: 1}
        )
        parcel.action_ship()
        self.storefront._send_outbox()
        (shown,) = self.shop.parcels(placed.ref)
        self.assertEqual((shown.state, shown.quantities), ("shipped", {"MUG": 1}))
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": "defective",
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        )
        refund.action_apply()
        self.storefront._send_outbox()
        (told,) = self.shop.refunds(placed.ref)
        self.assertEqual((told.amount, told.ref), (1999, refund.external_ref))
        self._synchronise(placed)
        self.assertEqual(group.refund_ids, refund, "its echo is no second refund")

    def test_refund_of_the_shop_comes_in(self):
        placed, group = self._buy()
        self.shop.refund(placed.ref, "BOOK", 1)
        self._synchronise(placed)
        self.assertEqual(self._minor(sum(group.refund_ids.mapped("amount"))), 1200)
        self.assertTiedOut()
