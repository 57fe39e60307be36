"""Work queues, mass actions and the account of a vendor in the back office."""

import base64
from datetime import timedelta
from unittest.mock import patch

from lxml.html import fromstring
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestWorkQueue(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "mkp_queue_clerk", groups="marketplace_base.group_order_desk"
        )
        cls.vendor = cls._create_vendor("Queue Vendor")
        cls.offer = cls._create_offer(cls.vendor, 30.0)
        cls.queue = cls.env.ref("marketplace_base.queue_late_shipment")
        cls.queue.user_id = cls.clerk

    def _count(self):
        self.queue.invalidate_recordset()
        return self.queue.item_count, self.queue.late_count

    def test_queue_counts_what_waits_and_what_is_late(self):
        count, late = self._count()
        now = fields.Datetime.now()
        self._import_order([(self.offer, 1)], date=now)
        self._import_order([(self.offer, 1)], date=now - timedelta(days=4))
        self.assertEqual(self._count(), (count + 2, late + 1))
        action = self.queue.action_open()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(len(found), count + 2)

    def test_record_gives_its_owner_one_activity_until_it_is_dealt_with(self):
        """A queue's records are activities with an owner and a day; never twice."""
        order = self._import_order([(self.offer, 1)]).sale_order_ids
        for _time in range(2):
            self.queue._assign()
        activity = order.activity_ids
        self.assertRecordValues(
            activity,
            [
                {
                    "user_id": self.clerk.id,
                    "marketplace_queue_id": self.queue.id,
                    "summary": self.queue.name,
                    "date_deadline": fields.Date.add(
                        order.date_order.date(), days=self.queue.days_max
                    ),
                }
            ],
        )
        self._ship_and_deliver(order)
        self.queue._assign()
        self.assertFalse(order.activity_ids)

    def test_assigning_costs_the_same_queries_for_more_records(self):
        def cost(orders):
            for _number in range(orders):
                self._import_order([(self.offer, 1)])
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.queue._assign()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        cost(2)
        self.assertLessEqual(cost(8), cost(2) + 6)

    def test_job_serves_every_owned_queue(self):
        order = self._import_order([(self.offer, 1)]).sale_order_ids
        with self.enter_registry_test_mode():
            self.env.ref("marketplace_base.ir_cron_assign_work").method_direct_trigger()
        self.assertTrue(order.activity_ids.marketplace_queue_id)

    def test_every_queue_can_be_counted_and_opened(self):
        queues = self.env["marketplace.work.queue"].search([])
        self.assertGreater(len(queues), 7)
        for queue in queues:
            with self.subTest(queue.name):
                action = queue.action_open()
                found = self.env[action["res_model"]].search_count(action["domain"])
                self.assertEqual(found, queue.item_count)

    def test_queue_of_unreadable_records_is_hidden_from_its_figures(self):
        viewer = new_test_user(
            self.env, "mkp_queue_viewer", groups="marketplace_base.group_viewer"
        )
        bank = self.env.ref("marketplace_base.queue_bank_account").with_user(viewer)
        if not bank.is_reachable:
            self.assertFalse(bank.item_count)
        sales = self.queue.with_user(viewer)
        self.assertEqual(
            sales.is_reachable,
            self.env["sale.order"].with_user(viewer).has_access("read"),
        )
        with self.assertRaises(AccessError):
            sales.days_max = 9

    def test_queue_that_cannot_be_counted_is_refused(self):
        for vals in (
            {"date_field": "no_such_field"},
            {"domain": "[('no_such_field', '=', 1)]"},
            {"domain": "__import__('os')"},
        ):
            with (
                self.subTest(vals),
                self.assertRaisesRegex(ValidationError, self.queue.name),
            ):
                self.queue.write(vals)


@tagged("post_install", "-at_install", "marketplace")
class TestMassAction(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "mkp_mass_clerk", groups="marketplace_base.group_catalogue"
        )
        vals = {
            "is_company": True,
            "is_marketplace_vendor": True,
            "country_id": cls.france.id,
        }
        cls.ready, cls.mute, cls.other = cls.env["res.partner"].create(
            [
                {"name": "=Ready", "email": "ready.mass@example.com", **vals},
                {"name": "Mute", **vals},
                {"name": "Other", "email": "other.mass@example.com", **vals},
            ]
        )
        cls.vendors = cls.ready | cls.mute | cls.other
        cls.other._vendor_transition("approved")

    def _wizard(self, records, method):
        model = self.env["marketplace.mass.action"].with_user(self.clerk)
        form = Form(
            model.with_context(active_model=records._name, active_ids=records.ids)
        )
        form.method = method
        return form.save()

    def _outcomes(self, wizard):
        return {line.name: line.outcome for line in wizard.line_ids}

    def _messages(self, wizard):
        return {line.name: line.message for line in wizard.line_ids}

    def test_preview_says_what_applying_does_and_writes_nothing(self):
        users = self.env["res.users"].search_count([])
        mails = self.env["mail.mail"].search_count([])
        wizard = self._wizard(self.vendors, "action_vendor_approve")
        wizard.action_preview()
        expected = {"=Ready": "done", "Mute": "refused", "Other": "unchanged"}
        self.assertEqual(self._outcomes(wizard), expected)
        self.assertEqual(self.ready.vendor_state, "pending")
        self.assertEqual(self.env["res.users"].search_count([]), users)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        previewed = self._messages(wizard)

        wizard.action_apply()
        self.assertEqual(self._outcomes(wizard), expected)
        self.assertEqual(self._messages(wizard), previewed)
        self.assertEqual(self.ready.vendor_state, "approved")
        self.assertEqual(self.mute.vendor_state, "pending")
        self.assertEqual(
            (wizard.done_count, wizard.unchanged_count, wizard.refused_count), (1, 1, 1)
        )

    def test_each_record_says_its_result_and_the_file_too(self):
        wizard = self._wizard(self.vendors, "action_vendor_approve")
        wizard.action_apply()
        refused = wizard.line_ids.filtered(lambda line: line.outcome == "refused")
        self.assertIn("e-mail", refused.message)
        text = base64.b64decode(wizard.file).decode("utf-8-sig")
        self.assertEqual(len(text.splitlines()), 4)
        # A spreadsheet must not run the name of a vendor.
        self.assertIn("'=Ready,", text)

    def test_applied_twice_acts_once(self):
        wizard = self._wizard(self.ready, "action_vendor_approve")
        wizard.action_apply()
        first = wizard.line_ids.message
        wizard.action_apply()
        self.assertEqual(wizard.line_ids.message, first)

    def test_foreign_method_is_refused(self):
        """Only listed methods run, and only on the model they are listed for."""
        wizard = self._wizard(self.ready, "action_vendor_approve")
        wizard.model_name = "marketplace.offer"
        with self.assertRaisesRegex(UserError, "Choose an action"):
            wizard.action_apply()

    def test_rights_of_the_user_hold(self):
        desk = new_test_user(
            self.env, "mkp_mass_desk", groups="marketplace_base.group_order_desk"
        )
        wizard = self._wizard(self.ready, "action_vendor_approve").with_user(desk)
        wizard.action_apply()
        self.assertEqual(self._outcomes(wizard), {"=Ready": "refused"})
        self.assertIn("Catalogue", wizard.line_ids.message)
        self.assertEqual(self.ready.vendor_state, "pending")

    def test_too_many_records_are_refused(self):
        with self.assertRaisesRegex(UserError, "at most"):
            self.env["marketplace.mass.action"].with_context(
                active_model="res.partner", active_ids=list(range(1, 1002))
            ).create({"method": "action_vendor_approve"})


@tagged("post_install", "-at_install", "marketplace")
class TestVendorAccount(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Account Vendor", entitlement_delay_days=0)
        cls.vendor.lang = "en_US"
        offer = cls._create_offer(cls.vendor, 30.0)
        other = cls._create_offer(cls._create_vendor("Somebody Else"), 70.0)
        group = cls._import_order([(offer, 3), (other, 1)], date="2026-03-02 10:00:00")
        order = group.sale_order_ids.filtered(lambda o: o.vendor_id == cls.vendor)
        cls._ship_and_deliver(order, date="2026-03-05")
        line = order.order_line[:1]
        cls._refund(group, [(line, 1, None)], date="2026-03-31")
        cls._import_order([(offer, 1)], date="2026-04-01 10:00:00")

    def _account(self, date_from, date_to):
        return self.env["marketplace.vendor.account"].create(
            {
                "vendor_id": self.vendor.id,
                "date_from": date_from,
                "date_to": date_to,
            }
        )

    def test_account_as_of_any_day_adds_up(self):
        """Opening plus movements is closing, and the last day of the month counts."""
        for day, owed in (
            ("2026-03-01", 0.0),
            ("2026-03-02", 90.0),
            ("2026-03-30", 90.0),
            ("2026-03-31", 60.0),
            ("2026-04-30", 90.0),
        ):
            with self.subTest(day):
                account = self._account("2026-03-01", day)
                self.assertAlmostEqual(account.amount_closing, owed)
                rows = account._rows()
                last = rows[-1]["owed"] if rows else account.amount_opening
                self.assertAlmostEqual(last, account.amount_closing)
        april = self._account("2026-04-01", "2026-04-30")
        self.assertAlmostEqual(april.amount_opening, 60.0)
        self.assertEqual([row["pending"] for row in april._rows()], [30.0])

    def test_account_of_today_is_the_balance_of_the_vendor(self):
        account = self._account("2026-01-01", fields.Date.today())
        self.assertBalances(
            self.vendor, pending=account.amount_pending, due=account.amount_due
        )
        lines = self.Ledger.search(account.action_view_lines()["domain"])
        self.assertEqual(lines.vendor_id, self.vendor)

    def test_account_prints_and_exports_its_movements(self):
        account = self._account("2026-03-01", "2026-03-31")
        account.action_export()
        rows = base64.b64decode(account.file).decode("utf-8-sig").splitlines()
        self.assertEqual(len(rows), 1 + len(account._movements()))
        self.assertTrue(rows[-1].endswith("60.00"), rows[-1])
        report = self.env.ref("marketplace_base.marketplace_vendor_account_report")
        html, _kind = report._render_qweb_html(report.report_name, account.ids)
        self.assertIn(b"Opening balance", html)
        self.assertIn(self.vendor.name.encode(), html)
        self.assertNotIn(b"Somebody Else", html)

    def test_movement_without_order_keeps_its_columns(self):
        """A payout or a commission belongs to no order; its amounts do not move."""
        account = self._account("2026-03-01", "2026-03-31")
        rows = [{**row, "order": False} for row in account._rows()]
        report = self.env.ref("marketplace_base.marketplace_vendor_account_report")
        with patch.object(type(account), "_rows", return_value=rows):
            content, _kind = report._render_qweb_html(report.report_name, account.ids)
        printed = fromstring(content).findall(".//tbody/tr")
        self.assertEqual(
            {len(row) for row in printed if row.get("class") != "balance"}, {7}
        )

    def test_period_must_not_end_before_it_starts(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.cr.savepoint(),
        ):
            self._account("2026-03-02", "2026-03-01")
