import base64

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestRequirement(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "mkp_checklist_clerk", groups="marketplace_base.group_catalogue"
        )
        cls.env["marketplace.requirement"].search([]).active = False
        cls.vendor = cls.env["res.partner"].create(
            {
                "name": "Atelier Amande",
                "is_company": True,
                "is_marketplace_vendor": True,
                "country_id": cls.france.id,
                "email": "checklist@amande.example",
            }
        )

    def _require(self, kind, **vals):
        requirement = self.env["marketplace.requirement"].create(
            {"name": f"Item {kind}", "kind": kind, **vals}
        )
        return self.vendor.vendor_requirement_ids.filtered(
            lambda item: item.requirement_id == requirement
        )

    def _status(self, item):
        item.invalidate_recordset(["status"])
        return item.status

    def _approve(self):
        self.vendor.with_user(self.clerk).action_vendor_approve()

    # -- what the data says ---------------------------------------------------------

    def test_document_item_follows_the_document(self):
        kind = self.env["marketplace.kyc.document.type"].create({"name": "Kbis"})
        item = self._require("document", document_type_id=kind.id)
        self.assertEqual(self._status(item), "open")
        document = self.env["marketplace.kyc.document"].create(
            {
                "vendor_id": self.vendor.id,
                "type_id": kind.id,
                "file": base64.b64encode(b"x"),
            }
        )
        self.assertEqual(self._status(item), "submitted")
        document.action_accept()
        self.assertEqual(self._status(item), "accepted")

    def test_terms_item_follows_the_agreement(self):
        item = self._require("terms", terms_kind="mandate")
        self.assertEqual(self._status(item), "open")
        terms = self.env["marketplace.terms"].create(
            {"name": "Mandate", "kind": "mandate", "body": "<p>Text</p>"}
        )
        terms.action_publish()
        self.assertEqual(self._status(item), "open")
        terms._accept(self.vendor, "203.0.113.7")
        self.assertEqual(self._status(item), "accepted")
        newer = terms.copy()
        newer.action_publish()
        self.assertEqual(self._status(item), "open", "the new version is asked")

    def test_bank_account_item_needs_a_usable_account(self):
        item = self._require("bank_account")
        self.assertEqual(self._status(item), "open")
        account = self.env["res.partner.bank"].create(
            {"partner_id": self.vendor.id, "acc_number": "FR7630006000011234567890189"}
        )
        self.assertEqual(self._status(item), "submitted")
        account.sudo().allow_out_payment = True
        self.assertEqual(self._status(item), "accepted")

    def test_address_offers_and_field_items(self):
        address = self._require("returns_address")
        offers = self._require("offers", offers_min=2)
        website = self._require(
            "field",
            field_id=self.env["ir.model.fields"]._get("res.partner", "website").id,
        )
        items = address | offers | website
        self.assertEqual([self._status(item) for item in items], ["open"] * 3)
        self.assertEqual(self.vendor.vendor_requirement_progress, "0/3")
        self._create_offer(self.vendor, 10.0)
        self.assertEqual(self._status(offers), "open", "one of two")
        self._create_offer(self.vendor, 10.0)
        self.vendor.write(
            {
                "website": "https://amande.example",
                "child_ids": [
                    Command.create(
                        {
                            "name": "Returns",
                            "type": "other",
                            "street": "2 rue du Port",
                            "city": "Marseille",
                            "country_id": self.france.id,
                        }
                    )
                ],
            }
        )
        self.vendor.returns_address_id = self.vendor.child_ids
        self.env.invalidate_all()
        self.assertEqual([self._status(item) for item in items], ["accepted"] * 3)
        self.assertEqual(self.vendor.vendor_requirement_progress, "3/3")

    # -- what a person says ---------------------------------------------------------

    def test_approval_is_refused_while_a_required_item_is_open(self):
        item = self._require("review")
        self._require("attestation", is_required=False)
        with self.assertRaisesRegex(MarketplaceError, "Item review.*open"):
            self._approve()
        item.with_user(self.clerk).action_accept()
        self._approve()
        self.assertEqual(self.vendor.vendor_state, "approved")

    def test_refused_item_refuses_approval_and_a_waived_one_does_not(self):
        item = self._require("attestation").with_user(self.clerk)
        for action in (item.action_refuse, item.action_waive):
            with self.assertRaisesRegex(MarketplaceError, "Say why"):
                action()
        item.reason = "Never signed"
        item.action_refuse()
        self.assertEqual(self._status(item), "refused")
        with self.assertRaisesRegex(MarketplaceError, "Item attestation"):
            self._approve()
        item.action_reopen()
        item.reason = "Known for ten years"
        item.action_waive()
        self.assertEqual((item.status, item.decided_by_id), ("waived", self.clerk))
        self.assertTrue(item.date_decided)
        self.assertEqual(self.vendor.vendor_requirement_progress, "1/1")
        self._approve()

    def test_decisions_are_not_written_past_the_buttons(self):
        item = self._require("review")
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            item.with_user(self.clerk).state = "waived"
        viewer = new_test_user(
            self.env, "mkp_checklist_viewer", groups="marketplace_base.group_viewer"
        )
        with self.assertRaises(AccessError):
            item.with_user(viewer).action_accept()

    def test_item_of_private_people_is_not_asked_of_professionals(self):
        self.assertFalse(self._require("review", audience="private"))
        self._approve()

    def test_vendor_made_later_gets_the_checklist(self):
        self._require("review")
        later = self.env["res.partner"].create(
            {"name": "Later", "is_company": True, "is_marketplace_vendor": True}
        )
        self.assertEqual(len(later.vendor_requirement_ids), 1)
        later._vendor_sync_requirements()
        self.assertEqual(len(later.vendor_requirement_ids), 1)

    def test_item_without_its_setting_is_refused(self):
        for kind in ("terms", "document", "field"):
            with self.assertRaisesRegex(MarketplaceError, "needs the setting"):
                self._require(kind)
