from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged

from ..engine.contract import Capabilities, Result
from .common import ConnectorCommon


class RecordingAdapter:
    """Take everything, and remember the offers."""

    capabilities = Capabilities(100, 100, 100, True)

    def __init__(self):
        self.offers = []

    def upsert_vendors(self, vendors):
        return [Result(vendor.ref, f"shop-{vendor.ref}") for vendor in vendors]

    def upsert_offers(self, offers):
        self.offers += offers
        return [Result(offer.ref, f"shop-{offer.ref}") for offer in offers]


@tagged("post_install", "-at_install", "marketplace")
class TestPushPrice(ConnectorCommon):
    def _push(self, offers=None):
        """Return the prices that went to the shop, minor units."""
        adapter = RecordingAdapter()
        with patch.object(type(self.storefront), "_get_adapter", lambda _self: adapter):
            report = self.storefront._push_offers(offers or self.tile)
        return [offer.price for offer in adapter.offers], report["refused"]

    def test_price_of_the_channel_is_sent_once(self):
        """P1: offer, channel and currency make the price; unchanged is not sent."""
        self.assertEqual(self._push()[0], [2000])
        self.tile.price = 20.0
        self.assertEqual(self._push()[0], [])
        line = self.env["marketplace.offer.price"].create(
            {"offer_id": self.tile.id, "price": 18.0, "channel": "corner"}
        )
        self.assertEqual(self._push()[0], [1800])
        self.tile.price = 25.0
        self.assertEqual(self._push()[0], [], "the channel has its own price")
        line.unlink()
        self.assertEqual(self._push()[0], [2500])

    def test_facts_of_the_product_are_sent_when_they_change(self):
        """Category, barcode and eco-contribution; the offer's own amount wins."""
        parent, child = self.env["product.category"].create(
            [{"name": "Home"}, {"name": "Tiles"}]
        )
        child.parent_id = parent
        product = self.tile.product_id
        Part = self.env["marketplace.price.part"]
        before = self.Outbox.search_count([("res_id", "=", self.tile.id)])
        product.categ_id = child
        product.barcode = "3012345678900"
        Part.create({"product_tmpl_id": product.product_tmpl_id.id, "amount": 0.12})
        told = self.Outbox.search_count([("res_id", "=", self.tile.id)]) - before
        self.assertGreaterEqual(told, 3)
        (spec,) = self.storefront._prepare_offers(self.tile, {})[0].values()
        self.assertEqual(
            (spec.category, spec.barcode, spec.eco_contribution),
            (("Home", "Tiles"), "3012345678900", 12),
        )
        own = Part.create({"offer_id": self.tile.id, "amount": 0.2})
        (spec,) = self.storefront._prepare_offers(self.tile, {})[0].values()
        self.assertEqual(spec.eco_contribution, 20)
        self._push()
        self.assertEqual(self._push()[0], [])
        own.unlink()
        self.assertEqual(len(self._push()[0]), 1)

    def test_imported_rows_send_what_changed_and_the_same_again_nothing(self):
        """C6: a bad row stops no other on the way to the shop."""
        second = self._create_offer(self.vendors[0], 7.0, sku="SLATE")
        self._push(self.tile + second)
        rows = [
            {"sku": "TILE", "price": "21.00"},
            {"sku": "SLATE", "price": "dear"},
        ]
        Import = self.env["marketplace.offer.import"]
        told = []
        for _time in range(2):
            before = self.Outbox.search([])
            document, _results = Import._import_rows(
                self.vendors[0], self.company, rows
            )
            self.assertEqual(document.refused_count, 1)
            made = self.Outbox.search([]) - before
            told.append(self.env["marketplace.offer"].browse(made.mapped("res_id")))
        self.assertEqual(told[0], self.tile)
        self.assertFalse(told[1])
        self.assertEqual(self._push(self.tile + second)[0], [2100])

    def test_price_that_waits_is_not_sent(self):
        self._push()
        self.tile.price_max = 30.0
        before = self.Outbox.search_count([])
        self.tile.price = 31.0
        self.assertEqual(self.Outbox.search_count([]), before, "nobody is told")
        self.assertEqual(self._push()[0], [])
        self.tile.price_change_ids.action_approve()
        self.assertGreater(self.Outbox.search_count([]), before)
        self.assertEqual(self._push()[0], [3100])

    def test_price_that_starts_with_time_is_sent(self):
        self._push()
        start = fields.Datetime.now() + timedelta(days=1)
        self.env["marketplace.offer.price"].create(
            {"offer_id": self.tile.id, "price": 15.0, "date_start": start}
        )
        self.assertEqual(self._push()[0], [])
        before = self.Outbox.search_count([])
        with freeze_time(start + timedelta(minutes=1)):
            self.env["marketplace.offer.price"]._cron_refresh()
            self.assertGreater(self.Outbox.search_count([]), before)
            self.assertEqual(self._push()[0], [1500])

    def test_offer_without_a_price_in_the_shops_currency_is_refused(self):
        """P9: nothing is converted on the way to the shop."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        offer = self._create_offer(self.vendors[0], 9.0, currency_id=dollar.id)
        sent, refused = self._push(offer)
        self.assertFalse(sent)
        self.assertIn(self.currency.name, refused[offer])
        self.env["marketplace.offer.price"].create(
            {"offer_id": offer.id, "price": 8.0, "currency_id": self.currency.id}
        )
        self.assertEqual(self._push(offer)[0], [800])
