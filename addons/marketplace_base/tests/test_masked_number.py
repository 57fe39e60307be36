from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon

IBAN = "FR7630006000011234567890189"
OTHER = "BE68539007547034"
SHOWN = "FR•• •••• 0189"


@tagged("post_install", "-at_install", "marketplace")
class TestMaskedNumber(MarketplaceCommon):
    """X4: who may have a number shown gets it from the log's own button only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande", iban=IBAN)
        cls.accountant = new_test_user(
            cls.env,
            "masked_accountant",
            groups="marketplace_base.group_accountant,base.group_partner_manager,"
            "base.group_allow_export",
        )
        cls.account = cls.vendor.payout_bank_account_id.with_user(cls.accountant)
        cls.Bank = cls.env["res.partner.bank"].with_user(cls.accountant)

    def _logs(self):
        return self.env["marketplace.reveal.log"].search_count(
            [("partner_id", "=", self.vendor.id)]
        )

    def assertNotShown(self, what):
        text = str(what)
        self.assertNotIn(IBAN, text)
        self.assertNotIn(IBAN[4:20], text)

    def test_every_way_of_reading_shows_a_part(self):
        names = ["acc_number", "sanitized_acc_number", "display_name", "number_masked"]
        self.env.invalidate_all()
        own = [("id", "=", self.account.id)]
        [read] = self.account.read(names)
        self.assertEqual(
            [read["acc_number"], read["sanitized_acc_number"], read["display_name"]],
            [SHOWN] * 3,
        )
        for shown in (
            read,
            self.Bank.search_read(own, names),
            self.account.web_read({name: {} for name in names}),
            self.Bank.web_search_read(own, {name: {} for name in names}),
            self.Bank.name_search(IBAN),
            self.account.export_data(names),
            self.account.with_context(import_compat=False).export_data(names),
            self.vendor.with_user(self.accountant).export_data(
                ["bank_ids/acc_number", "payout_bank_account_id/acc_number"]
            ),
            self.vendor.with_user(self.accountant).web_read(
                {
                    "bank_ids": {"fields": {"acc_number": {}}},
                    "payout_bank_account_id": {"fields": {"display_name": {}}},
                }
            ),
        ):
            self.assertTrue(shown)
            self.assertNotShown(shown)
        self.assertFalse(self._logs())

    def test_the_form_shows_a_part_and_saves_without_it(self):
        shown = self.account.onchange({}, [], {"acc_number": {}, "display_name": {}})
        self.assertNotShown(shown)
        with Form(self.account) as form:
            self.assertEqual(form.acc_number, SHOWN)
            form.note = "Asked by phone"
        self.assertEqual(self.account.sudo().sanitized_acc_number, IBAN)

    def test_a_part_is_no_number(self):
        for act in (
            lambda: self.account.write({"acc_number": SHOWN}),
            lambda: self.Bank.create(
                {"acc_number": SHOWN, "partner_id": self.vendor.id}
            ),
        ):
            with self.assertRaisesRegex(MarketplaceError, "whole number"):
                act()

    def test_groups_and_sums_tell_no_number(self):
        own = [("id", "=", self.account.id)]
        for name in ("acc_number", "sanitized_acc_number"):
            with self.assertRaises(AccessError):
                self.Bank.formatted_read_group(own, [name], ["__count"])
            with self.assertRaises(AccessError):
                self.Bank.formatted_read_group(own, [], [f"{name}:array_agg"])

    def test_a_number_is_found_by_the_whole_only(self):
        for name in ("acc_number", "sanitized_acc_number"):
            for operator, value, found in (
                ("=", IBAN, True),
                ("ilike", IBAN, True),
                ("ilike", IBAN[:12], False),
                ("=like", f"{IBAN[:12]}%", False),
                (">=", IBAN[:12], False),
            ):
                with self.subTest(name, operator=operator, value=value):
                    accounts = self.Bank.search([(name, operator, value)])
                    self.assertEqual(self.account in accounts, found)
        ours = self.env["res.partner.bank"].create(
            {"partner_id": self.company.partner_id.id, "acc_number": "OURS-12345"}
        )
        self.assertIn(ours, self.Bank.search([("acc_number", "ilike", "OURS-12")]))
        self.assertEqual(
            ours.with_user(self.accountant).read(["acc_number"])[0]["acc_number"],
            "OURS-12345",
        )

    def test_the_chatter_shows_a_part(self):
        account = self.env["res.partner.bank"].create(
            {"partner_id": self.vendor.id, "acc_number": "DE89370400440532013000"}
        )
        account.write({"acc_number": OTHER})
        account.unlink()
        self.assertFalse(account.active)
        self.env.flush_all()
        messages = self.env["mail.message"].search(
            [
                "|",
                "&",
                ("model", "=", "res.partner"),
                ("res_id", "=", self.vendor.id),
                "&",
                ("model", "=", "res.partner.bank"),
                ("res_id", "=", account.id),
            ]
        )
        text = str(
            [
                messages.mapped("body"),
                messages.sudo().tracking_value_ids.mapped("old_value_char"),
                messages.sudo().tracking_value_ids.mapped("new_value_char"),
            ]
        )
        self.assertIn("DE•• •••• 3000", text)
        self.assertNotIn("DE89370400440532013000", text)
        self.assertNotIn(OTHER, text)

    def test_a_refusal_names_a_part(self):
        account = self.env["res.partner.bank"].create(
            {"partner_id": self.vendor.id, "acc_number": OTHER}
        )
        with self.assertRaises(MarketplaceError) as caught:
            self.vendor.payout_bank_account_id = account
        self.assertNotIn(OTHER, str(caught.exception))
