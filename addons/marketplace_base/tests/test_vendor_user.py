from lxml import html
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.controllers.gate import (
    ANY_ROLE,
    SECTION_ROLES,
    section_role,
)
from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_vendor_user import VENDOR_ROLES
from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

PAGES = {
    "": ANY_ROLE,
    "orders": "orders",
    "offers": "catalogue",
    "documents": "owner",
    "terms": "owner",
    "users": "owner",
    "api-keys": "owner",
    "account": ANY_ROLE,
    "downloads": ANY_ROLE,
    "holidays": "catalogue",
    "bank": "owner",
    "company": "owner",
}
# What each role reads by RPC, beside an owner.
READERS = {
    "marketplace.offer": "catalogue",
    "marketplace.shipment": "orders",
    "marketplace.shipment.line": "orders",
    "marketplace.ledger.line": "finance",
    "marketplace.contract": "finance",
}


@tagged("post_install", "-at_install", "marketplace")
class TestVendorUser(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Fonderie Fenouil")
        cls.other = cls._create_vendor("Ganterie Genièvre")
        cls.owner = cls.vendor.user_ids
        cls.member = cls.vendor.vendor_user_ids
        offers = [
            cls._create_offer(cls.vendor, 12.0, sku="FENOUIL-1"),
            cls._create_offer(cls.other, 20.0, sku="GENIEVRE-1"),
        ]
        group = cls._import_order([(offer, 1) for offer in offers])
        cls._ship_and_deliver(group)
        cls.users = {}
        for role in VENDOR_ROLES:
            member = cls.vendor._vendor_invite_user(
                f"Fenouil {role}", f"{role}.fenouil@example.com", [role]
            )
            cls.users[role] = member.user_id

    def _login(self, user):
        self.authenticate(user.login, user.login)

    def _post(self, path, status=200, **data):
        data["csrf_token"] = Request.csrf_token(self)
        response = self.url_open(f"/my/marketplace/{path}", data=data)
        self.assertEqual(response.status_code, status, path)
        return html.fromstring(response.content)

    def _readable(self, user, model):
        records = self.env[model].with_env(self.env(user=user, su=False, context={}))
        return records.search([]).sudo().vendor_id

    # -- roles ----------------------------------------------------------------------

    def test_approval_makes_the_user_the_owner(self):
        self.assertRecordValues(
            self.member, [{"user_id": self.owner.id, "is_owner": True}]
        )

    def test_role_opens_its_pages_only(self):
        """Each page asks for the role of the table, an owner opens all."""
        for role, user in self.users.items():
            self._login(user)
            for page, wanted in PAGES.items():
                with self.subTest(f"{role} {page}"), mute_logger("odoo.http"):
                    response = self.url_open(f"/my/marketplace/{page}")
                    opens = role == "owner" or wanted in (role, ANY_ROLE)
                    self.assertEqual(response.status_code, 200 if opens else 403)

    def test_page_without_role_is_the_owners(self):
        for page, role in PAGES.items():
            self.assertEqual(section_role(f"/my/marketplace/{page}"), role)
        self.assertEqual(section_role("/my/marketplace/new-page/7"), "owner")
        self.assertLessEqual(
            set(SECTION_ROLES.values()), {ANY_ROLE, *VENDOR_ROLES}, "unknown role"
        )

    def test_record_of_a_closed_page_is_refused(self):
        order = self.env["sale.order"].search([("vendor_id", "=", self.vendor.id)])
        self._login(self.users["finance"])
        with mute_logger("odoo.http"):
            response = self.url_open(f"/my/marketplace/orders/{order.id}")
        self.assertEqual(response.status_code, 403)

    def test_tabs_and_figures_follow_the_role(self):
        self._login(self.users["catalogue"])
        page = html.fromstring(self.url_open("/my/marketplace").content)
        links = page.xpath("//ul[contains(@class, 'o_marketplace_tabs')]//a/@href")
        self.assertIn("/my/marketplace/offers", links)
        self.assertNotIn("/my/marketplace/orders", links)
        self.assertFalse(page.find_class("o_marketplace_balances"))

    def test_rpc_reads_follow_the_role(self):
        for role, user in self.users.items():
            for model, wanted in READERS.items():
                with self.subTest(f"{role} {model}"):
                    expected = self.vendor if role in ("owner", wanted) else []
                    self.assertEqual(
                        self._readable(user, model).ids, expected and expected.ids
                    )

    @mute_logger("odoo.addons.base.models.ir_access", "odoo.addons.base.models.ir_rule")
    def test_changed_role_counts_at_once(self):
        """No cache of the rules keeps what was taken away."""
        user = self.users["orders"]
        self.assertTrue(self._readable(user, "marketplace.shipment"))
        member = self.vendor.vendor_user_ids.filtered(lambda m: m.user_id == user)
        member.write({"is_orders": False, "is_catalogue": True})
        self.assertFalse(self._readable(user, "marketplace.shipment"))
        self.assertTrue(self._readable(user, "marketplace.offer"))
        member.unlink()
        self.assertFalse(self._readable(user, "marketplace.offer"))
        with self.assertRaises(AccessError):
            self.env["marketplace.vendor.user"].with_user(user).search([])

    # -- several vendors ------------------------------------------------------------

    def test_one_person_switches_between_his_vendors(self):
        user = self.users["catalogue"]
        mails = self.env["mail.mail"].search([])
        member = self.other._vendor_invite_user("", user.login.upper(), ["catalogue"])
        self.assertEqual(member.user_id, user, "no second account for one person")
        mail = self.env["mail.mail"].search([]) - mails
        self.assertIn(self.other.name, mail.subject)
        self.assertEqual(mail.recipient_ids, user.partner_id)
        self.assertEqual(
            self._readable(user, "marketplace.offer"), self.vendor | self.other
        )
        self._login(user)
        self.assertIn("FENOUIL-1", self.url_open("/my/marketplace/offers").text)
        self._post("switch", vendor_id=self.other.id)
        shown = self.url_open("/my/marketplace/offers").text
        self.assertIn("GENIEVRE-1", shown)
        self.assertNotIn("FENOUIL-1", shown)
        own = self.env["marketplace.offer"].search([("vendor_id", "=", self.vendor.id)])
        path = f"/my/marketplace/offers/{own.id}"
        self.assertEqual(self.url_open(path).status_code, 404)

    def test_nobody_switches_to_a_foreign_vendor(self):
        self._login(self.owner)
        self._post("switch", 404, vendor_id=self.other.id)
        self.assertNotIn("GENIEVRE-1", self.url_open("/my/marketplace/offers").text)

    def test_vendor_of_two_companies_is_read_in_both(self):
        company = self.env["res.company"].create({"name": "Second operator"})
        offer = self._create_offer(self.vendor, 5.0, company_id=company.id)
        user = self.users["catalogue"]
        offers = self.env["marketplace.offer"].with_env(self.env(user=user, context={}))
        self.assertIn(offer.id, offers.search([]).ids)

    # -- users page -----------------------------------------------------------------

    def test_owner_invites_in_the_language_of_the_person(self):
        self._login(self.owner)
        self._post(
            "users",
            name="Nadia",
            email="Nadia@Example.com",
            lang="en_US",
            is_orders="1",
            is_finance="1",
        )
        member = self.vendor.vendor_user_ids.filtered(
            lambda m: m.login == "nadia@example.com"
        )
        self.assertRecordValues(
            member, [{"is_owner": False, "is_orders": True, "is_finance": True}]
        )
        user = member.user_id
        self.assertEqual(user.lang, "en_US")
        self.assertTrue(user._is_portal())
        self.assertNotEqual(user.commercial_partner_id, self.vendor)
        self.assertTrue(
            self.env["mail.mail"].search([("recipient_ids", "in", user.partner_id.ids)])
            or self.env["mail.mail"].search([("email_to", "ilike", user.login)])
        )

    def test_wrong_invitations_say_why(self):
        new_test_user(self.env, "colleague@example.com")
        self._login(self.owner)
        count = len(self.vendor.vendor_user_ids)
        for email, roles in (
            ("colleague@example.com", {"is_orders": "1"}),
            ("no address", {"is_orders": "1"}),
            ("new@example.com", {}),
            (self.users["orders"].login, {"is_orders": "1"}),
        ):
            with self.subTest(email):
                page = self._post("users", 422, name="X", email=email, **roles)
                self.assertTrue(page.find_class("o_marketplace_errors"))
        self.vendor.invalidate_recordset()
        self.assertEqual(len(self.vendor.vendor_user_ids), count)

    def test_user_of_another_vendor_is_not_found(self):
        self._login(self.owner)
        member = self.other.vendor_user_ids
        self._post(f"users/{member.id}/remove", 404)
        self._post(f"users/{member.id}/roles", 404, is_orders="1")
        self.assertTrue(member.exists().is_owner)

    def test_last_owner_stays(self):
        """Neither he nor the back office takes his rights away."""
        self._login(self.owner)
        self.vendor.vendor_user_ids.filtered(
            lambda m: m.user_id == self.users["owner"]
        ).unlink()
        for action, data in (("remove", {}), ("roles", {"is_orders": 1})):
            page = self._post(f"users/{self.member.id}/{action}", 422, **data)
            self.assertIn("no owner left", page.text_content())
        with self.assertRaises(MarketplaceError):
            self.member.active = False
        self.member.invalidate_recordset()
        self.assertTrue(self.member.is_owner)

    def test_colleague_is_no_vendor_user(self):
        colleague = new_test_user(self.env, "desk.colleague")
        with self.assertRaises(MarketplaceError):
            self.env["marketplace.vendor.user"].create(
                {
                    "vendor_id": self.vendor.id,
                    "user_id": colleague.id,
                    "is_orders": True,
                }
            )

    def test_back_office_invites_by_the_wizard(self):
        manager = new_test_user(
            self.env, "manager.users", groups="marketplace_base.group_catalogue"
        )
        self.env["marketplace.vendor.invite"].with_user(manager).create(
            {
                "vendor_id": self.vendor.id,
                "name": "Omar",
                "email": "omar@example.com",
                "is_finance": True,
            }
        ).action_invite()
        self.assertIn("omar@example.com", self.vendor.vendor_user_ids.mapped("login"))

    def test_approval_again_brings_users_back(self):
        members = self.vendor.vendor_user_ids
        self.vendor._vendor_transition("suspended", reason="Late")
        self.vendor._vendor_transition("approved")
        self.assertEqual(self.vendor.vendor_user_ids, members)


@tagged("post_install", "-at_install", "marketplace")
class TestLastOwnerConcurrency(TransactionCase):
    """Two owners who remove each other at the same time: one of them stays."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            vendor = env["res.partner"].create(
                {
                    "name": "Race Vendor",
                    "is_company": True,
                    "is_marketplace_vendor": True,
                    "vendor_code": "RACE-OWNERS",
                }
            )
            users = [
                new_test_user(env, f"race.owner.{number}", groups="base.group_portal")
                for number in (1, 2)
            ]
            members = env["marketplace.vendor.user"].create(
                [
                    {"vendor_id": vendor.id, "user_id": user.id, "is_owner": True}
                    for user in users
                ]
            )
            self.member_ids = members.ids
            partners = vendor | members.user_id.partner_id
            self.addCleanup(self._remove_committed, members.user_id.ids, partners.ids)

    def _remove_committed(self, user_ids, partner_ids):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["res.users"].browse(user_ids).unlink()
            env["res.partner"].browse(partner_ids).unlink()

    def test_one_of_two_owners_stays(self):
        first, second = self.member_ids
        with self.registry.cursor() as one, self.registry.cursor() as two:
            members = [
                api.Environment(cr, SUPERUSER_ID, {})["marketplace.vendor.user"]
                for cr in (one, two)
            ]
            # both see two owners before either acts
            for model in members:
                self.assertEqual(model.search_count([("id", "in", [first, second])]), 2)
            members[0].browse(first).unlink()
            one.commit()
            with self.assertRaises(SerializationFailure), mute_logger("odoo.sql_db"):
                members[1].browse(second).unlink()
            two.rollback()
            with self.assertRaises(MarketplaceError):
                members[1].browse(second).unlink()
            two.rollback()
