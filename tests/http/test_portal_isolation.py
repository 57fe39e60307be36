"""Prove that a vendor reaches nothing of another, by any route, model or report.

``isolation_tables`` must name every route and model of the suite: whoever adds one
decides there who may reach it, or this test fails.
"""

import base64
import re
from contextlib import suppress

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.http import Request
from odoo.models import MAGIC_COLUMNS
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.controllers.gate import ANY_ROLE, section_role
from odoo.addons.marketplace_base.models.marketplace_vendor_user import VENDOR_ROLES
from odoo.addons.marketplace_payout.tests.common import PayoutCommon

from .isolation_tables import (
    CLOSED_MODELS,
    MACHINE_ROUTES,
    NATIVE_MODELS,
    OWN_MODELS,
    PUBLIC_ROUTES,
    READERS,
    ROUTES,
)


def iter_routes(env):
    """Yield (rule, endpoint) of every HTTP route an addon of the suite defines."""
    modules = sorted(env.registry._init_modules)
    converters = env["ir.http"]._get_converters()
    for rule, endpoint in env["ir.http"]._generate_routing_rules(
        modules, converters=converters
    ):
        if endpoint.__module__.startswith("odoo.addons.marketplace_"):
            yield rule, endpoint


@tagged("post_install", "-at_install", "marketplace")
class TestPortalIsolation(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Anis Isolation")
        cls.other = cls._create_vendor(
            "Zoubrovka Secrets", iban="DE89370400440532013000"
        )
        offers = [
            cls._create_offer(cls.vendor, 60.0, sku="ANIS-1"),
            cls._create_offer(cls.other, 80.0, sku="ZOUBROVKA-1"),
        ]
        offers[1].product_id.name = "Zoubrovka Decanter"
        cls.markers = ("Zoubrovka", "ZOUBROVKA", "TRACK-ZOU", "DE8937")
        group = cls._import_order([(offer, 2) for offer in offers])
        cls._ship_and_deliver(group)
        group.sale_order_ids.marketplace_shipment_ids.filtered(
            lambda shipment: shipment.vendor_id == cls.other
        ).tracking_ref = "TRACK-ZOU"
        today = fields.Date.today()
        cls._settle(today, cls.vendor | cls.other)
        cls._pay(today, cls.vendor | cls.other)
        # As once sent: printing them anew needs wkhtmltopdf.
        cls.env["account.move"].search(
            [("marketplace_vendor_id", "!=", False)]
        ).invoice_pdf_report_file = base64.b64encode(b"%PDF-1.4")
        for line in group.sale_order_ids.order_line:
            cls.env["marketplace.return"].create(
                {
                    "sale_order_id": line.order_id.id,
                    "note": line.product_id.name,
                    "line_ids": [
                        Command.create({"sale_line_id": line.id, "quantity": 1})
                    ],
                }
            )
            cls.env["marketplace.incident"].create(
                {
                    "sale_line_id": line.id,
                    "reason_code": "other",
                    "note": line.product_id.name,
                }
            )
        # A second order, not shipped, so that there is something to ship.
        cls._import_order([(offer, 1) for offer in offers])
        for order in cls.env["sale.order"].search(
            [("vendor_id", "in", (cls.vendor | cls.other).ids)]
        ):
            order._post_customer_message(
                f"For {order.vendor_id.name}", [("note.pdf", b"%PDF-1.4 note")]
            )
        cls.env["marketplace.storefront"].create(
            {
                "name": "Isolation",
                "code": "isolation",
                "url": "http://127.0.0.1:9",
                "webhook_key": "isolation",
                "webhook_secret": "secret",
            }
        )
        terms = cls.env["marketplace.terms"].create(
            {"name": "Terms", "body": "<p>Terms</p>"}
        )
        mandate = terms.copy({"kind": "mandate"})
        (terms | mandate).action_publish()
        for vendor in (cls.vendor, cls.other):
            terms._accept(vendor, "127.0.0.1")
            mandate._accept(vendor, "127.0.0.1")
            vendor.write({"vat": "FR23334175221", "company_registry": "334175221"})
            cls.env["marketplace.shipping.method"].create(
                {
                    "name": f"Post of {vendor.name}",
                    "vendor_id": vendor.id,
                    "step_ids": [fields.Command.create({"price": 5.0})],
                }
            )
            vendor._vendor_plan_closure("2099-08-01", "2099-08-15", vendor.name)
            vendor._vendor_change({"city": f"{vendor.name} City"}, vendor.user_ids)
            cls.env["marketplace.vendor.api.key"]._generate(
                vendor.vendor_user_ids, vendor.name, ["owner"], 30
            )
            cls.env["marketplace.kyc.document"].create(
                {
                    "vendor_id": vendor.id,
                    "type_id": cls.env.ref("marketplace_base.kyc_type_bank").id,
                    "file": base64.b64encode(b"%PDF-1.4 " + vendor.name.encode()),
                    "refusal_reason": vendor.name,
                }
            )
            cls.env["marketplace.offer.import"]._import_rows(
                vendor,
                cls.company,
                [
                    {"sku": vendor.name, "gtin": "9780471117094", "price": 5},
                    {"sku": f"{vendor.name} bad", "price": -1},
                ],
            )
        invoices = cls.env["marketplace.vendor.document"]._issue_invoices(
            group.sale_order_ids
        )
        assert len(invoices) == 2, group.sale_order_ids.mapped(
            "vendor_document_problem"
        )
        own = group.sale_order_ids
        no_refund = cls.env["marketplace.refund"]
        own._post_vendor_documents(
            "in_invoice",
            {(order, no_refund): [(order.order_line[0], 1, 10.0)] for order in own},
            dict.fromkeys(own, fields.Date.to_date("2026-03-05")),
        )
        cls.user = cls.vendor.user_ids
        cls.role_users = {
            role: cls.vendor._vendor_invite_user(
                role, f"{role}.isolation@example.com", [role]
            ).user_id
            for role in VENDOR_ROLES
        }
        cls.records_other = {
            model: cls.env[model].search([(path, "=", cls.other.id)])
            for model, path in OWN_MODELS.items()
        }
        orders = cls.env["sale.order"].search([("vendor_id", "=", cls.other.id)])
        moves = cls.env["account.move"].search([("partner_id", "=", cls.other.id)])
        documents = [*cls.records_other.values(), orders, moves]
        attachments = cls.env["ir.attachment"].create(
            [
                {
                    "name": "Zoubrovka.txt",
                    "raw": b"x",
                    "res_model": r._name,
                    "res_id": r.id,
                }
                for records in documents
                for r in records[:1]
            ]
        )
        cls.native_other = {
            "account.move": moves,
            "account.move.line": moves.line_ids,
            "ir.attachment": attachments,
            "mail.message": orders[0].message_post(body="Zoubrovka"),
            "res.partner": cls.other,
            "res.partner.bank": cls.other.bank_ids,
            "sale.order": orders,
            "sale.order.line": orders.order_line,
        }

    # -- models ---------------------------------------------------------------------

    def _as_vendor(self, records):
        """Return the records as the vendor's user calls them by RPC."""
        return records.with_env(self.env(user=self.user, su=False, context={}))

    def _search(self, records, ids):
        try:
            found = records.search([("id", "in", ids)])
            self.assertEqual(records.search_count([("id", "in", ids)]), len(found))
        except AccessError:
            return records.browse()
        return found

    def _assert_invisible(self, records):
        self.assertTrue(records, "nothing to look for: the test would prove nothing")
        records = self._as_vendor(records)
        self.assertFalse(self._search(records, records.ids), records)
        for record in records:
            with self.assertRaises(AccessError):
                record.read(["display_name"])

    def _assert_not_writable(self, records):
        records = self._as_vendor(records)
        self.assertFalse(records.has_access("write"), records)
        name = next(
            name
            for name, field in records._fields.items()
            if field.store and not field.compute and name not in MAGIC_COLUMNS
        )
        for record in records:
            # A document's own refusal may come before that of the access rights.
            with self.assertRaises(UserError):
                record.write({name: False})
            with self.assertRaises(AccessError):
                record.unlink()

    def _assert_not_creatable(self, model):
        with self.assertRaises(AccessError):
            self._as_vendor(self.env[model]).create({})

    def test_every_model_has_a_decision(self):
        names = {name for name in self.registry if name.startswith("marketplace.")}
        self.assertEqual(names, OWN_MODELS.keys() | CLOSED_MODELS)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_vendor_reads_own_records_only(self):
        for model, path in OWN_MODELS.items():
            with self.subTest(model):
                own = self.env[model].search([(path, "=", self.vendor.id)])
                found = self._as_vendor(self.env[model]).search([])
                self.assertTrue(own, "nothing of his own: the test would prove nothing")
                self.assertEqual(found.ids, own.ids)
                field = path.partition(".")[0]
                self.assertEqual(len(found.read([field])), len(own))
                self._assert_invisible(self.records_other[model])

    def test_every_role_reads_its_own_models_only(self):
        """By RPC: what the vendor's role opens, and nothing of the other vendor."""
        self.assertEqual(READERS.keys(), OWN_MODELS.keys())
        for role, user in self.role_users.items():
            for model, reader in READERS.items():
                with self.subTest(f"{role} {model}"):
                    own = self.env[model].search(
                        [(OWN_MODELS[model], "=", self.vendor.id)]
                    )
                    records = self.env[model].with_env(
                        self.env(user=user, su=False, context={})
                    )
                    opens = role in ("owner", reader)
                    self.assertEqual(records.search([]).ids, own.ids if opens else [])

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_role_users_reach_no_native_document(self):
        """Odoo's own pages follow the contact's company: users have none there."""
        for role, user in self.role_users.items():
            for model in ("account.move", "sale.order", "res.partner.bank"):
                with self.subTest(f"{role} {model}"):
                    records = self.env[model].with_env(
                        self.env(user=user, su=False, context={})
                    )
                    try:
                        found = records.search([])
                    except AccessError:
                        continue
                    self.assertFalse(found)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_vendor_writes_no_record(self):
        for model, path in OWN_MODELS.items():
            with self.subTest(model):
                own = self.env[model].search([(path, "=", self.vendor.id)], limit=1)
                self._assert_not_writable(own)
                self._assert_not_writable(self.records_other[model][:1])
                self._assert_not_creatable(model)

    def test_vendor_calls_no_action_by_rpc(self):
        """Public buttons on what he reads must not move money or documents."""
        native = {
            name
            for mixin in ("base", "mail.activity.mixin", "mail.thread", "portal.mixin")
            for name in dir(self.env[mixin])
        }
        for model, path in OWN_MODELS.items():
            own = self.env[model].search([(path, "=", self.vendor.id)], limit=1)
            for name in sorted(n for n in dir(type(own)) if n.startswith("action_")):
                if name in native:
                    continue
                with self.subTest(f"{model}.{name}"):
                    before = own.read()
                    with suppress(UserError):
                        getattr(self._as_vendor(own), name)()
                    own.invalidate_recordset()
                    self.assertEqual(own.read(), before)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_closed_models_are_closed(self):
        for model in CLOSED_MODELS:
            with self.subTest(model):
                records = self._as_vendor(self.env[model])
                for operation in ("read", "write", "create", "unlink"):
                    self.assertFalse(records.has_access(operation), operation)
                if not records._abstract:
                    with self.assertRaises(AccessError):
                        records.search([])
                    with self.assertRaises(AccessError):
                        records.create({})

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_native_models_show_nothing_of_the_other(self):
        for model in NATIVE_MODELS:
            with self.subTest(model):
                self._assert_invisible(self.native_other[model])
                self._assert_not_writable(self.native_other[model][:1])

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_vendor_has_no_rpc_access_to_his_orders(self):
        """Reading them would open the customer's page, chatter and attachments."""
        orders = self.env["sale.order"].search([("vendor_id", "=", self.vendor.id)])
        self._assert_invisible(orders)
        self._assert_invisible(orders.order_line)

    # -- routes ---------------------------------------------------------------------

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _path(self, rule, vendor):
        """Return the address a route has for the records of a vendor."""

        def value(match):
            parameter = ROUTES[rule][match[1]]
            if isinstance(parameter, int):
                return str(parameter)
            if isinstance(parameter, tuple):
                return parameter[0]
            domain = [(OWN_MODELS.get(parameter, "vendor_id"), "=", vendor.id)]
            return str(self.env[parameter].search(domain, limit=1).id)

        return re.sub(r"<(?:\w+:)?(\w+)>", value, rule)

    def _call(self, method, path):
        data = {"csrf_token": Request.csrf_token(self)} if method == "POST" else None
        return self.url_open(path, data=data, method=method, allow_redirects=False)

    def _assert_no_secret(self, response):
        for marker in self.markers:
            self.assertNotIn(marker, response.text)

    def _iter_calls(self):
        """Yield (rule, method, whether the route names a record)."""
        for rule, endpoint in iter_routes(self.env):
            if rule in ROUTES:
                named = any(isinstance(v, str) for v in ROUTES[rule].values())
                for method in endpoint.routing["methods"] or ("GET",):
                    yield rule, method, named

    def test_every_route_has_a_decision(self):
        routes = {rule for rule, _endpoint in iter_routes(self.env)}
        self.assertEqual(routes, ROUTES.keys() | MACHINE_ROUTES.keys() | PUBLIC_ROUTES)

    def test_vendor_pages_show_nothing_of_the_other(self):
        self._login(self.user)
        for rule, method, _named in self._iter_calls():
            if method == "GET":
                with self.subTest(rule):
                    response = self._call(method, self._path(rule, self.vendor))
                    self.assertEqual(response.status_code, 200)
                    self._assert_no_secret(response)

    @mute_logger("odoo.http")
    def test_role_opens_its_routes_only(self):
        """Every route, with the vendor's own records: the role decides."""
        for role, user in self.role_users.items():
            self._login(user)
            for rule, method, _named in self._iter_calls():
                wanted = section_role(rule)
                opens = role == "owner" or wanted in (role, ANY_ROLE)
                if opens and (method == "POST" or "zip" in rule or "<string" in rule):
                    continue  # acts, or depends on the kind of document
                with self.subTest(f"{role} {method} {rule}"):
                    response = self._call(method, self._path(rule, self.vendor))
                    if opens:
                        self.assertEqual(response.status_code, 200)
                    else:
                        self.assertEqual(response.status_code, 403)

    def test_records_of_the_other_are_not_found(self):
        self._login(self.user)
        for rule, method, named in self._iter_calls():
            if named:
                with self.subTest(f"{method} {rule}"):
                    response = self._call(method, self._path(rule, self.other))
                    self.assertEqual(response.status_code, 404)
                    self._assert_no_secret(response)

    def test_customers_and_strangers_see_no_vendor_page(self):
        customer = self.env["res.users"].create(
            {
                "name": "Customer",
                "login": "isolation.customer",
                "partner_id": self.customer.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        for user, statuses in ((customer, {404}), (None, {303, 400, 403})):
            if user:
                self._login(user)
            else:
                self.logout()
            for rule, method, _named in self._iter_calls():
                with self.subTest(f"{method} {rule} {user and user.login}"):
                    response = self._call(method, self._path(rule, self.other))
                    self.assertIn(response.status_code, statuses)
                    self._assert_no_secret(response)

    def test_machine_routes_refuse_a_vendor(self):
        self._login(self.user)
        for rule, (path, statuses) in MACHINE_ROUTES.items():
            with self.subTest(rule):
                response = self._call("POST", path)
                self.assertIn(response.status_code, statuses)

    # -- files ----------------------------------------------------------------------

    def test_attachments_of_the_other_are_not_served(self):
        self._login(self.user)
        for attachment in self.native_other["ir.attachment"]:
            response = self.url_open(f"/web/content/{attachment.id}")
            self.assertEqual(response.status_code, 404, attachment.res_model)

    def test_reports_of_the_other_are_not_rendered(self):
        self._login(self.user)
        reports = self.env["ir.actions.report"].search(
            [("model", "in", [*self.records_other, *self.native_other])]
        )
        records = {**self.native_other, **self.records_other}
        for report in reports:
            with self.subTest(report.report_name), mute_logger("odoo.http"):
                response = self.url_open(
                    f"/report/html/{report.report_name}/{records[report.model][0].id}"
                )
                self._assert_no_secret(response)
                if report.model in OWN_MODELS:
                    self.assertNotEqual(response.status_code, 200)
