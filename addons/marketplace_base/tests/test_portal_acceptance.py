from odoo.tests import freeze_time, tagged

from .portal_common import PortalCase


@tagged("post_install", "-at_install", "marketplace")
class TestPortalAcceptance(PortalCase):
    """The vendor answers in his portal, and sees nothing that is on hold."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.picky = cls._create_vendor(
            "Picky", acceptance_required=True, acceptance_hours=24
        )
        cls.other = cls._create_vendor("Brasserie Basalte")
        cls.offer_other = cls._create_offer(cls.other, 20.0)
        cls.offer_picky = cls._create_offer(cls.picky, 10.0, sku="PICKY-1")
        cls.offer_picky_two = cls._create_offer(cls.picky, 4.0, sku="PICKY-2")
        cls.picky_group = cls._import_order(
            [(cls.offer_picky, 3), (cls.offer_picky_two, 1), (cls.offer_other, 1)]
        )
        cls.picky_order = cls.picky_group.sale_order_ids.filtered(
            lambda order: order.vendor_id == cls.picky
        )
        cls.first, cls.second = cls.picky_order.order_line
        cls.line = (cls.picky_group.sale_order_ids - cls.picky_order).order_line
        cls.url = f"/my/marketplace/orders/{cls.picky_order.id}"

    def setUp(self):
        super().setUp()
        self._login(self.picky)

    def test_vendor_accepts_a_line_then_all(self):
        page = self._get(self.url)
        self.assertTrue(page.find_class("o_marketplace_accept"))
        self.assertFalse(page.find_class("o_marketplace_ship"))
        self.assertIn("Please answer before", self._text(page, "o_marketplace_accept"))
        page = self._post(f"{self.url}/accept", line_id=str(self.first.id))
        self.assertEqual(self.first.acceptance_state, "accepted")
        self.assertEqual(self.second.acceptance_state, "waiting")
        self.assertEqual(self.first.decision_ids.source, "vendor")
        self.assertEqual(self.first.decision_ids.user_id, self.picky.user_ids)
        self.assertTrue(page.find_class("o_marketplace_ship"), "what is accepted ships")
        page = self._post(f"{self.url}/accept")
        self.assertEqual(self.picky_order.acceptance_state, "decided")
        self.assertFalse(page.find_class("o_marketplace_accept"))

    def test_vendor_refuses_units_with_a_reason(self):
        page = self._post(
            f"{self.url}/refuse",
            **{f"refuse_{self.first.id}": "2"},
            reason_code="out_of_stock",
            note="Flood",
        )
        self.assertIn("2 refused", self._text(page, "o_marketplace_lines"))
        self.assertEqual(self.first.qty_refused, 2.0)
        self.assertEqual(self.picky_group.refund_ids.amount, 20.0)
        self.assertEqual(self.picky_group.refund_ids.note, "Flood")

    def test_wrong_refusals_are_explained(self):
        """Too much, no number, no reason or a reason of ours: nothing is written."""
        field = f"refuse_{self.first.id}"
        for data, words in (
            ({field: "4", "reason_code": "price"}, "only 3 left to refuse"),
            ({field: "x", "reason_code": "price"}, "is not a quantity"),
            ({"reason_code": "price"}, "how many units"),
            ({field: "1"}, "Choose why"),
            ({field: "1", "reason_code": "fraud"}, "Choose why"),
        ):
            with self.subTest(words):
                page = self._post(f"{self.url}/refuse", 422, **data)
                self.assertIn(words, self._text(page, "alert-danger"))
        self.assertFalse(self.picky_order.decision_ids)

    def test_overview_counts_what_is_to_accept(self):
        steps = self._text(self._get("/my/marketplace"), "o_marketplace_step")
        self.assertIn("order to accept", steps)
        page = self._get("/my/marketplace/orders?filterby=to_accept")
        self.assertIn(self.picky_order.name, self._text(page, "o_marketplace_table"))

    def test_another_vendor_decides_nothing(self):
        self._login(self.other)
        self._post(f"{self.url}/accept", 404)
        self._post(f"{self.url}/refuse", 404, reason_code="price")
        self.assertFalse(self.picky_order.decision_ids)

    def test_foreign_line_is_not_accepted(self):
        """The id of another order's line, typed into the form, decides nothing."""
        self._post(f"{self.url}/accept", line_id=str(self.line.id))
        self.assertFalse((self.line | self.first).decision_ids)

    def test_held_order_is_invisible(self):
        self.picky_order._marketplace_hold("fraud")
        self._get(self.url, 404)
        self._post(f"{self.url}/accept", 404)
        page = self._get("/my/marketplace/orders")
        self.assertNotIn(self.picky_order.name, " ".join(page.itertext()))
        self.picky_order._marketplace_release()
        self._get(self.url)

    @freeze_time("2026-07-01 22:30:00")
    def test_deadline_is_shown_in_the_vendor_s_time(self):
        self.picky.user_ids.tz = "Europe/Paris"
        group = self._import_order([(self.offer_picky, 1)])
        self.assertEqual(
            str(group.sale_order_ids.date_accept_by), "2026-07-02 22:30:00"
        )
        page = self._get(f"/my/marketplace/orders/{group.sale_order_ids.id}")
        text = self._text(page, "o_marketplace_accept")
        self.assertIn("07/03/2026", text)
