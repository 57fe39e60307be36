from lxml import html

from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestSignup(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls.env["res.users"].with_context(active_test=False)
        cls.clerk = new_test_user(
            cls.env, "mkp_signup_clerk", groups="marketplace_base.group_catalogue"
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _apply(self, status=200, **data):
        response = self.url_open(
            "/marketplace/apply",
            data={
                "csrf_token": Request.csrf_token(self),
                "kind": "professional",
                "name": "Atelier Amande",
                "contact": "Laure Amande",
                "email": "Laure <laure@amande.example>",
                "country": "FR",
                **data,
            },
        )
        self.assertEqual(response.status_code, status, self._errors(response))
        return response

    def _errors(self, response):
        page = html.fromstring(response.content)
        return [e.text_content() for e in page.find_class("o_marketplace_errors")]

    def _vendors(self):
        return self.env["res.partner"].search(
            [("email_normalized", "=", "laure@amande.example")]
        )

    def test_application_makes_a_pending_vendor_and_no_user_before_approval(self):
        before = self.users.search_count([])
        page = self._apply(phone="+33 1 23 45 67 89", vat="FR23334175221")
        self.assertIn("Thank you", page.text)
        vendor = self._vendors()
        self.assertRecordValues(
            vendor,
            [
                {
                    "name": "Atelier Amande",
                    "vendor_state": "pending",
                    "kyc_state": "pending_submission",
                    "is_company": True,
                    "country_id": self.france.id,
                    "vendor_signup_ip": "127.0.0.1",
                }
            ],
        )
        self.assertEqual(vendor.child_ids.mapped("name"), ["Laure Amande"])
        self.assertEqual(self.users.search_count([]), before)
        self.assertEqual(len(vendor.activity_ids), 1)
        vendor.with_user(self.clerk).action_vendor_approve()
        self.assertEqual(self.users.search_count([]), before + 1)
        self.assertEqual(vendor.user_ids.group_ids, self.env.ref("base.group_portal"))
        self.assertFalse(vendor.child_ids.user_ids)

    def test_second_application_makes_nothing_and_tells_nothing(self):
        first = self._apply()
        again = self._apply(name="Amande again")
        self.assertEqual(first.url, again.url)
        self.assertEqual(len(self._vendors()), 1)
        self._apply(email=self.clerk.login + "@users.example")
        self.clerk.login = "known@users.example"
        self._apply(email="known@users.example")
        self.assertFalse(
            self.env["res.partner"].search(
                [
                    ("email_normalized", "=", "known@users.example"),
                    ("is_marketplace_vendor", "=", True),
                ]
            )
        )

    def test_no_more_than_a_few_applications_a_day_from_one_address(self):
        domain = [("vendor_signup_ip", "=", "127.0.0.1")]
        for number in range(7):
            self._apply(email=f"many{number}@amande.example")
        self.assertEqual(self.env["res.partner"].search_count(domain), 5)

    def test_robot_that_fills_the_hidden_field_makes_nothing(self):
        self._apply(website_address="http://spam.example")
        self.assertFalse(self._vendors())

    def test_form_says_what_is_wrong_and_keeps_what_was_typed(self):
        page = self._apply(status=422, email="laure", country="", contact=" ")
        for words in ("valid e-mail", "Choose the country", "Fill in the contact"):
            self.assertIn(words, page.text)
        self.assertIn('value="Atelier Amande"', page.text)
        page = self._apply(status=422, vat="FR23334175222")
        self.assertIn("VAT number", page.text)
        self.assertFalse(self._vendors())

    def test_form_cannot_set_what_it_does_not_show(self):
        self._apply(vendor_state="approved", kyc_state="approved", vendor_code="ME")
        vendor = self._vendors()
        self.assertEqual(
            (vendor.vendor_state, vendor.kyc_state), ("pending", "pending_submission")
        )
        self.assertNotEqual(vendor.vendor_code, "ME")

    def test_closed_form_is_not_found(self):
        self.company.marketplace_signup = False
        response = self.url_open("/marketplace/apply")
        self.assertEqual(response.status_code, 404)
