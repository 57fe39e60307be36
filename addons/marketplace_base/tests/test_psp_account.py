import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import requests
from psycopg2.errors import UniqueViolation

from odoo.http import Request
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base import onboarding
from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.onboarding.provider import read_state

from .portal_common import PortalCase

LOGGERS = (
    "odoo.addons.marketplace_base.controllers.onboarding_webhook",
    "odoo.addons.marketplace_base.models.marketplace_psp_account",
    "odoo.sql_db",
    "odoo.http",
)


class FakeProvider(onboarding.OnboardingProvider):
    """A provider that answers in JSON over HTTP."""

    label = "Fake"

    def _ask(self, method, path, **options):
        try:
            response = requests.request(
                method,
                f"{self.url}{path}",
                headers={"Authorization": f"Bearer {self.secret}"},
                timeout=5,
                **options,
            )
            response.raise_for_status()
        except requests.RequestException as error:
            raise onboarding.OnboardingError(str(error)) from error
        return response.content

    def create_link(self, vendor, return_url):
        payload = {"key": vendor.key, "name": vendor.name, "return": return_url}
        answer = json.loads(self._ask("POST", "/links", json=payload))
        return answer["account"], answer["url"]

    def fetch_state(self, account_ref):
        return read_state(self._ask("GET", f"/accounts/{account_ref}"))


class Handler(BaseHTTPRequestHandler):
    def _answer(self, data):
        body = json.dumps(data).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        self.server.asked.append((self.headers["Authorization"], asked))
        account = self.server.account or f"acct-{asked['key']}"
        self._answer({"account": account, "url": "https://psp.example.com/check/1"})

    def do_GET(self):
        self._answer({"account": self.path.rpartition("/")[2], **self.server.state})

    def log_message(self, *_args):
        """Keep the log of the tests to the tests."""


@tagged("post_install", "-at_install", "marketplace")
class TestPspAccount(PortalCase):
    """The hosted check of a payment provider, from the button to the KYC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = HTTPServer(("127.0.0.1", 0), Handler)
        cls.server.status, cls.server.account, cls.server.asked = 200, None, []
        thread = threading.Thread(target=cls.server.serve_forever, daemon=True)
        thread.start()
        cls.addClassCleanup(thread.join, 5)
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.startClassPatcher(patch.dict(onboarding.PROVIDERS, {"fake": FakeProvider}))
        field = cls.env["res.company"]._fields["marketplace_onboarding_provider"]
        cls.startClassPatcher(
            patch.object(field, "get_values", lambda env: ["fake"], create=True)
        )
        cls.vendor = cls._create_vendor("Quincaillerie Quartz")
        cls.other = cls._create_vendor("Reliure Rouge")
        (cls.vendor | cls.other).kyc_state = "pending_submission"
        cls.env["marketplace.kyc.document.type"].search([]).is_required = False
        cls.company.write(
            {
                "marketplace_onboarding_provider": "fake",
                "marketplace_onboarding_url": (
                    f"http://127.0.0.1:{cls.server.server_port}"
                ),
                "marketplace_onboarding_secret": "key",
                "marketplace_onboarding_webhook_secret": "hook",
                "marketplace_onboarding_key": "here",
            }
        )

    def _link(self, vendor=None):
        vendor = vendor or self.vendor
        vendor._vendor_onboarding_link(self.company, "https://shop.example.com")
        return vendor.psp_account_ids

    def _hook(self, account, state, status=200, **options):
        now = int(time.time())
        data = {"account": account, "state": state, "at": options.pop("at", now)}
        body = (
            options.pop("body", None)
            or json.dumps({**data, "reason": options.pop("reason", "")}).encode()
        )
        timestamp = str(options.pop("sent", now))
        delivery = options.pop("delivery", "d-1")
        signature = onboarding.sign(
            options.pop("secret", "hook"), timestamp, delivery, body
        )
        with mute_logger(*LOGGERS):
            response = self.url_open(
                f"/marketplace/onboarding/{options.pop('key', 'here')}",
                data=options.pop("sends", body),
                headers={
                    "X-Marketplace-Timestamp": timestamp,
                    "X-Marketplace-Delivery": options.pop("delivered_as", delivery),
                    "X-Marketplace-Signature": signature,
                },
            )
        self.assertEqual(response.status_code, status, response.text)
        return response.text

    # -- link -------------------------------------------------------------------------

    def test_button_leads_to_the_provider(self):
        self._login(self.vendor)
        page = self._get("/my/marketplace/documents")
        self.assertTrue(page.find_class("o_marketplace_verify"))
        response = self.url_open(
            "/my/marketplace/verify",
            data={"csrf_token": Request.csrf_token(self)},
            allow_redirects=False,
        )
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers["Location"], "https://psp.example.com/check/1"
        )
        account = self.vendor.psp_account_ids
        self.assertEqual(account.state, "pending")
        key, asked = self.server.asked[-1]
        self.assertEqual(key, "Bearer key")
        self.assertTrue(asked["return"].endswith("/my/marketplace/documents"))

    def test_asked_twice_there_is_one_account(self):
        self.assertEqual(self._link(), self._link())
        self.assertEqual(len(self.vendor.psp_account_ids), 1)

    def test_account_is_one_vendor_s(self):
        account = self._link()
        self.server.account = account.account_ref
        self.addCleanup(setattr, self.server, "account", None)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            with self.cr.savepoint():
                self._link(self.other)
        self.server.account = "another"
        with self.assertRaisesRegex(MarketplaceError, "already"):
            self._link()

    @mute_logger(*LOGGERS)
    def test_provider_that_does_not_answer(self):
        self.server.status = 500
        self.addCleanup(setattr, self.server, "status", 200)
        self._login(self.vendor)
        page = self._post("/my/marketplace/verify", 422)
        self.assertIn("does not answer", self._text(page, "o_marketplace_errors"))
        self.assertFalse(self.vendor.psp_account_ids)

    def test_without_provider_there_is_no_button(self):
        self.company.marketplace_onboarding_provider = False
        self._login(self.vendor)
        page = self._get("/my/marketplace/documents")
        self.assertFalse(page.find_class("o_marketplace_verify"))
        with mute_logger("odoo.http"):
            self._post("/my/marketplace/verify", 404)

    # -- webhook ----------------------------------------------------------------------

    def test_webhook_decides_the_kyc(self):
        account = self._link()
        ref, now = account.account_ref, int(time.time())
        self.assertEqual(self._hook(ref, "pending", at=now - 9), "taken")
        self.assertEqual(self.vendor.kyc_state, "pending_approval")
        self._hook(ref, "refused", at=now - 8, delivery="d-2", reason="Blurred")
        self.assertEqual((account.state, account.reason), ("refused", "Blurred"))
        self.assertEqual(self.vendor.kyc_state, "refused")
        self._hook(ref, "verified", at=now - 7, delivery="d-3")
        self.assertEqual(self.vendor.kyc_state, "approved")

    def test_papers_of_our_own_are_asked_as_well(self):
        kind = self.env["marketplace.kyc.document.type"].search([], limit=1)
        kind.write({"is_required": True, "audience": "all"})
        self._hook(self._link().account_ref, "verified")
        self.assertEqual(self.vendor.kyc_state, "pending_approval")

    def test_duplicate_and_late_calls_change_nothing(self):
        account = self._link()
        ref, now = account.account_ref, int(time.time())
        self._hook(ref, "verified", at=now - 5)
        self.assertEqual(self._hook(ref, "refused"), "known already")
        self._hook(ref, "refused", at=now - 60, delivery="d-old")
        self.assertEqual((account.state, len(account.event_ids)), ("verified", 2))
        self._hook(ref, "refused", at=now - 5, delivery="d-same-second")
        self.assertEqual(account.state, "refused")

    def test_calls_of_others_are_refused(self):
        ref = self._link().account_ref
        late = int(time.time()) - 6 * 60
        for status, options in (
            (401, {"secret": "guess"}),
            (401, {"secret": ""}),
            (401, {"sent": late}),
            (401, {"sent": int(time.time()) + 6 * 60}),
            (401, {"delivered_as": "d-9"}),
            (401, {"sends": b"{}"}),
            (400, {"body": b"{}"}),
            (400, {"body": b"[1]"}),
            (404, {"key": "there"}),
            (413, {"body": b" " * 70_000}),
        ):
            with self.subTest(options):
                self._hook(ref, "verified", status, **options)
        self._hook("nobody", "verified", 404)
        self._hook(ref, "blessed", 400)
        self.assertEqual(self.vendor.psp_account_ids.state, "pending")

    # -- poll -------------------------------------------------------------------------

    def _run_cron(self):
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            self.env["marketplace.psp.account"]._cron_poll()

    @mute_logger(*LOGGERS)
    def test_poll_asks_for_what_is_in_progress(self):
        account, other = self._link(), self._link(self.other)
        self.server.state = {"state": "verified", "at": datetime.now(UTC).timestamp()}
        self.server.status = 500
        self._run_cron()
        self.server.status = 200
        self.assertEqual(account.state, "pending")
        self.assertTrue(account.date_poll)
        self._run_cron()
        self.assertEqual((account | other).mapped("state"), ["verified"] * 2)
        self.assertEqual(self.vendor.kyc_state, "approved")

    def test_each_company_is_called_at_an_address_of_its_own(self):
        company = self.env["res.company"].create({"name": "Sœur"})
        self.assertFalse(company.marketplace_onboarding_key)
        company.marketplace_onboarding_provider = "fake"
        self.assertGreaterEqual(len(company.marketplace_onboarding_key), 32)
        self.assertEqual(self.company.marketplace_onboarding_key, "here")

    def test_nobody_writes_accounts(self):
        account = self._link()
        for act in (
            lambda: account.write({"state": "verified"}),
            account.unlink,
            lambda: account.copy({"account_ref": "x", "vendor_id": self.other.id}),
        ):
            with self.assertRaises(MarketplaceError):
                act()
        self.assertEqual(account.state, "pending")
