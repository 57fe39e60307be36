"""The way of an order through a shop that runs within the tests; to the cent."""

from odoo.fields import Command

from .old_refund import OldRefundCase


class LocalShopCase(OldRefundCase):
    """The tests; a class says how its shop is started and what is peculiar to it."""

    code = ""
    delivery_count = 2  # charges of 4.90 in an order of two vendors

    @classmethod
    def start_shop(cls):
        """Return the driver of a running shop."""
        raise NotImplementedError

    @classmethod
    def storefront_vals(cls):
        return {}

    def count_writes(self):
        """Return the calls since :meth:`forget_calls` that changed the shop."""
        raise NotImplementedError

    def forget_calls(self):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop = cls.start_shop()
        cls.company.country_id = cls.france
        cls.storefront = cls.env["marketplace.storefront"].create(
            {
                "name": cls.code,
                "code": cls.code,
                "adapter": cls.code,
                "url": cls.shop.url,
                "username": cls.shop.username,
                "password": cls.shop.password,
                **cls.storefront_vals(),
            }
        )
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Ardoise", "Bois"))
        cls.mug = cls._create_offer(cls.a, 19.99, sku="MUG")
        cls.book = cls._create_offer(cls.b, 12.00, tax_rate=5.5, sku="BOOK")
        cls.storefront.action_test_connection()
        cls.report = cls.storefront._push_catalogue()

    def _buy(self, **options):
        placed = self.shop.place_order({"MUG": 2, "BOOK": 1}, **options)
        return placed, self._synchronise(placed)

    def _synchronise(self, placed):
        self.storefront._pull_orders()
        self.storefront._process_inbox()
        return self.env["marketplace.order"].search(
            [("channel", "=", self.code), ("external_ref", "=", placed.ref)]
        )

    def test_catalogue_goes_out_once(self):
        self.assertEqual(self.report, {"sent": 4, "refused": {}})
        shown = self.shop.offers()
        self.assertEqual((shown["MUG"].price, shown["MUG"].vendor), (1999, "Ardoise"))
        self.forget_calls()
        self.assertEqual(self.storefront._push_catalogue()["sent"], 0)
        self.assertEqual(self.count_writes(), 0)

    def test_order_of_two_vendors_is_split_to_the_cent(self):
        placed, group = self._buy()
        self.assertEqual(placed.total, 2 * 1999 + 1200 + self.delivery_count * 490)
        orders = group.sale_order_ids
        self.assertEqual(orders.vendor_id, self.a | self.b)
        totals = [self._minor(order.amount_total) for order in orders]
        self.assertEqual(sum(totals), placed.total)
        if self.delivery_count == 2:
            self.assertEqual(sorted(totals), [1200 + 490, 2 * 1999 + 490])
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(self._synchronise(placed), group)
        self.assertTiedOut()

    def test_parcel_and_refund_reach_the_shop(self):
        placed, group = self._buy()
        order = group.sale_order_ids.filtered(lambda o: o.vendor_id == self.a)
        line = order.order_line.filtered("offer_id")
        parcel = self.env["marketplace.shipment"]._create_for_order(
            order, quantities={line.id: 1}
        )
        parcel.action_ship()
        self.storefront._send_outbox()
        (shown,) = self.shop.parcels(placed.ref)
        self.assertEqual((shown.state, shown.quantities), ("shipped", {"MUG": 1}))
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": "defective",
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        )
        refund.action_apply()
        self.storefront._send_outbox()
        (told,) = self.shop.refunds(placed.ref)
        self.assertEqual((told.amount, told.ref), (1999, refund.external_ref))
        self._synchronise(placed)
        self.assertEqual(group.refund_ids, refund, "its echo is no second refund")

    def test_refund_of_the_shop_comes_in(self):
        placed, group = self._buy()
        self.shop.refund(placed.ref, "BOOK", 1)
        self._synchronise(placed)
        self.assertEqual(self._minor(sum(group.refund_ids.mapped("amount"))), 1200)
        self.assertTiedOut()

    def test_refund_of_an_old_order_is_found_at_night(self):
        placed, group = self._buy()
        self.check_refund_of_old_order(
            group,
            1200,
            lambda: self.shop.refund(placed.ref, "BOOK", 1),
            lambda at: self.shop.grow_old(placed.ref, at),
            lambda: self._synchronise(placed),
        )
        self.assertTiedOut()
