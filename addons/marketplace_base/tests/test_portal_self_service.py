from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

NEW_IBAN = "FR1420041010050500013M02606"


@tagged("post_install", "-at_install", "marketplace")
class TestPortalSelfService(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Kiosque Kaki")
        cls.other = cls._create_vendor("Librairie Lavande")
        cls.offer = cls._create_offer(cls.vendor, 12.0, sku="KAKI-1")
        cls.member = cls.vendor.vendor_user_ids
        cls.desk = new_test_user(
            cls.env, "self.service.desk", groups="marketplace_base.group_catalogue"
        )

    def setUp(self):
        super().setUp()
        self.authenticate(self.member.login, self.member.login)

    def _get(self, page):
        response = self.url_open(f"/my/marketplace/{page}")
        self.assertEqual(response.status_code, 200, page)
        return html.fromstring(response.content)

    def _post(self, page, status=200, **data):
        data["csrf_token"] = Request.csrf_token(self)
        response = self.url_open(f"/my/marketplace/{page}", data=data)
        self.assertEqual(response.status_code, status, page)
        return html.fromstring(response.content)

    def _mails(self, act):
        """Return the mails that something sends."""
        mails = self.env["mail.mail"]
        before = mails.search([])
        act()
        return mails.search([]) - before

    # -- settings -------------------------------------------------------------------

    def test_settings_show_what_the_role_opens(self):
        page = self._get("account")
        links = page.find_class("o_marketplace_settings")[0].xpath(".//a/@href")
        self.assertEqual(len(links), 5)
        user = self.vendor._vendor_invite_user("F", "f@example.com", ["finance"])
        self.authenticate(user.login, user.login)
        page = self._get("account")
        links = page.find_class("o_marketplace_settings")[0].xpath(".//a/@href")
        self.assertEqual(links, [])

    def test_language_and_mails_are_the_persons(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        other = self.vendor._vendor_invite_user("G", "g@example.com", ["owner"])
        self._post("account", lang="fr_FR", notify_orders="1")
        self.assertEqual(self.member.user_id.lang, "fr_FR")
        self.assertRecordValues(
            self.member, [{"notify_orders": True, "notify_statements": False}]
        )
        self.assertRecordValues(
            other, [{"notify_orders": False, "notify_statements": True}]
        )
        self._post("account", lang="xx_XX")
        self.assertEqual(self.member.user_id.lang, "fr_FR")

    def test_new_orders_are_told_once_to_who_wants_it(self):
        cron = self.env.ref("marketplace_base.ir_cron_tell_vendors")
        tell = cron.method_direct_trigger
        self._mails(tell)
        self.member.notify_orders = True
        finance = self.vendor._vendor_invite_user("H", "h@example.com", ["finance"])
        finance.notify_orders = True
        groups = [self._import_order([(self.offer, 1)]) for _number in range(2)]
        self._import_order([(self._create_offer(self.other, 5.0), 1)])
        mails = self._mails(tell)
        self.assertEqual(mails.recipient_ids, self.member.user_id.partner_id)
        for group in groups:
            self.assertIn(group.sale_order_ids.name, mails.body_html)
        self.assertFalse(self._mails(tell), "told once")

    def test_paper_that_expires_is_told_to_owners_who_want_it(self):
        today = fields.Date.today()
        document = self.env["marketplace.kyc.document"].create(
            {
                "vendor_id": self.vendor.id,
                "type_id": self.env.ref("marketplace_base.kyc_type_bank").id,
                "file": b"JVBERi0xLjQgeA==",
                "date_expiry": today + timedelta(days=5),
            }
        )
        document._transition("accepted")
        self.assertIn(document.type_id, self.vendor._kyc_to_send())
        step = self._get("").find_class("o_marketplace_step")
        self.assertIn("expire", " ".join(node.text_content() for node in step))
        cron = self.env.ref("marketplace_base.ir_cron_follow_kyc_expiry")
        # a colleague gets a mail of his own, for the activity
        own = self.member.user_id.partner_id
        mails = self._mails(cron.method_direct_trigger)
        self.assertIn(own, mails.recipient_ids)
        self.member.notify_documents = False
        document.date_reminder = False
        mails = self._mails(cron.method_direct_trigger)
        self.assertNotIn(own, mails.recipient_ids)

    # -- holidays -------------------------------------------------------------------

    def test_holiday_takes_offers_off_sale_until_cancelled(self):
        today = fields.Date.today()
        self.assertTrue(self.offer.is_sellable)
        self._post(
            "holidays", date_start=today, date_end=today + timedelta(days=7), note="Sea"
        )
        closure = self.vendor.vendor_closure_ids
        self.assertEqual(closure.note, "Sea")
        self.assertFalse(self.offer.is_sellable)
        self.assertTrue(self._get("holidays").find_class("o_marketplace_holidays"))
        self._post(f"holidays/{closure.id}/cancel")
        self.offer.invalidate_recordset()
        self.assertFalse(closure.exists())
        self.assertTrue(self.offer.is_sellable)

    def test_wrong_holidays_say_why(self):
        today = fields.Date.today()
        day = timedelta(days=1)
        self.vendor._vendor_plan_closure(str(today + 9 * day), str(today + 12 * day))
        for start, end in (
            ("", ""),
            ("soon", "later"),
            (today + day, today),
            (today - day, today),
            (today, today + 400 * day),
            (today + 12 * day, today + 14 * day),
        ):
            with self.subTest(f"{start} {end}"):
                page = self._post("holidays", 422, date_start=start, date_end=end)
                self.assertTrue(page.find_class("o_marketplace_errors"))
        self.assertEqual(len(self.vendor.vendor_closure_ids), 1)
        closure = self.env["marketplace.vendor.closure"].create(
            {
                "vendor_id": self.vendor.id,
                "date_start": today - 9 * day,
                "date_end": today - day,
            }
        )
        self._post(f"holidays/{closure.id}/cancel", 422)
        foreign = self.other._vendor_plan_closure(str(today), str(today))
        self._post(f"holidays/{foreign.id}/cancel", 404)
        self.assertTrue(foreign.exists())

    # -- bank account ---------------------------------------------------------------

    def test_proposed_account_is_checked_before_it_is_paid(self):
        """The vendor proposes; nothing is paid to it, and no page shows the number."""
        used = self.vendor.payout_bank_account_id
        self._post("bank", iban=NEW_IBAN, holder="Kiosque Kaki")
        account = self.vendor.bank_ids - used
        self.assertEqual(account.payee_changed_by_id, self.member.user_id)
        self.assertFalse(account.allow_out_payment)
        self.assertGreater(account.date_usable, fields.Datetime.now())
        self.assertEqual(self.vendor.payout_bank_account_id, used)
        self.assertIn("proposes", self.vendor.activity_ids[:1].summary)
        page = self.url_open("/my/marketplace/bank").text
        self.assertNotIn(NEW_IBAN, page)
        self.assertNotIn(used.sanitized_acc_number, page)
        self.assertIn(used.sanitized_acc_number[-4:], page)
        self.assertIn("Being checked", page)

    def test_wrong_accounts_say_why(self):
        for iban, holder in (
            ("FR00", "Kiosque"),
            ("", "Kiosque"),
            (NEW_IBAN, ""),
            (self.vendor.bank_ids.acc_number, "Kiosque"),
        ):
            with self.subTest(iban):
                self._post("bank", 422, iban=iban, holder=holder)
        self.assertEqual(len(self.vendor.bank_ids), 1)

    # -- company --------------------------------------------------------------------

    def _form(self, **values):
        page = self._get("company")
        form = page.xpath("//form[contains(@action, '/company')]")[0]
        return {**dict(form.fields), **values}

    def test_contact_changes_at_once_identity_waits(self):
        self._post("company", **self._form(phone="+33 4 91 00 00 00", name="Kaki SAS"))
        self.assertRecordValues(
            self.vendor, [{"phone": "+33 4 91 00 00 00", "name": "Kiosque Kaki"}]
        )
        changes = self.env["marketplace.vendor.change"]
        change = changes.search([("vendor_id", "=", self.vendor.id)])
        self.assertRecordValues(
            change,
            [
                {
                    "field_name": "name",
                    "value_old": "Kiosque Kaki",
                    "value_new": "Kaki SAS",
                    "state": "requested",
                    "user_id": self.member.user_id.id,
                }
            ],
        )
        self._post("company", **self._form(name="Kaki SARL"))
        change = changes.search([("vendor_id", "=", self.vendor.id)])
        self.assertEqual(change.value_new, "Kaki SARL", "the newer request counts")
        change.with_user(self.desk).action_accept()
        self.assertEqual(self.vendor.name, "Kaki SARL")
        change.action_accept()
        with self.assertRaises(MarketplaceError):
            change.action_refuse()

    def test_refusal_needs_a_reason_that_the_vendor_reads(self):
        self._post("company", **self._form(city="Toulon"))
        change = self.env["marketplace.vendor.change"].search(
            [("vendor_id", "=", self.vendor.id)]
        )
        with self.assertRaises(MarketplaceError):
            change.with_user(self.desk).action_refuse()
        change.refusal_reason = "Send a proof of address"
        change.with_user(self.desk).action_refuse()
        self.assertEqual(self.vendor.city, "Marseille")
        self.assertIn("Send a proof", self._get("company").text_content())

    def test_wrong_company_data_say_why(self):
        self._post("company", 422, **self._form(name="", zip="9" * 25))
        self.assertFalse(
            self.env["marketplace.vendor.change"].search(
                [("vendor_id", "=", self.vendor.id)]
            )
        )
