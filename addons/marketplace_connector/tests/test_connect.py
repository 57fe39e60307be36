from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.vendure import VendureAdapter
from ..engine.contract import ShopInfo, TaxMode
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestConnect(ConnectorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.info = ShopInfo("shop-a", "1", cls.currency.name, TaxMode.INCLUDED, True)
        cls.storefront._transition("draft")

    @contextmanager
    def _shop(self, registers=False, **parts):
        capabilities = replace(
            VendureAdapter.capabilities, registers_webhooks=registers
        )
        with (
            patch.object(
                VendureAdapter, "check", return_value=replace(self.info, **parts)
            ),
            patch.object(VendureAdapter, "capabilities", capabilities),
            patch.object(VendureAdapter, "ensure_webhooks") as register,
        ):
            yield register

    def _connect(self, **parts):
        with self._shop(**parts):
            params = self.storefront.action_test_connection()["params"]
        return params["type"], params["message"]

    def test_shop_is_known_again(self):
        self.assertEqual(self._connect()[0], "success")
        self.assertEqual(self.storefront.shop_ref, "shop-a")
        self._import(self._payload("1", [self._line("11", self.tile)]))
        kind, words = self._connect(ref="shop-b")
        self.assertEqual(kind, "danger")
        self.assertIn("another shop", words)
        self.assertEqual(self.storefront.shop_ref, "shop-a")

    def test_shop_of_which_nothing_is_here_may_be_exchanged(self):
        self._connect()
        self.assertEqual(self._connect(ref="shop-b")[0], "success")

    def test_test_shop_and_real_shop_do_not_mix(self):
        self.assertIn("test shop", self._connect(is_production=False)[1])
        self.assertEqual(self.storefront.state, "draft")
        self.storefront.is_sandbox = True
        self.assertIn("real shop", self._connect(is_production=True)[1])
        self.assertEqual(self._connect(is_production=False)[0], "success")
        self._import(self._payload("1", [self._line("11", self.tile)]))
        with self.assertRaises(MarketplaceError):
            self.storefront.is_sandbox = False

    def test_clocks_currencies_and_tax_modes_that_differ_are_told(self):
        kind, words = self._connect(
            clock_skew=timedelta(minutes=-4), tax_mode=TaxMode.EXCLUDED, currency="CHF"
        )
        self.assertEqual(kind, "warning")
        for part in ("240 seconds", "Exclude taxes", "CHF"):
            self.assertIn(part, words)

    def test_webhooks_are_registered_where_the_platform_takes_them(self):
        with self._shop() as register:
            self.storefront.action_test_connection()
        register.assert_not_called()
        with self._shop(registers=True) as register:
            self.storefront.action_test_connection()
        register.assert_called_once_with(self.storefront.webhook_url, "hook-secret")
        self.storefront.webhook_secret = False
        with self._shop(registers=True) as register:
            words = self.storefront.action_test_connection()["params"]["message"]
        register.assert_not_called()
        self.assertIn("no webhook secret", words)

    def test_prices_are_told_as_the_shop_writes_them(self):
        """20.00 with 20 % is 16.67 without."""
        self.assertEqual(self.storefront._get_shown_price(20.0, self.tax20), 2000)
        self.storefront.tax_mode = "excluded"
        self.assertEqual(self.storefront._get_shown_price(20.0, self.tax20), 1667)
        self.assertEqual(
            self.storefront._get_shown_price(20.0, self.env["account.tax"]), 2000
        )
