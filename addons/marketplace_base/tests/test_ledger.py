from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError, MissingRoleError
from ..models.marketplace_ledger_line import keep_facts
from .common import MarketplaceCommon


class TestLedger(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor_a, cls.vendor_b = cls.env["res.partner"].create(
            [{"name": "Atelier A"}, {"name": "Boutique B"}]
        )

    def _entry(self, key, vendor=None, amount=10.0, **vals):
        return {
            "company_id": self.company.id,
            "vendor_id": (vendor or self.vendor_a).id,
            "event": "capture",
            "event_key": key,
            "source_key": key,
            "role_debit": "PSP_CLEARING",
            "role_credit": "VENDOR_PENDING",
            "amount": amount,
            "currency_id": self.currency.id,
            "date_event": "2026-03-02",
            **vals,
        }

    def test_capture_posts_one_entry_with_one_item_per_partner(self):
        """One event is one journal entry; items of one role and partner are added."""
        lines = self.Ledger._record(
            [
                self._entry("k1", amount=20.0, event_key="pay"),
                self._entry("k2", amount=13.34, event_key="pay"),
                self._entry("k3", self.vendor_b, amount=33.33, event_key="pay"),
            ]
        )
        self.assertMove(
            lines.move_id,
            [
                ("PSP_CLEARING", self.psp, 66.67, 0),
                ("VENDOR_PENDING", self.vendor_a, 0, 33.34),
                ("VENDOR_PENDING", self.vendor_b, 0, 33.33),
            ],
        )
        self.assertEqual(lines.move_id.date, fields.Date.to_date("2026-03-02"))
        self.assertBalances(self.vendor_a, pending=33.34)
        self.assertTiedOut()

    def test_same_fact_twice_is_one_line(self):
        """A known source key is skipped; nothing is posted again."""
        first = self.Ledger._record([self._entry("same")])
        again = self.Ledger._record([self._entry("same"), self._entry("other")])
        self.assertEqual(again.source_key, "other")
        self.assertEqual(len(first | again), 2)

    def test_unique_index_refuses_a_double(self):
        """The database itself refuses the same fact, whatever the code did."""
        self.Ledger._record([self._entry("unique")])
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.Ledger._unlocked().create([self._entry("unique")])

    def test_zero_is_dropped_and_negative_refused(self):
        self.assertFalse(self.Ledger._record([self._entry("zero", amount=0.0)]))
        with self.assertRaisesRegex(MarketplaceError, "minus"):
            self.Ledger._record([self._entry("minus", amount=-1.0)])

    def test_lines_are_insert_only_even_for_the_administrator(self):
        """Nobody edits, adds or deletes ledger lines, not by a forged context."""
        line = self.Ledger._record([self._entry("fact")])
        admin = new_test_user(
            self.env, "ledger_admin", groups="marketplace_base.group_manager"
        )
        for env in (self.env, self.env(user=admin)):
            record = line.with_env(env).with_context(marketplace_ledger_token=True)
            with self.assertRaises(AccessError):
                record.amount = 11.0
            with self.assertRaises(AccessError):
                record.unlink()
            with self.assertRaises(AccessError):
                record.create([self._entry("forged")])

    def test_no_addon_takes_its_facts_away(self):
        """An event that an addon adds keeps its lines when the addon is uninstalled."""
        for event, policy in (self.Ledger._fields["event"].ondelete or {}).items():
            self.assertIs(policy, keep_facts, event)

    def test_missing_role_names_the_role_and_the_menu(self):
        """An unmapped role stops the event; nothing is written."""
        self.env["marketplace.account.role"].search(
            [("company_id", "=", self.company.id), ("code", "=", "VENDOR_PENDING")]
        ).unlink()
        with (
            self.assertRaisesRegex(MissingRoleError, "not yet due.*Account Roles"),
            self.cr.savepoint(),
        ):
            self.Ledger._record([self._entry("unmapped")])
        self.assertFalse(self.Ledger.search([("source_key", "=", "unmapped")]))

    def test_day_mode_posts_one_entry_per_vendor_and_day(self):
        """In recap mode lines wait for the job, then share an entry per vendor."""
        self.company.marketplace_posting_mode = "day_vendor"
        lines = self.Ledger._record(
            [
                self._entry("d1", event_key="e1"),
                self._entry("d2", event_key="e2"),
                self._entry("d3", self.vendor_b, event_key="e3"),
            ]
        )
        self.assertFalse(lines.move_id)
        self.assertFalse(lines.filtered("is_posted"))
        moves = lines._post()
        self.assertEqual(len(moves), 2)
        self.assertFalse(lines._post(), "a second run posts nothing")
        self.assertTiedOut()

    def test_locked_period_posts_on_the_first_open_day(self):
        """The accounting date moves to the first open day; the event date stays."""
        self.company.sudo().fiscalyear_lock_date = "2026-03-31"
        line = self.Ledger._record([self._entry("locked")])
        self.assertEqual(line.date, fields.Date.to_date("2026-04-01"))
        self.assertEqual(line.move_id.date, fields.Date.to_date("2026-04-01"))
        self.assertEqual(line.date_event, fields.Date.to_date("2026-03-02"))

    def test_one_cent_written_by_sql_is_named(self):
        """Tie-out names vendor, role and amount of a one-cent fault."""
        line = self.Ledger._record([self._entry("fault", amount=50.0)])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketplace_ledger_line SET amount = amount + 0.01 WHERE id = %s",
            [line.id],
        )
        self.env.invalidate_all()
        rows = self.env["marketplace.tie.out"]._differences(self.company)
        self.assertEqual(
            sorted(
                (row.role, row.partner_id, f"{row.amount_difference:.2f}")
                for row in rows
            ),
            [
                ("PSP_CLEARING", self.psp, "0.01"),
                ("VENDOR_PENDING", self.vendor_a, "-0.01"),
            ],
        )

    def test_foreign_currency_entry_balances(self):
        """Both sides of a foreign line convert once, so the entry always balances."""
        usd = self.env.ref("base.USD")
        usd.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2026-03-01",
                "currency_id": usd.id,
                "company_id": self.company.id,
                "rate": 1.1,
            }
        )
        lines = self.Ledger._record(
            [
                self._entry(
                    f"usd{n}", amount=amount, event_key="usd", currency_id=usd.id
                )
                for n, amount in enumerate((10.01, 20.02, 0.03))
            ]
        )
        self.assertEqual(len(lines.move_id), 1)
        self.assertTrue(
            self.currency.is_zero(sum(lines.move_id.line_ids.mapped("balance")))
        )
        self.assertTiedOut()

    def _posting_queries(self, prefix, events, lines=1):
        """Return the queries that recording and posting so many events take."""
        before = self.cr.sql_log_count
        self.Ledger._record(
            [
                self._entry(f"{prefix}{event}-{line}", event_key=f"{prefix}{event}")
                for event in range(events)
                for line in range(lines)
            ]
        )
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_posting_costs_the_same_queries_for_more_lines(self):
        """Ten lines of an event or forty: creation and linking are batched."""
        self._posting_queries("warm", 1, 10)
        few = self._posting_queries("few", 1, 10)
        self.assertLessEqual(self._posting_queries("many", 1, 40), few + 2)

    def test_posting_more_events_costs_only_their_numbers(self):
        """Each event is an entry: what Odoo spends on numbering it, and no more."""
        self._posting_queries("warm", 10)
        few = self._posting_queries("few", 10)
        many = self._posting_queries("many", 40)
        self.assertLessEqual(many - few, 30 * 5)

    def test_psp_settlement_books_net_and_fee_once(self):
        """S1, entry 5: bank 32.61, fee 0.72, clearing 33.33; posting twice is one."""
        self.Ledger._record([self._entry("s1", amount=33.33)])
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_1",
                "date": "2026-03-11",
                "amount_gross": 33.33,
                "amount_fee": 0.72,
            }
        )
        settlement.action_post()
        settlement.action_post()
        self.assertMove(
            settlement.ledger_line_ids.move_id,
            [
                ("BANK", self.psp, 32.61, 0),
                ("PSP_FEES", self.psp, 0.72, 0),
                ("PSP_CLEARING", self.psp, 0, 33.33),
            ],
        )
        self.assertTiedOut()

    def test_nightly_posting_goes_on_after_a_company_not_set_up(self):
        """Its lines wait, its accountants are told; the other company is posted."""
        broken = self.env["res.company"].create(
            {"name": "Broken Market", "marketplace_posting_mode": "day_vendor"}
        )
        accountant = new_test_user(
            self.env, "accountant_both", groups="marketplace_base.group_accountant"
        )
        accountant.company_ids = [fields.Command.link(broken.id)]
        self.company.marketplace_posting_mode = "day_vendor"
        # The company that fails comes first.
        waiting = self.Ledger._record([self._entry("b", company_id=broken.id)])
        posted = self.Ledger._record([self._entry("a")])
        by_company = [(broken,), (self.company,)]
        with (
            patch.object(IrCron, "_commit_progress", return_value=10.0),
            patch.object(
                type(self.Ledger), "_read_group", lambda *_args, **_kw: by_company
            ),
            self.assertLogs("odoo.addons.marketplace_base", "WARNING"),
        ):
            self.Ledger._cron_post()
        self.assertTrue(posted.is_posted)
        self.assertFalse(waiting.is_posted)
        message = self.env["mail.message"].search(
            [("model", "=", "res.partner"), ("res_id", "=", broken.partner_id.id)],
            limit=1,
        )
        self.assertIn(accountant.partner_id, message.notified_partner_ids)
        self.assertIn("Broken Market has no account in use for", message.body)
