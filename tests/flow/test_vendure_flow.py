"""The whole way of an order, against the real shop; amounts to the cent."""

from odoo.fields import Command
from odoo.tests import tagged

from ..conformance.faulty_proxy import faulty_proxy
from ..conformance.test_vendure import grow_old
from .old_refund import OldRefundCase
from .vendure_case import VendureCase


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureCatalogue(VendureCase):
    def test_push_shows_every_offer_with_its_price(self):
        """The shop shows each offer as one variant of the master product."""
        catalogue = self._catalogue()
        self.assertEqual(self.first_push["refused"], {})
        self.assertEqual(self.first_push["sent"], len(self.vendors) + len(self.offers))
        for offer in self.offers:
            shown = catalogue[offer.vendor_sku]
            self.assertEqual(shown["priceWithTax"], self._minor(offer.price))
            self.assertEqual(shown["stockLevel"], "IN_STOCK")
        self.assertEqual(
            catalogue[self.mug_bois.vendor_sku]["name"],
            f"{self.mug.product_id.name}, Bois",
        )

    def test_second_push_sends_nothing(self):
        counts = self._counts()
        report = self.storefront._push_catalogue()
        self.assertEqual(report, {"sent": 0, "refused": {}})
        self.assertEqual(self._counts(), counts)

    def test_unchanged_offers_cost_no_request(self):
        with faulty_proxy(self.shop_url) as proxy:
            self.storefront.url = proxy.url
            report = self.storefront._push_offers(self.offers)
            self.assertEqual((report["sent"], proxy.calls), (0, 0))
            self.book.product_id.barcode = "3012345678900"
            self.storefront._push_offers(self.offers)
            # log in, read vendors, read offers, write: with the seller's own price
            self.assertLessEqual(proxy.calls, 6)
        self.storefront._push_offers(self.offers)
        shown = self.operator.variant(self.book.vendor_sku)
        self.assertEqual(shown["customFields"]["barcode"], "3012345678900")

    def test_changed_price_alone_is_sent(self):
        """A message commits with the change, and only the changed offer is sent."""
        offer = self._create_pushed_offer(self.vendors[2], 7.49)
        offer.price = 8.25
        waiting = self.env["marketplace.outbox"].search(
            [("storefront_id", "=", self.storefront.id), ("state", "=", "pending")]
        )
        self.assertEqual(waiting.mapped("res_id"), [offer.id])
        with self._spy_writes() as writes:
            self.storefront._send_outbox()
        self.assertEqual(waiting.mapped("state"), ["done"])
        self.assertEqual(writes.call_count, 2, "one write per channel of the offer")
        shown = self._catalogue()[offer.vendor_sku]
        self.assertEqual(shown["priceWithTax"], 825)
        # The seller's part of an order is priced in the seller's channel.
        placed = self.operator.order(self._buy({offer: 1})["id"])
        self.assertEqual(placed["totalWithTax"], 825 + 490)

    def test_many_offers_go_in_few_requests(self):
        """Sixty offers of three vendors are one request per step."""
        for rank in range(60):
            vendor = self.vendors[rank % 3]
            self._create_offer(vendor, 5.0 + rank, sku=self._sku(f"MANY{rank}"))
        with self._spy_writes() as writes:
            self.storefront._send_outbox()
        # Products; their option group with the variants; the assignments.
        self.assertEqual(writes.call_count, 3)
        shown = self._catalogue()
        self.assertEqual(shown[self._sku("MANY59")]["priceWithTax"], 6400)

    def test_change_without_effect_in_the_shop_writes_nothing_there(self):
        offer = self._create_pushed_offer(self.vendors[2], 7.49)
        offer.price = 7.490
        with self._spy_writes() as writes:
            self.storefront._send_outbox()
        self.assertFalse(writes.call_count)

    def test_offer_of_a_suspended_vendor_leaves_the_shelf(self):
        vendor = self._create_vendor("Daim")
        offer = self._create_pushed_offer(vendor, 30.0)
        self.assertIn(offer.vendor_sku, self._catalogue())
        vendor._vendor_transition("suspended", reason="test")
        self.storefront._send_outbox()
        self.assertNotIn(offer.vendor_sku, self._catalogue())

    def test_price_change_leaves_the_stock_of_the_shop_alone(self):
        """What the shop has sold must not come back to its shelf."""
        offer = self._create_pushed_offer(self.vendors[1], 12.0, tax_rate=5.5)
        placed = self._buy({offer: 3})
        offer.price = 12.50
        self.storefront._send_outbox()
        self.assertEqual(self._stock(offer), [(1000, 3)])
        self.assertTrue(self._import(placed))
        offer.quantity = 500
        self.storefront._send_outbox()
        self.assertEqual(
            self._stock(offer), [(503, 3)], "three are sold and still on the shelf"
        )

    def test_pieces_in_a_parcel_do_not_come_back_to_the_shelf(self):
        """The shop takes them off at shipment; delivery is of no account to it."""
        offer = self._create_pushed_offer(self.vendors[1], 12.0)
        order = self._import(self._buy({offer: 3})).sale_order_ids
        line = order.order_line.filtered("offer_id")
        self.env["marketplace.shipment"]._create_for_order(
            order, quantities={line.id: 1}
        ).action_ship()
        self.storefront._send_outbox()
        self.assertEqual(self._stock(offer), [(999, 2)])
        offer.quantity = 500
        self.storefront._send_outbox()
        self.assertEqual(self._stock(offer), [(502, 2)])

    def test_orders_typed_here_do_not_come_to_the_shelf(self):
        offer = self._create_pushed_offer(self.vendors[1], 12.0)
        self._import_order([(offer, 4)])
        offer.quantity = 500
        self.storefront._send_outbox()
        self.assertEqual(self._stock(offer), [(500, 0)])

    def test_refunded_pieces_stay_aside_until_the_shop_cancels_them(self):
        """A refund moves money only: 500 can be bought before and after it."""
        offer = self._create_pushed_offer(self.vendors[1], 12.0)
        placed = self._buy({offer: 3})
        self._import(placed)
        self.operator.refund(placed["id"], {offer.vendor_sku: 1}, "late")
        self._synchronise()
        self.assertEqual(self._stock(offer), [(1000, 3)])
        offer.quantity = 500
        self.storefront._send_outbox()
        self.assertEqual(self._stock(offer), [(503, 3)])
        self.operator.cancel_pieces(placed["id"], {offer.vendor_sku: 2})
        self.assertEqual(self._stock(offer), [(503, 1)])
        offer.quantity = 400
        self.storefront._send_outbox()
        self.assertEqual(self._stock(offer), [(401, 1)])

    def _stock(self, offer):
        """Return what the shop has and holds: [(on hand, allocated)]."""
        variant = self.env["marketplace.binding"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("object_type", "=", "offer"),
                ("res_id", "=", offer.id),
            ]
        )
        found = self.operator.stock(variant.external_id)
        return [level for level in found if level != (0, 0)]


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestVendureOrders(OldRefundCase, VendureCase):
    def test_order_of_three_vendors_is_split_to_the_cent(self):
        """Coupon and shared delivery fall on the vendors; no cent is lost."""
        placed = self._buy(
            {self.mug: 2, self.book: 1, self.candle: 3},
            shipping=[self._shared_delivery()],
            coupon=self._coupon(percent=10),
        )
        group = self._import(placed)
        self.assertEqual(self._minor(group.amount_charged), placed["totalWithTax"])
        self.assertEqual(group.external_number, placed["code"])
        self.assertEqual(group.storefront_id, self.storefront)
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(
            group.sale_order_ids.vendor_id.sorted("name").mapped("name"),
            ["Ardoise", "Bois", "Cire"],
        )
        self.assertEqual(
            self._minor(group.amount_vendor_total) - self._minor(group.amount_funded),
            placed["totalWithTax"],
        )
        # Ten percent of 39.98 + 12.00 + 22.47, as the shop rounds it.
        self.assertEqual(self._minor(group.amount_funded), 744)
        goods = group.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "goods"
        )
        self.assertEqual(
            {line.offer_id: self._minor(line.amount_vendor) for line in goods},
            {self.mug: 3998, self.book: 1200, self.candle: 2247},
        )
        shipping = group.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
        )
        self.assertEqual(sum(map(self._minor, shipping.mapped("amount_vendor"))), 590)
        self.assertEqual(len(shipping), 3)
        self.assertTiedOut()

    def test_delivery_of_each_vendor_goes_to_that_vendor(self):
        group = self._import(self._buy({self.mug: 1, self.candle: 1}))
        for order in group.sale_order_ids:
            line = order.order_line.filtered(
                lambda line: line.marketplace_kind == "shipping"
            )
            self.assertEqual(self._minor(line.amount_vendor), 490)

    def test_delivery_shared_by_two_of_three_vendors(self):
        """One vendor ships himself; the others share one delivery between them."""
        own = self.storefront.shipping_ids.filtered(lambda s: not s.is_shared)
        placed = self._buy(
            {self.mug: 1, self.book: 1, self.candle: 1},
            shipping=[
                f"delivery-{own.id}-{self.vendors[0].id}",
                self._shared_delivery(),
            ],
        )
        group = self._import(placed)
        shares = {
            order.vendor_id: sum(
                self._minor(line.amount_vendor)
                for line in order.order_line
                if line.marketplace_kind == "shipping"
            )
            for order in group.sale_order_ids
        }
        ardoise, bois, cire = self.vendors
        # 5.90 by 12.00 and 7.49
        self.assertEqual(shares, {ardoise: 490, bois: 363, cire: 227})

    def test_two_vendors_of_one_product_are_told_apart(self):
        group = self._import(self._buy({self.mug: 1, self.mug_bois: 1}))
        self.assertEqual(
            group.sale_order_ids.vendor_id, self.vendors[0] | self.vendors[1]
        )

    def test_same_orders_again_make_no_new_record(self):
        placed = self._buy({self.mug: 1, self.book: 2})
        self.assertTrue(self._import(placed))
        counts = self._counts()
        self._synchronise()
        self.storefront.order_cursor = False
        self._synchronise()
        self.assertEqual(self._counts(), counts)

    def test_unpaid_cart_is_not_imported(self):
        cart = self._buy({self.mug: 1}, pay=False)
        self._synchronise()
        self.assertFalse(self._group(cart))
        self.assertFalse(self._message(cart))

    def test_customer_of_two_orders_is_one_contact(self):
        first = self._import(self._buy({self.mug: 1}))
        second = self._import(self._buy({self.book: 1}))
        self.assertEqual(first.partner_id, second.partner_id)
        self.assertEqual(
            first.sale_order_ids.partner_shipping_id,
            second.sale_order_ids.partner_shipping_id,
        )
        self.assertEqual(first.partner_id.email, "ada.martin@example.test")
        self.assertEqual(first.sale_order_ids.partner_shipping_id.zip, "69003")

    def test_shipment_and_delivery_show_in_the_shop(self):
        """A parcel in the back office is a parcel in the shop, once."""
        placed = self._buy({self.mug: 2, self.candle: 1})
        group = self._import(placed)
        order = group.sale_order_ids.filtered(
            lambda order: order.vendor_id == self.vendors[0]
        )
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, carrier_name="Colissimo", tracking_ref="6A123"
        )
        shipment.action_ship()
        self.storefront._send_outbox()
        shown = self.operator.order(placed["id"])
        self.assertEqual(shown["state"], "PartiallyShipped")
        (parcel,) = shown["fulfillments"]
        self.assertEqual(
            (parcel["state"], parcel["method"], parcel["trackingCode"]),
            ("Shipped", "Colissimo", "6A123"),
        )
        self.assertEqual([line["quantity"] for line in parcel["lines"]], [2])
        self.assertEqual(shipment.external_ref, parcel["id"])
        shipment.action_deliver()
        self.storefront._send_outbox()
        shown = self.operator.order(placed["id"])
        self.assertEqual(shown["state"], "PartiallyDelivered")
        self.assertEqual(len(shown["fulfillments"]), 1)
        # The echo of our own parcel changes nothing here.
        counts = self._counts()
        self._synchronise()
        grown = {"marketplace.inbox": counts["marketplace.inbox"] + 1}
        self.assertEqual(self._counts(), {**counts, **grown})
        self.assertEqual(self._message(placed).state, "done")

    def test_refund_of_one_line_in_the_shop_is_imported_once(self):
        """The money goes back at the price that was paid for the piece."""
        placed = self._buy(
            {self.mug: 2, self.candle: 1}, coupon=self._coupon(percent=10)
        )
        group = self._import(placed)
        # 2 × 19.99 less 4.00: one piece had cost 17.99
        refund = self.operator.refund(placed["id"], {self.mug.vendor_sku: 1}, "cracked")
        self.assertEqual(refund["total"], 1799)
        self._synchronise()
        self.assertRecordValues(
            group.refund_ids,
            [{"state": "done", "external_ref": refund["id"], "note": "cracked"}],
        )
        self.assertEqual(self._minor(group.refund_ids.amount), 1799)
        self.assertEqual(group.refund_ids.line_ids.sale_line_id.offer_id, self.mug)
        self.assertEqual(group.payment_state, "partially_refunded")
        self.assertTiedOut()
        counts = self._counts()
        self._synchronise()
        self.assertEqual(self._counts(), counts)

    def test_refund_without_lines_is_shared_over_the_order(self):
        placed = self._buy({self.mug: 1, self.candle: 1})
        group = self._import(placed)
        self.operator.refund(placed["id"], {}, "late", amount=500)
        self._synchronise()
        self.assertEqual(self._minor(group.refund_ids.amount), 500)
        self.assertEqual(
            group.refund_ids.line_ids.sale_line_id.order_id.vendor_id,
            self.vendors[0] | self.vendors[2],
        )
        self.assertTiedOut()

    def test_refund_of_an_old_order_is_found_at_night(self):
        placed = self._buy({self.mug: 1, self.candle: 1})
        self.check_refund_of_old_order(
            self._import(placed),
            500,
            lambda: self.operator.refund(placed["id"], {}, "late", amount=500),
            lambda at: grow_old(placed["id"], at),
            self._synchronise,
        )
        self.assertTiedOut()

    def test_refund_decided_here_is_paid_by_the_shop_once(self):
        """The back office decides, the shop pays, and its echo is no second refund."""
        placed = self._buy({self.mug: 2, self.candle: 1})
        group = self._import(placed)
        line = group.sale_order_ids.order_line.filtered(
            lambda line: line.offer_id == self.mug
        )
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": "defective",
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        )
        refund.action_apply()
        self.storefront._send_outbox()
        ((shown,),) = [
            payment["refunds"]
            for payment in self.operator.order(placed["id"])["payments"]
        ]
        self.assertEqual((shown["total"], shown["state"]), (1999, "Settled"))
        self.assertEqual([line["quantity"] for line in shown["lines"]], [1])
        self.assertEqual(refund.external_ref, shown["id"])
        self._synchronise()
        self.assertEqual(group.refund_ids, refund)
        self.assertEqual(self._message(placed).state, "done")
        self.assertTiedOut()
