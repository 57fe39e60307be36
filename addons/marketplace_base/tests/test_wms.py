from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestWms(MarketplaceCommon, HttpCase):
    """A warehouse system talks to us with the key of an order-desk user.

    The worked example of docs/integrations.md.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = new_test_user(
            cls.env, "wms_desk", groups="marketplace_base.group_order_desk"
        )
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 10.0, sku="RING")
        cls.other = cls._create_offer(cls.vendor, 5.0, sku="STONE")
        cls.kept = cls._create_offer(
            cls.vendor, 7.0, sku="SHELF", quantity=0, is_operator_fulfilled=True
        )
        cls.key = cls._key(cls.desk)

    @classmethod
    def _key(cls, user):
        return (
            cls.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "WMS", fields.Datetime.now() + timedelta(days=1))
        )

    def _call(self, model, method, key=None, **arguments):
        """Call a method as a WMS does; return (status, answer)."""
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=arguments,
            headers={"Authorization": f"bearer {key or self.key}"},
        )
        self.env.invalidate_all()
        return response.status_code, response.json()

    def _ship(self, key=None, **event):
        return self._call("marketplace.shipment", "wms_ship", key, event=event)

    def _order(self, *lines):
        return self._import_order(list(lines)).sale_order_ids

    def test_parcel_is_confirmed_once_and_delivered(self):
        """Ship with tracking, twice the same event; then the delivery, twice."""
        order = self._order((self.offer, 2), (self.other, 1))
        event = {
            "event_id": "WMS-1",
            "order": order.name,
            "carrier": "Colissimo",
            "tracking_ref": "6A12345678",
        }
        for _repeat in range(2):
            status, answer = self._ship(**event)
            self.assertEqual(status, 200, answer)
            self.assertEqual(answer["state"], "shipped")
            self.assertEqual(answer["tracking_ref"], "6A12345678")
        shipment = order.marketplace_shipment_ids
        self.assertEqual(shipment.mapped("name"), [answer["shipment"]])
        for _repeat in range(2):
            status, answer = self._call(
                "marketplace.shipment",
                "wms_confirm_delivery",
                event={"event_id": "WMS-2", "shipment": shipment.name},
            )
            self.assertEqual((status, answer["state"]), (200, "delivered"))
        self.assertEqual(order.marketplace_shipping_state, "delivered")
        self.assertEqual(order.order_line.mapped("qty_delivered"), [2.0, 1.0])
        self.assertBalances(self.vendor, due=25.0)

    def test_part_of_an_order_by_sku(self):
        """Two events are two parcels; the rest stays to ship."""
        order = self._order((self.offer, 3), (self.other, 1))
        for number, quantity in ((1, 1), (2, 2)):
            status, answer = self._ship(
                event_id=f"WMS-{number}",
                order=order.name,
                lines=[{"sku": "RING", "quantity": quantity}],
            )
            self.assertEqual(status, 200, answer)
        self.assertEqual(len(order.marketplace_shipment_ids), 2)
        self.assertEqual(order.marketplace_shipping_state, "to_ship")

    @mute_logger("odoo.http")
    def test_bad_references_are_refused_with_a_sentence(self):
        """Nothing is written, and the answer says what to do."""
        order = self._order((self.offer, 1))
        second = self._order((self.offer, 1))
        self._ship(event_id="WMS-1", order=second.name)
        for event, sentence in (
            ({"event_id": "X", "order": "S9"}, "no vendor order “S9”"),
            ({"event_id": "", "order": order.name}, "needs a number (event_id)"),
            (
                {
                    "event_id": "X",
                    "order": order.name,
                    "lines": [{"sku": "NONE", "quantity": 1}],
                },
                f"{order.name} has no line with the SKU “NONE”",
            ),
            (
                {
                    "event_id": "X",
                    "order": order.name,
                    "lines": [{"sku": "RING", "quantity": "one"}],
                },
                "“one” of RING is not a quantity",
            ),
            (
                {
                    "event_id": "X",
                    "order": order.name,
                    "lines": [{"sku": "RING", "quantity": 2}],
                },
                "1 more than was ordered",
            ),
            (
                {"event_id": "WMS-1", "order": order.name},
                f"of {second.name} already: it cannot ship {order.name}",
            ),
        ):
            with self.subTest(sentence):
                status, answer = self._ship(**event)
                self.assertEqual(status, 422, answer)
                self.assertIn(sentence, answer["message"])
        self.assertFalse(order.marketplace_shipment_ids)

    def test_transfer_of_the_operators_warehouse(self):
        """The same event for what the marketplace ships: partial, then the rest."""
        self.env["stock.quant"]._update_available_quantity(
            self.kept.product_id,
            self.env["stock.warehouse"]
            .search([("company_id", "=", self.company.id)], limit=1)
            .lot_stock_id,
            5,
            owner_id=self.vendor,
        )
        order = self._order((self.kept, 3))
        for _repeat in range(2):
            status, answer = self._ship(
                event_id="WMS-1",
                order=order.name,
                lines=[{"sku": "SHELF", "quantity": 1}],
                carrier="DHL",
                tracking_ref="JD1",
            )
            self.assertEqual(status, 200, answer)
        shipment = order.marketplace_shipment_ids
        self.assertRecordValues(
            shipment,
            [{"state": "shipped", "carrier_name": "DHL", "tracking_ref": "JD1"}],
        )
        self.assertEqual(shipment.line_ids.quantity, 1)
        status, answer = self._ship(event_id="WMS-2", order=order.name)
        self.assertEqual(status, 200, answer)
        self.assertEqual(
            sorted(order.marketplace_shipment_ids.line_ids.mapped("quantity")), [1, 2]
        )
        self.assertEqual(set(order.picking_ids.mapped("state")), {"done"})

    def test_what_waits_is_read(self):
        """The transfers of vendor orders, with the number to answer with."""
        self.desk.group_ids |= self.env.ref("stock.group_stock_user")
        order = self._order((self.kept, 1))
        status, answer = self._call(
            "stock.picking",
            "search_read",
            domain=[
                ["is_marketplace_delivery", "=", True],
                ["state", "in", ["confirmed", "assigned"]],
            ],
            fields=["origin"],
        )
        self.assertEqual(status, 200, answer)
        self.assertIn(order.name, [row["origin"] for row in answer])
        self._ship(event_id="WMS-1", order=order.name)
        self.assertFalse(
            self.env["stock.picking"].search(
                [("is_marketplace_delivery", "=", True), ("state", "=", "confirmed")]
            )
            & order.picking_ids
        )

    def test_stock_is_reported(self):
        """Counted in the warehouse or typed for the vendor; faults are told apart."""
        code = self.vendor.vendor_code
        items = [
            {"vendor": code, "sku": "RING", "quantity": 12},
            {"vendor": code, "sku": "SHELF", "quantity": 8},
            {"vendor": code, "sku": "NONE", "quantity": 1},
            {"vendor": code, "sku": "STONE", "quantity": -1},
        ]
        for _repeat in range(2):
            status, answer = self._call(
                "marketplace.offer", "wms_set_stock", items=items
            )
            self.assertEqual(status, 200, answer)
            self.assertEqual([row["quantity"] for row in answer], [12, 8, 0, 0])
            self.assertEqual([bool(row["error"]) for row in answer], [0, 0, 1, 1])
            self.assertIn("has no offer “NONE”", answer[2]["error"])
        self.assertEqual(self.offer.quantity, 12)
        self.assertEqual(self.kept.quantity, 8)
        self.assertEqual(self.other.quantity, 1000)
        # What is sold is on the shelf and no longer offered.
        self._order((self.kept, 3))
        self._call("marketplace.offer", "wms_set_stock", items=items[1:2])
        self.assertEqual(self.kept.quantity, 5)
        empty = [{"vendor": code, "sku": "SHELF", "quantity": 0}]
        self._call("marketplace.offer", "wms_set_stock", items=empty)
        self.assertEqual(self.kept.quantity, 0)
        self.kept.product_id.tracking = "lot"
        _status, answer = self._call(
            "marketplace.offer", "wms_set_stock", items=items[1:2]
        )
        self.assertIn("has lots or serial numbers", answer[0]["error"])

    @mute_logger("odoo.http")
    def test_other_keys_are_refused(self):
        """A viewer, a vendor, and no key at all."""
        order = self._order((self.offer, 1))
        event = {"event_id": "WMS-1", "order": order.name}
        viewer = new_test_user(
            self.env, "wms_viewer", groups="marketplace_base.group_viewer"
        )
        for user in (viewer, self.vendor.user_ids):
            status, answer = self._ship(key=self._key(user), **event)
            self.assertEqual(status, 403, answer)
            status, answer = self._call(
                "marketplace.offer", "wms_set_stock", self._key(user), items=[]
            )
            self.assertEqual(status, 403, answer)
        status, _answer = self._ship(key="0" * 40, **event)
        self.assertEqual(status, 401)
        self.assertFalse(order.marketplace_shipment_ids)
