from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import InvalidError, TransientError
from ..adapters.vendure import VendureAdapter
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestWatch(ConnectorCommon):
    """The dashboard of the exchange, and the mail when it fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = new_test_user(
            cls.env, "shop_keeper", groups="marketplace_base.group_order_desk"
        )
        cls.viewer = new_test_user(
            cls.env, "shop_viewer", groups="marketplace_base.group_viewer"
        )
        cls.storefront.user_id = cls.keeper
        cls.Exchange = cls.env["marketplace.exchange"]

    def _row(self, flow):
        self.env.flush_all()
        self.Exchange.invalidate_model()
        return self.Exchange.search(
            [("storefront_id", "=", self.storefront.id), ("flow", "=", flow)]
        )

    def _bad_order(self, ref):
        return self._payload(ref, [self._line(f"{ref}1", self.tile, tax="TVA 20")])

    def test_flows_tell_lag_queue_failures_and_last_success(self):
        self._import(self._payload("1", [self._line("11", self.tile)]))
        self._import(self._bad_order("2"))
        waiting = self._store(self._payload("3", [self._line("31", self.tile)]))
        self.env.cr.execute(
            "UPDATE marketplace_inbox SET create_date = create_date - "
            "INTERVAL '90 minutes' WHERE id = %s",
            [waiting.id],
        )
        row = self._row("in_order")
        self.assertTrue(row.is_inbound)
        self.assertEqual(
            (row.waiting_count, row.held_count, row.mapping_count), (1, 1, 1)
        )
        self.assertGreaterEqual(row.lag_minutes, 89)
        self.assertTrue(row.date_success)
        self.storefront.invalidate_recordset()
        self.assertEqual(self.storefront.lag_minutes, row.lag_minutes)
        self.assertEqual(self.storefront.date_in_success, row.date_success)
        message = self.Outbox.search([("kind", "=", "offer")], limit=1)
        message._fail(TransientError("closed"))
        row = self._row("out_offer")
        self.assertEqual((row.retry_count, row.unreachable_count), (1, 1))
        message._fail(InvalidError("no such tax"))
        row = self._row("out_offer")
        self.assertEqual((row.held_count, row.refused_count), (1, 1))
        opened = row.with_user(self.viewer).action_open()
        self.assertEqual(
            self.Outbox.search(opened["domain"]).filtered(
                lambda item: item.state == "failed"
            ),
            message,
        )

    def test_one_click_tries_again(self):
        bad = self._import(self._bad_order("2"))
        message = self.Outbox.search([("kind", "=", "offer")], limit=1)
        message._fail(InvalidError("no such tax"))
        self.assertEqual((bad.state, message.state), ("quarantine", "failed"))
        row = self._row("in_order") | self._row("out_offer")
        with self.assertRaises(AccessError):
            row.with_user(self.viewer).action_retry()
        row.action_retry()
        self.assertEqual((bad.state, message.state), ("new", "pending"))
        self.storefront.with_user(self.keeper).action_pull_orders()

    def test_mail_after_failures_in_a_row_and_not_again(self):
        """Five failures make one mail; the next one comes after it has worked."""
        with patch.object(
            VendureAdapter, "pull_orders", side_effect=TransientError("closed")
        ):
            for _try in range(4):
                self.storefront._pull_orders(reread=False)
            self.assertEqual(self._mails(), 0)
            for _try in range(4):
                self.storefront._pull_orders(reread=False)
        self.assertEqual(self.storefront.failure_in_count, 8)
        self.assertEqual(self._mails(), 1)
        mail = self.env["mail.mail"].search([], limit=1)
        self.assertEqual(mail.recipient_ids, self.keeper.partner_id)
        self.assertIn("closed", mail.body_html)
        with patch.object(VendureAdapter, "pull_orders", self._empty_page):
            self.storefront._pull_orders(reread=False)
        self.assertEqual(self.storefront.failure_in_count, 0)
        self.assertFalse(self.storefront.date_alerted)
        with patch.object(
            VendureAdapter, "pull_orders", side_effect=TransientError("closed")
        ):
            for _try in range(5):
                self.storefront._pull_orders(reread=False)
        self.assertEqual(self._mails(), 2)

    def test_reading_that_works_does_not_hide_sending_that_fails(self):
        offer_messages = self.Outbox.search([("kind", "=", "offer")])
        for _try in range(5):
            offer_messages[:1]._fail(TransientError("slow"))
            with patch.object(VendureAdapter, "pull_orders", self._empty_page):
                self.storefront._pull_orders(reread=False)
        self.assertEqual(self.storefront.failure_out_count, 5)
        self.assertEqual(self._mails(), 1)
        # One record that is refused says nothing about the exchange.
        offer_messages[1:2]._fail(InvalidError("no"))
        self.assertEqual(self.storefront.failure_out_count, 5)
        offer_messages[:1]._close("done")
        self.assertEqual(self.storefront.failure_out_count, 0)
        self.assertFalse(self.storefront.date_alerted)

    @staticmethod
    def _empty_page(_adapter, cursor, _limit):
        from ..engine.contract import Page

        return Page((), cursor, True)

    def _mails(self):
        return self.env["mail.mail"].search_count(
            [("subject", "=", "The exchange with Corner shop fails")]
        )


@tagged("post_install", "-at_install", "marketplace")
class TestRepair(ConnectorCommon):
    """Quarantine: the reason in words, the mapping in place, replay for all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = new_test_user(
            cls.env, "repair_desk", groups="marketplace_base.group_order_desk"
        )

    def _repair(self, message):
        action = message.with_user(self.desk).action_repair()
        return (
            self.env[action["res_model"]].with_user(self.desk).browse(action["res_id"])
        )

    def test_tax_offer_and_promotion_are_mapped_in_place(self):
        self.storefront.default_funder = False
        line = self._line("11", self.tile, tax="TVA 20", proratedLinePriceWithTax=1800)
        line["proratedLinePrice"] = 1500
        line["discounts"] = [
            {
                "adjustmentSource": "PROMOTION:5",
                "description": "Two euros off",
                "amount": -167,
                "amountWithTax": -200,
            }
        ]
        line["productVariant"] = {"id": "v-9", "sku": "OTHER", "name": "Tile"}
        promotion = {"id": "5", "couponCode": "TWO", "name": "Two euros off"}
        first = self._import(self._payload("1", [line], promotions=[promotion]))
        second = self._import(
            self._payload("2", [self._line("21", self.linen, tax="TVA 20")])
        )
        broken = self._import(
            self._payload("3", [self._line("31", self.tile)], totalWithTax=1)
        )
        self.assertEqual((first.failure, broken.failure), ("mapping", "data"))
        self.assertFalse(broken.can_repair)
        with self.assertRaises(MarketplaceError):
            broken.action_repair()
        wizard = self._repair(first)
        self.assertEqual(wizard.alike_count, 2)
        by_kind = wizard.line_ids.grouped("kind")
        self.assertEqual(set(by_kind), {"offer", "tax", "discount"})
        self.assertIn("OTHER", by_kind["offer"].label)
        with self.assertRaises(MarketplaceError):
            wizard.action_apply()
        by_kind["offer"].offer_id = self.tile
        by_kind["tax"].tax_id = self.tax20
        by_kind["discount"].funder = "vendor"
        payload = first.payload
        wizard.action_apply()
        self.assertEqual(first.state, "done", first.reason)
        self.assertEqual(second.state, "done", second.reason)
        self.assertEqual(broken.state, "quarantine")
        self.assertEqual(first.payload, payload, "what the shop sent is kept")
        self.assertFalse(first.failure)
        self.assertEqual(first.order_id.sale_order_ids.vendor_id, self.vendors[0])

    def test_all_with_one_problem_are_replayed_at_once(self):
        messages = self._import(
            *(
                self._payload(
                    str(ref), [self._line(f"{ref}1", self.tile, tax="TVA 20")]
                )
                for ref in range(3)
            )
        )
        self.env["marketplace.storefront.tax"].create(
            {
                "storefront_id": self.storefront.id,
                "code": "TVA 20",
                "rate": 0.2,
                "tax_id": self.tax20.id,
            }
        )
        messages[:1].with_user(self.desk).action_replay_alike()
        self.assertEqual(set(messages.mapped("state")), {"done"})

    def test_nobody_edits_what_a_shop_sent(self):
        message = self._import(self._payload("1", [self._line("11", self.tile)]))
        for name in ("payload", "digest", "external_ref"):
            with self.assertRaises(MarketplaceError):
                message.with_user(self.desk).write({name: "x"})

    def test_kinds_of_failure(self):
        unreadable = self._payload("1", [self._line("11", self.tile)])
        del unreadable["totalWithTax"]
        self.assertEqual(self._import(unreadable).failure, "unreadable")
        vendor = self._create_vendor("Ocre", date_start="2026-06-01")
        offer = self._create_offer(vendor, 9.0, sku="OCRE")
        ruled = self._import(self._payload("2", [self._line("21", offer)]))
        self.assertEqual(ruled.failure, "rules")
        ruled.action_ignore()
        self.assertFalse(ruled.failure)
        self.assertTrue(fields.Datetime.now())
