import doctest

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import file_open

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.queue_job.tests.common import trap_jobs

from ..adapters import signed_events
from ..adapters.vendure import adapter, categories, orders
from ..engine import idempotency, validate, wellformed
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestStorefront(ConnectorCommon):
    def test_credentials_are_for_the_administrator(self):
        """Everybody else may see that a shop exists, never how to enter it."""
        viewer = new_test_user(
            self.env, "shop_viewer", groups="marketplace_base.group_manager"
        )
        viewer.group_ids -= self.env.ref("marketplace_base.group_manager")
        viewer.group_ids += self.env.ref("marketplace_base.group_order_desk")
        seen = self.storefront.with_user(viewer)
        self.assertEqual(seen.name, "Corner shop")
        for name in ("username", "password", "webhook_secret", "webhook_key"):
            with self.assertRaises(AccessError):
                seen.read([name])

    def test_closed_shop_is_a_notification_and_not_a_crash(self):
        self.storefront.action_disconnect()
        answer = self.storefront.action_test_connection()
        self.assertEqual(answer["params"]["type"], "danger")
        self.assertIn("cannot be reached", self.storefront.error)
        self.assertEqual(self.storefront.state, "draft")

    def test_buttons_need_a_connected_shop(self):
        self.storefront.action_disconnect()
        for action in ("action_push_catalogue", "action_pull_orders"):
            with self.assertRaises(MarketplaceError):
                getattr(self.storefront, action)()

    def test_cron_queues_the_exchange_once(self):
        with trap_jobs() as trap:
            self.env["marketplace.storefront"]._cron_synchronise()
            for job in (
                self.storefront._job_pull_orders,
                self.storefront._job_process_inbox,
                self.storefront._job_send_outbox,
            ):
                trap.assert_jobs_count(1, only=job)

    def test_open_orders_are_read_again_from_time_to_time(self):
        """Reading them all at every pull would keep the shop busy for nothing."""
        self.assertTrue(self.storefront._is_reread_due())
        with freeze_time("2026-03-02 10:00:00"):
            self.storefront.date_reread = "2026-03-02 09:30:00"
            self.assertFalse(self.storefront._is_reread_due())
            self.storefront.date_reread = "2026-03-02 09:00:00"
            self.assertTrue(self.storefront._is_reread_due())

    def test_job_of_a_disconnected_shop_does_nothing(self):
        self.storefront.action_disconnect()
        message = self._store(self._payload("1", [self._line("11", self.tile)]))
        self.storefront._job_pull_orders()
        self.storefront._job_process_inbox()
        self.storefront._job_send_outbox()
        self.assertEqual(message.state, "new")
        self.assertFalse(self.storefront.error)

    def test_code_is_frozen_once_orders_carry_it(self):
        self.storefront.code = "edge"
        self._import(self._payload("1", [self._line("11", self.tile)]))
        with self.assertRaises(MarketplaceError):
            self.storefront.code = "middle"

    def test_tax_of_another_rate_is_refused(self):
        with self.assertRaises(MarketplaceError):
            self.storefront.tax_ids.rate = 0.1

    def test_taxes_of_offers_are_proposed(self):
        self._create_offer(self.vendors[0], 10.0, tax_rate=5.5)
        self.storefront._propose_taxes()
        self.assertEqual(
            {(tax.code, f"{tax.rate:.3f}") for tax in self.storefront.tax_ids},
            {("VAT 20", "0.200"), ("VAT 5.5", "0.055")},
        )
        self.storefront._propose_taxes()
        self.assertEqual(len(self.storefront.tax_ids), 2)

    def test_shop_keeps_aside_only_what_it_sold_and_has_not_seen_leave(self):
        """Orders typed here, and of other shops, never were on this shop's shelf."""
        group = self._import(self._payload("1", [self._line("11", self.tile, 5)]))
        order = group.order_id.sale_order_ids
        line = order.order_line.filtered("offer_id")
        self._import_order([(self.tile, 7)])
        other = self.storefront.copy({"code": "other"})
        self.assertEqual(self._held(self.storefront), 5)
        self.assertEqual(self._held(other), 0)
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, quantities={line.id: 2}
        )
        self.assertEqual(self._held(self.storefront), 5)
        shipment.action_ship()
        self.assertEqual(self._held(self.storefront), 5, "the shop does not know yet")
        shipment.external_ref = "parcel-1"
        self.assertEqual(self._held(self.storefront), 3)
        shipment.action_deliver()
        self.assertEqual(self._held(self.storefront), 3)

    def _held(self, storefront):
        held = storefront._get_held_quantities(self.tile)[self.tile.id]
        return int(held)

    def test_neutralised_copy_talks_to_no_shop(self):
        with file_open("marketplace_connector/data/neutralize.sql") as script:
            self.cr.execute(script.read())
        self.storefront.invalidate_recordset()
        self.assertEqual(self.storefront.state, "draft")
        self.assertFalse(self.storefront.password)

    def test_doctests(self):
        for module in (
            adapter,
            categories,
            signed_events,
            orders,
            idempotency,
            validate,
            wellformed,
        ):
            outcome = doctest.testmod(module)
            self.assertTrue(outcome.attempted, module.__name__)
            self.assertFalse(outcome.failed, module.__name__)
