import doctest

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..models import masked_number
from .common import MarketplaceCommon

IBAN = "FR7630006000011234567890189"


@tagged("post_install", "-at_install", "marketplace")
class TestRevealLog(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande", iban=IBAN)
        cls.account = cls.vendor.payout_bank_account_id
        cls.users = {
            role: new_test_user(
                cls.env, f"reveal_{role}", groups=f"marketplace_base.group_{role}"
            )
            for role in ("accountant", "auditor", "viewer", "order_desk", "catalogue")
        }

    def _ask(self, role, reason="The vendor asks which account we pay"):
        account = self.account.with_user(self.users[role])
        context = account.action_reveal()["context"]
        return (
            self.env["marketplace.reveal"]
            .with_user(self.users[role])
            .with_context(**context)
            .create({"reason": reason})
        )

    def test_mask(self):
        self.assertEqual(doctest.testmod(masked_number).failed, 0)
        self.assertEqual(self.account.number_masked, "FR•• •••• 0189")

    def test_showing_a_number_is_written_down(self):
        wizard = self._ask("accountant")
        self.assertFalse(wizard.number, "nothing is shown before it is written down")
        wizard.action_reveal()
        self.assertEqual(wizard.number, IBAN)
        log = self.env["marketplace.reveal.log"].search(
            [("partner_id", "=", self.vendor.id)]
        )
        self.assertEqual(log.user_id, self.users["accountant"])
        self.assertEqual(log.reason, "The vendor asks which account we pay")
        self.assertEqual(log.number_masked, "FR•• •••• 0189")

    def test_a_log_shows_no_other_account(self):
        """The record of a wizard cannot be changed after its reason was written."""
        wizard = self._ask("accountant")
        wizard.action_reveal()
        other = self._create_vendor("Brasserie", iban="DE89370400440532013000")
        wizard.res_id = other.payout_bank_account_id.id
        wizard.invalidate_recordset(["number"])
        self.assertFalse(wizard.number)

    def test_who_has_no_role_sees_no_account_of_a_vendor(self):
        for role in ("viewer", "order_desk"):
            account = self.account.with_user(self.users[role])
            with self.assertRaises(AccessError):
                account.read(["acc_number"])
            found = account.search([("partner_id", "=", self.vendor.id)])
            self.assertFalse(found, role)
            with self.assertRaises(AccessError):
                self._ask(role).action_reveal()
        own = self.env["res.partner.bank"].create(
            {"partner_id": self.company.partner_id.id, "acc_number": "OURS-1"}
        )
        self.assertTrue(own.with_user(self.users["viewer"]).acc_number)

    def test_entering_an_account_is_no_right_to_have_it_shown(self):
        with self.assertRaises(AccessError):
            self._ask("catalogue").action_reveal()

    def test_the_log_is_never_written_by_hand(self):
        self._ask("auditor").action_reveal()
        log = self.env["marketplace.reveal.log"].search([], limit=1)
        for user in self.users.values():
            with self.assertRaises(AccessError):
                log.with_user(user).unlink()
        for records in (log, log.sudo()):
            with self.assertRaises(AccessError):
                records.write({"reason": "Other"})
            with self.assertRaises(AccessError):
                records.unlink()
        with self.assertRaises(AccessError):
            self.env["marketplace.reveal.log"].with_user(
                self.users["accountant"]
            ).create({"reason": "Forged"})
