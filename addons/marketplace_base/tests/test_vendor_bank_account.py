import doctest

from odoo import fields
from odoo.tests import RecordCapturer, freeze_time, new_test_user, tagged

from odoo.addons.marketplace_base.engine import names
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..models.masked_number import mask_number
from .common import MarketplaceCommon

FIRST = "FR7630006000011234567890189"
SECOND = "DE89370400440532013000"


@tagged("post_install", "-at_install", "marketplace")
class TestVendorBankAccount(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.one, cls.two = (
            new_test_user(
                cls.env,
                login,
                email=f"{login}@operator.example",
                groups="marketplace_base.group_accountant",
            )
            for login in ("mkp_bank_one", "mkp_bank_two")
        )
        cls.company.marketplace_bank_cooling_hours = 48
        cls.vendor = cls._create_vendor("Atelier Amande", iban=False)

    def _enter(self, number, user=None, **vals):
        return (
            self.env["res.partner.bank"]
            .with_user(user or self.one)
            .create({"partner_id": self.vendor.id, "acc_number": number, **vals})
        )

    def _problems(self, account):
        return " / ".join(account._marketplace_payout_problems(self.vendor))

    def test_engine_doctests(self):
        self.assertFalse(doctest.testmod(names).failed)

    def test_account_needs_a_second_person(self):
        account = self._enter(FIRST, allow_out_payment=True)
        self.assertFalse(account.allow_out_payment, "nobody trusts what he enters")
        self.assertEqual(account.payee_changed_by_id, self.one)
        with self.assertRaisesRegex(MarketplaceError, "somebody else"):
            account.allow_out_payment = True
        account.with_user(self.two).allow_out_payment = True
        self.assertEqual(account.approved_by_id, self.two)
        self.assertFalse(self._problems(account))
        self.vendor.with_user(self.one).payout_bank_account_id = account

    def test_new_number_and_approval_in_one_go_are_refused(self):
        account = self._enter(FIRST)
        with self.assertRaisesRegex(MarketplaceError, "somebody else"):
            account.with_user(self.two).write(
                {"acc_number": SECOND, "allow_out_payment": True}
            )

    def test_trust_of_before_counts_for_nobody_made_vendor_later(self):
        account = (
            self.env["res.partner.bank"]
            .with_user(self.one)
            .create(
                {
                    "partner_id": self.customer.id,
                    "acc_number": FIRST,
                    "allow_out_payment": True,
                }
            )
        )
        self.customer.is_marketplace_vendor = True
        self.assertTrue(account.allow_out_payment)
        account.with_user(self.two).write({"allow_out_payment": False})
        self.assertIn("not trusted", self._problems(account))

    def test_changed_number_waits_for_approval_and_for_the_cooling_off(self):
        with freeze_time("2026-03-02 10:00:00"):
            account = self._enter(FIRST)
            account.with_user(self.two).allow_out_payment = True
            self.assertFalse(self._problems(account), "a first account cools not off")
        with freeze_time("2026-03-10 10:00:00"):
            account.with_user(self.two).allow_out_payment = False
            account.acc_number = SECOND
            self.assertIn("not trusted", self._problems(account))
            account.with_user(self.two).allow_out_payment = True
            self.assertIn("2026-03-12 10:00:00", self._problems(account))
            with self.assertRaisesRegex(MarketplaceError, "changed lately"):
                self.vendor.payout_bank_account_id = account
        with freeze_time("2026-03-12 09:59:59"):
            self.assertIn("changed lately", self._problems(account))
        with freeze_time("2026-03-12 10:00:00"):
            self.assertFalse(self._problems(account))

    def test_another_account_cools_off_even_when_the_first_was_deleted(self):
        with freeze_time("2026-03-02 10:00:00"):
            self._enter(FIRST).sudo().unlink()
            other = self._enter(SECOND)
        self.assertEqual(
            other.date_usable, fields.Datetime.to_datetime("2026-03-04 10:00:00")
        )

    def test_approval_is_void_once_the_number_changes(self):
        account = self._enter(FIRST)
        account.with_user(self.two).allow_out_payment = True
        # superuser code may change a trusted number: the second person is asked again
        account.sudo().acc_number = SECOND
        self.assertFalse(account.approved_by_id)
        self.assertIn("no second person", self._problems(account))

    def test_vendor_and_accountants_are_mailed_of_a_change(self):
        with RecordCapturer(self.env["mail.mail"]) as first:
            account = self._enter(FIRST)
        self.assertFalse(first.records, "a first account is no change")
        with RecordCapturer(self.env["mail.mail"]) as change:
            account.acc_number = SECOND
        to_vendor, to_operator = change.records.sorted("id")
        self.assertEqual(to_vendor.recipient_ids, self.vendor)
        self.assertLessEqual(
            (self.one | self.two).partner_id, to_operator.recipient_ids
        )
        for mail in change.records:
            self.assertIn("3000", mail.body_html)
            self.assertNotIn(SECOND, mail.body_html)
        self.assertIn(self.one.name, to_operator.body_html)

    def test_changes_are_logged_on_the_vendor(self):
        tracked = {"tracking_disable": False, "mail_notrack": False}
        account = self._enter(FIRST).with_context(**tracked)
        self.cr.flush()
        account.acc_number = SECOND
        self.cr.flush()
        values = self.vendor.message_ids.sudo().tracking_value_ids
        self.assertIn(
            (mask_number(FIRST), mask_number(SECOND)),
            [(value.old_value_char, value.new_value_char) for value in values],
        )

    def test_holder_with_another_name_is_not_paid(self):
        account = self._enter(FIRST)
        self.assertEqual(account.name_match, "match")
        account.with_user(self.two).allow_out_payment = True
        account.sudo().acc_holder_name = "Zoubrovka Holding"
        self.assertEqual(account.name_match, "no_match")
        self.assertIn("Zoubrovka Holding is not the vendor", self._problems(account))
        # the bank has answered: it is the same person
        account.name_match = "match"
        self.assertNotIn("is not the vendor", self._problems(account))

    def test_mistyped_iban_is_refused_for_payouts(self):
        account = self._enter("FR7630006000011234567890188")
        account.with_user(self.two).allow_out_payment = True
        self.assertIn("not a valid IBAN", self._problems(account))
