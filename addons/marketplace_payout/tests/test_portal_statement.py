from lxml import html

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, tagged

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPortalStatement(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.other = cls._create_vendor("Brasserie Basalte")
        vendors = cls.vendor | cls.other
        offers = [cls._create_offer(vendor, 100.0) for vendor in vendors]
        cls._sell([(offer, 1) for offer in offers], "2026-03-02", "2026-03-05")
        settlements = cls._settle("2026-03-10", vendors)
        cls.settlement, cls.settlement_other = (
            settlements.filtered(lambda s, v=vendor: s.vendor_id == v)
            for vendor in vendors
        )

    def setUp(self):
        super().setUp()
        login = self.vendor.user_ids.login
        self.authenticate(login, login)

    def _get(self, path, status=200):
        response = self.url_open(f"/my/marketplace/statements{path}")
        self.assertEqual(response.status_code, status, path)
        return response

    def test_list_shows_own_statements_only(self):
        page = html.fromstring(self._get("").content)
        text = " ".join(page.itertext())
        self.assertIn(self.settlement.name, text)
        self.assertNotIn(self.settlement_other.name, text)
        found = " ".join(
            html.fromstring(self._get("?filterby=transferred").content).itertext()
        )
        self.assertNotIn(self.settlement.name, found)

    def test_statement_shows_the_figures_of_the_back_office(self):
        page = html.fromstring(self._get(f"/{self.settlement.id}").content)
        amounts = {
            node.get("data-bucket"): " ".join(node.itertext()).strip()
            for node in page.find_class("o_marketplace_amount")
        }
        self.assertIn("88.00", amounts["payout"])
        self.assertIn("88.00", amounts["movements"])
        self.assertIn("0.00", amounts["carried"])
        text = " ".join(page.itertext())
        self.assertIn(self.settlement.invoice_ids.name, text)

    def test_downloads(self):
        pdf = self._get(f"/{self.settlement.id}/pdf")
        self.assertEqual(pdf.headers["Content-Type"], "application/pdf")
        self.assertTrue(pdf.content.startswith(b"%PDF"))
        self.assertIn(
            self.settlement.name.replace("/", "-"), pdf.headers["Content-Disposition"]
        )
        sheet = self._get(f"/{self.settlement.id}/csv")
        self.assertTrue(sheet.headers["Content-Type"].startswith("text/csv"))
        self.assertIn(self.settlement.name, sheet.text)

    def test_another_vendors_statement_is_not_found(self):
        for suffix in ("", "/pdf", "/csv"):
            self._get(f"/{self.settlement_other.id}{suffix}", 404)
            self._get(f"/{2**31}{suffix}", 404)

    def test_cancelled_statement_is_not_found(self):
        self.settlement.action_cancel()
        self._get(f"/{self.settlement.id}", 404)

    def test_records_of_others_are_closed_to_the_vendors_user(self):
        """By RPC too: rules stand on settlement and payout, the run is closed."""
        with freeze_time("2026-03-12 10:00:00"):
            run = self._pay("2026-03-12", self.vendor | self.other)
        user = self.vendor.user_ids
        own = self.settlement.with_user(user)
        self.assertEqual(own.read(["name"])[0]["name"], self.settlement.name)
        payouts = run.payout_ids.with_user(user)
        visible = payouts.search([])
        self.assertEqual(visible.sudo().vendor_id, self.vendor)
        for closed in (
            self.settlement_other.with_user(user),
            (run.payout_ids - visible.sudo()).with_user(user),
            run.with_user(user),
        ):
            with self.assertRaises(AccessError):
                closed.read(["display_name"])
        with self.assertRaises(AccessError):
            visible.read(["iban"])
        for record in (own, visible):
            with self.assertRaises(AccessError):
                record.write({"currency_id": self.env.ref("base.USD").id})
        with self.assertRaises(AccessError):
            own.action_cancel()
