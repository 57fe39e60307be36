from lxml import html

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from .returns_common import ReturnsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPortalReturns(ReturnsCommon, HttpCase):
    """The vendor answers returns, follows incidents and refunds, on his pages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_vendor("Brasserie Basalte")
        cls.group = cls._deliver()
        cls.order = cls.group.sale_order_ids
        cls.mugs = cls._line(cls.group, cls.mug)

    def setUp(self):
        super().setUp()
        self._login(self.vendor)

    def _login(self, vendor):
        login = vendor.user_ids.login
        self.authenticate(login, login)

    def _get(self, path, status=200):
        response = self.url_open(path)
        self.assertEqual(response.status_code, status, path)
        return html.fromstring(response.content)

    def _post(self, path, status=200, **data):
        data["csrf_token"] = Request.csrf_token(self)
        response = self.url_open(path, data=data)
        self.assertEqual(response.status_code, status, path)
        return html.fromstring(response.content)

    def _words(self, page):
        return " ".join(page.text_content().split())

    # -- returns --------------------------------------------------------------------

    def test_from_the_request_to_the_check(self):
        record = self._ask_return(self.group, [(self.mug, 2)], note="Too small")
        self.assertIn("return to look after", self._words(self._get("/my/marketplace")))
        self.assertIn(record.name, self._words(self._get("/my/marketplace/returns")))
        url = f"/my/marketplace/returns/{record.id}"
        self.assertIn("Too small", self._words(self._get(url)))
        page = self._post(f"{url}/accept", 422, label_cost="cheap")
        self.assertIn("“cheap” is not an amount", self._words(page))
        self.assertEqual(record.state, "requested")
        self._post(f"{url}/accept", label_cost="5,90")
        self.assertEqual((record.state, record.label_cost), ("accepted", 5.9))
        self._post(f"{url}/receive")
        self.assertEqual(record.state, "received")
        line = record.line_ids
        page = self._post(f"{url}/check", 422, **{f"compliant_{line.id}": "3"})
        self.assertIn("from 0 to 2", self._words(page))
        stock = self.mug.quantity
        self._post(
            f"{url}/check",
            **{f"compliant_{line.id}": "1", f"disposal_{line.id}": "restock"},
        )
        self.assertEqual((record.state, line.quantity_compliant), ("compliant", 1))
        self.assertEqual(self.mug.quantity, stock + 1)

    def test_refusing_needs_a_reason(self):
        record = self._ask_return(self.group, [(self.mug, 2)])
        url = f"/my/marketplace/returns/{record.id}"
        page = self._post(f"{url}/refuse", 422)
        self.assertIn("say why", self._words(page))
        self._post(f"{url}/refuse", refusal_reason="Worn")
        self.assertEqual((record.state, record.refusal_reason), ("refused", "Worn"))

    def test_nothing_compliant_is_not_compliant(self):
        record = self._receive(self._ask_return(self.group, [(self.mug, 2)]))
        self._post(
            f"/my/marketplace/returns/{record.id}/check",
            **{f"compliant_{record.line_ids.id}": "0"},
        )
        self.assertEqual(record.state, "non_compliant")

    def test_a_step_out_of_turn_or_unknown(self):
        record = self._ask_return(self.group, [(self.mug, 2)])
        url = f"/my/marketplace/returns/{record.id}"
        self._post(f"{url}/receive", 422)
        self._post(f"{url}/refund", 404)
        self.assertEqual(record.state, "requested")

    def test_another_vendor_gets_not_found(self):
        record = self._ask_return(self.group, [(self.mug, 2)])
        incident = self.env["marketplace.incident"].create(
            {"sale_line_id": self.mugs.id, "reason_code": "defective"}
        )
        self._login(self.other)
        self._get(f"/my/marketplace/returns/{record.id}", 404)
        self._post(f"/my/marketplace/returns/{record.id}/accept", 404)
        self._get(f"/my/marketplace/incidents/{incident.id}", 404)
        self._post(f"/my/marketplace/incidents/{incident.id}/reply", 404, message="x")
        order_url = f"/my/marketplace/orders/{self.order.id}"
        self._get(f"{order_url}/problem", 404)
        self._post(f"{order_url}/refund", 404, line_id=self.mugs.id, quantity="1")
        self._post(f"{order_url}/incident", 404, line_id=self.mugs.id)
        self.assertFalse(self.group.refund_ids)

    # -- incidents ------------------------------------------------------------------

    def test_reporting_and_following_an_incident(self):
        order_url = f"/my/marketplace/orders/{self.order.id}"
        self.assertIn("report a problem", self._words(self._get(order_url)))
        self._post(f"{order_url}/incident", 422, line_id="0", reason="fraud")
        self._post(f"{order_url}/incident", 422, line_id=self.mugs.id, reason="no")
        page = self._post(
            f"{order_url}/incident",
            line_id=self.mugs.id,
            reason="fraud",
            note="Odd address",
        )
        incident = self.env["marketplace.incident"].search(
            [("sale_line_id", "=", self.mugs.id)]
        )
        self.assertEqual(incident.opened_by, "vendor")
        self.assertIn("60.00", self._words(page))
        home = self._get("/my/marketplace")
        [note] = home.find_class("o_marketplace_frozen")
        self.assertIn("60.00", self._words(note))
        page = self._post(f"{order_url}/incident", 422, line_id=self.mugs.id)
        self.assertIn("open for this product already", self._words(page))
        incident.message_post(body="Internal", subtype_xmlid="mail.mt_note")
        url = f"/my/marketplace/incidents/{incident.id}"
        self._post(f"{url}/reply", 422, message="  ")
        page = self._words(self._post(f"{url}/reply", message="<b>Please</b> look"))
        self.assertIn("<b>Please</b> look", page)
        self.assertNotIn("Internal", page)
        incident.action_release()
        self.assertIn("Closed on", self._words(self._get(url)))
        listed = self._words(self._get("/my/marketplace/incidents?filterby=all"))
        self.assertIn(incident.name, listed)

    # -- refunds --------------------------------------------------------------------

    def test_asking_for_a_refund(self):
        for status, units, reason, words in (
            (422, "none", "defective", "how many units"),
            (422, "-1", "defective", "how many units"),
            (422, "9", "defective", "only 3 units"),
            (422, "0", "defective", "Nothing to refund"),
            (422, "1", "chargeback", "Choose a reason"),
            (200, "1", "out_of_stock", "is with the marketplace"),
            (422, "1", "defective", "waits for the marketplace already"),
        ):
            with self.subTest(f"{units} {reason}"):
                page = self._ask_refund(units, status, reason=reason)
                self.assertIn(words, self._words(page))
        refund = self.group.refund_ids
        self.assertEqual((refund.state, refund.requested_by), ("draft", "vendor"))
        self.assertTrue(refund.activity_ids)
        self.assertEqual(refund.create_uid, self.vendor.user_ids)
        refund._apply()
        self.company.marketplace_vendor_refund_limit = 100
        page = self._ask_refund("1")
        self.assertIn("is refunded to your customer", self._words(page))

    def _ask_refund(self, units, status=200, **data):
        return self._post(
            f"/my/marketplace/orders/{self.order.id}/refund",
            status,
            **{f"quantity_{self.mugs.id}": units, "reason": "defective", **data},
        )
