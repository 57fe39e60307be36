import base64
from io import BytesIO

from PyPDF2 import PdfReader

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestTerms(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.other = cls._create_vendor("Zoubrovka", iban="DE89370400440532013000")
        cls.accountant = new_test_user(
            cls.env, "mkp_terms_accountant", groups="marketplace_base.group_accountant"
        )

    @classmethod
    def _publish(cls, kind="mandate", **vals):
        terms = cls.env["marketplace.terms"].create(
            {"name": "Mandate", "kind": kind, "body": "<p>We invoice for you.</p>"}
            | vals
        )
        terms.action_publish()
        return terms

    def _accept(self, terms, vendor=None):
        vendor = vendor or self.vendor
        return terms.with_user(vendor.user_ids).sudo()._accept(vendor, "203.0.113.7")

    def _check(self, vendor=None):
        (vendor or self.vendor)._check_marketplace_mandate(self.company)

    # -- acceptance -----------------------------------------------------------------

    def test_acceptance_keeps_version_user_time_address_and_copy(self):
        self._publish()
        terms = self._publish(body="<p>Second text, with accents: é.</p>")
        with freeze_time("2026-11-30 10:00:00"):
            acceptance = self._accept(terms)
        self.assertRecordValues(
            acceptance,
            [
                {
                    "version": 2,
                    "vendor_id": self.vendor.id,
                    "user_id": self.vendor.user_ids.id,
                    "date": fields.Datetime.to_datetime("2026-11-30 10:00:00"),
                    "ip_address": "203.0.113.7",
                    "kind": "mandate",
                }
            ],
        )
        text = "".join(
            page.extract_text()
            for page in PdfReader(BytesIO(base64.b64decode(acceptance.pdf))).pages
        )
        for part in ("Second text, with accents: é", "203.0.113.7", "Amande", "v2"):
            self.assertIn(part, text)

    def test_second_acceptance_changes_nothing(self):
        terms = self._publish()
        first = self._accept(terms)
        self.assertEqual(self._accept(terms), first)

    def test_draft_is_not_accepted(self):
        terms = self.env["marketplace.terms"].create({"name": "Draft", "body": "x"})
        with self.assertRaisesRegex(MarketplaceError, "not published"):
            self._accept(terms)

    def test_published_text_cannot_change(self):
        terms = self._publish()
        with self.assertRaisesRegex(MarketplaceError, "very text"):
            terms.body = "<p>Other</p>"
        with self.assertRaisesRegex(MarketplaceError, "kept as proof"):
            terms.unlink()

    def test_nobody_writes_or_forges_an_acceptance(self):
        acceptance = self._accept(self._publish())
        manager = new_test_user(
            self.env, "mkp_terms_manager", groups="marketplace_base.group_manager"
        )
        for user in (manager, self.vendor.user_ids):
            with self.assertRaises(AccessError):
                acceptance.with_user(user).ip_address = "198.51.100.1"
            with self.assertRaises(AccessError):
                acceptance.with_user(user).copy({"vendor_id": self.other.id})

    # -- asked again ----------------------------------------------------------------

    def test_new_version_asks_again(self):
        first = self._publish()
        terms = self._publish(kind="terms", name="Terms")
        self.assertEqual(self.vendor._terms_to_accept(), first | terms)
        self._accept(first)
        self._accept(terms)
        self.assertFalse(self.vendor._terms_to_accept())
        second = self._publish()
        self.assertEqual(self.vendor._terms_to_accept(), second)

    # -- mandate --------------------------------------------------------------------

    def test_mandate_of_before_counts_until_the_new_version_takes_effect(self):
        with freeze_time("2026-03-01"):
            self._accept(self._publish())
        with freeze_time("2026-03-10"):
            second = self._publish(date_effective="2026-04-01")
        with freeze_time("2026-03-31"):
            self._check()
        with freeze_time("2026-04-01"):
            with self.assertRaisesRegex(MarketplaceError, "no billing mandate"):
                self._check()
            self._accept(second)
            self._check()

    def test_revoked_mandate_counts_no_more(self):
        acceptance = self._accept(self._publish())
        self._check()
        viewer = new_test_user(
            self.env, "mkp_terms_viewer", groups="marketplace_base.group_viewer"
        )
        with self.assertRaisesRegex(MarketplaceError, "Accountant"):
            acceptance.with_user(viewer).action_revoke()
        acceptance.with_user(self.accountant).action_revoke()
        with self.assertRaisesRegex(MarketplaceError, "no billing mandate"):
            self._check()

    def _self_billed(self, vendor):
        journal = self.env["account.journal"].search(
            [("code", "=", "AUTO"), ("company_id", "=", self.company.id)], limit=1
        ) or self.env["account.journal"].create(
            {
                "name": "Self-billing",
                "code": "AUTO",
                "type": "purchase",
                "is_self_billing": True,
            }
        )
        return self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "journal_id": journal.id,
                "partner_id": vendor.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Sale",
                            "price_unit": 10.0,
                            "tax_ids": [],
                            "account_id": self.company._marketplace_account(
                                "PURCHASES"
                            ).id,
                        }
                    )
                ],
            }
        )

    def test_no_document_in_the_name_of_a_vendor_without_mandate(self):
        terms = self._publish()
        move = self._self_billed(self.vendor)
        with self.assertRaisesRegex(MarketplaceError, "Amande.*no billing mandate"):
            move.action_post()
        self.assertEqual(move.state, "draft")
        self._accept(terms)
        move.action_post()
        self.assertEqual(move.state, "posted")
        with self.assertRaisesRegex(MarketplaceError, "Zoubrovka"):
            self._self_billed(self.other).action_post()

    # -- portal ---------------------------------------------------------------------

    def test_vendor_agrees_in_the_portal_and_downloads_the_copy(self):
        terms = self._publish(name="Billing mandate")
        login = self.vendor.user_ids.login
        self.authenticate(login, login)
        page = self.url_open("/my/marketplace/terms")
        self.assertIn("We invoice for you", page.text)
        self.assertIn("/my/marketplace/terms", self.url_open("/my/marketplace").text)
        data = {"csrf_token": Request.csrf_token(self), "terms_id": terms.id}
        self.assertEqual(
            self.url_open("/my/marketplace/terms", data=data).status_code, 422
        )
        self.assertFalse(terms.acceptance_ids, "the box was not ticked")
        self.url_open("/my/marketplace/terms", data={**data, "agree": "1"})
        acceptance = terms.acceptance_ids
        self.assertEqual(acceptance.user_id, self.vendor.user_ids)
        self.assertEqual(acceptance.ip_address, "127.0.0.1")
        copy = self.url_open(f"/my/marketplace/terms/{acceptance.id}/pdf")
        self.assertTrue(copy.content.startswith(b"%PDF"))
        login = self.other.user_ids.login
        self.authenticate(login, login)
        copy = self.url_open(f"/my/marketplace/terms/{acceptance.id}/pdf")
        self.assertEqual(copy.status_code, 404)
