import base64

from lxml import etree
from psycopg2.errors import UniqueViolation
from sepaxml.validation import try_valid_xml

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.mail import html_to_inner_content

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .bank_files import camt053, entry, pain002
from .common import OTHER_IBAN, PayoutCommon

CREDITOR = "FR72ZZZ123456"


class DebitCommon(PayoutCommon):
    """Two vendors were paid and refunded their sale: they owe us."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "marketplace_bank_cooling_hours": 0,
                "marketplace_creditor_ref": CREDITOR,
            }
        )
        cls.a = cls._create_vendor("Atelier Amande")
        cls.b = cls._create_vendor("Brasserie Basalte", iban=OTHER_IBAN)
        cls.vendors = cls.a | cls.b
        cls.second = new_test_user(
            cls.env, "second_debit", groups="marketplace_base.group_accountant"
        )
        cls.offers = [cls._create_offer(vendor, 100.0) for vendor in cls.vendors]
        group = cls._sell(
            [(offer, 1) for offer in cls.offers], "2026-03-02", "2026-03-05"
        )
        cls._settle("2026-03-10", cls.vendors)
        with freeze_time("2026-03-11 10:00:00"):
            cls._pay("2026-03-11", cls.vendors).action_confirm_bank()
        lines = group.sale_order_ids.order_line
        cls._refund(group, [(line, 1, None) for line in lines], date="2026-03-12")
        cls._settle("2026-03-15", cls.vendors)
        cls.debts = cls.env["marketplace.debt"].search(
            [("vendor_id", "in", cls.vendors.ids)]
        )
        cls.debt = cls._debt_of(cls.a)
        cls.mandate = cls._mandate(cls.a, "MDT-A")

    @classmethod
    def _debt_of(cls, vendor):
        return cls.env["marketplace.debt"].search([("vendor_id", "=", vendor.id)])

    @classmethod
    def _mandate(cls, vendor, reference, **vals):
        return cls.env["marketplace.debit.mandate"].create(
            {
                "reference": reference,
                "company_id": cls.company.id,
                "partner_bank_id": vendor.payout_bank_account_id.id,
                "date_signed": "2026-01-15",
                **vals,
            }
        )

    def _collect(self, debts=None):
        action = (debts or self.debt).with_user(self.accountant).action_collect()
        Run = self.env["marketplace.debit.run"]
        if action.get("res_id"):
            return Run.browse(action["res_id"])
        return Run.search(action["domain"])

    def _approved(self, debts=None):
        run = self._collect(debts)
        run.with_user(self.approver).action_approve()
        return run

    def _sent(self, debts=None):
        run = self._approved(debts)
        run.with_user(self.preparer).action_send()
        return run

    def _import_message(self, content):
        return (
            self.env["marketplace.bank.message"]
            .with_user(self.accountant)
            ._import_file(content, f"message {self._next()}.xml", self.company)
        )

    def _lines(self, event):
        return self.Ledger.search(
            [("vendor_id", "=", self.a.id), ("event", "=", event)]
        )

    def _texts(self, run, tag):
        root = etree.fromstring(run.file_id.raw)
        return [element.text for element in root.iter(f"{{*}}{tag}")]


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-20 10:00:00")
class TestDirectDebit(DebitCommon):
    """Y8: what a vendor owes is collected from his account, under his mandate."""

    # -- the amount: N-39 -------------------------------------------------------------

    def test_a_credit_is_set_off_before_the_debit_is_made(self):
        """N-39: owes 500.00, a credit of 100.00: 400.00 is collected, not 500.00."""
        plan = self.env["marketplace.commission.plan"].create(
            {
                "name": "Free",
                "company_id": self.company.id,
                "rule_ids": [
                    Command.create({"name": "Free", "rate": 0.0, "is_default": True})
                ],
            }
        )
        vendor = self._create_vendor("Cidre", commission_plan_id=plan.id)
        group = self._sell(
            [(self._create_offer(vendor, 500.0), 1)], "2026-03-02", "2026-03-03"
        )
        self._settle("2026-03-10", vendor)
        with freeze_time("2026-03-11 10:00:00"):
            self._pay("2026-03-11", vendor).action_confirm_bank()
        self._refund(
            group, [(group.sale_order_ids.order_line, 1, None)], date="2026-03-12"
        )
        self._settle("2026-03-15", vendor)
        debt = self._debt_of(vendor)
        self.assertEqual(f"{debt.amount_open:.2f}", "500.00")
        self._sell([(self._create_offer(vendor, 100.0), 1)], "2026-03-16", "2026-03-17")
        self._mandate(vendor, "MDT-C")
        run = self._sent(debt)
        self.assertEqual(f"{run.debit_ids.amount:.2f}", "400.00")
        self.assertEqual(self._texts(run, "InstdAmt"), ["400.00"])
        run.with_user(self.accountant).action_collected()
        self.assertBalances(vendor, paid=500)
        self.assertEqual(debt.state, "recovered")
        self.assertTiedOut()

    # -- the life of a debit ----------------------------------------------------------

    def test_prepared_approved_announced_sent_and_collected(self):
        self.a.lang = "fr_FR"
        template = self.env.ref("marketplace_payout.mail_template_debit_notice")
        template.with_context(lang="fr_FR").subject = "Prélèvement"
        run = self._collect()
        self.assertRecordValues(
            run,
            [{"state": "draft", "scheme": "CORE", "amount": 88.0, "debit_count": 1}],
        )
        self.assertFalse(self._lines("debit_collected"))
        run.with_user(self.approver).action_approve()
        run.with_user(self.approver).action_approve()
        # 14 days after 20 March is Good Friday: banks work again on the Tuesday
        self.assertEqual(str(run.date_collection), "2026-04-07")
        self.assertEqual(str(run.date_limit), "2026-04-02")
        [mail] = self.env["mail.mail"].search(
            [
                ("model", "=", "marketplace.debit"),
                ("res_id", "in", run.debit_ids.ids),
            ]
        )
        self.assertEqual(mail.subject, "Prélèvement")
        for word in ("07/04/2026", "88,00", "MDT-A", CREDITOR, "0189"):
            self.assertIn(word, mail.body_html.replace("\N{NO-BREAK SPACE}", " "))
        self.assertNotIn("FR76", mail.body_html, "never the whole number")
        run.with_user(self.preparer).action_send()
        self.assertEqual((run.state, run.debit_ids.state), ("sent", "sent"))
        self.assertBalances(self.a, due=-88, paid=88)
        reference = run.debit_ids.end_to_end_id
        self._import_message(camt053(entry(reference, "88.00", "2026-04-07", True)))
        self.assertEqual((run.state, run.debit_ids.state), ("closed", "collected"))
        self.assertMove(
            self._lines("debit_collected").move_id,
            [("BANK", self.a, 88, 0), ("VENDOR_DUE", self.a, 0, 88)],
        )
        self.assertEqual(self.debt.state, "recovered")
        self.assertBalances(self.a, paid=88)
        with freeze_time("2026-04-11 10:00:00"):
            settled = self._settle("2026-04-10", self.a)
        self.assertSettled(settled, -88, 88, 0, 0)
        self.assertIn(
            "Debt collected by direct debit",
            [row["label"] for row in settled._statement_rows()],
        )
        self.assertTiedOut()

    def test_the_file_is_valid_and_says_what_was_approved(self):
        self._mandate(self.b, "MDT-B")
        run = self._sent(self.debts)
        try_valid_xml(run.file_id.raw, "pain.008.001.08")
        self.assertEqual(self._texts(run, "MndtId"), ["MDT-A", "MDT-B"])
        self.assertEqual(self._texts(run, "DtOfSgntr"), ["2026-01-15"] * 2)
        self.assertEqual(self._texts(run, "InstdAmt"), ["88.00"] * 2)
        self.assertEqual(self._texts(run, "SeqTp"), ["FRST"])
        self.assertEqual(self._texts(run, "LclInstrm"), [None])
        self.assertEqual(self._texts(run, "ReqdColltnDt"), ["2026-04-07"])
        self.assertEqual(
            self._texts(run, "EndToEndId"),
            sorted(run.debit_ids.mapped("end_to_end_id")),
        )
        self.assertEqual(self._texts(run, "PmtInfId"), [f"{run.name}-FRST"])
        self.assertIn(CREDITOR, self._texts(run, "Id"))
        self.assertIn("CORE", self._texts(run, "Cd"))

    def test_the_older_version_needs_the_bank_of_the_creditor(self):
        self.bank.marketplace_pain_schema = "pain.001.001.03"
        run = self._approved()
        with (
            self.assertRaisesRegex(MarketplaceError, "needs the bank"),
            self.cr.savepoint(),
        ):
            run.with_user(self.preparer).action_send()
        bank = self.env["res.bank"].create({"name": "Bank", "bic": "BNPAFRPPXXX"})
        self.bank.bank_account_id.bank_id = bank
        run.with_user(self.preparer).action_send()
        try_valid_xml(run.file_id.raw, "pain.008.001.02")

    def test_business_mandates_have_a_file_of_their_own(self):
        self._mandate(self.b, "MDT-B", scheme="B2B")
        runs = self._collect(self.debts)
        self.assertEqual(sorted(runs.mapped("scheme")), ["B2B", "CORE"])
        runs.with_user(self.approver).action_approve()
        runs.with_user(self.preparer).action_send()
        business = runs.filtered(lambda run: run.scheme == "B2B")
        try_valid_xml(business.file_id.raw, "pain.008.001.08")
        self.assertIn("B2B", self._texts(business, "Cd"))
        private = self._create_vendor("Colette")
        private.vendor_kind = "private"
        with self.assertRaisesRegex(MarketplaceError, "private person"):
            self._mandate(private, "MDT-P", scheme="B2B")

    # -- four eyes, rights, changes ---------------------------------------------------

    def test_who_prepared_does_not_approve(self):
        run = self._collect()
        with self.assertRaises(AccessError):
            run.with_user(self.accountant).action_approve()
        run.sudo().prepared_by_id = self.approver
        with self.assertRaisesRegex(MarketplaceError, "somebody else"):
            run.with_user(self.approver).action_approve()
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            run.with_user(self.preparer).action_send()
        for user in (self.viewer, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                self.mandate.with_user(user).read(["reference"])
            with self.assertRaises(AccessError):
                self.debt.with_user(user).action_collect()
        account = self.a.payout_bank_account_id.with_user(self.viewer)
        with self.assertRaises(AccessError):
            account.read(["debit_mandate_ids"])
        with self.assertRaises(AccessError):
            self.debt.with_user(self.viewer).read(["debit_ids"])

    def test_what_changed_since_the_approval_is_approved_again(self):
        run = self._approved()
        self._sell([(self._create_offer(self.a, 10.0), 1)], "2026-03-20", "2026-03-21")
        run.with_user(self.preparer).action_send()
        self.assertEqual((run.state, run.approved_by_id.id), ("draft", False))
        self.assertEqual(f"{run.debit_ids.amount:.2f}", "78.00")
        self.assertFalse(run.file_id)
        run.with_user(self.approver).action_approve()
        self.mandate.with_user(self.accountant).action_revoke()
        run.with_user(self.preparer).action_send()
        self.assertEqual((run.state, run.debit_ids.state), ("cancelled", "cancelled"))

    def test_a_debt_is_collected_by_one_debit_at_a_time(self):
        run = self._collect()
        with self.assertRaisesRegex(MarketplaceError, "on its way"):
            self._collect()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            with self.cr.savepoint():
                run.debit_ids.sudo().copy({"end_to_end_id": "X", "run_id": run.id})
        with self.assertRaisesRegex(MarketplaceError, "collects it"):
            self.debt.with_user(self.accountant).sudo()._request_write_off("Gone")
        run.with_user(self.accountant).action_cancel()
        self.assertEqual(self._collect().state, "draft")

    def test_the_bank_takes_the_file_in_time_only(self):
        run = self._approved()
        with freeze_time("2026-04-03 10:00:00"):
            with self.assertRaisesRegex(MarketplaceError, "until"):
                run.with_user(self.preparer).action_send()
        with freeze_time("2026-04-02 10:00:00"):
            run.with_user(self.preparer).action_send()
        self.assertEqual(run.state, "sent")

    def test_what_cannot_be_collected_is_named(self):
        with self.assertRaisesRegex(MarketplaceError, "Basalte: no mandate"):
            self._collect(self._debt_of(self.b))
        run = self._collect(self.debts)
        self.assertEqual(run.debit_ids.debt_id, self.debt)
        self.assertIn("no mandate", run.message_ids[0].body)
        run.with_user(self.accountant).action_cancel()
        self.company.marketplace_creditor_ref = False
        with self.assertRaisesRegex(MarketplaceError, "creditor identifier"):
            self._collect()
        with self.assertRaisesRegex(MarketplaceError, "check digits"):
            self.company.marketplace_creditor_ref = "FR73ZZZ123456"

    def test_a_mandate_lapses_after_36_months(self):
        self.mandate.date_signed = "2023-03-19"
        with self.assertRaisesRegex(MarketplaceError, "36 months"):
            self._collect()

    def test_a_used_mandate_does_not_change(self):
        self._collect()
        with self.assertRaisesRegex(MarketplaceError, "does not change"):
            self.mandate.date_signed = "2026-01-16"
        with self.assertRaisesRegex(MarketplaceError, "kept for its proof"):
            self.mandate.unlink()
        with self.assertRaisesRegex(MarketplaceError, "35 letters"):
            self._mandate(self.b, "MANDAT Nº 1")

    # -- answers of the bank ----------------------------------------------------------

    def _assert_restored_once(self, run, state):
        self.assertEqual(run.debit_ids.state, state)
        self.assertEqual(run.state, "closed")
        self.assertEqual((self.debt.state, self.debt.amount_open), ("open", 88.0))
        self.assertBalances(self.a, due=-88, paid=88)
        self.assertTiedOut()

    def test_a_return_opens_the_debt_again_and_restores_the_ledger_once(self):
        """MD06: collected, then the vendor asks for the money back; 5.00 of charges."""
        run = self._sent()
        reference = run.debit_ids.end_to_end_id
        self._import_message(camt053(entry(reference, "88.00", "2026-04-07", True)))
        self.assertEqual(self.debt.state, "recovered")
        back = entry(reference, "93.00", "2026-04-14", reason="MD06", fee="5.00")
        message = self._import_message(camt053(back, number="S2"))
        self.assertEqual(message.line_ids.outcome, "applied")
        self._assert_restored_once(run, "returned")
        self.assertMove(
            self._lines("debit_returned").move_id,
            [("VENDOR_DUE", self.a, 88, 0), ("BANK", self.a, 0, 88)],
        )
        fee = self._lines("debit_fee")
        self.assertEqual(f"{fee.amount:.2f}", "5.00")
        self.assertIn("asked his bank", run.debit_ids.failure_cause)
        self.assertTrue(self.debt.activity_ids)
        self.assertEqual(self.mandate.state, "active")
        # told again, by another message and by a status report
        again = self._import_message(camt053(back, number="S3"))
        self.assertEqual(again.line_ids.outcome, "known")
        self._import_message(pain002(run.name, [(reference, "RJCT", "MD06")]))
        self._assert_restored_once(run, "returned")
        self.assertEqual(len(self._lines("debit_returned")), 1)

    def test_a_refusal_before_the_day_moves_no_money(self):
        """AM04 by status report, and the next debit is still the first one."""
        run = self._sent()
        reference = run.debit_ids.end_to_end_id
        self._import_message(pain002(run.name, [(reference, "RJCT", "AM04")]))
        self._assert_restored_once(run, "failed")
        self.assertFalse(self._lines("debit_collected"))
        self.assertIn("enough money", run.debit_ids.failure_cause)
        again = self._sent()
        self.assertEqual(again.debit_ids.sequence_type, "FRST")

    def test_the_answers_come_in_any_order(self):
        """Return first, then the refusal, then the collection: restored once."""
        run = self._sent()
        reference = run.debit_ids.end_to_end_id
        messages = [
            camt053(entry(reference, "88.00", "2026-04-08", reason="AM04"), number="1"),
            pain002(run.name, [(reference, "RJCT", "AM04")], number="2"),
            camt053(entry(reference, "88.00", "2026-04-07", True), number="3"),
        ]
        for content in messages:
            self._import_message(content)
            self._assert_restored_once(run, "returned")
        self.assertEqual(len(self._lines("debit_collected")), 1)
        self.assertEqual(len(self._lines("debit_returned")), 1)

    def test_a_refusal_then_booked_and_taken_back_ends_where_it_began(self):
        run = self._sent()
        reference = run.debit_ids.end_to_end_id
        self._import_message(pain002(run.name, [(reference, "RJCT", "AM04")]))
        self._import_message(
            camt053(entry(reference, "88.00", "2026-04-07", True), number="2")
        )
        self.assertBalances(self.a, paid=88)
        self._import_message(
            camt053(entry(reference, "88.00", "2026-04-08", reason="AM04"), number="3")
        )
        self._assert_restored_once(run, "returned")

    def test_a_closed_account_ends_its_mandate_and_the_next_is_recurrent(self):
        run = self._sent()
        run.with_user(self.accountant).action_collected()
        self.assertEqual(self.debt.state, "recovered")
        self._answer(run.debit_ids, what="returned", code="ac04")
        self._assert_restored_once(run, "returned")
        self.assertEqual(self.mandate.state, "revoked")
        with self.assertRaisesRegex(MarketplaceError, "no mandate"):
            self._collect()
        mandate = self._mandate(self.a, "MDT-A2")
        self._sent().with_user(self.accountant).action_collected()
        self.assertTrue(mandate._used_debits())
        with freeze_time("2026-04-20 10:00:00"):
            self._answer(mandate.debit_ids, what="returned", code="AM04")
            self.assertEqual(self._sent().debit_ids.sequence_type, "RCUR")

    def _answer(self, debit, **vals):
        self.env["marketplace.debit.answer"].with_user(self.accountant).create(
            {"debit_id": debit.id, **vals}
        ).action_apply()

    def test_a_return_after_another_debt_opened_is_followed_there(self):
        run = self._sent()
        run.with_user(self.accountant).action_collected()
        self.env.flush_all()
        other = self.env["marketplace.debt"]._create_cases(
            [
                {
                    "vendor_id": self.a.id,
                    "company_id": self.company.id,
                    "currency_id": self.currency.id,
                    "date_since": "2026-03-19",
                    "amount_start": 1.0,
                    "amount_open": 1.0,
                }
            ]
        )
        self._answer(run.debit_ids, what="returned", code="MD06")
        self.assertEqual(self.debt.state, "recovered")
        self.assertEqual((other.state, other.amount_open), ("open", 88.0))

    def test_other_amounts_and_unsent_debits_are_problems_in_words(self):
        run = self._approved()
        reference = run.debit_ids.end_to_end_id
        early = self._import_message(
            camt053(entry(reference, "88.00", "2026-04-07", True), number="1")
        )
        self.assertIn("never sent", early.line_ids.problem)
        run.with_user(self.preparer).action_send()
        other = self._import_message(
            camt053(entry(reference, "80.00", "2026-04-07", True), number="2")
        )
        self.assertIn("Nothing was changed", other.line_ids.problem)
        self.assertEqual(run.debit_ids.state, "sent")

    def test_one_credit_for_the_whole_batch_collects_all(self):
        self._mandate(self.b, "MDT-B")
        run = self._sent(self.debts)
        credit = (
            '<Ntry><Amt Ccy="EUR">176.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
            "<Sts>BOOK</Sts><BookgDt><Dt>2026-04-07</Dt></BookgDt>"
            f"<NtryDtls><Btch><PmtInfId>{run.name}-FRST</PmtInfId></Btch></NtryDtls>"
            "</Ntry>"
        )
        message = self._import_message(camt053(credit))
        self.assertEqual(message.line_ids.outcome, "applied")
        self.assertEqual(set(run.debit_ids.mapped("state")), {"collected"})
        self.assertTiedOut()
        stranger = credit.replace(f"{run.name}-FRST", "SOMEBODY")
        self.assertFalse(self._import_message(camt053(stranger, number="2")).line_ids)

    def test_the_vendor_sees_what_will_be_collected(self):
        self._approved()
        html = self.env["ir.qweb"]._render(
            "marketplace_payout.portal_balances_debt",
            {"vendor": self.a},
        )
        text = " ".join(html_to_inner_content(str(html)).split())
        self.assertIn("we collect", text)
        self.assertIn("MDT-A", text)

    def test_download_is_the_file(self):
        run = self._sent()
        self.assertIn(str(run.file_id.id), run.action_download_file()["url"])
        self.assertTrue(base64.b64decode(run.file_id.datas).startswith(b"<?xml"))
