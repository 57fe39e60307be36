import csv
import io

from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutRunCommon

NUMBER = "000123456789"


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestPayoutForeign(PayoutRunCommon, HttpCase):
    """Y21: vendors outside SEPA are listed apart, with the fields a bank needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usa = cls.env.ref("base.us")
        cls.us_bank = cls.env["res.bank"].create(
            {
                "name": "Chase",
                "bic": "CHASUS33",
                "street": "383 Madison Ave",
                "city": "New York",
                "country": cls.usa.id,
            }
        )
        cls.b.write(
            {
                "payout_rail": "foreign",
                "street": "1 Main St",
                "zip": "78701",
                "city": "Austin",
                "country_id": cls.usa.id,
            }
        )
        cls.us_account = cls.env["res.partner.bank"].create(
            {
                "partner_id": cls.b.id,
                "acc_number": NUMBER,
                "bank_id": cls.us_bank.id,
                "clearing_number": "021000021",
                "currency_id": cls.env.ref("base.EUR").id,
                "transfer_purpose": "Goods sold online",
            }
        )
        cls.us_account.sudo().allow_out_payment = True
        cls.b.payout_bank_account_id = cls.us_account

    def _prepare_foreign(self):
        return self.Run._prepare(
            self.settlements[0].date_cutoff.replace(day=12),
            self.company,
            vendors=self.vendors,
            foreign_currency=self.env.ref("base.EUR"),
        )

    def _send_foreign(self):
        run = self._approve(self._prepare_foreign())
        run.with_user(self.preparer).action_send()
        return run

    def _rows(self, run):
        text = run.sudo().file_id.raw.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def test_the_sepa_file_has_no_transfer_outside_sepa(self):
        run = self._pay("2026-03-12", self.vendors)
        self.assertEqual(run.payout_ids.vendor_id, self.a)
        self.assertNotIn(NUMBER, run.sudo().file_id.raw.decode())
        self.assertBalances(self.b, due=88)

    def test_the_list_has_every_field_and_the_vendor_alone(self):
        run = self._send_foreign()
        self.assertEqual((run.rail, run.state), ("foreign", "sent"))
        self.assertTrue(run.sudo().file_id.name.endswith(".csv"))
        [row] = self._rows(run)
        reference = run.payout_ids.end_to_end_id
        self.assertEqual(
            row,
            {
                "Reference": reference,
                "Vendor": "Brasserie Basalte",
                "Currency": "EUR",
                "Amount": "88.00",
                "Account Holder": "Brasserie Basalte",
                "Address": "1 Main St",
                "Town": "78701 Austin",
                "Country": "US",
                "Account Number": NUMBER,
                "Currency of the Account": "EUR",
                "BIC": "CHASUS33",
                "Clearing Number": "021000021",
                "Bank": "Chase",
                "Address of the Bank": "383 Madison Ave, New York",
                "Country of the Bank": "US",
                "Purpose": "Goods sold online",
                "Text": run.payout_ids._remittance(),
            },
        )
        self.assertBalances(self.b, in_payment=88)
        # on screen: the same fields, the number in part
        action = run.with_user(self.preparer).action_view_transfers()
        listed = (
            self.env["marketplace.payout"]
            .with_user(self.preparer)
            .search(action["domain"])
        )
        [shown] = listed.read(["transfer_bic", "transfer_purpose", "iban_masked"])
        self.assertEqual(shown["transfer_bic"], "CHASUS33")
        self.assertNotIn(NUMBER, str(shown))
        self.assertNotIn(NUMBER, str(listed.read(["iban"])))

    def test_a_missing_field_names_vendor_and_field(self):
        bank, account, vendor = self.us_bank, self.us_account.sudo(), self.b
        for record, vals, words in (
            (bank, {"bic": False}, "BIC of the bank"),
            (bank, {"bic": "CHASE"}, "BIC of his bank is not one"),
            (bank, {"country": False}, "country of the bank"),
            (account, {"currency_id": False}, "currency of the bank account"),
            (account, {"transfer_purpose": False}, "purpose of transfers"),
            (vendor, {"city": False}, "town of the vendor"),
            (vendor, {"country_id": False}, "country of the vendor"),
        ):
            before = {
                name: value.id if hasattr(value, "id") else value
                for name, value in ((name, record[name]) for name in vals)
            }
            record.write(vals)
            run = self._prepare_foreign()
            with self.subTest(words):
                payout = run.payout_ids.sudo()
                self.assertEqual(payout.exclusion_reason, "payee_data")
                self.assertIn("Brasserie Basalte", payout.data_problem)
                self.assertIn(words, payout.data_problem)
                with self.assertRaisesRegex(MarketplaceError, "Nobody can be paid"):
                    run.with_user(self.preparer).action_check()
            run.with_user(self.preparer).action_cancel()
            record.write(before)
        self.assertFalse(self.b._payee_problems())

    def test_a_bank_is_found_by_its_clearing_number_or_its_address(self):
        self.us_bank.write({"street": False, "city": False})
        self.assertFalse(self.b._payee_problems())
        self.us_account.sudo().clearing_number = False
        [problem] = self.b._payee_problems()
        self.assertIn("address of the bank, or its clearing number", problem)

    def test_confirmed_one_by_one_or_with_the_run(self):
        self.b.vendor_contract_ids.payout_charge_foreign = 15.0
        run = self._send_foreign()
        with self.assertRaises(AccessError):
            run.payout_ids.with_user(self.viewer).action_confirm_transfer()
        run.payout_ids.with_user(self.preparer).action_confirm_transfer()
        run.payout_ids.with_user(self.preparer).action_confirm_transfer()
        self.assertEqual((run.state, run.payout_ids.state), ("confirmed",) * 2)
        self.assertBalances(self.b, paid=88)
        arrival = self.settlements.ledger_line_ids.filtered(
            lambda line: line.event == "payout_bank"
        )
        self.assertMove(
            arrival.move_id,
            [("PAYOUT_TRANSIT", self.b, 88, 0), ("BANK", self.b, 0, 88)],
        )
        self.assertCatalogued(run.payout_ids)
        # Y22: what this way costs, once
        fee = self.env["marketplace.fee"].search(
            [("source_key", "=like", "payout_charge:%"), ("vendor_id", "=", self.b.id)]
        )
        self.assertRecordValues(fee, [{"amount": 15.0}])
        self.assertIn("outside SEPA", fee.name)
        self.assertTiedOut()

    def test_the_run_confirms_all_and_a_sepa_transfer_is_no_line_of_the_list(self):
        run = self._send_foreign()
        run.with_user(self.accountant).action_confirm_bank(date="2026-03-13")
        self.assertEqual(run.state, "confirmed")
        sepa = self._pay("2026-03-12", self.vendors)
        with self.assertRaisesRegex(MarketplaceError, sepa.payout_ids.end_to_end_id):
            sepa.payout_ids.with_user(self.preparer).action_confirm_transfer()

    def test_a_returned_transfer_is_due_again(self):
        run = self._send_foreign()
        wizard = self.env["marketplace.payout.answer.wizard"].create(
            {
                "payout_id": run.payout_ids.id,
                "kind": "rejected",
                "cause": "AC01",
                "reason": "The bank on the phone",
                "proof": "cHJvb2Y=",
            }
        )
        wizard.with_user(self.accountant).action_record()
        self.assertEqual(run.payout_ids.state, "failed")
        self.assertBalances(self.b, due=88)
        self.assertFalse(self.us_account.sudo().allow_out_payment)

    def test_another_bic_voids_the_approval(self):
        run = self._approve(self._prepare_foreign())
        self.us_bank.bic = "CITIUS33"
        run.with_user(self.preparer).action_send()
        self.assertEqual(run.state, "draft")
        self.assertFalse(run.file_id)

    def test_another_clearing_number_needs_a_second_person(self):
        account = self.us_account.sudo()
        self.assertFalse(account._marketplace_payout_problems(self.b))
        account.with_user(self.env.user).sudo().clearing_number = "026009593"
        self.assertFalse(account.is_second_approved)
        run = self._prepare_foreign()
        self.assertEqual(run.payout_ids.exclusion_reason, "untrusted_iban")

    def test_without_iban_only_outside_sepa(self):
        self.b.payout_rail = "sepa"
        run = self._prepare_run("2026-03-12", self.b)
        self.assertEqual(run.payout_ids.exclusion_reason, "untrusted_iban")

    def test_the_wizard_prepares_the_run(self):
        Wizard = self.env["marketplace.payout.wizard"].with_user(self.preparer)
        with Form(Wizard) as form:
            form.rail = "foreign"
            form.date = "2026-03-12"
        action = form.record.action_prepare()
        run = self.Run.browse(action["res_id"])
        self.assertEqual((run.rail, run.payout_ids.vendor_id), ("foreign", self.b))
        self.assertEqual(run.journal_id, self.bank)

    def test_the_portal_tells_what_we_need_and_what_it_costs(self):
        contract = self.b.vendor_contract_ids
        contract.write({"payout_on_demand": True, "payout_charge_foreign": 15.0})
        for vendor, told in ((self.b, True), (self.a, False)):
            login = f"owner{vendor.id}"
            user = new_test_user(self.env, login, groups="base.group_portal")
            self.env["marketplace.vendor.user"].create(
                {
                    "vendor_id": vendor.id,
                    "user_id": user.id,
                    "is_owner": True,
                    "is_finance": True,
                }
            )
            self.authenticate(login, login)
            page = self.url_open("/my/marketplace/bank")
            self.assertEqual(page.status_code, 200)
            self.assertEqual("outside SEPA" in page.text, told)
            self.assertNotIn(NUMBER, page.text)
        self._sell([(self.offers[1], 1)], "2026-03-11", "2026-03-11")
        self.authenticate(f"owner{self.b.id}", f"owner{self.b.id}")
        page = self.url_open("/my/marketplace/statements/request")
        self.assertIn("The transfer costs you", page.text)
        self.assertIn("15.00", page.text)
