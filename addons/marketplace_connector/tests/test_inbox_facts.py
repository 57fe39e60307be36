from odoo.tests import tagged

from ..engine.contract import (
    Fee,
    Hold,
    Incident,
    LineQuantity,
    Message,
    Return,
    Tax,
    TaxMode,
)
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestInboxFacts(ConnectorCommon):
    """What a shop tells beside lines and payments, each told twice and taken once."""

    def _import_again(self, payload, **parts):
        """Import an order, then a newer document of it with more parts, twice."""
        with self._told(**parts):
            messages = self._import(payload)
            messages |= self._import({**payload, "state": "Shipped"})
        self.assertEqual(set(messages.mapped("state")), {"done"}, messages[1:].reason)
        return messages[0].order_id

    def test_references_of_the_provider(self):
        payload = self._payload("1", [self._line("11", self.tile, 2)])
        group = self._import(payload).order_id
        self.assertEqual(group.payment_ids.psp_ref, "t-1")
        self._import(self._refunded(payload, "r-1", 2000, 1))
        self.assertEqual(group.refund_ids.psp_ref, "psp-r-1")

    def test_return_is_requested_once_from_its_vendor(self):
        payload = self._payload(
            "1", [self._line("11", self.tile, 2), self._line("12", self.linen)]
        )
        group = self._import(payload).order_id
        for order in group.sale_order_ids:
            self.env["marketplace.shipment"]._create_for_order(order).action_ship()
        group.sale_order_ids.marketplace_shipment_ids.action_deliver()
        wanted = Return(
            "ret-1", "too small", "Please", self._now(), (LineQuantity("11", 1),)
        )
        with self._told(returns=(wanted,)):
            first = self._import({**payload, "state": "Shipped"})
            second = self._import({**payload, "state": "Delivered"})
        self.assertEqual((first | second).mapped("state"), ["done", "done"])
        found = self.env["marketplace.return"].search(
            [("sale_order_id", "in", group.sale_order_ids.ids)]
        )
        self.assertEqual(found.vendor_id, self.vendors[0])
        self.assertEqual(found.line_ids.quantity, 1)

    def test_return_of_what_was_not_delivered_is_held(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        wanted = Return("ret-1", "", "", self._now(), (LineQuantity("11", 1),))
        with self._told(returns=(wanted,)):
            message = self._import(payload)
        self.assertEqual(message.state, "quarantine")
        self.assertTrue(message.order_id, "the order itself is there")
        self.assertEqual(message.order_id.payment_state, "paid")

    def test_complaint_opens_one_incident(self):
        told = Incident("inc-1", "11", "late", "Where is it?", self._now())
        group = self._import_again(
            self._payload("1", [self._line("11", self.tile)]), incidents=(told,)
        )
        incident = self.env["marketplace.incident"].search(
            [("sale_line_id", "in", group.sale_order_ids.order_line.ids)]
        )
        self.assertEqual(incident.external_ref, "inc-1")

    def test_words_of_the_customer_reach_the_vendors_once(self):
        told = (
            Message("m-1", "Please hurry", self._now()),
            Message("m-2", "The blue one", self._now(), line_ref="12"),
        )
        group = self._import_again(
            self._payload(
                "1", [self._line("11", self.tile), self._line("12", self.linen)]
            ),
            messages=told,
        )
        words = {
            order.vendor_id: order.conversation_ids.message_ids.sorted("id").mapped(
                "body"
            )
            for order in group.sale_order_ids
        }
        self.assertEqual(
            words,
            {
                self.vendors[0]: ["Please hurry"],
                self.vendors[1]: ["Please hurry", "The blue one"],
            },
        )

    def test_hold_of_the_shop_is_followed_and_released(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        with self._told(hold=Hold("fraud", "Looked at by hand")):
            group = self._import(payload).order_id
        self.assertTrue(group.sale_order_ids.is_on_hold)
        self.assertEqual(group.sale_order_ids.hold_id.reason_code, "fraud")
        message = self._import({**payload, "state": "Shipped"})
        self.assertEqual(message.state, "done", message.reason)
        self.assertFalse(group.sale_order_ids.is_on_hold)
        with self._told(hold=Hold("payment")):
            self._import({**payload, "state": "PartiallyShipped"})
        self.assertEqual(group.sale_order_ids.hold_id.reason_code, "payment")

    def test_release_of_the_shop_leaves_our_own_hold(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        group = self._import(payload).order_id
        group.sale_order_ids._marketplace_hold("address", "Looks odd")
        self._import({**payload, "state": "Shipped"})
        self.assertTrue(group.sale_order_ids.is_on_hold)

    def test_fee_is_sold_by_the_marketplace(self):
        payload = self._payload("1", [self._line("11", self.tile)], totalWithTax=2740)
        payload["payments"][0]["amount"] = 2740
        fee = Fee("fee-1", "Gift wrap", 240, (Tax("VAT 20", self._rate(20), 40),))
        with self._told(fees=(fee,)):
            message = self._import(payload)
            self.assertEqual(message.state, "quarantine")
            self.assertIn("“Gift wrap”", message.reason)
            self.storefront.fee_product_id = self.env["product.product"].create(
                {"name": "Shop fees", "type": "service"}
            )
            message.action_replay()
        self.assertEqual(message.state, "done", message.reason)
        own = message.order_id.sale_order_ids.filtered(lambda o: not o.vendor_id)
        self.assertEqual(self._minor(own.amount_total), 240)
        self.assertEqual(own.order_line.name, "Gift wrap")
        self.assertTiedOut()

    def test_promotion_paid_by_both(self):
        """4.00 off, 30 % of it by the vendor, as the marketplace announced."""
        line = self._line(
            "11", self.tile, proratedLinePrice=1333, proratedLinePriceWithTax=1600
        )
        line["discounts"] = [
            {
                "adjustmentSource": "PROMOTION:5",
                "description": "Four euros off",
                "amount": -333,
                "amountWithTax": -400,
            }
        ]
        promotion = {"id": "5", "couponCode": "FOUR", "name": "Four euros off"}
        self.env["marketplace.storefront.discount"].create(
            {
                "storefront_id": self.storefront.id,
                "code": "four",
                "funder": "shared",
                "vendor_share": 0.3,
                "promised_by": "marketplace",
            }
        )
        message = self._import(self._payload("1", [line], promotions=[promotion]))
        self.assertEqual(message.state, "done", message.reason)
        share = message.order_id.discount_share_ids
        self.assertEqual(
            (self._minor(share.amount_vendor), self._minor(share.amount_marketplace)),
            (120, 280),
        )
        self.assertEqual(share.promised_by, "marketplace")

    def test_delivery_is_shared_as_the_storefront_says(self):
        """5.00 by pieces, 1 and 1, instead of by price, 20.00 and 30.00."""
        self.storefront.allocation_key = "quantity"
        message = self._import(
            self._payload(
                "1", [self._line("11", self.tile), self._line("12", self.linen)]
            )
        )
        lines = message.order_id.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
        )
        self.assertEqual(
            [self._minor(line.amount_vendor) for line in lines], [250, 250]
        )

    # -- taxes ------------------------------------------------------------------------

    def test_either_tax_mode_gives_the_same_order(self):
        """2 × 20.00 and 5.00 with 20 %: 45.00, of which 7.50 are VAT."""
        payload = self._payload("1", [self._line("11", self.tile, 2)])
        included = self._import(payload).order_id
        order = self.storefront._get_adapter().parse_order({**payload, "id": "2"})
        net = {
            "tax_mode": TaxMode.EXCLUDED,
            "lines": tuple(
                self._replace(
                    line,
                    amount=3333,
                    unit_price=1667,
                    taxes=(Tax("VAT 20", self._rate(20), 667),),
                )
                for line in order.lines
            ),
            "shippings": tuple(
                self._replace(item, amount=417, taxes=(Tax("", self._rate(20), 83),))
                for item in order.shippings
            ),
        }
        other = {**payload, "id": "2", "code": "CODE2"}
        other["payments"] = [{**payload["payments"][0], "id": "payment-2"}]
        with self._told(**net):
            message = self._import(other)
        self.assertEqual(message.state, "done", message.reason)
        excluded = message.order_id
        for name in ("amount_charged", "amount_vendor_total"):
            self.assertEqual(included[name], excluded[name])
        self.assertEqual(
            included.sale_order_ids.amount_tax, excluded.sale_order_ids.amount_tax
        )
        self.assertEqual(self._minor(excluded.sale_order_ids.amount_tax), 750)

    def test_taxes_that_do_not_agree_are_held_with_the_difference(self):
        line = self._line("11", self.tile, proratedLinePrice=2000)
        message = self._import(self._payload("1", [line]))
        self.assertEqual(message.state, "quarantine")
        # told 0.00 and 0.83, contained 4.17
        self.assertIn("3.34", message.reason)

    def test_unknown_tax_is_added_and_reviewed_where_that_is_wanted(self):
        payload = self._payload("1", [self._line("11", self.tile, tax="TVA 20")])
        self.assertEqual(self._import(payload).state, "quarantine")
        self.storefront.adds_taxes = True
        message = self._import({**payload, "id": "2", "code": "B"})
        self.assertEqual(message.state, "done", message.reason)
        added = self.storefront.tax_ids.filtered("to_review")
        self.assertEqual((added.code, added.tax_id), ("TVA 20", self.tax20))
        added.action_reviewed()
        self.assertFalse(added.to_review)

    def test_rate_without_a_tax_of_ours_stays_unknown(self):
        self.storefront.adds_taxes = True
        line = self._line("11", self.tile, rate=37, tax="Odd")
        message = self._import(self._payload("1", [line]))
        self.assertEqual(message.state, "quarantine")
        self.assertIn("“Odd” at 37 %", message.reason)
