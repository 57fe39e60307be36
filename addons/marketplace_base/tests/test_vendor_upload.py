import base64

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from odoo.addons.marketplace_base.const import KYC_FILE_MAX_BYTES
from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

PDF = b"%PDF-1.4 paper"


@tagged("post_install", "-at_install", "marketplace")
class TestVendorUpload(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Reliure Romarin")
        cls.kind = cls.env.ref("marketplace_base.kyc_type_bank")
        cls.documents = cls.env["marketplace.kyc.document"]

    def setUp(self):
        super().setUp()
        login = self.vendor.user_ids.login
        self.authenticate(login, login)

    def _upload(self, name, content, mimetype="application/pdf"):
        return self.url_open(
            "/my/marketplace/documents",
            data={"type_id": self.kind.id, "csrf_token": Request.csrf_token(self)},
            files={"file": (name, content, mimetype)},
        ).status_code

    def test_only_papers_of_a_fair_size_are_taken(self):
        """What the file is counts, not what the browser says it is."""
        for name, content in (
            ("page.pdf", b"<html><script>alert(1)</script></html>"),
            ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
            ("huge.pdf", PDF + b"x" * KYC_FILE_MAX_BYTES),
            ("empty.pdf", b""),
        ):
            with self.subTest(name):
                self.assertEqual(self._upload(name, content), 422)
        self.assertFalse(self.vendor.kyc_document_ids)

    def test_file_is_served_to_be_saved(self):
        """No upload is ever shown as a page of ours."""
        self.assertEqual(self._upload("paper.pdf", PDF), 200)
        document = self.vendor.kyc_document_ids
        for path in (
            f"documents/{document.id}/file",
            f"downloads/identity/{document.id}",
        ):
            response = self.url_open(f"/my/marketplace/{path}")
            self.assertEqual(response.content, PDF)
            disposition = response.headers["Content-Disposition"]
            self.assertTrue(disposition.startswith("attachment"), disposition)

    def test_scanner_refuses_before_anything_is_kept(self):
        def scan(_model, content, file_name):
            if b"EICAR" in content:
                raise MarketplaceError(f"{file_name} holds a virus.")

        self.patch(type(self.documents), "_scan_upload", scan)
        self.assertEqual(self._upload("bad.pdf", PDF + b" EICAR"), 422)
        self.assertFalse(self.vendor.kyc_document_ids)
        self.assertEqual(self._upload("good.pdf", PDF), 200)
        with self.assertRaises(MarketplaceError):
            self.vendor.kyc_document_ids.file = base64.b64encode(b"EICAR")
