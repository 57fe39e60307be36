from contextlib import contextmanager

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

# What this test commits, in an order that foreign keys allow.
WRITTEN_TABLES = (
    "marketplace_ledger_line",
    "marketplace_settlement",
    "account_move",
    "mail_message",
    "marketplace_vendor_history",
    "res_partner",
)


@tagged("post_install", "-at_install", "marketplace")
class TestSettlementConcurrency(TransactionCase):
    """Y6: two settlement runs at once, in two real transactions, claim a line once."""

    def _commit_vendor(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            marks = {}
            for table in WRITTEN_TABLES:
                cr.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608
                marks[table] = cr.fetchone()[0]
            self.addCleanup(self._remove_committed, marks)
            company = env.ref("base.main_company")
            env = env(context={"allowed_company_ids": company.ids})
            if not company.chart_template:
                env["account.chart.template"].try_loading("fr", company)
            company.with_env(env)._marketplace_setup()
            vendor = env["res.partner"].create(
                {"name": "Race", "is_company": True, "is_marketplace_vendor": True}
            )
            env["marketplace.ledger.line"]._record(
                [
                    {
                        "company_id": company.id,
                        "vendor_id": vendor.id,
                        "event": "entitlement",
                        "event_key": "settlement-race",
                        "source_key": f"settlement-race:{number}",
                        "role_debit": "VENDOR_PENDING",
                        "role_credit": "VENDOR_DUE",
                        "amount": 10.0,
                        "currency_id": company.currency_id.id,
                        "date_event": "2026-03-05",
                        "date_available": "2026-03-05",
                    }
                    for number in range(5)
                ]
            )
            return vendor.id

    def _remove_committed(self, marks):
        with self.registry.cursor() as cr:
            for table in WRITTEN_TABLES:
                cr.execute(f"DELETE FROM {table} WHERE id > %s", [marks[table]])  # noqa: S608

    @contextmanager
    def _transaction(self, vendor_id):
        """Give one more transaction that has begun to read."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute("SELECT id FROM marketplace_settlement LIMIT 1")
            yield env, env["res.partner"].browse(vendor_id)

    def _run(self, env, vendor):
        return env["marketplace.settlement"]._run(
            fields.Date.to_date("2026-03-10"), env.ref("base.main_company"), vendor
        )

    def test_two_runs_at_once_pay_each_line_once(self):
        vendor_id = self._commit_vendor()
        with (
            self._transaction(vendor_id) as (env1, vendor1),
            self._transaction(vendor_id) as (env2, vendor2),
        ):
            first = self._run(env1, vendor1)
            self.assertEqual(f"{first.amount_payout:.2f}", "50.00")
            env1.cr.commit()
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(UniqueViolation),
            ):
                self._run(env2, vendor2)
            env2.cr.rollback()
            # told to try again in a moment, he finds nothing left to settle
            self.assertFalse(self._run(env2, vendor2))
            lines = env2["marketplace.ledger.line"].search(
                [("vendor_id", "=", vendor_id), ("event", "=", "entitlement")]
            )
            self.assertEqual(lines.settlement_id.ids, first.ids)
            self.assertEqual(len(lines), 5)
            env2.cr.rollback()
