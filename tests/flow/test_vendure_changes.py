"""What the shop's staff and ours change in an order after it was imported."""

import json

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.marketplace_connector.adapters.vendure import VendureAdapter

from .vendure_case import VendureCase

LATER = "pay-later"


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureChanges(VendureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator.ensure_payment_method(LATER, settle=False)

    def _buy_unpaid(self, quantities):
        placed = self._buy(quantities, payment_method=LATER)
        group = self._import(placed)
        self.assertEqual(group.payment_state, "authorized")
        return placed, group

    def _assert_agrees(self, placed, group):
        """The shop and Odoo have the customer pay the same."""
        shown = self.operator.order(placed["id"])
        self.assertEqual(self._minor(group.amount_payable), shown["totalWithTax"])
        self.assertTiedOut()

    def _assert_quiet(self):
        """Nothing more comes of it, and nothing is sent back."""
        counts = self._counts()
        self._synchronise()
        with self._spy_writes() as writes:
            self.storefront._send_outbox()
        self.assertFalse(writes.called)
        self.assertEqual(self._counts(), counts)

    # -- S6: changed there ------------------------------------------------------------

    def test_pieces_taken_off_before_payment(self):
        placed, group = self._buy_unpaid({self.mug: 3, self.candle: 1})
        self.operator.cancel_pieces(placed["id"], {self.mug.vendor_sku: 1})
        self._synchronise()
        message = self._message(placed)
        self.assertEqual((message.state, message.change_kind), ("done", "edited"))
        self._assert_agrees(placed, group)
        self._assert_quiet()
        self.operator.settle_payment(placed["id"])
        self._synchronise()
        self.assertEqual(group.payment_state, "paid", self._message(placed).reason)
        self.assertTiedOut()

    def test_order_cancelled_before_payment(self):
        placed, group = self._buy_unpaid({self.mug: 1, self.candle: 2})
        self.operator.cancel(placed["id"])
        self._synchronise()
        message = self._message(placed)
        self.assertEqual((message.state, message.change_kind), ("done", "cancelled"))
        self.assertEqual(self._minor(group.amount_payable), 0)
        self.assertTiedOut()
        self._assert_quiet()

    def test_pieces_taken_off_after_payment_wait_for_the_money(self):
        placed = self._buy({self.mug: 2, self.candle: 1})
        group = self._import(placed)
        self.operator.cancel_pieces(placed["id"], {self.mug.vendor_sku: 1})
        self._synchronise()
        held = self._message(placed)
        self.assertEqual(held.state, "quarantine")
        self.assertIn("19.99", held.reason)
        self.operator.refund(placed["id"], {self.mug.vendor_sku: 1}, "Sold out")
        self._synchronise()
        self.assertEqual(self._message(placed).state, "done")
        self.assertEqual(held.state, "ignored")
        self.assertEqual(self._minor(group.amount_refunded), 1999)
        self.assertTiedOut()
        self._assert_quiet()

    # -- changed here -----------------------------------------------------------------

    def test_pieces_cancelled_here_leave_the_shop_once(self):
        placed, group = self._buy_unpaid({self.mug: 3, self.candle: 1})
        line = group.sale_order_ids.order_line.filtered(
            lambda line: line.offer_id == self.mug
        )
        self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "reason": "One broke",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity_new": 2})
                ],
            }
        ).action_apply()
        for _time in range(2):
            self.storefront._send_outbox()
        shown = self.operator.order(placed["id"])
        quantities = {
            item["productVariant"]["sku"]: item["quantity"] for item in shown["lines"]
        }
        self.assertEqual(
            quantities, {self.mug.vendor_sku: 2, self.candle.vendor_sku: 1}
        )
        self._synchronise()
        self.assertEqual(self._message(placed).state, "done")
        self.assertEqual(group.amendment_count, 1, "the echo is no second change")
        self._assert_agrees(placed, group)
        self._assert_quiet()

    # -- S8 ---------------------------------------------------------------------------

    def test_period_and_single_order_are_read_again(self):
        begin = fields.Datetime.now()
        placed = self._buy({self.mug: 1})
        other = self._buy({self.candle: 1})
        number = placed["code"]
        recover = self.env["marketplace.recover.order"]
        action = recover.create(
            {"storefront_id": self.storefront.id, "number": number}
        ).action_recover()
        self.assertEqual(action["res_id"], self._group(placed).id)
        load = self.env["marketplace.load"].create(
            {"storefront_id": self.storefront.id, "date_from": begin}
        )
        load.date_to = fields.Datetime.add(fields.Datetime.now(), seconds=5)
        load.action_start()
        load._job_load()
        self.storefront._process_inbox()
        self.assertEqual((load.state, load.handled_count), ("done", 2), load.reason)
        self.assertEqual(load.imported_count, 1, "the first was here already")
        self.assertTrue(self._group(other))
        counts = self._counts()
        again = load.copy({"date_to": load.date_to})
        again.action_start()
        again._job_load()
        self.storefront._process_inbox()
        self.assertEqual(again.state, "done")
        self.assertEqual(self._counts(), counts)

    def test_catalogue_load_sends_what_changed(self):
        load = self.env["marketplace.load"].create(
            {"storefront_id": self.storefront.id, "kind": "catalogue"}
        )
        load.action_start()
        load._job_load()
        self.assertEqual(load.state, "done", load.reason)
        self.assertEqual((load.sent_count, load.handled_count), (0, len(self.offers)))


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureTaxModes(VendureCase):
    """One purchase in a shop that includes taxes and in one that does not (P2)."""

    def test_both_modes_give_the_same_vat(self):
        quantities = {self.mug: 2, self.book: 3, self.candle: 1}
        included = self._import(self._buy(quantities))
        vendors = [self._create_vendor(name) for name in ("Nord", "Sud")]
        try:
            self.storefront.tax_mode = "excluded"
            self.storefront._push_settings()
            offers = [
                self._create_offer(vendors[0], 19.99, sku=self._sku("NETMUG")),
                self._create_offer(
                    vendors[1], 12.00, tax_rate=5.5, sku=self._sku("NETBOOK")
                ),
                self._create_offer(vendors[1], 7.49, sku=self._sku("NETCANDLE")),
            ]
            self.storefront._send_outbox()
            placed = self._buy(dict(zip(offers, (2, 3, 1), strict=True)))
            self._synchronise()
        finally:
            self.storefront.tax_mode = "included"
            self.storefront._push_settings()
        message = self._message(placed)
        self.assertEqual(message.state, "done", message.reason)
        order = VendureAdapter("", "", "").parse_order(json.loads(message.payload))
        self.assertEqual(order.tax_mode.value, "excluded")
        goods = [
            sum(
                self._minor(line.price_tax)
                for line in group.sale_order_ids.order_line
                if line.marketplace_kind == "goods"
            )
            for group in (included, self._group(placed))
        ]
        self.assertAlmostEqual(*goods, delta=1)
        self.assertTiedOut()
