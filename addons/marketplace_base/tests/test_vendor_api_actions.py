import base64

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.models.marketplace_vendor_api import API_MODEL

from .returns_common import ReturnsCommon

PDF = b"%PDF-1.4 paper"
PDF_64 = base64.b64encode(PDF).decode()


@tagged("post_install", "-at_install", "marketplace")
class TestVendorApiActions(ReturnsCommon, HttpCase):
    """What a vendor does in the portal, his program does with the same result."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls._deliver()
        cls.order = cls.group.sale_order_ids
        cls.mugs = cls._line(cls.group, cls.mug)
        _key, cls.token = cls.env["marketplace.vendor.api.key"]._generate(
            cls.vendor.vendor_user_ids, "Test", ["owner"], 30
        )

    def _call(self, method, status=200, **params):
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"/json/2/{API_MODEL}/{method}",
                headers={"Authorization": f"Bearer {self.token}"},
                json=params,
                method="POST",
            )
        self.assertEqual(response.status_code, status, response.text[:500])
        return response.json()

    # -- orders ---------------------------------------------------------------------

    def test_orders_are_accepted_and_refused(self):
        vendor = self._create_vendor(
            "Alma", acceptance_required=True, acceptance_hours=24
        )
        offer = self._create_offer(vendor, 10.0)
        order = self._import_order([(offer, 3)]).sale_order_ids
        _key, self.token = self.env["marketplace.vendor.api.key"]._generate(
            vendor.vendor_user_ids, "Test", ["orders"], 30
        )
        line = order.order_line.filtered(lambda ol: ol.marketplace_kind == "goods")
        self.assertEqual(line.acceptance_state, "waiting")
        listed = self._call("get_order", order_id=order.id)
        self.assertEqual(listed["acceptance_state"], "waiting")
        self._call("accept_order", 422, order_id=order.id, line_ids=[self.mugs.id])
        self._call(
            "refuse_order",
            422,
            order_id=order.id,
            quantities={str(line.id): 1},
            reason="fraud",
        )
        refused = self._call(
            "refuse_order",
            order_id=order.id,
            quantities={str(line.id): 1},
            reason="out_of_stock",
        )
        self.assertEqual(refused["lines"][0]["to_ship"], 2)
        accepted = self._call("accept_order", order_id=order.id, line_ids=[line.id])
        self.assertEqual(accepted["lines"][0]["acceptance_state"], "partial")

    def test_service_is_performed(self):
        offer = self._create_offer(self.vendor, 20.0)
        offer.product_id.marketplace_fulfilment = "vendor"
        order = self._import_order([(offer, 1)]).sale_order_ids
        refused = self._call("perform_order", status=422, order_id=order.id, date="x")
        self.assertIn("2026-03-31", refused["message"])
        self._call("perform_order", order_id=order.id)
        self.assertEqual(order.marketplace_shipping_state, "delivered")

    def test_refund_is_asked_for_once(self):
        params = {
            "order_id": self.order.id,
            "quantities": {str(self.mugs.id): 1},
            "reason": "out_of_stock",
        }
        answer = self._call("request_refund", **params)
        self.assertEqual((answer["state"], answer["amount"]), ("draft", "20.00"))
        self.assertEqual(self.group.refund_ids.requested_by, "vendor")
        self._call("request_refund", 422, **params)

    def test_parcels_and_their_papers(self):
        [shipment] = self._call("list_shipments", state="delivered")["shipments"]
        for name in ("get_delivery_note", "get_return_note"):
            note = self._call(name, shipment_id=shipment["id"])
            self.assertTrue(base64.b64decode(note["content"]), name)
            self.assertTrue(note["name"].endswith(".pdf"))
        self._call("list_shipments", 422, state="lost")

    def test_messages_go_to_whom_they_are_for(self):
        self.order._post_customer_message("Where is it?", [("a.pdf", PDF)])
        self.order._marketplace_conversation()._post("operator", "customer", "Secret")
        self._call(
            "post_message",
            order_id=self.order.id,
            body="On its way",
            audience="customer",
            files=[{"name": "b.pdf", "content": PDF_64}],
        )
        messages = self._call("list_messages", order_id=self.order.id)
        self.assertEqual(
            [(m["from"], m["body"], m["files"]) for m in messages],
            [
                ("customer", "Where is it?", ["a.pdf"]),
                ("vendor", "On its way", ["b.pdf"]),
            ],
        )
        file = self._call("get_message_file", message_id=messages[0]["id"])
        self.assertEqual(base64.b64decode(file["content"]), PDF)
        self._call("get_message_file", 404, message_id=messages[0]["id"], number=2)
        for wrong in ("x!", 7, [1]):
            files = [{"name": "c.pdf", "content": wrong}]
            self._call(
                "post_message", 422, order_id=self.order.id, body="x", files=files
            )
        self._call("post_message", 422, order_id=self.order.id, body=[1])

    # -- returns --------------------------------------------------------------------

    def test_return_from_request_to_check(self):
        record = self._ask_return(self.group, [(self.mug, 2)])
        [listed] = self._call("list_returns", state="requested")["returns"]
        self.assertEqual(listed["id"], record.id)
        self._call("accept_return", 422, return_id=record.id, label_cost=5.9)
        self._call("accept_return", return_id=record.id, label_cost="5.90")
        self.assertEqual((record.state, record.label_cost), ("accepted", 5.9))
        self._call("receive_return", return_id=record.id)
        line = str(record.line_ids.id)
        for wrong in ({}, {line: {"compliant": 3}}, {"0": {"compliant": 1}}, [1]):
            self._call("check_return", 422, return_id=record.id, checks=wrong)
        answer = self._call(
            "check_return", return_id=record.id, checks={line: {"compliant": 1}}
        )
        self.assertEqual(answer["state"], "compliant")
        self.assertEqual(answer["lines"][0]["compliant"], 1)

    def test_refused_return_has_a_reason(self):
        record = self._ask_return(self.group, [(self.mug, 2)])
        self._call("refuse_return", 422, return_id=record.id, reason=" ")
        answer = self._call("refuse_return", return_id=record.id, reason="Worn")
        self.assertEqual(
            (answer["state"], answer["refusal_reason"]), ("refused", "Worn")
        )

    def test_incident_is_opened_and_answered(self):
        params = {"order_id": self.order.id, "line_id": self.mugs.id}
        self._call("open_incident", 422, **params, reason="boredom")
        incident = self._call("open_incident", **params, reason="fraud", note="Odd")
        self.assertEqual((incident["opened_by"], incident["note"]), ("vendor", "Odd"))
        self._call("open_incident", 422, **params, reason="fraud")
        self._call("reply_incident", 422, incident_id=incident["id"], message=" ")
        answer = self._call(
            "reply_incident", incident_id=incident["id"], message="It is theirs"
        )
        self.assertEqual([m["body"] for m in answer["messages"]], ["It is theirs"])
        [listed] = self._call("list_incidents", state="open")["incidents"]
        self.assertEqual(listed["id"], incident["id"])

    # -- catalogue ------------------------------------------------------------------

    def test_offers_are_imported_row_by_row(self):
        rows = [
            {"sku": self.mug.vendor_sku, "price": "7.50", "quantity": 3},
            {"sku": "BAD", "price": -1},
        ]
        answer = self._call("import_offers", rows=rows)
        self.assertEqual([r["result"] for r in answer["rows"]], ["updated", "refused"])
        self.assertEqual(self.mug.price, 7.5)
        [listed] = self._call("list_imports")["imports"]
        detail = self._call("get_import", import_id=listed["id"])
        self.assertEqual([line["sku"] for line in detail["lines"]][-1], "BAD")
        self._call("import_offers", 422, rows=rows, company="Nobody's")
        self._call("import_offers", 422, rows="x")
        prices = self._call("list_prices", offer_id=self.mug.id)
        self.assertEqual(prices["price_current"], "7.50")

    def test_products_are_proposed(self):
        category = self._call("list_categories")["categories"][0]
        product = {
            "name": "Teapot",
            "gtin": "9780471117094",
            "categ_id": str(category["id"]),
            "sku": "POT-1",
            "price": "30.00",
            "quantity": "2",
        }
        self._call("create_proposal", 422, product={**product, "price": "much"})
        self._call("create_proposal", 422, product={**product, "vendor_id": "1"})
        proposal = self._call("create_proposal", product=product)
        self.assertEqual(proposal["state"], "submitted")
        record = self.env["marketplace.product.proposal"].browse(proposal["id"])
        self.assertEqual(record.vendor_id, self.vendor)
        self.assertEqual(record.offer_ids.vendor_sku, "POT-1")
        self._call(
            "update_proposal", 422, proposal_id=record.id, product={"name": "Pot"}
        )
        change = self._call(
            "propose_change",
            offer_id=self.mug.id,
            product={"name": "Large mug", "categ_id": str(category["id"])},
        )
        self.assertEqual(change["kind"], "change")
        self.assertEqual(self._call("list_proposals")["total"], 2)

    def test_compliance_is_handed_in(self):
        item = self._call(
            "hand_in_compliance",
            offer_id=self.mug.id,
            values={"kind": "eco", "amount": "0.20"},
        )
        record = self.env["marketplace.compliance.item"].browse(item["id"])
        self.assertEqual((record.amount, record.vendor_id), (0.2, self.vendor))
        self._call(
            "hand_in_compliance", 422, offer_id=self.mug.id, values={"kind": "joke"}
        )

    def test_shipping_methods_are_saved(self):
        values = {"name": "Post", "basis": "amount", "free_from": "50"}
        prices = [
            {"minimum": "0", "price": "4.90"},
            {"minimum": "20", "price": "2.90"},
        ]
        self._call("save_shipping_method", 422, values=values, prices=[])
        self._call(
            "save_shipping_method", 422, values=values, prices=prices, countries=["XX"]
        )
        method = self._call(
            "save_shipping_method", values=values, prices=prices, countries=["FR"]
        )
        self.assertEqual(method["countries"], ["FR"])
        self.assertEqual([p["price"] for p in method["prices"]], ["4.90", "2.90"])
        self._call(
            "save_shipping_method",
            values=values,
            prices=prices,
            active=False,
            method_id=method["id"],
        )
        [listed] = self._call("list_shipping_methods")
        self.assertEqual((listed["active"], listed["free_from"]), (False, "50.00"))

    def test_holidays_are_planned_and_cancelled(self):
        closure = self._call(
            "plan_holiday", date_start="2099-08-01", date_end="2099-08-15", note="Sea"
        )
        self.assertEqual(self._call("list_holidays"), [closure])
        self._call("plan_holiday", 422, date_start="2099-08-02", date_end="2099-08-03")
        self.assertFalse(self._call("cancel_holiday", closure_id=closure["id"]))

    # -- account --------------------------------------------------------------------

    def test_bank_account_is_proposed_and_masked(self):
        before = self._call("list_bank_accounts")
        params = {"holder": "Vendor", "iban": "BE68539007547034"}
        self._call("propose_bank_account", 422, **{**params, "iban": "BE0"})
        accounts = self._call("propose_bank_account", **params)
        self.assertEqual(len(accounts), len(before) + 1)
        self.assertEqual(accounts[0]["state"], "to_check")
        self.assertNotIn("68539007547034", str(accounts))

    def test_company_changes_and_papers(self):
        answer = self._call("change_company", values={"city": "Lille"})
        self.assertTrue(self.vendor.city == "Lille" or "city" in answer["to_check"])
        self._call("change_company", 422, values={"vendor_state": "approved"})
        kinds = self._call("list_document_types")
        values = {"type_id": str(kinds[0]["id"]), "date_expiry": "2099-01-01"}
        paper = self._call(
            "hand_in_document", values=values, file_name="id.pdf", content=PDF_64
        )
        self.assertEqual(paper["state"], "to_review")
        html = base64.b64encode(b"<html>").decode()
        self._call(
            "hand_in_document", 422, values=values, file_name="a.pdf", content=html
        )
