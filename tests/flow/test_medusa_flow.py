"""The whole way of an order through a plain Medusa, reached with a secret key."""

from odoo.tests import HttpCase, tagged

from .medusa_case import MedusaCase, MedusaFlow, MedusaWebhook, cents


class PlainMedusaCase(MedusaCase):
    adapter = "medusa"

    @classmethod
    def _access(cls):
        return {"username": False, "password": cls.staff.secret_key()}


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestMedusaFlow(MedusaFlow, PlainMedusaCase):
    def test_coupon_of_half_a_cent_is_rounded_to_what_was_paid(self):
        """The shop charges 47.5915 + 9.80, unrounded, and so does its payment."""
        coupon = self.staff.create_coupon(15)
        self.storefront.default_funder = "vendor"
        placed = self._buy({self.mug: 1, self.book: 3}, coupon=coupon)
        group = self._import(placed)
        self.assertEqual(self._minor(group.amount_charged), cents(placed["total"]))
        self.assertEqual(group.payment_state, "paid")
        self.assertTiedOut()


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestMedusaWebhook(MedusaWebhook, PlainMedusaCase, HttpCase):
    """See :class:`MedusaWebhook`."""
