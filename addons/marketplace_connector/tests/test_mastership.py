from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.vendure import VendureAdapter
from ..engine.contract import Result, ShownOffer
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestMastership(ConnectorCommon):
    """What is decided here stays so: the shop's other values are logged and undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shelf = {}
        cls.Conflict = cls.env["marketplace.mastership.conflict"]

    def setUp(self):
        super().setUp()
        self.shelf.clear()
        self.enterContext(self._shop())
        self.storefront._push_offers(self.tile | self.linen)

    @contextmanager
    def _shop(self):
        def upsert_vendors(_adapter, items):
            return [Result(item.ref, f"shop-{item.ref}") for item in items]

        def upsert_offers(_adapter, items):
            for item in items:
                ref = f"shop-{item.ref}"
                self.shelf[ref] = ShownOffer(
                    ref, f"{item.product_name}, {item.label}", item.price, item.active
                )
            return [Result(item.ref, f"shop-{item.ref}") for item in items]

        def read_offers(_adapter, refs):
            return [self.shelf[ref] for ref in refs if ref in self.shelf]

        with (
            patch.object(VendureAdapter, "upsert_vendors", upsert_vendors),
            patch.object(VendureAdapter, "upsert_offers", upsert_offers),
            patch.object(VendureAdapter, "read_offers", read_offers),
        ):
            yield

    def _change(self, offer, **values):
        ref = f"shop-offer-{offer.id}"
        self.shelf[ref] = replace(self.shelf[ref], **values)

    def _look(self):
        self.storefront._job_find_conflicts()
        return self.Conflict.search(
            [("storefront_id", "=", self.storefront.id), ("date_settled", "=", False)]
        )

    def test_what_was_sent_is_no_conflict(self):
        self.assertFalse(self._look())
        self.tile.price = 21.0  # not sent yet: no conflict either
        self.assertFalse(self._look())

    def test_price_and_name_of_the_shop_are_logged_and_ours_sent_again(self):
        self.storefront._send_outbox()
        self._change(self.tile, price=1500)
        self._change(self.linen, name="Cheap linen", active=False)
        found = self._look()
        self.assertEqual(
            {(item.offer_id, item.field_name) for item in found},
            {(self.tile, "price"), (self.linen, "name"), (self.linen, "active")},
        )
        price = found.filtered(lambda item: item.field_name == "price")
        self.assertIn("20.00", price.value_ours)
        self.assertIn("15.00", price.value_shop)
        self.assertEqual(price.kept, "ours")
        self.assertEqual(self.storefront.conflict_count, 3)
        # Looked at again before it is sent: logged once.
        self._look()
        self.assertEqual(self.Conflict.search_count([]), 3)
        self.storefront._send_outbox()
        self.assertEqual(self.shelf[f"shop-offer-{self.tile.id}"].price, 2000)
        self.assertFalse(self._look())
        self.assertTrue(price.date_settled)

    def test_offer_deleted_in_the_shop_is_made_anew(self):
        self.storefront._send_outbox()
        del self.shelf[f"shop-offer-{self.tile.id}"]
        self.assertEqual(self._look().field_name, "deleted")
        self.storefront._send_outbox()
        self.assertIn(f"shop-offer-{self.tile.id}", self.shelf)

    def test_table_says_who_decides(self):
        table = str(self.storefront.mastership)
        for words in ("Price", "Stock", "Tax of an offer", "Orders", "payouts"):
            self.assertIn(words, table)

    def test_write_on_what_the_shop_decides_is_refused(self):
        group = self._import(self._payload("1", [self._line("11", self.tile)])).order_id
        with self.assertRaises(MarketplaceError):
            group.amount_charged = 1.0
        with self.assertRaises(MarketplaceError):
            group.payment_ids.amount = 1.0
