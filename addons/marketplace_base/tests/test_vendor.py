from lxml import etree
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.http import serialize_exception
from odoo.tests import RecordCapturer, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

IBAN = "FR76 3000 6000 0112 3456 7890 189"


@tagged("post_install", "-at_install", "marketplace")
class TestVendor(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "marketplace_base.group_{}"
        cls.clerk = new_test_user(
            cls.env, "mkp_clerk", groups=groups.format("catalogue")
        )
        cls.accountant = new_test_user(
            cls.env, "mkp_accountant", groups=groups.format("accountant")
        )
        cls.contact_manager = new_test_user(
            cls.env, "mkp_contacts", groups="base.group_user,base.group_partner_manager"
        )

    @classmethod
    def _candidate(cls, **vals):
        return cls.env["res.partner"].create(
            {
                "name": "Atelier Breizh",
                "is_company": True,
                "is_marketplace_vendor": True,
                "country_id": cls.france.id,
                "email": f"candidate{cls._next()}@example.com",
                **vals,
            }
        )

    def _bank(self, partner, number=IBAN, trusted=True):
        bank = self.env["res.partner.bank"].create(
            {"partner_id": partner.id, "acc_number": number}
        )
        bank.sudo().allow_out_payment = trusted
        return bank

    # -- a new vendor ---------------------------------------------------------------

    def test_new_vendor_gets_code_state_and_kyc(self):
        vendor = self._candidate()
        self.assertRegex(vendor.vendor_code, r"^V\d+$")
        self.assertEqual(vendor.vendor_state, "pending")
        self.assertEqual(vendor.kyc_state, "pending_submission")

    def test_customer_made_vendor_later_keeps_a_given_code(self):
        self.customer.write({"is_marketplace_vendor": True, "vendor_code": "CAMILLE"})
        self.assertEqual(self.customer.vendor_code, "CAMILLE")
        self.assertEqual(self.customer.vendor_state, "pending")

    def test_contact_typed_inside_a_new_vendor_is_no_vendor(self):
        vendor = (
            self.env["res.partner"]
            .with_context(default_is_marketplace_vendor=True)
            .create(
                {
                    "name": "Maison Laure",
                    "is_company": True,
                    "child_ids": [Command.create({"name": "Laure"})],
                }
            )
        )
        self.assertTrue(vendor.is_marketplace_vendor)
        self.assertFalse(vendor.child_ids.is_marketplace_vendor)

    def test_vendor_code_is_unique_in_the_database(self):
        self._candidate(vendor_code="ACME")
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._candidate(vendor_code="ACME")

    def test_vendor_code_fit_for_files_only(self):
        for code in ("acme", "A CME", "A" * 17, "-A"):
            with (
                self.subTest(code),
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self._candidate(vendor_code=code)

    def test_contact_of_a_company_cannot_be_the_vendor(self):
        company = self.env["res.partner"].create({"name": "Mer", "is_company": True})
        with self.assertRaisesRegex(MarketplaceError, "legal entity"):
            self._candidate(is_company=False, parent_id=company.id)

    # -- who may write --------------------------------------------------------------

    def test_contact_manager_cannot_make_or_clear_a_vendor(self):
        partners = self.env["res.partner"].with_user(self.contact_manager)
        with self.assertRaisesRegex(MarketplaceError, "Catalogue"):
            partners.create({"name": "Sly", "is_marketplace_vendor": True})
        vendor = self._candidate().with_user(self.contact_manager)
        vendor.name = "Atelier Breizh SARL"
        with self.assertRaisesRegex(MarketplaceError, "Catalogue"):
            vendor.vendor_code = "SLY"

    def test_kyc_is_decided_by_an_accountant(self):
        vendor = self._candidate()
        with self.assertRaisesRegex(MarketplaceError, "Accountant"):
            vendor.with_user(self.clerk).kyc_state = "approved"
        vendor.with_user(self.accountant).kyc_state = "approved"
        self.assertEqual(vendor.kyc_state, "approved")

    def test_state_cannot_be_written_past_the_gate(self):
        vendor = self._candidate()
        for user in (self.env.user, self.clerk):
            with self.assertRaisesRegex(MarketplaceError, "buttons"):
                vendor.with_user(user).write({"vendor_state": "approved"})
        forged = vendor.with_context(marketplace_vendor_gate=True)
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            forged.write({"vendor_state": "approved"})
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            self._candidate(vendor_state="approved")

    def test_bank_account_hidden_from_the_catalogue_role(self):
        vendor = self._candidate()
        vendor.payout_bank_account_id = self._bank(vendor)
        with self.assertRaises(AccessError):
            vendor.with_user(self.clerk).read(["payout_bank_account_id"])
        self.assertEqual(
            vendor.with_user(self.accountant).payout_bank_account_id.acc_number, IBAN
        )

    # -- life -----------------------------------------------------------------------

    def test_approval_creates_one_portal_user_and_none_before(self):
        lang = self.env["res.lang"]._activate_lang("fr_FR").code
        template = self.env.ref("auth_signup.portal_set_password_email")
        template.with_context(lang=lang).subject = "Votre espace vendeur"
        users = self.env["res.users"].with_context(active_test=False)
        mails = self.env["mail.mail"]
        before = users.search_count([])
        vendor = self._candidate(lang=lang, email="Atelier <hello@breizh.example>")
        for target in ("invited", "onboarding", "ready_for_review"):
            vendor._vendor_transition(target)
        self.assertEqual(users.search_count([]), before)
        with RecordCapturer(mails) as queued:
            vendor.with_user(self.clerk).action_vendor_approve()
        user = vendor.user_ids
        self.assertEqual(users.search_count([]), before + 1)
        self.assertEqual(user.login, "hello@breizh.example")
        self.assertEqual(user.group_ids, self.env.ref("base.group_portal"))
        self.assertTrue(user.share)
        self.assertEqual((user.lang, vendor.lang), (lang, lang))
        self.assertEqual(vendor.name, "Atelier Breizh")
        self.assertEqual(len(queued.records), 1)
        self.assertEqual(queued.records.recipient_ids, vendor)
        self.assertEqual(queued.records.subject, "Votre espace vendeur")
        self.assertEqual(vendor.signup_type, "signup")

    def test_approving_twice_does_nothing_more(self):
        vendor = self._candidate()
        self.assertEqual(vendor._vendor_transition("approved"), vendor)
        with RecordCapturer(self.env["mail.mail"]) as queued:
            self.assertFalse(vendor._vendor_transition("approved"))
        self.assertFalse(queued.records)
        self.assertEqual(len(vendor.user_ids), 1)

    def test_vendor_approved_again_keeps_his_user(self):
        vendor = self._candidate()
        vendor._vendor_transition("approved")
        user = vendor.user_ids
        vendor._vendor_transition("suspended", reason="Late parcels")
        self.assertTrue(user.active, "a suspended vendor still ships open orders")
        vendor._vendor_transition("approved")
        self.assertEqual(vendor.user_ids, user)

    def test_archived_user_comes_back_as_portal_user(self):
        vendor = self._candidate()
        vendor._vendor_transition("approved")
        user = vendor.user_ids
        vendor._vendor_transition("closed")
        user.active = False
        vendor._vendor_transition("approved")
        self.assertTrue(user.active)
        self.assertEqual(user.group_ids, self.env.ref("base.group_portal"))

    def test_refusal_of_approval_lists_all_that_is_missing(self):
        vendor = self._candidate(email=False, country_id=False, kyc_state="refused")
        with self.assertRaises(MarketplaceError) as refusal:
            vendor._vendor_transition("approved")
        message = str(refusal.exception)
        for part in ("country", "e-mail", "KYC", vendor.name):
            self.assertIn(part, message)
        self.assertEqual(vendor.vendor_state, "pending")
        self.assertFalse(vendor.user_ids)

    def test_email_of_another_user_refuses_approval(self):
        vendor = self._candidate(email=self.clerk.login + "@example.com")
        self.clerk.login = vendor.email
        with self.assertRaisesRegex(MarketplaceError, "someone else logs in"):
            vendor._vendor_transition("approved")

    def test_two_vendors_sharing_an_email_are_refused_together(self):
        vendors = self._candidate(email="a@b.example")
        vendors |= self._candidate(name="Twin", email="A@b.example")
        with self.assertRaisesRegex(MarketplaceError, r"Breizh[\s\S]*Twin"):
            vendors._vendor_transition("approved")

    def test_internal_user_never_becomes_the_vendor_user(self):
        vendor = self.clerk.partner_id
        vendor.write({"is_marketplace_vendor": True, "country_id": self.france.id})
        vendor.email = "clerk@example.com"
        with self.assertRaisesRegex(MarketplaceError, "internal user"):
            vendor._vendor_transition("approved")

    def test_illegal_jump_is_refused(self):
        vendor = self._candidate()
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            vendor._vendor_transition("suspended")
        with self.assertRaisesRegex(MarketplaceError, "no vendor"):
            self.customer._vendor_transition("approved")

    def test_transition_needs_the_catalogue_role(self):
        vendor = self._candidate()
        for user in (self.accountant, self.contact_manager):
            with self.assertRaises(AccessError):
                vendor.with_user(user)._vendor_transition("approved")

    def test_reason_is_kept_in_the_history(self):
        vendor = self._candidate()
        vendor._vendor_transition("approved")
        self.cr.flush()
        self.env["marketplace.vendor.transition"].with_user(self.clerk).create(
            self._prepare_suspension_vals(vendor, "Parcels late for three weeks")
        ).with_context(tracking_disable=False, mail_notrack=False).action_apply()
        self.cr.flush()
        self.assertEqual(vendor.vendor_state, "suspended")
        message = vendor.message_ids.filtered(
            lambda m: "vendor_state" in m.tracking_value_ids.field_id.mapped("name")
        )[0]
        self.assertIn("Parcels late", message.body)
        self.assertEqual(message.author_id, self.clerk.partner_id)

    def test_vendor_with_a_past_stays_a_vendor(self):
        vendor = self._candidate()
        vendor._vendor_transition("approved")
        with self.assertRaisesRegex(MarketplaceError, "close him"):
            vendor.is_marketplace_vendor = False

    # -- payout account -------------------------------------------------------------

    def test_payout_account_must_be_own_trusted_and_valid(self):
        vendor = self._candidate()
        refused = {
            "belongs to": self._bank(self._candidate(name="Other")),
            "not trusted": self._bank(vendor, trusted=False),
            "not a valid IBAN": self._bank(vendor, "FR76 3000 6000 0112 3456 7890 188"),
        }
        for reason, bank in refused.items():
            with self.subTest(reason), self.assertRaisesRegex(MarketplaceError, reason):
                vendor.payout_bank_account_id = bank
        bank = refused["not trusted"]
        bank.sudo().allow_out_payment = True
        vendor.payout_bank_account_id = bank
        self.assertFalse(bank._marketplace_payout_problems(vendor))

    # -- lists ----------------------------------------------------------------------

    def test_list_of_vendors_costs_the_same_for_few_and_many(self):
        names = [
            "current_contract_id",
            "vendor_offer_count",
            "vendor_order_count",
            "vendor_balance_due",
            "vendor_balance_pending",
        ]
        vendors = self.env["res.partner"]
        for number in range(5):
            vendors |= self._create_vendor(f"Vendor {number}")
        vendors[0].read(names)
        for batch in (vendors[0], vendors):
            self.env.invalidate_all()
            with self.subTest(len(batch)), self.assertQueryCount(8):
                batch.read(names, load=None)

    def test_refusals_reach_the_web_client_in_words(self):
        """The client replaces the message of an exception class it does not know."""
        with self.assertRaises(MarketplaceError) as refusal:
            self._candidate()._vendor_transition("suspended")
        shown = serialize_exception(refusal.exception)
        self.assertEqual(
            shown["context"]["exception_class"], "odoo.exceptions.UserError"
        )
        self.assertIn("cannot become", shown["arguments"][0])

    def test_vendor_screens_open_for_every_role(self):
        """A screen asks the server for no field its reader may not have."""
        vendor = self._create_vendor("Maison Laure")
        records = {
            "marketplace_base.res_partner_view_form_vendor": vendor,
            "marketplace_base.res_partner_view_list_vendor": vendor,
            "marketplace_base.res_partner_view_kanban_vendor": vendor,
            "base.view_partner_form": vendor,
            "marketplace_base.marketplace_contract_view_form": (
                vendor.vendor_contract_ids
            ),
            "marketplace_base.marketplace_offer_view_form": (
                self._create_offer(vendor, 5.0)
            ),
        }
        with_bank = (
            "base.view_partner_form",
            "marketplace_base.res_partner_view_form_vendor",
        )
        for role in ("viewer", "auditor", "catalogue", "order_desk", "accountant"):
            user = new_test_user(
                self.env, f"mkp_see_{role}", groups=f"marketplace_base.group_{role}"
            )
            for xmlid, record in records.items():
                with self.subTest(role=role, view=xmlid):
                    names = self._fields_shown(record.with_user(user), xmlid)
                    self.assertEqual(
                        "payout_bank_account_id" in names,
                        xmlid in with_bank and role in ("auditor", "accountant"),
                    )
        plain = vendor.with_user(self.contact_manager)
        names = self._fields_shown(plain, "base.view_partner_form")
        self.assertNotIn("vendor_balance_due", names)
        self.assertIn("is_marketplace_vendor", names)

    def _fields_shown(self, record, xmlid):
        """Read what a screen shows of a record, as the web client does."""
        view = self.env.ref(xmlid)
        arch = etree.fromstring(record.get_view(view.id, view.type)["arch"])
        names = set(arch.xpath("//field[not(ancestor::field)]/@name"))
        record.web_read({name: {} for name in names})
        return names
