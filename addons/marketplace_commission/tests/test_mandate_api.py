from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.models.marketplace_vendor_api import API_MODEL

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestMandateApi(VendorDocumentCommon, HttpCase):
    """L3: a vendor's program accepts or contests what was made in his name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._invoice(cls._sell())
        cls.other = cls._create_seller("Zoubrovka", posture="principal")
        group = cls._sell([(cls._create_offer(cls.other, 120.0), 1)])
        group.sale_order_ids._issue_principal_documents()
        cls.bill = group.sale_order_ids.self_bill_ids
        cls.token, cls.other_token = (
            cls._key(vendor, ["finance"]) for vendor in (cls.vendor, cls.other)
        )

    @classmethod
    def _key(cls, vendor, roles):
        keys = cls.env["marketplace.vendor.api.key"]
        _key, token = keys._generate(vendor.vendor_user_ids[0], "Test", roles, 30)
        return token

    def _call(self, method, token, kind, document, status=200, **params):
        response = self.url_open(
            f"/json/2/{API_MODEL}/{method}",
            headers={"Authorization": f"Bearer {token}"},
            json={"kind": kind, "document_id": document.id, **params},
            method="POST",
        )
        self.assertEqual(response.status_code, status, response.text[:500])
        return response.json()

    @mute_logger("odoo.http")
    def test_accept_and_contest(self):
        call = self._call
        answer = call("accept_document", self.token, "sale", self.invoice)
        self.assertEqual(answer["acceptance"], "accepted")
        self.assertEqual(self.invoice.accepted_user_id, self.vendor.user_ids)
        error = call(
            "contest_document", self.token, "sale", self.invoice, 422, reason="No"
        )
        self.assertIn("You accepted", error["message"])
        answer = call(
            "contest_document", self.other_token, "self_bill", self.bill, reason="Why?"
        )
        self.assertEqual(
            (answer["acceptance"], answer["reason"], answer["answer"]),
            ("contested", "Why?", None),
        )
        self.assertEqual(self.bill.move_id.payment_state, "blocked")
        again = call("get_acceptance", self.other_token, "self_bill", self.bill)
        self.assertEqual(again, answer)

    @mute_logger("odoo.http")
    def test_nothing_of_another_vendor_nor_without_the_role(self):
        for method, params in (
            ("get_acceptance", {}),
            ("accept_document", {}),
            ("contest_document", {"reason": "Mine"}),
        ):
            self._call(method, self.token, "self_bill", self.bill, 404, **params)
            self._call(method, self.token, "identity", self.invoice, 404, **params)
            weak = self._key(self.vendor, ["orders"])
            self._call(method, weak, "sale", self.invoice, 403, **params)
        self.assertEqual(self.bill.acceptance, "open")
