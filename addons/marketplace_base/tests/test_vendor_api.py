import base64
from datetime import timedelta

from odoo import fields
from odoo.http import Request
from odoo.service.model import get_public_method
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.controllers.gate import section_role
from odoo.addons.marketplace_base.models import marketplace_vendor_api_key
from odoo.addons.marketplace_base.models.marketplace_vendor_api import API_MODEL
from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

# Models whose ids the actions take, by the name of the parameter.
PARAMETERS = {
    "order_id": "sale.order",
    "line_id": "sale.order.line",
    "shipment_id": "marketplace.shipment",
    "document_id": "marketplace.kyc.document",
    "return_id": "marketplace.return",
    "incident_id": "marketplace.incident",
    "message_id": "marketplace.message",
    "offer_id": "marketplace.offer",
    "import_id": "marketplace.offer.import",
    "proposal_id": "marketplace.product.proposal",
    "method_id": "marketplace.shipping.method",
    "closure_id": "marketplace.vendor.closure",
}
# What else an action needs to get as far as the gate.
VALUES = {
    "outcome": "collected",
    "carrier_name": "DHL",
    "quantities": {},
    "kind": "identity",
    "reason": "defective",
    "body": "x",
    "message": "x",
    "checks": {},
    "values": {},
    "product": {},
    "prices": [],
}
PORTAL = "/my/marketplace"
BASE_CONTROLLERS = "odoo.addons.marketplace_base."
# What each form of the portal does -> the actions that do the same.
ROUTE_ACTIONS = {
    "/orders/<int:order_id>/ship": {"ship_order"},
    "/orders/<int:order_id>/perform": {"perform_order"},
    "/orders/<int:order_id>/accept": {"accept_order"},
    "/orders/<int:order_id>/refuse": {"refuse_order"},
    "/orders/<int:order_id>/refund": {"request_refund"},
    "/orders/<int:order_id>/incident": {"open_incident"},
    "/orders/<int:order_id>/messages": {"list_messages", "post_message"},
    "/parcels/<int:shipment_id>/tracking": {"update_tracking"},
    "/parcels/<int:shipment_id>/cash": {"report_cash"},
    "/returns/<int:return_id>/accept": {"accept_return"},
    "/returns/<int:return_id>/refuse": {"refuse_return"},
    "/returns/<int:return_id>/receive": {"receive_return"},
    "/returns/<int:return_id>/check": {"check_return"},
    "/incidents/<int:incident_id>/reply": {"reply_incident"},
    "/offers/<int:offer_id>": {"update_offers"},
    "/offers/<int:offer_id>/product": {"propose_change"},
    "/offers/<int:offer_id>/compliance": {"hand_in_compliance"},
    "/offers/import": {"import_offers"},
    "/offers/proposals/new": {"create_proposal"},
    "/offers/proposals/<int:proposal_id>": {"update_proposal"},
    "/shipping/new": {"save_shipping_method"},
    "/shipping/<int:method_id>": {"save_shipping_method"},
    "/holidays": {"list_holidays", "plan_holiday"},
    "/holidays/<int:closure_id>/cancel": {"cancel_holiday"},
    "/bank": {"list_bank_accounts", "propose_bank_account"},
    "/company": {"change_company"},
    "/documents": {"list_document_types", "hand_in_document"},
}
# Forms for people alone: a program that gets hold of a key must not make itself more
# keys or colleagues, agree to terms, or change what somebody reads in which language.
PEOPLE_ROUTES = {
    "/switch",
    "/account",
    "/terms",
    # A page of the payment provider, for the eyes of a person.
    "/verify",
    "/users",
    "/users/<int:member_id>/roles",
    "/users/<int:member_id>/remove",
    "/api-keys",
    "/api-keys/<int:key_id>/revoke",
}


def api_actions(env):
    """Return {name: method} of all that JSON-2 would call on the vendor API."""
    model = env[API_MODEL]
    return {
        name: getattr(type(model), name)
        for name in dir(type(model))
        if hasattr(getattr(type(model), name), "marketplace_role")
    }


@tagged("post_install", "-at_install", "marketplace")
class TestVendorApi(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Horlogerie Houx")
        cls.other = cls._create_vendor("Imprimerie Iris")
        cls.offer = cls._create_offer(cls.vendor, 12.0, sku="HOUX-1")
        cls.offer_other = cls._create_offer(cls.other, 20.0, sku="IRIS-1")
        group = cls._import_order([(cls.offer, 3), (cls.offer_other, 1)])
        cls.order, cls.order_other = (
            group.sale_order_ids.filtered(lambda o, v=vendor: o.vendor_id == v)
            for vendor in (cls.vendor, cls.other)
        )
        cls.shipment_other = cls._ship_and_deliver(cls.order_other)
        cls.paper, cls.paper_other = cls.env["marketplace.kyc.document"].create(
            [
                {
                    "vendor_id": vendor.id,
                    "type_id": cls.env.ref("marketplace_base.kyc_type_bank").id,
                    "file": base64.b64encode(b"%PDF-1.4 paper"),
                    "file_name": "paper.pdf",
                }
                for vendor in (cls.vendor, cls.other)
            ]
        )
        cls.member = cls.vendor.vendor_user_ids
        cls.key, cls.token = cls._key(["owner"])

    @classmethod
    def _key(cls, roles, member=None, days=30):
        return cls.env["marketplace.vendor.api.key"]._generate(
            member or cls.member, "Test", roles, days
        )

    def _call(self, method, token=None, status=200, model=API_MODEL, **params):
        response = self.url_open(
            f"/json/2/{model}/{method}",
            headers={"Authorization": f"Bearer {token or self.token}"},
            json=params,
            method="POST",
        )
        self.assertEqual(response.status_code, status, response.text[:500])
        return response.json()

    # -- actions --------------------------------------------------------------------

    def test_order_from_list_to_parcel(self):
        found = self._call("list_orders", shipping_state="to_ship")
        self.assertEqual(found["total"], 1)
        self.assertEqual(found["orders"][0]["amount_total"], "36.00")
        order = self._call("get_order", order_id=self.order.id)
        [line] = order["lines"]
        self.assertEqual((line["sku"], line["to_ship"]), ("HOUX-1", 3.0))
        self.assertEqual(order["delivery_address"]["city"], "Lyon")
        self.assertNotIn("camille@example.com", str(order))
        shipment = self._call(
            "ship_order",
            order_id=self.order.id,
            carrier_name="Colissimo",
            tracking_ref="6A1",
            quantities={str(line["id"]): 2},
        )
        self.assertEqual(shipment["state"], "shipped")
        self._call(
            "update_tracking",
            shipment_id=shipment["id"],
            carrier_name="DHL",
            tracking_ref="JD2",
        )
        self.assertRecordValues(
            self.order.marketplace_shipment_ids,
            [{"carrier_name": "DHL", "tracking_ref": "JD2", "state": "shipped"}],
        )

    def test_wrong_shipments_say_why(self):
        line = self.order.order_line[:1]
        for params in (
            {"carrier_name": ""},
            {"carrier_name": "X" * 65},
            {"carrier_name": "DHL", "quantities": {str(line.id): -1}},
            {"carrier_name": "DHL", "quantities": {str(line.id): 9}},
            {"carrier_name": "DHL", "quantities": {"7": 1}},
            {"carrier_name": "DHL", "quantities": [1]},
        ):
            with self.subTest(params), mute_logger("odoo.http"):
                params["order_id"] = self.order.id
                answer = self._call("ship_order", status=422, **params)
                self.assertTrue(answer["message"])
        self.assertFalse(self.order.marketplace_shipment_ids)

    def test_offers_change_all_or_none(self):
        two = self._create_offer(self.vendor, 5.0, sku="HOUX-2")
        self._call(
            "update_offers",
            offers=[
                {"id": self.offer.id, "price": "12.50", "quantity": 4},
                {"id": two.id, "quantity": 0},
            ],
        )
        self.assertRecordValues(
            self.offer | two,
            [{"price": 12.5, "quantity": 4}, {"price": 5.0, "quantity": 0}],
        )
        history = self.env["marketplace.offer.price.history"]
        changes = history.search([("offer_id", "=", self.offer.id)], order="id")
        self.assertEqual(changes[-1].cause, "api")
        with mute_logger("odoo.http"):
            answer = self._call(
                "update_offers",
                status=422,
                offers=[
                    {"id": two.id, "quantity": 8},
                    {"id": self.offer.id, "price": "1.234"},
                    {"id": self.offer_other.id, "quantity": 0},
                ],
            )
        self.assertIn("HOUX-1", answer["message"])
        self.assertIn("Row 3", answer["message"])
        self.assertNotIn("IRIS", answer["message"])
        (two | self.offer_other).invalidate_recordset()
        self.assertRecordValues(
            two | self.offer_other, [{"quantity": 0}, {"quantity": 1000}]
        )
        listed = self._call("list_offers", sku=["HOUX-2", "IRIS-1"])
        self.assertEqual([row["sku"] for row in listed["offers"]], ["HOUX-2"])

    def test_balances_are_those_of_the_back_office(self):
        buckets = self.Ledger._vendor_balances(self.vendor, self.company)[
            self.vendor.id, self.currency.id
        ]
        [row] = self._call("get_balances")
        self.assertEqual(row["pending"], f"{buckets['pending']:.2f}")
        self.assertEqual(row["pending"], "36.00")

    def test_whoami_and_users(self):
        answer = self._call("whoami")
        self.assertEqual(answer["vendor"]["code"], self.vendor.vendor_code)
        [user] = self._call("list_users")
        self.assertEqual(user["roles"], ["owner"])

    def test_pages_have_a_limit(self):
        for limit in (0, 201, "80", True):
            with self.subTest(limit), mute_logger("odoo.http"):
                self._call("list_orders", status=422, limit=limit)

    def test_documents_are_those_the_key_may_read(self):
        [row] = self._call("list_documents")
        self.assertEqual((row["kind"], row["id"]), ("identity", self.paper.id))
        document = self._call("get_document", kind="identity", document_id=row["id"])
        self.assertEqual(base64.b64decode(document["content"]), b"%PDF-1.4 paper")
        self.assertFalse(self._call("list_documents", date_to="2020-01-01"))
        _key, weak = self._key(["orders"])
        self.assertFalse(self._call("list_documents", token=weak))
        with mute_logger("odoo.http"):
            self._call(
                "get_document",
                token=weak,
                status=404,
                kind="identity",
                document_id=row["id"],
            )
            self._call("list_documents", status=422, date_from="soon")

    # -- gate -----------------------------------------------------------------------

    def test_every_public_method_is_a_gated_action(self):
        """What JSON-2 would call on the model goes through the gate."""
        native = set(dir(self.env["base"]))
        model = self.env[API_MODEL]
        for name in set(dir(type(model))) - native:
            if name.startswith("_") or not callable(getattr(type(model), name)):
                continue
            with self.subTest(name):
                self.assertIn(name, api_actions(self.env))
        self.assertGreaterEqual(len(api_actions(self.env)), 9)

    @mute_logger("odoo.http")
    def test_ids_of_another_vendor_are_refused(self):
        """Every action that takes an id answers as if the record did not exist."""
        foreign = self._foreign_ids()
        seen = set()
        for name, method in api_actions(self.env).items():
            parameters = list(method.__signature__.parameters)[1:]
            named = {p: foreign[PARAMETERS[p]] for p in parameters if p in PARAMETERS}
            unknown = [p for p in parameters if p.endswith("_id") and p not in named]
            self.assertFalse(unknown, f"{name}: name the model of {unknown}")
            if named:
                seen.add(name)
                others = {p: VALUES[p] for p in parameters if p in VALUES}
                with self.subTest(name):
                    self._call(name, status=404, **named, **others)
            else:
                with self.subTest(name):
                    required = [
                        p
                        for p in method.__signature__.parameters.values()
                        if p.default is p.empty and p.name != "self"
                    ]
                    if not required:
                        self.assertNotIn("IRIS", str(self._call(name)))
        self.assertGreaterEqual(len(seen), 25)

    def _foreign_ids(self):
        """Return {model: id of a record of the other vendor}."""
        order, vendor = self.order_other, self.other
        line = order.order_line[:1]
        record = self.env["marketplace.return"].create(
            {
                "sale_order_id": order.id,
                "line_ids": [fields.Command.create({"sale_line_id": line.id})],
            }
        )
        incident = self.env["marketplace.incident"].create(
            {"sale_line_id": line.id, "reason_code": "defective"}
        )
        document, _results = self.env["marketplace.offer.import"]._import_rows(
            vendor, self.company, [{"sku": "IRIS-9", "price": -1}]
        )
        proposal = vendor._vendor_new_proposal()
        records = [
            order,
            line,
            self.shipment_other,
            self.paper_other,
            record,
            incident,
            order._post_customer_message("For IRIS", [("a.pdf", b"%PDF-1.4 a")]),
            self.offer_other,
            document,
            proposal.create(
                {
                    "vendor_id": vendor.id,
                    "company_id": self.company.id,
                    "name": "IRIS new",
                }
            ),
            self.env["marketplace.shipping.method"].create(
                {
                    "name": "IRIS post",
                    "vendor_id": vendor.id,
                    "step_ids": [fields.Command.create({"price": 5.0})],
                }
            ),
            vendor._vendor_plan_closure("2099-08-01", "2099-08-15", "IRIS"),
        ]
        foreign = {record._name: record.id for record in records}
        self.assertEqual(foreign.keys(), set(PARAMETERS.values()))
        return foreign

    def test_every_form_of_the_portal_has_its_action(self):
        """A new form comes with its action, or a reason to leave it to people."""
        forms = {
            rule.rule.removeprefix(PORTAL)
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if rule.rule.startswith(PORTAL)
            and "POST" in (rule.methods or ())
            # Addons built on this one decide of their own forms.
            and rule.endpoint.func.__module__.startswith(BASE_CONTROLLERS)
        }
        self.assertEqual(forms, ROUTE_ACTIONS.keys() | PEOPLE_ROUTES)
        actions = api_actions(self.env)
        for route, names in ROUTE_ACTIONS.items():
            for name in names:
                with self.subTest(f"{route} {name}"):
                    self.assertEqual(
                        actions[name].marketplace_role,
                        section_role(f"{PORTAL}{route}"),
                        "the same roles open the page and the action",
                    )

    @mute_logger("odoo.http")
    def test_role_is_that_of_key_and_user(self):
        """Neither a strong key of a weak user nor the reverse does more."""
        _key, weak = self._key(["catalogue"])
        self._call("list_offers", token=weak)
        for name, method in api_actions(self.env).items():
            if method.marketplace_role not in ("catalogue", "any"):
                values = {
                    p.name: VALUES.get(p.name, 1)
                    for p in method.__signature__.parameters.values()
                    if p.default is p.empty and p.name != "self"
                }
                with self.subTest(name):
                    self._call(name, token=weak, status=403, **values)
        member = self.vendor._vendor_invite_user("H", "h@example.com", ["orders"])
        _key, token = self._key(["owner"], member)
        self._call("list_orders", token=token)
        self._call("list_offers", token=token, status=403)
        self._call("list_users", token=token, status=403)

    def test_context_of_a_client_changes_nothing(self):
        shipment = self._call(
            "ship_order",
            order_id=self.order.id,
            carrier_name="DHL",
            context={"default_sale_order_id": self.order_other.id, "default_name": "X"},
        )
        self.assertEqual(shipment["order_id"], self.order.id)
        self.assertNotEqual(shipment["name"], "X")

    # -- keys -----------------------------------------------------------------------

    @mute_logger("odoo.http")
    def test_key_opens_nothing_else(self):
        """Its audience is the vendor API: as a bearer elsewhere it is nobody's."""
        secret = self.token.split("_", 2)[2]
        for token in (self.token, secret):
            for model, method in (
                ("res.partner", "search"),
                ("marketplace.offer", "search"),
                ("marketplace.vendor.user", "search"),
            ):
                self._call(method, token, 401, model, domain=[])
        self._call("whoami", token=secret, status=401)

    @mute_logger("odoo.http")
    def test_no_other_key_or_session_opens_the_api(self):
        manager = new_test_user(
            self.env, "manager.api", groups="marketplace_base.group_manager"
        )
        native = (
            self.env["res.users.apikeys"]
            .with_user(manager)
            .sudo()
            ._generate("rpc", "native", fields.Datetime.now() + timedelta(days=1))
        )
        self._call("whoami", token=native, status=401)
        self._call("whoami", token=f"mkp_{self.key.id}_{native}", status=401)
        for user in (manager, self.member.user_id):
            self.authenticate(user.login, user.login)
            response = self.url_open(
                f"/json/2/{API_MODEL}/whoami",
                json={},
                method="POST",
                headers={
                    "Sec-Fetch-Dest": "document",
                    "Sec-Fetch-Mode": "navigate",
                    "Sec-Fetch-Site": "same-origin",
                    "Sec-Fetch-User": "?1",
                },
            )
            self.assertEqual(response.status_code, 401)
            response = self.url_open(
                f"/web/dataset/call_kw/{API_MODEL}/get_balances",
                json={
                    "jsonrpc": "2.0",
                    "params": {
                        "model": API_MODEL,
                        "method": "get_balances",
                        "args": [],
                        "kwargs": {},
                    },
                },
            )
            self.assertIn("error", response.json())

    @mute_logger("odoo.http")
    def test_wrong_revoked_and_expired_keys_are_refused(self):
        key, token = self._key(["orders"])
        self._call("list_orders", token=token)
        _same, number, secret = token.split("_", 2)
        for wrong in (
            "x",
            "mkp__",
            f"mkp_{number}_{'0' * 40}",
            f"mkp_{self.key.id}_{secret}",
            f"mkp_{10**30}_{secret}",
            f"mkp_²_{secret}",
        ):
            with self.subTest(wrong):
                self._call("list_orders", token=wrong.encode(), status=401)
        key.date_expiry = fields.Datetime.now() - timedelta(seconds=1)
        self._call("list_orders", token=token, status=401)
        key, token = self._key(["orders"])
        key.unlink()
        self._call("list_orders", token=token, status=401)

    @mute_logger("odoo.http")
    def test_key_ends_with_its_user_and_vendor(self):
        member = self.vendor._vendor_invite_user("H", "h2@example.com", ["orders"])
        _key, token = self._key(["orders"], member)
        self._call("list_orders", token=token)
        member.unlink()
        self._call("list_orders", token=token, status=401)

    @mute_logger("odoo.http")
    def test_calls_per_minute_are_limited_and_last_use_shown(self):
        self.assertFalse(self.key.date_last_use)
        self.patch(marketplace_vendor_api_key, "CALLS_PER_MINUTE", 2)
        now = fields.Datetime.now().replace(second=20, microsecond=0)
        self.patch(fields.Datetime, "now", lambda *_args: now)
        statuses = []
        for _number in range(3):
            response = self.url_open(
                f"/json/2/{API_MODEL}/whoami",
                headers={"Authorization": f"Bearer {self.token}"},
                json={},
                method="POST",
            )
            statuses.append(response.status_code)
        self.assertEqual(statuses, [200, 200, 429])
        self.assertEqual(response.headers["Retry-After"], "40")
        self.key.invalidate_recordset()
        self.assertEqual(self.key.date_last_use, now)
        now += timedelta(minutes=1)
        self._call("whoami")

    def test_owner_makes_and_revokes_keys_in_the_portal(self):
        login = self.member.login
        self.authenticate(login, login)
        url = "/my/marketplace/api-keys"
        post = {"csrf_token": Request.csrf_token(self), "name": "Sync", "days": "30"}
        self.assertEqual(self.url_open(url, data=post).status_code, 422)
        page = self.url_open(url, data={**post, "is_orders": "1"})
        token = page.text.partition("mkp_")[2].partition("<")[0].strip()
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self._call("list_orders", token=f"mkp_{token}")
        self.assertNotIn(token, self.url_open(url).text, "shown once")
        key = self.env["marketplace.vendor.api.key"].search([("name", "=", "Sync")])
        self.assertTrue(key.date_last_use)
        foreign, _token = self._key(["orders"], self.other.vendor_user_ids)
        for wanted, status in ((foreign, 404), (key, 200)):
            response = self.url_open(f"{url}/{wanted.id}/revoke", data=post)
            self.assertEqual(response.status_code, status)
        self.assertTrue(foreign.exists())
        self.assertFalse(key.exists())
        with mute_logger("odoo.http"):
            self._call("list_orders", token=f"mkp_{token}", status=401)

    def test_gate_needs_a_request(self):
        """Code that runs without a key, a cron for example, gets nothing."""
        method = get_public_method(self.env[API_MODEL], "get_balances")
        with self.assertRaisesRegex(Exception, "API key"):
            method(self.env[API_MODEL])
