from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools.mail import html_to_inner_content

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDebt(PayoutCommon):
    """A vendor paid 88.00 refunds the sale: he owes 88.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.second = new_test_user(
            cls.env, "accountant2", groups="marketplace_base.group_accountant"
        )
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        group = cls._sell([(cls.offer, 1)], "2026-03-02", "2026-03-05")
        cls._settle("2026-03-10", cls.vendor)
        with freeze_time("2026-03-11 10:00:00"):
            cls._pay("2026-03-11", cls.vendor)
        cls._refund(
            group, [(group.sale_order_ids.order_line, 1, None)], date="2026-03-12"
        )
        cls._settle("2026-03-20", cls.vendor)
        cls.case = cls.env["marketplace.debt"].search(
            [("vendor_id", "=", cls.vendor.id)]
        )

    def _wizard(self, operation, user=None, **vals):
        return (
            self.env["marketplace.debt.wizard"]
            .with_user(user or self.accountant)
            .create({"debt_id": self.case.id, "operation": operation, **vals})
            .action_apply()
        )

    def _job(self, day):
        with (
            freeze_time(f"{day} 06:00:00"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.env["marketplace.debt"]._cron_follow()

    def _mails(self):
        return self.env["mail.mail"].search_count(
            [("model", "=", "marketplace.debt"), ("res_id", "=", self.case.id)]
        )

    def _entry(self, event):
        return self.Ledger.search(
            [("vendor_id", "=", self.vendor.id), ("event", "=", event)]
        ).move_id

    def test_whole_life_of_one_case(self):
        """Opened, aged, reminded, set off, claimed, paid in part, impaired, lost."""
        case, vendor = self.case, self.vendor
        self.assertEqual((case.state, f"{case.amount_open:.2f}"), ("open", "88.00"))
        self.assertEqual(str(case.date_since), "2026-03-20")
        # reminded once an age
        self._job("2026-03-26")
        self.assertEqual(case.reminder_level, 0)
        for day, level, age in (
            ("2026-03-27", 1, "0_30"),
            ("2026-03-28", 1, "0_30"),
            ("2026-04-20", 2, "31_60"),
            ("2026-05-25", 3, "61_90"),
        ):
            self._job(day)
            self.assertEqual((case.reminder_level, case.age), (level, age))
        self.assertEqual(self._mails(), 3)
        with freeze_time("2026-06-01 09:00:00"):
            # the next sale is set off by the settlement: 44.00 less
            self._sell(
                [(self._create_offer(vendor, 50.0), 1)], "2026-05-26", "2026-05-27"
            )
            settlement = self._settle("2026-05-31", vendor)
            self.assertSettled(settlement, -88, 44, 0, -44)
            self.assertEqual(f"{case.amount_open:.2f}", "44.00")
            # claimed: a document, no entry
            moves = self.env["account.move"].search_count([])
            case.with_user(self.accountant).action_claim()
            self.assertEqual(self.env["account.move"].search_count([]), moves)
            self.assertEqual(str(case.date_due), "2026-07-01")
            self.assertEqual(self._mails(), 4)
            # instalments
            self._wizard("plan", date="2026-06-15", parts=4)
            self.assertEqual(
                [f"{part.amount:.2f}" for part in case.instalment_ids], ["11.00"] * 4
            )
            # a payment covers the oldest parts
            self._wizard("payment", amount=14.0, date="2026-06-10", reference="VIR 1")
            self.assertEqual(f"{case.amount_open:.2f}", "30.00")
            self.assertEqual(
                [f"{part.amount_paid:.2f}" for part in case.instalment_ids],
                ["11.00", "3.00", "0.00", "0.00"],
            )
            self.assertMove(
                self._entry("debt_payment"),
                [("BANK", vendor, 14, 0), ("VENDOR_DUE", vendor, 0, 14)],
            )
            with self.assertRaisesRegex(MarketplaceError, "recorded on"):
                self._wizard(
                    "payment", amount=14.0, date="2026-06-10", reference="VIR 1"
                )
        with freeze_time("2026-07-20 09:00:00"):
            case.instalment_ids.invalidate_recordset(["is_late"])
            self.assertEqual(
                case.instalment_ids.filtered("is_late"), case.instalment_ids[1]
            )
            # impaired at closing
            self._wizard("impairment", amount=30.0, date="2026-06-30")
            self.assertMove(
                self._entry("impairment"),
                [("IMPAIRMENT_COST", None, 30, 0), ("IMPAIRMENT", vendor, 0, 30)],
            )
            # lost, with four eyes
            self._wizard("write_off", reason="Liquidated")
            self.assertEqual(case.state, "requested")
            with self.assertRaisesRegex(MarketplaceError, "somebody else"):
                case.with_user(self.accountant).action_approve_write_off()
            case.with_user(self.second).action_approve_write_off()
            self.assertEqual(case.state, "written_off")
            self.assertMove(
                self._entry("write_off"),
                [("BAD_DEBT", None, 30, 0), ("VENDOR_DUE", vendor, 0, 30)],
            )
            self.assertMove(
                self._entry("impairment_back"),
                [("IMPAIRMENT", vendor, 30, 0), ("IMPAIRMENT_BACK", None, 0, 30)],
            )
            self.assertBalances(vendor, in_payment=88)
            last = self._settle("2026-07-20", vendor)
            self.assertSettled(last, -44, 44, 0, 0)
            self.assertEqual(
                {row["label"] for row in last._statement_rows()},
                {"Debt paid by the vendor", "Vendor debt written off"},
            )
        self.assertTiedOut()

    def test_debit_note_says_what_was_set_off_and_where_to_pay(self):
        bank = self.company._marketplace_account("BANK")
        journal = self.env["account.journal"].search(
            [("default_account_id", "=", bank.id), ("type", "=", "bank")], limit=1
        )
        account = journal.bank_account_id
        self._wizard("payment", amount=14.0, date="2026-03-25", reference="VIR 9")
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.accountant)
            ._render_qweb_html("marketplace_payout.report_debt", self.case.ids)
        )
        text = " ".join(html_to_inner_content(html.decode()).split())
        self.assertIn("Paid or set off since", text)
        self.assertIn("74.00", text)
        self.assertTrue(account.acc_number)
        self.assertIn(account.acc_number, text)

    def test_sales_recover_the_debt_by_themselves(self):
        self._sell([(self.offer, 1)], "2026-03-22", "2026-03-24")
        self._settle("2026-03-31", self.vendor)
        self.assertEqual(self.case.state, "recovered")
        self.assertFalse(self.case.amount_open)

    def test_a_second_negative_statement_opens_no_second_case(self):
        group = self._sell([(self.offer, 1)], "2026-03-22", "2026-03-24")
        line = group.sale_order_ids.order_line
        self._settle("2026-03-25", self.vendor)
        self._refund(group, [(line, 1, None)], date="2026-03-26")
        self._settle("2026-03-31", self.vendor)
        cases = self.env["marketplace.debt"].search(
            [("vendor_id", "=", self.vendor.id)]
        )
        self.assertEqual(sorted(cases.mapped("state")), ["open", "recovered"])

    def test_reserve_covers_the_debt_when_decided(self):
        self.vendor.vendor_contract_ids.write(
            {"reserve_kind": "fixed", "reserve_target": 60}
        )
        self._sell([(self.offer, 2)], "2026-03-22", "2026-03-24")
        settlement = self._settle("2026-03-31", self.vendor)
        self.assertEqual(f"{settlement.amount_reserved:.2f}", "60.00")
        self.assertEqual(self.case.state, "recovered")
        with freeze_time("2026-04-01 09:00:00"):
            self._pay("2026-04-01", self.vendor)
        group = settlement.ledger_line_ids.sale_order_id
        line = group.order_line.filtered("product_id")[:1]
        self._refund(
            line.order_id.marketplace_order_id, [(line, 1, None)], date="2026-04-02"
        )
        self.vendor.vendor_contract_ids.reserve_kind = "none"
        self._settle("2026-04-10", self.vendor)
        case = self.env["marketplace.debt"].search(
            [("vendor_id", "=", self.vendor.id), ("state", "=", "open")]
        )
        case.with_user(self.accountant).action_use_reserve()
        self.assertEqual(f"{case.amount_open:.2f}", "28.00")
        self.assertBalances(self.vendor, due=-28, in_payment=116)
        self.assertTiedOut()

    def test_only_accountants_act(self):
        with self.assertRaises(AccessError):
            self.case.with_user(self.viewer).action_claim()
        with self.assertRaises(AccessError):
            self._wizard("impairment", user=self.viewer, amount=1)

    def test_a_refused_write_off_leaves_the_case_open(self):
        self._wizard("write_off", reason="Too small")
        self.case.with_user(self.second).action_refuse_write_off()
        self.assertEqual(self.case.state, "open")
        with self.assertRaisesRegex(MarketplaceError, "more than zero"):
            self._wizard(
                "payment", amount=100, date=fields.Date.today(), reference="TOO MUCH"
            )

    def test_credit_never_claimed_becomes_an_income_with_four_eyes(self):
        vendor = self._create_vendor("Brasserie Basalte", iban=False)
        self._sell([(self._create_offer(vendor, 100.0), 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", vendor)
        self._job("2031-03-09")
        Debt = self.env["marketplace.debt"]
        self.assertFalse(Debt.search([("vendor_id", "=", vendor.id)]))
        self._job("2031-03-12")
        self._job("2031-03-13")
        self.case = Debt.search([("vendor_id", "=", vendor.id)])
        self.assertEqual((len(self.case), self.case.kind), (1, "credit"))
        with freeze_time("2031-03-13 09:00:00"):
            self._wizard("write_off", reason="Not found, prescribed")
            self.case.with_user(self.second).action_approve_write_off()
        self.assertMove(
            self.Ledger.search(
                [("vendor_id", "=", vendor.id), ("event", "=", "unclaimed")]
            ).move_id,
            [("VENDOR_DUE", vendor, 88, 0), ("UNCLAIMED_INCOME", None, 0, 88)],
        )
        with freeze_time("2031-03-21 09:00:00"):
            last = self._settle("2031-03-20", vendor)
        self.assertSettled(last, 88, -88, 0, 0)
        self.assertBalances(vendor)
        self.assertTiedOut()
