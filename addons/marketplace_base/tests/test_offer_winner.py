from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOfferWinner(MarketplaceCommon):
    """C4: price with delivery, then stock, then score, then the oldest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = [cls._create_vendor(name) for name in ("Uno", "Duo", "Tre")]
        first = cls._create_offer(cls.vendors[0], 10.0)
        cls.product = first.product_id
        cls.offers = first
        for vendor in cls.vendors[1:]:
            cls.offers |= cls._create_offer(vendor, 10.0, product=cls.product)
        cls.Winner = cls.env["marketplace.offer.winner"]

    def _winner(self):
        row = self.Winner.search([("product_id", "=", self.product.id)])
        return row.offer_id, row.reason

    def test_each_criterion_decides_in_its_turn(self):
        uno, duo, tre = self.offers
        self.assertEqual(self._winner(), (uno, "oldest"))
        self.vendors[2].vendor_offer_score = 80
        self.assertEqual(self._winner(), (tre, "score"))
        duo.quantity = 1001
        self.assertEqual(self._winner(), (duo, "stock"))
        uno.price = 9.0
        self.assertEqual(self._winner(), (uno, "price"))
        uno.amount_shipping = 2.0
        self.assertEqual(self._winner(), (duo, "stock"), "delivery counts")
        self.assertEqual(
            self.Winner.search([("product_id", "=", self.product.id)]).offer_count, 3
        )

    def test_offer_that_leaves_gives_its_place(self):
        uno, duo, tre = self.offers
        uno.action_archive()
        self.assertEqual(self._winner()[0], duo)
        self.vendors[1]._vendor_transition("suspended")
        self.assertEqual(self._winner(), (tre, "only"))
        tre.unlink()
        self.assertFalse(self._winner()[0])
        choose = self.env["marketplace.offer"]._default_for_products
        self.assertEqual(choose(self.product, self.company), {})
        uno.action_unarchive()
        self.assertEqual(choose(self.product, self.company), {self.product.id: uno})
        self.product.action_archive()
        self.assertFalse(self._winner()[0])

    def test_special_price_makes_a_winner(self):
        tre = self.offers[2]
        self.env["marketplace.offer.price"].create(
            {"offer_id": tre.id, "price": 8.0, "name": "Sale"}
        )
        self.assertEqual(self._winner(), (tre, "price"))
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        self.assertEqual(order.order_line.offer_id, tre)
        self.assertEqual(order.order_line.price_unit, 8.0)

    def test_same_input_same_winner(self):
        """Chosen again from nothing, or in another order, it is the same."""
        self.offers[1].price = 9.0
        before = self._winner()
        self.Winner._refresh(self.offers.sorted("id", reverse=True))
        self.assertEqual(self._winner(), before)
        self.Winner.search([]).unlink()
        self.Winner._refresh(self.offers)
        self.assertEqual(self._winner(), before)

    def test_currencies_have_their_own_winners(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["marketplace.offer.price"].create(
            {"offer_id": self.offers[1].id, "price": 1.0, "currency_id": dollar.id}
        )
        choose = self.env["marketplace.offer"]._default_for_products
        self.assertEqual(
            choose(self.product, self.company)[self.product.id], self.offers[0]
        )
        self.assertEqual(
            choose(self.product, self.company, dollar)[self.product.id], self.offers[1]
        )

    def test_nobody_names_the_winner_by_hand(self):
        clerk = new_test_user(
            self.env, "mkp_winner_clerk", groups="marketplace_base.group_catalogue"
        )
        row = self.Winner.search([("product_id", "=", self.product.id)])
        with self.assertRaises(AccessError):
            row.with_user(clerk).offer_id = self.offers[2]
        self.offers[2].with_user(clerk).price = 5.0
        self.assertEqual(row.offer_id, self.offers[2])

    def test_many_offers_cost_no_more_queries(self):
        many = self.env["marketplace.offer"].union(
            *(self._create_offer(self.vendors[0], 5.0) for _n in range(12))
        )

        def queries(offers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.Winner._refresh(offers)
            self.env.flush_all()
            return self.cr.sql_log_count - before

        few = queries(many[:3])
        self.assertLessEqual(queries(many), few)
