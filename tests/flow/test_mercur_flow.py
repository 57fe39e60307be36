"""The whole way of an order through Mercur: an order group of two sellers."""

from odoo.tests import HttpCase, tagged

from .medusa_case import MedusaCase, MedusaFlow, MedusaWebhook


class MercurCase(MedusaCase):
    adapter = "mercur"
    groups = True


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestMercurFlow(MedusaFlow, MercurCase):
    def test_each_vendor_is_a_seller_with_an_order_of_his_own(self):
        placed = self._buy({self.mug: 1, self.book: 1})
        orders = self.staff.orders(placed["id"])
        self.assertEqual(len(orders), 2)
        sellers = self.staff.get("/admin/sellers", limit=1000)["sellers"]
        names = {seller["external_id"]: seller["name"] for seller in sellers}
        for vendor in self.vendors:
            self.assertEqual(names[f"vendor-{vendor.id}"], vendor.name)
        # The whole payment is booked on one of them; here it covers both, once.
        group = self._import(placed)
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(len(group.payment_ids), 1)
        self.assertEqual(self._minor(group.payment_ids.amount), 1999 + 1200 + 2 * 490)


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestMercurWebhook(MedusaWebhook, MercurCase, HttpCase):
    """See :class:`MedusaWebhook`."""
