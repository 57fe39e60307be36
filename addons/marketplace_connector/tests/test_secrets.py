from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import TransientError
from ..adapters.vendure import VendureAdapter
from ..engine.contract import Page, ShopInfo, TaxMode
from .common import ConnectorCommon

SECRETS = ("password", "webhook_secret", "webhook_secret_old", "username")
NEUTRALIZE = Path(__file__).parents[1] / "data" / "neutralize.sql"


@tagged("post_install", "-at_install", "marketplace")
class TestSecrets(ConnectorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.info = ShopInfo("shop-a", "1", cls.currency.name, TaxMode.INCLUDED, True)
        cls.storefront.shop_ref = "shop-a"
        cls.storefront.is_access_new = False
        cls.viewer = new_test_user(
            cls.env, "secret_viewer", groups="marketplace_base.group_accountant"
        )

    @contextmanager
    def _shop(self, **parts):
        page = Page((), "", True)
        with (
            patch.object(
                VendureAdapter, "check", return_value=replace(self.info, **parts)
            ),
            patch.object(VendureAdapter, "pull_orders", return_value=page) as pull,
        ):
            yield pull

    def test_only_administrators_read_and_nobody_exports_or_copies(self):
        seen = self.storefront.with_user(self.viewer)
        for name in (*SECRETS, "webhook_key", "webhook_url"):
            with self.assertRaises(AccessError):
                seen.read([name])
            self.assertFalse(self.storefront._fields[name].exportable, name)
            self.assertFalse(self.storefront._fields[name].copy, name)
        self.assertFalse(set(SECRETS) & seen.read()[0].keys())
        copied = self.storefront.copy({"code": "copy"})
        self.assertEqual([copied[name] for name in SECRETS], [False] * 4)
        self.assertNotEqual(copied.webhook_key, self.storefront.webhook_key)
        fields = self.storefront._fields
        tracked = [name for name in SECRETS if getattr(fields[name], "tracking", None)]
        self.assertFalse(tracked, "a tracked value stands in the chatter")

    def test_words_of_an_error_hold_no_secret(self):
        with (
            patch.object(
                VendureAdapter,
                "pull_orders",
                side_effect=TransientError("POST with secret failed, hook-secret too"),
            ),
        ):
            self.storefront._pull_orders(reread=False)
        self.assertIn("POST with", self.storefront.error)
        self.assertNotIn("secret", self.storefront.error)

    def test_address_holds_no_credentials(self):
        for url in ("https://me:pw@shop.example", "ftp://shop.example", "shop"):
            with self.assertRaises(MarketplaceError):
                self.storefront.url = url

    def test_neutralized_copy_knows_no_shop(self):
        self.env.flush_all()
        self.env.cr.execute(NEUTRALIZE.read_text())
        self.env.invalidate_all()
        self.assertEqual([self.storefront[name] for name in SECRETS], [False] * 4)
        self.assertEqual(self.storefront.state, "draft")
        self.assertNotEqual(self.storefront.webhook_key, "corner-hook")

    def test_secret_is_renewed_and_the_old_one_taken_for_a_day(self):
        with freeze_time("2026-03-01 10:00:00"):
            with patch.object(VendureAdapter, "ensure_webhooks"):
                self.storefront.action_rotate_secret()
            new, old = self.storefront._get_webhook_secrets()
            self.assertEqual(old, "hook-secret")
            self.assertGreaterEqual(len(new), 32)
        with freeze_time("2026-03-02 10:00:01"):
            self.assertEqual(self.storefront._get_webhook_secrets(), [new])
        with self.assertRaises(AccessError):
            self.storefront.with_user(self.viewer).action_rotate_secret()

    def test_other_shop_behind_a_changed_access_is_refused(self):
        """Nothing is read from it, nothing sent: orders of two shops do not mix."""
        self._import(self._payload("1", [self._line("11", self.tile)]))
        self.storefront.write({"url": "http://127.0.0.1:10", "password": "new"})
        self.assertTrue(self.storefront.is_access_new)
        with self._shop(ref="shop-b") as pull, mute_logger("odoo.models"):
            self.storefront._job_pull_orders(reread=False)
            self.storefront._job_send_outbox()
        pull.assert_not_called()
        self.assertEqual(self.storefront.state, "refused")
        self.assertIn("another shop", self.storefront.error)
        self.assertEqual(len(self.storefront.activity_ids), 1)

    def test_sandbox_behind_a_changed_access_is_refused(self):
        self.storefront.password = "new"
        with self._shop(is_production=False) as pull:
            self.storefront._job_pull_orders(reread=False)
        pull.assert_not_called()
        self.assertEqual(self.storefront.state, "refused")

    def test_same_shop_behind_a_changed_access_goes_on(self):
        self.storefront.password = "new"
        with self._shop() as pull:
            self.storefront._job_pull_orders(reread=False)
        pull.assert_called_once()
        self.assertFalse(self.storefront.is_access_new)
        with self._shop() as pull, patch.object(VendureAdapter, "check") as check:
            self.storefront._job_pull_orders(reread=False)
        check.assert_not_called()
