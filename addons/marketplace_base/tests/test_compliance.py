import base64
from unittest.mock import patch

from lxml import html

from odoo import fields
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

PDF = b"%PDF-1.4 paper"


@tagged("post_install", "-at_install", "marketplace")
class TestCompliance(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Outils Olive")
        cls.other = cls._create_vendor("Pinceaux Prunelle")
        cls.company.country_id = cls.france
        categories = cls.env["product.category"]
        cls.tools = categories.create({"name": "Tools X"})
        cls.drills = categories.create({"name": "Drills X", "parent_id": cls.tools.id})
        cls.offer = cls._create_offer(cls.vendor, 50.0, sku="DRILL-1")
        cls.product = cls.offer.product_id.product_tmpl_id
        cls.product.categ_id = cls.drills

    def _require(self, kind, effect="block", **vals):
        return self.env["marketplace.compliance.requirement"].create(
            {"categ_id": self.tools.id, "kind": kind, "effect": effect, **vals}
        )

    def _item(self, kind, accept=True, **vals):
        item = self.env["marketplace.compliance.item"].create(
            {"product_tmpl_id": self.product.id, "kind": kind, **vals}
        )
        if accept:
            item.action_accept()
        return item

    def test_offer_lacking_blocking_data_is_not_sold(self):
        requirement = self._require("gpsr")
        self.assertEqual(self.offer.inactive_reason, "compliance_missing")
        self.assertIn("GPSR", self.offer.missing_compliance)
        item = self._item("gpsr", accept=False, reference="EU Rep SA, Paris")
        self.assertFalse(self.offer.is_sellable)
        item.action_accept()
        self.assertTrue(self.offer.is_sellable)
        item.refusal_reason = "No address"
        item.action_refuse()
        self.assertFalse(self.offer.is_sellable)
        requirement.effect = "warn"
        self.assertTrue(self.offer.is_sellable)
        self.assertEqual(self.offer.compliance_gap, "warn")
        requirement.unlink()
        self.assertFalse(self.offer.compliance_gap)

    def test_requirement_and_data_of_another_country_do_not_count(self):
        germany = self.env.ref("base.de")
        requirement = self._require("eco", country_id=germany.id)
        self.assertTrue(self.offer.is_sellable)
        requirement.country_id = self.france
        self._item("eco", amount=0.5, country_id=germany.id)
        self.assertFalse(self.offer.is_sellable)
        self._item("eco", amount=0.5, country_id=self.france.id)
        self.assertTrue(self.offer.is_sellable)

    def test_producer_number_of_the_vendor_counts_for_his_offers(self):
        self._require("epr")
        other = self._create_offer(
            self.other, 40.0, product=self.offer.product_id, sku="DRILL-2"
        )
        self.env["marketplace.vendor.number"].create(
            {
                "vendor_id": self.vendor.id,
                "kind": "epr",
                "number": "FR123456_01ABCD",
                "country_id": self.france.id,
            }
        )
        self.assertTrue(self.offer.is_sellable)
        self.assertEqual(other.inactive_reason, "compliance_missing")

    def test_paper_that_ends_takes_the_offer_off_sale(self):
        self._require("battery")
        self._item("battery", file=base64.b64encode(PDF), date_expiry="2026-06-30")
        with freeze_time("2026-06-30"):
            self.offer._refresh_compliance()
            self.assertTrue(self.offer.is_sellable)
        with freeze_time("2026-07-01"):
            self.env["marketplace.offer"]._cron_refresh_sellable()
            self.assertEqual(self.offer.inactive_reason, "compliance_missing")

    def test_cron_tells_only_of_what_changed(self):
        """Papers that ended long ago do not send the offers to the shop every night."""
        self._require("reach", effect="warn")
        self._item("reach", file=base64.b64encode(PDF), date_expiry="2026-01-01")
        self.offer._refresh_compliance()
        self.assertEqual(self.offer.compliance_gap, "warn")
        hook = type(self.env["marketplace.offer"])._after_offer_change
        told = []
        with patch.object(
            type(self.env["marketplace.offer"]),
            "_after_offer_change",
            lambda offers, names: (told.append(offers), hook(offers, names)),
        ):
            self.env["marketplace.offer"]._cron_refresh_sellable()
        self.assertNotIn(self.offer, self.env["marketplace.offer"].union(*told))

    def test_data_without_content_is_refused(self):
        for kind, words in (
            ("eco", "the amount"),
            ("gpsr", "name and address"),
            ("reach", "the file"),
        ):
            with self.assertRaisesRegex(MarketplaceError, words), self.cr.savepoint():
                self._item(kind, accept=False)
        item = self._item("epr", accept=False, reference="X")
        with self.assertRaisesRegex(MarketplaceError, "Say why"):
            item.action_refuse()

    # -- portal ---------------------------------------------------------------------

    def _post(self, path, status, files=None, **data):
        data["csrf_token"] = Request.csrf_token(self)
        response = self.url_open(path, data=data, files=files)
        self.assertEqual(response.status_code, status)
        return html.fromstring(response.content)

    def test_vendor_hands_data_in(self):
        self._require("reach", note="Regulation 1907/2006")
        login = self.vendor.user_ids.login
        self.authenticate(login, login)
        path = f"/my/marketplace/offers/{self.offer.id}/compliance"
        page = self.url_open("/my/marketplace/offers").text
        self.assertIn(path, page)
        self.assertIn("1907/2006", self.url_open(path).text)
        page = self._post(path, 422, kind="reach")
        self.assertTrue(page.find_class("o_marketplace_errors"))
        self._post(path, 422, files={"file": ("x.exe", b"MZ\x90")}, kind="reach")
        self._post(
            path,
            200,
            files={"file": ("sheet.pdf", PDF)},
            kind="reach",
            date_expiry="2099-01-01",
        )
        item = self.product.marketplace_compliance_ids
        self.assertRecordValues(
            item,
            [
                {
                    "vendor_id": self.vendor.id,
                    "kind": "reach",
                    "state": "to_review",
                    "file_name": "sheet.pdf",
                    "date_expiry": fields.Date.to_date("2099-01-01"),
                }
            ],
        )
        self.assertFalse(self.offer.is_sellable)
        item.action_accept()
        self.assertTrue(self.offer.is_sellable)
        login = self.other.user_ids.login
        self.authenticate(login, login)
        self.assertEqual(self.url_open(path).status_code, 404)
