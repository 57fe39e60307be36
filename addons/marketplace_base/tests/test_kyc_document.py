import base64

from lxml import html

from odoo import fields
from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

PDF = b"%PDF-1.4\n%%EOF\n"


@tagged("post_install", "-at_install", "marketplace")
class TestKycDocument(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = new_test_user(
            cls.env, "mkp_kyc_accountant", groups="marketplace_base.group_accountant"
        )
        cls.viewer = new_test_user(
            cls.env, "mkp_kyc_viewer", groups="marketplace_base.group_viewer"
        )
        types = cls.env["marketplace.kyc.document.type"]
        types.search([]).is_required = False
        cls.passport, cls.leaflet = types.create(
            [
                {"name": "Passport", "is_required": True, "has_expiry": True},
                {"name": "Leaflet"},
            ]
        )
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.other = cls._create_vendor("Zoubrovka", iban="DE89370400440532013000")

    @classmethod
    def _document(cls, vendor=None, kind=None, **vals):
        return cls.env["marketplace.kyc.document"].create(
            {
                "vendor_id": (vendor or cls.vendor).id,
                "type_id": (kind or cls.passport).id,
                "file": base64.b64encode(PDF),
                "file_name": "passport.pdf",
                "date_expiry": "2026-12-31",
                **vals,
            }
        )

    def _accepted(self, **vals):
        document = self._document(**vals)
        document.with_user(self.accountant).action_accept()
        return document

    # -- review ---------------------------------------------------------------------

    @freeze_time("2026-06-01")
    def test_kyc_waits_for_the_required_document(self):
        vendor = self.vendor
        vendor.kyc_state = "pending_submission"
        self._document(kind=self.leaflet)
        self.assertEqual(vendor.kyc_state, "pending_submission")
        with self.assertRaisesRegex(MarketplaceError, "Passport"):
            vendor.with_user(self.accountant).kyc_state = "approved"
        document = self._document()
        self.assertEqual(vendor.kyc_state, "pending_approval")
        with self.assertRaisesRegex(MarketplaceError, "Passport"):
            vendor.with_user(self.accountant).kyc_state = "approved"
        document.with_user(self.accountant).action_accept()
        self.assertEqual(document.reviewer_id, self.accountant)
        vendor.with_user(self.accountant).kyc_state = "approved"
        self.assertEqual(vendor.kyc_state, "approved")

    def test_type_asked_of_private_people_is_not_asked_of_professionals(self):
        self.passport.audience = "private"
        self.assertFalse(self.vendor._kyc_missing(("accepted",)))
        self.vendor.vendor_kind = "private"
        missing = self.vendor._kyc_missing(("accepted",))
        self.assertEqual(missing[self.vendor], self.passport)

    @freeze_time("2026-06-01")
    def test_refusal_needs_a_reason(self):
        document = self._document()
        with self.assertRaisesRegex(MarketplaceError, "vendor reads it"):
            document.with_user(self.accountant).action_refuse()
        document.with_user(self.accountant).refusal_reason = "Blurred"
        document.with_user(self.accountant).action_refuse()
        self.assertEqual(document.state, "refused")
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            document.with_user(self.accountant).action_accept()

    @freeze_time("2026-06-01")
    def test_reviewed_document_stays_as_proof(self):
        document = self._accepted()
        with self.assertRaisesRegex(MarketplaceError, "add a new document"):
            document.file = base64.b64encode(b"other")
        with self.assertRaisesRegex(MarketplaceError, "kept as proof"):
            document.unlink()
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            document.state = "refused"

    def test_expiry_date_asked_where_the_paper_has_one(self):
        with self.assertRaisesRegex(MarketplaceError, "expiry date"):
            self._document(date_expiry=False)
        self._document(kind=self.leaflet, date_expiry=False)

    def test_expired_document_is_not_accepted(self):
        with (
            freeze_time("2027-01-01"),
            self.assertRaisesRegex(MarketplaceError, "expired"),
        ):
            self._accepted()

    def test_only_those_who_decide_read_the_papers(self):
        document = self._document(number="12AB")
        for name in ("file", "number"):
            with self.assertRaises(AccessError):
                document.with_user(self.viewer).read([name])
        with self.assertRaises(AccessError):
            document.with_user(self.viewer).action_accept()
        self.assertEqual(document.with_user(self.accountant).number, "12AB")

    # -- expiry ---------------------------------------------------------------------

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "marketplace_base.ir_cron_follow_kyc_expiry"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def test_activity_thirty_days_before_expiry_once(self):
        with freeze_time("2026-06-01"):
            document = self._accepted()
        with freeze_time("2026-11-30"):
            self._run_cron()
            self.assertFalse(document.activity_ids)
        with freeze_time("2026-12-01"):
            self._run_cron()
            self._run_cron()
        self.assertEqual(len(document.activity_ids), 1)
        self.assertEqual(str(document.activity_ids.date_deadline), "2026-12-31")
        self.assertTrue(document.activity_ids.user_id.active)
        self.assertEqual(self.vendor.kyc_state, "approved")

    def test_expired_required_document_has_kyc_renewed(self):
        with freeze_time("2026-06-01"):
            document = self._accepted()
            leaflet = self._accepted(kind=self.leaflet)
        with freeze_time("2026-12-31"):
            self._run_cron()
            self.assertEqual(document.state, "accepted", "valid on its last day")
        with freeze_time("2027-01-01"):
            self._run_cron()
        self.assertEqual(set((document | leaflet).mapped("state")), {"expired"})
        self.assertEqual(self.vendor.kyc_state, "to_renew")
        self.assertFalse(document.activity_ids, "nothing left to do about it")
        # a new paper puts him up for approval again
        self._document(date_expiry="2036-12-31")
        self.assertEqual(self.vendor.kyc_state, "pending_approval")

    def test_expiry_changes_nothing_when_another_is_valid_or_it_is_optional(self):
        with freeze_time("2026-06-01"):
            self._accepted()
            self._accepted(date_expiry="2030-01-01")
            self._accepted(vendor=self.other, kind=self.leaflet)
        with freeze_time("2027-01-01"):
            self._run_cron()
        self.assertEqual(
            (self.vendor | self.other).mapped("kyc_state"), ["approved", "approved"]
        )

    # -- portal ---------------------------------------------------------------------

    def _login(self, vendor):
        login = vendor.user_ids.login
        self.authenticate(login, login)

    def _send(self, content=PDF, name="passport.pdf", **data):
        return self.url_open(
            "/my/marketplace/documents",
            data={
                "csrf_token": Request.csrf_token(self),
                "type_id": self.passport.id,
                "date_expiry": "2030-01-01",
                **data,
            },
            files={"file": (name, content, "application/pdf")},
        )

    def test_vendor_hands_in_a_document_and_reads_why_it_is_refused(self):
        self.vendor.kyc_state = "pending_submission"
        self._login(self.vendor)
        page = html.fromstring(self.url_open("/my/marketplace/documents").content)
        self.assertIn("Passport", page.text_content())
        self.assertEqual(self._send(number=" 12AB ").status_code, 200)
        document = self.vendor.kyc_document_ids
        self.assertRecordValues(
            document,
            [
                {
                    "type_id": self.passport.id,
                    "state": "to_review",
                    "number": "12AB",
                    "date_expiry": fields.Date.to_date("2030-01-01"),
                    "create_uid": self.vendor.user_ids.id,
                }
            ],
        )
        self.assertEqual(base64.b64decode(document.file), PDF)
        self.assertEqual(self.vendor.kyc_state, "pending_approval")
        document.refusal_reason = "The back is missing"
        document.action_refuse()
        page = html.fromstring(self.url_open("/my/marketplace/documents").content)
        [refusal] = page.find_class("o_marketplace_refusal")
        self.assertIn("The back is missing", refusal.text_content())

    def test_unfit_uploads_are_refused_in_words(self):
        self._login(self.vendor)
        for data, words in (
            ({"content": b"<script>alert(1)</script>"}, "PDF, JPEG or PNG"),
            ({"type_id": 0}, "Choose what"),
            ({"date_expiry": "soon"}, "year-month-day"),
            ({"date_expiry": ""}, "expiry date"),
            ({"content": PDF + b"0" * (10 * 1024 * 1024)}, "10 MB"),
        ):
            with self.subTest(words):
                response = self._send(**data)
                self.assertEqual(response.status_code, 422)
                self.assertIn(words, response.text)
        self.assertFalse(self.vendor.kyc_document_ids)

    @mute_logger("odoo.http")
    def test_document_of_another_vendor_is_not_served(self):
        document = self._document()
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", document._name),
                ("res_id", "=", document.id),
                ("res_field", "=", "file"),
            ]
        )
        self.assertTrue(attachment)
        paths = (
            f"/my/marketplace/documents/{document.id}/file",
            f"/web/content/{attachment.id}",
            f"/web/content/marketplace.kyc.document/{document.id}/file",
        )
        self._login(self.vendor)
        # the bare attachment of a field is not for portal users, not even his own
        for path in (paths[0], paths[2]):
            response = self.url_open(path)
            self.assertEqual((response.status_code, response.content), (200, PDF), path)
        self._login(self.other)
        for path in paths:
            self.assertIn(self.url_open(path).status_code, (403, 404), path)
        self.logout()
        for path in paths:
            response = self.url_open(path, allow_redirects=False)
            self.assertIn(response.status_code, (303, 403, 404), path)
