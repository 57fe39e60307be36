from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutRunCommon


class CloseCommon(PayoutRunCommon):
    """Sell in March 2026, settle on the 10th; it is April."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Close = cls.env["marketplace.close"].with_user(cls.accountant)

    @classmethod
    def _open_month(cls, day="2026-03-01"):
        return cls.Close.create({"company_id": cls.company.id, "date_start": day})

    def _check(self, close, code):
        return close.check_ids.filtered(lambda check: check.code == code)

    def _waive(self, check, reason="Known, comes with the next report"):
        action = check.action_waive()
        self.env["marketplace.close.reason"].with_user(self.accountant).with_context(
            **action["context"]
        ).create({"reason": reason}).action_apply()

    def _reopen(self, close, reason="A report came late"):
        action = close.action_reopen()
        self.env["marketplace.close.reason"].with_user(self.accountant).with_context(
            **action["context"]
        ).create({"reason": reason}).action_apply()

    def _report_html(self, close):
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "marketplace_payout.marketplace_close_report", close.ids
        )
        return html.decode()


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-04-05 10:00:00")
class TestClose(CloseCommon):
    def _psp_report(self):
        return self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "reference": "PF-0331",
                "date": "2026-03-31",
                "amount_gross": 100.0,
                "amount_fee": 1.5,
            }
        )

    # -- closing --------------------------------------------------------------------

    def test_a_clean_month_closes(self):
        """It keeps figures, moves the lock dates, files a report and signs it."""
        close = self._open_month()
        self.assertEqual(close.name, "2026-03")
        self.assertFalse(
            close.check_ids.filtered(
                lambda check: check.is_blocking and check.state != "ok"
            ).mapped(lambda check: (check.code, check.details))
        )
        close.action_close()
        self.assertEqual(close.state, "closed")
        self.assertEqual(close.closed_by_id, self.accountant)
        end = fields.Date.to_date("2026-03-31")
        self.assertEqual(self.company.fiscalyear_lock_date, end)
        self.assertEqual(self.company.sale_lock_date, end)
        due = close.figure_ids.filtered(lambda figure: figure.role == "VENDOR_DUE")
        # 2 x 100.00 sold, 2 x 12.00 of commission netted
        self.assertEqual((due.amount_ledger, due.amount_books), (-176.0, -176.0))
        commission = close.figure_ids.filtered(lambda f: f.role == "COMMISSION")
        self.assertEqual(commission.amount_period, -20.0)
        self.assertEqual(close.event_ids.mapped("kind"), ["closed"])
        report = close.message_ids.attachment_ids
        self.assertEqual(report.mapped("name"), ["Close 2026-03.pdf"])
        self.assertIn(self.accountant.name, self._report_html(close))
        close.action_close()
        self.assertEqual(len(close.event_ids), 1, "closing twice is closing once")

    def test_locks_follow_the_setting(self):
        self.company.marketplace_close_lock = "sale"
        close = self._open_month()
        close.action_close()
        self.assertFalse(self.company.fiscalyear_lock_date)
        self.assertEqual(self.company.sale_lock_date, fields.Date.to_date("2026-03-31"))

    def test_one_unmatched_psp_report_blocks_until_waived(self):
        report = self._psp_report()
        close = self._open_month()
        check = self._check(close, "psp_report")
        self.assertEqual((check.count, check.amount), (1, 98.5))
        self.assertEqual(check.age_days, 5)
        self.assertEqual(
            check.action_open_records()["domain"], [["id", "in", report.ids]]
        )
        with self.assertRaisesRegex(MarketplaceError, "PSP reports matched"):
            close.action_close()
        self._waive(check, "Announced for the 12th")
        close.action_close()
        self.assertEqual(close.state, "closed")
        html = self._report_html(close)
        self.assertIn("Announced for the 12th", html)
        self.assertEqual(check.waived_by_id, self.accountant)

    def test_a_waiver_covers_what_was_seen_only(self):
        self._psp_report()
        close = self._open_month()
        self._waive(self._check(close, "psp_report"))
        self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "reference": "PF-0330",
                "date": "2026-03-30",
                "amount_gross": 10.0,
            }
        )
        with self.assertRaisesRegex(MarketplaceError, "PSP reports matched"):
            close.action_close()
        close.action_refresh()
        self.assertEqual(self._check(close, "psp_report").state, "open")
        self.assertIn("waiver_void", close.event_ids.mapped("kind"))

    def test_a_cent_written_by_sql_blocks_and_is_named(self):
        """The journal item is named, and the vendor."""
        close = self._open_month()
        line = self.Ledger.search(
            [("vendor_id", "=", self.a.id), ("event", "=", "entitlement")], limit=1
        )
        item = line.credit_move_line_id
        self.env.flush_all()
        self.cr.execute(
            "UPDATE account_move_line SET amount_currency = amount_currency - 0.01"
            " WHERE id = %s",
            [item.id],
        )
        self.env.invalidate_all()
        with self.assertRaises(MarketplaceError) as caught:
            close.action_close()
        self.assertIn(item.move_name, str(caught.exception))
        self.assertIn("Atelier Amande", str(caught.exception))
        self.assertEqual(close.state, "open")

    def test_a_statement_off_by_a_cent_blocks_and_is_named(self):
        close = self._open_month()
        settlement = self.settlements.filtered(lambda s: s.vendor_id == self.a)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE marketplace_settlement SET amount_movements ="
            " amount_movements + 0.01, amount_payout = amount_payout + 0.01"
            " WHERE id = %s",
            [settlement.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(MarketplaceError, settlement.name):
            close.action_close()
        self.assertIn(
            settlement.name, self.env["marketplace.health"]._report(self.company)
        )

    def test_a_ledger_line_not_posted_blocks(self):
        self.company.marketplace_posting_mode = "day_vendor"
        self._sell([(self.offers[0], 1)], "2026-03-20")
        close = self._open_month()
        self.assertEqual(self._check(close, "unposted").count, 1)
        with self.assertRaisesRegex(MarketplaceError, "Ledger lines posted"):
            close.action_close()

    def test_a_missing_account_blocks(self):
        close = self._open_month()
        self.company.marketplace_role_ids.filtered(
            lambda role: role.code == "BAD_DEBT"
        ).unlink()
        with self.assertRaisesRegex(MarketplaceError, "Vendor debts written off"):
            close.action_close()

    def test_warnings_do_not_block(self):
        """Unpaid settlements and parcels on their way are shown, with their age."""
        self._sell([(self.offers[0], 1)], "2026-03-03")
        group = self._sell([(self.offers[1], 1)], "2026-03-04")
        parcel = self.env["marketplace.shipment"]._create_for_order(
            group.sale_order_ids, carrier_name="Colissimo", tracking_ref="6A1"
        )
        with freeze_time("2026-03-05 10:00:00"):
            parcel.action_ship()
        close = self._open_month()
        self.assertEqual(self._check(close, "undelivered").count, 1)
        self.assertEqual(self._check(close, "undelivered").age_days, 31)
        self.assertEqual(self._check(close, "settlement").amount, 176.0)
        close.action_close()
        self.assertEqual(close.state, "closed")

    def test_a_month_that_is_not_over_stays_open(self):
        close = self._open_month("2026-04-20")
        self.assertEqual(close.date_start, fields.Date.to_date("2026-04-01"))
        with self.assertRaisesRegex(MarketplaceError, "not over"):
            close.action_close()

    def test_months_close_in_order_and_reopen_backwards(self):
        february = self._open_month("2026-02-01")
        march = self._open_month("2026-03-01")
        with self.assertRaisesRegex(MarketplaceError, "2026-02"):
            march.action_close()
        february.action_close()
        march.action_close()
        with self.assertRaisesRegex(MarketplaceError, "2026-03"):
            self._reopen(february)

    def test_one_close_per_month(self):
        self._open_month()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._open_month("2026-03-15")

    # -- reopening ------------------------------------------------------------------

    def test_reopening_needs_a_reason_and_leaves_a_trace(self):
        self.company.sale_lock_date = "2026-01-31"
        close = self._open_month()
        close.action_close()
        self._reopen(close, "The bank corrected its statement")
        self.assertEqual(close.state, "reopened")
        self.assertEqual(self.company.sale_lock_date, fields.Date.to_date("2026-01-31"))
        self.assertFalse(self.company.fiscalyear_lock_date)
        event = close.event_ids.filtered(lambda e: e.kind == "reopened")
        self.assertEqual(event.reason, "The bank corrected its statement")
        self.assertEqual(event.user_id, self.accountant)
        figures = close.figure_ids
        close.action_close()
        self.assertFalse(figures & close.figure_ids, "each closing keeps its own")
        self.assertTrue(figures.exists())
        self.assertEqual(len(close.message_ids.attachment_ids), 2)

    def test_a_lock_moved_since_stays(self):
        close = self._open_month()
        close.action_close()
        self.company.fiscalyear_lock_date = "2026-04-02"
        self._reopen(close)
        self.assertEqual(
            self.company.fiscalyear_lock_date, fields.Date.to_date("2026-04-02")
        )

    # -- rights ---------------------------------------------------------------------

    def test_only_accountants_close(self):
        close = self._open_month()
        for user in (self.viewer, self.preparer):
            with self.assertRaises(AccessError):
                close.with_user(user).action_close()
            with self.assertRaises(AccessError):
                close.with_user(user).action_accrue()

    def test_nothing_is_written_beside_the_buttons(self):
        close = self._open_month()
        for vals in ({"state": "closed"}, {"date_start": "2026-01-01"}):
            with self.assertRaises(AccessError):
                close.write(vals)
        with self.assertRaises(MarketplaceError):
            close.sudo().write({"state": "closed"})
        check = close.check_ids[0]
        with self.assertRaises(AccessError):
            check.write({"count": 0})
        with self.assertRaises(AccessError):
            check.write({"waived_by_id": self.accountant.id})
        check.user_id = self.viewer
        self.assertEqual(check.user_id, self.viewer)
        self.assertEqual(
            self._check(self._open_month("2026-04-01"), check.code).user_id,
            self.viewer,
            "the next month begins with the same owner",
        )
        close.action_close()
        with self.assertRaises(AccessError):
            close.event_ids.with_user(self.accountant).unlink()
        with self.assertRaises(MarketplaceError):
            close.unlink()

    def test_lateness_is_shown(self):
        close = self._open_month()
        self.assertEqual(close.date_promised, fields.Date.to_date("2026-04-10"))
        self.assertFalse(close.is_late)
        with freeze_time("2026-04-11 10:00:00"):
            close.invalidate_recordset(["is_late"])
            self.assertTrue(close.is_late)
