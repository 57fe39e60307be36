from odoo.fields import Command
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestShippingMethod(MarketplaceCommon, HttpCase):
    """Each vendor's delivery has its price in a mixed basket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alma = cls._create_vendor("Alma")
        cls.bruno = cls._create_vendor("Bruno")
        cls.ring = cls._create_offer(cls.alma, 40.0)
        cls.stone = cls._create_offer(cls.bruno, 25.0)
        cls.stone.product_id.weight = 4.0
        cls.belgium = cls.env.ref("base.be")
        cls.post = cls._method(
            cls.alma, "Post", [(0, 6.90), (50, 4.90)], free_from=100.0
        )
        cls.truck = cls._method(
            cls.bruno, "Truck", [(0, 8.0), (10, 19.0)], basis="weight"
        )

    @classmethod
    def _method(cls, vendor, name, steps, free_from=None, **vals):
        return cls.env["marketplace.shipping.method"].create(
            {
                "name": name,
                "vendor_id": vendor.id,
                "company_id": cls.company.id,
                "tax_id": cls.company._marketplace_tax(20.0).id,
                "step_ids": [
                    Command.create({"minimum": minimum, "price": price})
                    for minimum, price in steps
                ],
                "has_free_delivery": free_from is not None,
                "free_from": free_from or 0.0,
                **vals,
            }
        )

    def _quotation(self, *lines):
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": offer.product_id.id,
                            "offer_id": offer.id,
                            "product_uom_qty": quantity,
                        }
                    )
                    for offer, quantity in lines
                ],
            }
        )

    def _deliveries(self, orders):
        return {
            line.delivery_method_id.name: round(line.price_total, 2)
            for line in orders.order_line
            if line.delivery_method_id
        }

    def test_one_line_per_vendor_at_his_price(self):
        """By amount for one, by weight for the other."""
        order = self._quotation((self.ring, 1), (self.stone, 2))
        order.action_add_marketplace_delivery()
        self.assertEqual(self._deliveries(order), {"Post": 6.90, "Truck": 8.0})
        order.order_line.filtered(
            lambda x: x.offer_id == self.stone
        ).product_uom_qty = 3
        order.order_line.filtered(lambda x: x.offer_id == self.ring).product_uom_qty = 2
        order.action_add_marketplace_delivery()
        self.assertEqual(self._deliveries(order), {"Post": 4.90, "Truck": 19.0})

    def test_free_from_a_threshold_of_his_own_goods(self):
        """The other vendor's goods do not count."""
        order = self._quotation((self.ring, 2), (self.stone, 4))
        order.action_add_marketplace_delivery()
        self.assertEqual(self._deliveries(order)["Post"], 4.90)
        order = self._quotation((self.ring, 3))
        order.action_add_marketplace_delivery()
        self.assertEqual(self._deliveries(order), {"Post": 0.0})

    def test_each_delivery_goes_with_its_vendors_part(self):
        """The split keeps them apart, and the money follows."""
        order = self._quotation((self.ring, 1), (self.stone, 2))
        order.action_add_marketplace_delivery()
        order.action_confirm()
        parts = order.marketplace_order_id.sale_order_ids
        self.assertEqual(
            {part.vendor_id: self._deliveries(part) for part in parts},
            {self.alma: {"Post": 6.90}, self.bruno: {"Truck": 8.0}},
        )
        credits = {
            part.vendor_id: round(sum(part.order_line.mapped("amount_vendor")), 2)
            for part in parts
        }
        self.assertEqual(credits, {self.alma: 46.90, self.bruno: 58.0})
        self.assertEqual(order.marketplace_order_id.amount_charged, 104.90)
        with self.assertRaisesRegex(MarketplaceError, "no quotation of vendors'"):
            order.action_add_marketplace_delivery()

    def test_delivery_sold_by_the_operator_stays_tied_to_its_vendor(self):
        """A contract may say that the operator sells the delivery."""
        carla = self._create_vendor("Carla", shipping_recipient="operator")
        offer = self._create_offer(carla, 30.0)
        self._method(carla, "Courier", [(0, 5.0)])
        order = self._quotation((offer, 1), (self.ring, 1))
        order.action_add_marketplace_delivery()
        order.action_confirm()
        lines = order.marketplace_order_id.sale_order_ids.order_line
        courier = lines.filtered(lambda x: x.delivery_method_id.name == "Courier")
        self.assertEqual(courier.shipping_vendor_id, carla)
        self.assertFalse(courier.order_id.vendor_id)
        post = lines.filtered(lambda x: x.delivery_method_id == self.post)
        self.assertEqual(post.order_id.vendor_id, self.alma)

    def test_cheapest_method_that_delivers_there(self):
        """Zones count; who does not deliver is named."""
        self._method(self.alma, "Relay", [(0, 3.5)], country_ids=self.france.ids)
        order = self._quotation((self.ring, 1))
        order.action_add_marketplace_delivery()
        self.assertEqual(self._deliveries(order), {"Relay": 3.5})
        self.post.country_ids = self.france
        self.customer.country_id = self.belgium
        order = self._quotation((self.ring, 1), (self.stone, 1))
        with self.assertRaisesRegex(MarketplaceError, "of Alma delivers.*Belgium"):
            order.action_add_marketplace_delivery()
        self.assertFalse(self._deliveries(order))
        self.customer.country_id = False
        with self.assertRaisesRegex(MarketplaceError, "has no country"):
            order.action_add_marketplace_delivery()

    def test_salesperson_prices_without_catalogue_rights(self):
        """Adding the delivery is part of quoting."""
        seller = new_test_user(
            self.env,
            "delivery_seller",
            groups="sales_team.group_sale_salesman_all_leads",
        )
        order = self._quotation((self.ring, 1))
        order.with_user(seller).action_add_marketplace_delivery()
        self.assertEqual(self._deliveries(order), {"Post": 6.90})

    def test_basket_of_a_shop(self):
        """One method for the connector: every vendor's choices, the cheapest first."""
        relay = self._method(self.alma, "Relay", [(0, 3.5)], delivery_days=2)
        found = self.env["marketplace.shipping.method"]._quote_basket(
            self.company, self.france, [(self.ring, 1), (self.stone, 1)]
        )
        self.assertEqual(
            found[self.alma.id],
            [
                {
                    "method_id": relay.id,
                    "name": "Relay",
                    "amount_minor": 350,
                    "delivery_days": 2,
                },
                {
                    "method_id": self.post.id,
                    "name": "Post",
                    "amount_minor": 690,
                    "delivery_days": 0,
                },
            ],
        )
        self.assertEqual(found[self.bruno.id][0]["amount_minor"], 800)

    def test_method_without_price_is_refused(self):
        with self.assertRaisesRegex(MarketplaceError, "has no price"):
            self._method(self.alma, "Pigeon", [])

    # -- portal ---------------------------------------------------------------------

    def _save(self, path, **data):
        return self.url_open(
            f"/my/marketplace/shipping/{path}",
            data={"csrf_token": Request.csrf_token(self), **data},
        )

    def test_vendor_keeps_his_methods(self):
        """Adds, changes and switches off his own."""
        user = self.alma.user_ids
        self.authenticate(user.login, user.login)
        values = {
            "name": "Bike",
            "basis": "amount",
            "country_ids": [str(self.france.id), str(self.belgium.id)],
            "minimum_0": "0",
            "price_0": "7,50",
            "minimum_1": "60",
            "price_1": "5",
            "free_from": "120",
            "delivery_days": "1",
            "active": "1",
        }
        page = self._save("new", **values)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Bike", page.text)
        method = self.env["marketplace.shipping.method"].search([("name", "=", "Bike")])
        self.assertRecordValues(
            method,
            [
                {
                    "vendor_id": self.alma.id,
                    "company_id": self.company.id,
                    "country_ids": (self.france | self.belgium).ids,
                    "free_from": 120.0,
                    "delivery_days": 1,
                }
            ],
        )
        self.assertEqual(
            [(s.minimum, s.price) for s in method.step_ids], [(0, 7.5), (60, 5)]
        )
        shown = self.url_open(f"/my/marketplace/shipping/{method.id}").text
        self.assertIn('value="7.5"', shown)
        del values["active"]
        self._save(str(method.id), **{**values, "price_0": "9"})
        self.assertFalse(method.active)
        self.assertEqual(method.step_ids[0].price, 9.0)

    def test_what_is_wrong_is_said_and_kept(self):
        """The form comes back as typed."""
        user = self.alma.user_ids
        self.authenticate(user.login, user.login)
        page = self._save(
            "new", name="Bike", basis="amount", price_0="free", minimum_0="0"
        )
        self.assertEqual(page.status_code, 422)
        self.assertIn("“free” is not a number", page.text)
        self.assertIn('value="Bike"', page.text)
        page = self._save("new", name="", basis="amount")
        self.assertIn("Give the method a name", page.text)
        page = self._save("new", name="Bike", basis="amount", active="1")
        self.assertIn("Type a price", page.text)

    def test_another_vendors_method_is_not_found(self):
        user = self.bruno.user_ids
        self.authenticate(user.login, user.login)
        path = f"/my/marketplace/shipping/{self.post.id}"
        self.assertEqual(self.url_open(path).status_code, 404)
        self.assertEqual(self._save(str(self.post.id), name="X").status_code, 404)
        self.assertNotIn("Post", self.url_open("/my/marketplace/shipping").text)
