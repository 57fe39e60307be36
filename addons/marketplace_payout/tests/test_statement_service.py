import base64
import csv
import io
from datetime import date, timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestExpectedPayout(PayoutCommon):
    """W4: the day said of each line is the day it is paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)

    def _expected(self, line):
        line.invalidate_recordset(["payout_date_expected", "payout_date_reason"])
        return str(line.payout_date_expected or ""), line.payout_date_reason

    def test_dates_are_the_actual_ones_in_a_simulation(self):
        """Over each calendar: what is told on delivery is the day of the transfer."""
        contract = self.vendor.vendor_contract_ids
        day = date(2026, 3, 1)
        for code in ("dekad", "weekly", "half_month", "daily", "monthly"):
            contract.payout_calendar = code
            for _sale in range(2):
                told = str(day)
                with freeze_time(f"{told} 10:00:00"):
                    group = self._sell([(self.offer, 1)], told, told)
                    line = group.sale_order_ids.order_line
                    promised, reason = self._expected(line)
                    self.assertEqual(reason, "due")
                day = date.fromisoformat(promised)
                with freeze_time(f"{promised} 10:00:00"):
                    due = self.Settlement._vendors_to_settle(self.company, day)
                    for cutoff, vendors in due.items():
                        self._settle(cutoff, vendors & self.vendor)
                    self._pay(day, self.vendor)
                    self.assertEqual(self._expected(line), (promised, "paid"), code)
                day += timedelta(days=3)

    @freeze_time("2026-03-12 10:00:00")
    def test_reasons_follow_the_order(self):
        group = self._sell([(self.offer, 1)], "2026-03-02")
        order = group.sale_order_ids
        line = order.order_line
        self.assertEqual(self._expected(line), ("", "ship"))
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, carrier_name="Colissimo", tracking_ref="6A1"
        )
        shipment.action_ship()
        # assumed delivered seven days later, on the 19th
        self.assertEqual(self._expected(line), ("2026-03-23", "way"))
        shipment.action_deliver(date=fields.Date.to_date("2026-03-12"))
        self.assertEqual(self._expected(line), ("2026-03-23", "due"))
        self.vendor.vendor_contract_ids.payout_calendar = "monthly"
        self.assertEqual(self._expected(line), ("2026-04-01", "due"))
        incident = self.env["marketplace.incident"].create(
            {"sale_line_id": line.id, "reason_code": "not_received"}
        )
        self.assertEqual(self._expected(line), ("", "incident"))
        incident.action_release()
        self.vendor.write({"payout_hold": True, "payout_hold_reason": "Check"})
        self.assertEqual(self._expected(line)[1], "blocked")
        self.vendor.payout_hold = False
        self.vendor.vendor_contract_ids.payout_calendar = "manual"
        other = self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self.assertEqual(
            self._expected(other.sale_order_ids.order_line), ("", "manual")
        )


@freeze_time("2026-03-12 10:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestStatementQuestion(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls._sell([(cls.offer, 1)], "2026-03-02", "2026-03-05")
        cls.settlement = cls._settle("2026-03-10", cls.vendor)
        cls.user = cls.vendor.user_ids
        cls.row = cls.settlement._statement_rows()[0]

    def test_asked_in_the_portal_with_a_file_and_answered(self):
        self.authenticate(self.user.login, self.user.login)
        url = f"/my/marketplace/statements/{self.settlement.id}"
        self.assertIn("/question/1", self.url_open(url).text)
        response = self.url_open(
            f"{url}/question/1",
            data={
                "csrf_token": Request.csrf_token(self),
                "reason": "amount",
                "note": "I sold for 110.00",
            },
            files={"file": ("proof.pdf", b"%PDF-1.4 proof", "application/pdf")},
        )
        self.assertEqual(response.status_code, 200)
        question = self.settlement.question_ids
        self.assertEqual((question.state, question.file_name), ("open", "proof.pdf"))
        self.assertEqual(base64.b64decode(question.file), b"%PDF-1.4 proof")
        self.assertEqual(str(question.date_deadline), "2026-03-23")
        queue = self.env.ref("marketplace_payout.queue_statement_question")
        self.assertIn(
            question,
            self.env[queue.model_name].search(queue._item_domain()),
        )
        asked = question.with_user(self.accountant)
        with self.assertRaisesRegex(MarketplaceError, "Type the answer"):
            asked.action_refuse()
        asked.answer = "The price on the day was 100.00."
        asked.action_refuse()
        self.assertEqual(question.state, "refused")
        self.assertEqual(
            self.env["mail.mail"].search_count(
                [("model", "=", question._name), ("res_id", "=", question.id)]
            ),
            1,
        )
        self.assertIn("The price on the day", self.url_open(url).text)

    def test_asked_once_at_a_time_and_the_statement_stays(self):
        figures = self.settlement.amount_payout
        ask = self.settlement._ask_about
        ask(self.row, "amount", "Wrong", self.user)
        with self.assertRaisesRegex(MarketplaceError, "already"):
            ask(self.row, "amount", "Wrong", self.user)
        with self.assertRaisesRegex(MarketplaceError, "Choose a reason"):
            ask(self.row, "nonsense", "Wrong", self.user)
        self.assertEqual(self.settlement.amount_payout, figures)

    def test_what_is_credited_shows_on_the_next_statement(self):
        question = self.settlement._ask_about(
            self.row, "amount", "10.00 are missing", self.user
        ).with_user(self.accountant)
        question.write({"answer": "Indeed.", "amount_credit": 10.0})
        question.action_accept()
        question.action_accept()
        with freeze_time("2026-03-21 10:00:00"):
            later = self._settle("2026-03-20", self.vendor)
        self.assertSettled(later, 0, 10, 10, 0)
        self.assertEqual(
            later._statement_rows()[0]["label"], "Correction of a statement"
        )
        self.assertTiedOut()

    def test_a_wrong_file_or_line_is_refused(self):
        self.authenticate(self.user.login, self.user.login)
        url = f"/my/marketplace/statements/{self.settlement.id}/question"
        self.assertEqual(self.url_open(f"{url}/99").status_code, 404)
        response = self.url_open(
            f"{url}/1",
            data={
                "csrf_token": Request.csrf_token(self),
                "reason": "amount",
                "note": "See",
            },
            files={"file": ("x.sh", b"#!/bin/sh\n", "text/plain")},
        )
        self.assertEqual(response.status_code, 422)
        self.assertFalse(self.settlement.question_ids)


@freeze_time("2026-03-22 10:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestAccountingExport(PayoutCommon, HttpCase):
    def test_month_balances_and_meets_the_bank(self):
        """Sales, VAT, commission and payout balance; the bank item is the transfer."""
        self.company.marketplace_bank_cooling_hours = 0
        vendor = self._create_vendor(
            "Atelier Amande", reserve_kind="rolling", reserve_rate=0.1
        )
        offer = self._create_offer(vendor, 33.33)
        group = self._sell([(offer, 3)], "2026-03-02", "2026-03-05")
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-06")
        settlement = self._settle("2026-03-20", vendor)
        run = self._pay("2026-03-22", vendor)
        user = vendor.user_ids
        self.authenticate(user.login, user.login)
        response = self.url_open("/my/marketplace/statements/accounting?month=2026-03")
        self.assertIn("accounting-2026-03.csv", response.headers["Content-Disposition"])
        rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
        self.assertTrue(rows)
        totals, entries = {}, {}
        for row in rows:
            balance = self._minor(row["Debit"]) - self._minor(row["Credit"])
            totals[row["CompteNum"]] = totals.get(row["CompteNum"], 0) + balance
            number = row["EcritureNum"]
            entries[number] = entries.get(number, 0) + balance
        self.assertEqual(set(entries.values()), {0})
        self.assertEqual(totals["512000"], self._minor(settlement.amount_payout))
        self.assertEqual(totals["275000"], self._minor(settlement.amount_reserved))
        self.assertEqual(totals["467800"], 0, "all is paid or in reserve")
        self.assertEqual(totals["707000"] + totals["445710"], -6666)
        invoice = settlement.invoice_ids
        self.assertEqual(totals["622200"], self._minor(invoice.amount_untaxed))
        self.assertEqual(totals["445660"], self._minor(invoice.amount_tax))
        bank = [row for row in rows if row["CompteNum"] == "512000"]
        self.assertEqual(bank[0]["PieceRef"], run.sudo().payout_ids.end_to_end_id)


@freeze_time("2026-03-12 10:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestPayoutAdvice(PayoutCommon):
    def test_advice_in_the_language_of_the_vendor_with_the_text_of_the_bank(self):
        """Y18: reference and text are those of the file, once, in French here."""
        self.company.marketplace_bank_cooling_hours = 0
        vendor = self._create_vendor("Atelier Amande")
        self.env["res.lang"]._activate_lang("fr_FR")
        vendor.lang = "fr_FR"
        template = self.env.ref("marketplace_payout.mail_template_payout_advice")
        template.with_context(
            lang="fr_FR"
        ).subject = "Virement {{ object.end_to_end_id }}"
        offer = self._create_offer(vendor, 100.0)
        self._sell([(offer, 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", vendor)
        run = self._pay("2026-03-12", vendor).sudo()
        payout = run.payout_ids
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            payout._cron_advise()
            payout._cron_advise()
        mail = self.env["mail.mail"].search(
            [("model", "=", "marketplace.payout"), ("res_id", "=", payout.id)]
        )
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.subject, f"Virement {payout.end_to_end_id}")
        root = etree.fromstring(run.file_id.raw)
        for tag in ("EndToEndId", "Ustrd"):
            [text] = root.xpath(f"//*[local-name() = '{tag}']/text()")
            self.assertIn(text, mail.body_html)
