"""The shop's staff changes an offer; the platform tells it, and ours comes back."""

from odoo.tests import tagged

from . import test_woocommerce_flow as woocommerce
from .vendure_case import VendureCase

SET_PRICES = """mutation($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id }
}"""


class MastershipMixin:
    """Needs ``storefront``, ``mug`` (19.99) and ``_change(external id, cents)``."""

    def test_price_of_the_shop_is_logged_and_ours_comes_back(self):
        self.storefront._send_outbox()
        self.storefront._find_conflicts()
        self.assertEqual(self.storefront.conflict_count, 0)
        binding = self.env["marketplace.binding"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("object_type", "=", "offer"),
                ("res_id", "=", self.mug.id),
            ]
        )
        self._change(binding.external_id, 1499)
        self.storefront._find_conflicts()
        conflict = self.env["marketplace.mastership.conflict"].search(
            [("storefront_id", "=", self.storefront.id)]
        )
        self.assertEqual((conflict.offer_id, conflict.field_name), (self.mug, "price"))
        self.assertIn("14.99", conflict.value_shop)
        self.storefront._send_outbox()
        adapter = self.storefront._get_adapter()
        (shown,) = adapter.read_offers([binding.external_id])
        self.assertEqual(shown.price, 1999)
        self.storefront._find_conflicts()
        self.assertTrue(conflict.date_settled)
        self.assertEqual(adapter.read_offers(["999999"]), [])


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureMastership(MastershipMixin, VendureCase):
    def _change(self, ref, price):
        self.storefront._get_adapter()._transport.mutate(
            SET_PRICES, input=[{"id": ref, "price": price}]
        )


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestWooCommerceMastership(MastershipMixin, woocommerce.TestWooCommerceFlow):
    # The flow itself is tested where it is written.
    test_catalogue_goes_out_once = None
    test_order_of_two_vendors_is_split_to_the_cent = None
    test_parcel_and_refund_reach_the_shop = None
    test_refund_of_the_shop_comes_in = None

    def _change(self, ref, price):
        self.storefront._get_adapter()._transport.put(
            f"wc/v3/products/{ref}", {"regular_price": f"{price / 100:.2f}"}
        )
