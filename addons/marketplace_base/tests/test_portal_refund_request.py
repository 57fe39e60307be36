from lxml import html

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPortalRefundRequest(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Maroquinerie Mauve")
        cls.other = cls._create_vendor("Navette Noire")
        offers = [cls._create_offer(vendor, 12.0) for vendor in (cls.vendor, cls.other)]
        group = cls._import_order([(offer, 3) for offer in offers])
        cls.order, cls.order_other = (
            group.sale_order_ids.filtered(lambda o, v=vendor: o.vendor_id == v)
            for vendor in (cls.vendor, cls.other)
        )
        cls.line = cls.order.order_line[:1]

    def setUp(self):
        super().setUp()
        login = self.vendor.user_ids.login
        self.authenticate(login, login)

    def _ask(self, quantity, status=200, order=None, line=None, **data):
        order, line = order or self.order, line or self.line
        data = {"reason": "out_of_stock", f"quantity_{line.id}": quantity, **data}
        response = self.url_open(
            f"/my/marketplace/orders/{order.id}/refund",
            data={**data, "csrf_token": Request.csrf_token(self)},
        )
        self.assertEqual(response.status_code, status)
        return html.fromstring(response.content)

    def test_request_is_a_draft_that_moves_no_money(self):
        page = self.url_open(f"/my/marketplace/orders/{self.order.id}").text
        self.assertIn(f"/my/marketplace/orders/{self.order.id}/refund", page)
        self._ask("2", note="Broken mould")
        refund = self.order._vendor_open_requests()
        self.assertRecordValues(
            refund,
            [
                {
                    "state": "draft",
                    "amount": 24.0,
                    "reason_code": "out_of_stock",
                    "note": "Broken mould",
                    "request_user_id": self.vendor.user_ids.id,
                }
            ],
        )
        self.assertTrue(refund.activity_ids)
        self.assertBalances(self.vendor, pending=36)
        refund._apply()
        self.assertBalances(self.vendor, pending=12)

    def test_second_request_waits_for_the_first(self):
        self._ask("1")
        page = self._ask("1", 422)
        self.assertIn(
            "waits", page.find_class("o_marketplace_errors")[0].text_content()
        )
        self.assertEqual(len(self.order._vendor_open_requests()), 1)
        self.order._vendor_open_requests()._apply()
        self._ask("2")

    def test_wrong_requests_say_why(self):
        line_other = self.order_other.order_line[:1]
        for quantity, data in (
            ("4", {}),
            ("0", {}),
            ("-1", {}),
            ("1", {"reason": "chargeback"}),
            ("1", {"line": line_other}),
        ):
            with self.subTest(f"{quantity} {data}"):
                self._ask(quantity, 422, **data)
        self.assertFalse(self.order._vendor_open_requests())

    def test_order_of_another_vendor_is_not_found(self):
        self._ask("1", 404, self.order_other, self.order_other.order_line[:1])
        self.assertFalse(self.order_other._vendor_open_requests())
