from contextlib import contextmanager

from psycopg2.errors import (
    LockNotAvailable,
    SerializationFailure,
    UniqueViolation,
)

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError

# What the purchase of this test writes, in an order that foreign keys allow.
WRITTEN_TABLES = (
    "marketplace_refund",
    "marketplace_ledger_line",
    "account_move",
    "marketplace_payment",
    "sale_order",
    "marketplace_order",
    "mail_message",
)


@tagged("post_install", "-at_install", "marketplace")
class TestRefundConcurrency(TransactionCase):
    """R11: refunds never exceed what was captured, whoever asks at the same time.

    Two real transactions, on two connections: the purchase is committed, and removed
    at the end. The set-up of the company stays, as every other test makes it anyway.
    """

    def _commit_purchase(self):
        """Commit a purchase of 100.00, of the operator's own goods; return its id.

        Own goods need no vendor: less to remove afterwards.
        """
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute(
                "SELECT "
                + ", ".join(
                    f"(SELECT COALESCE(MAX(id), 0) FROM {table})"  # noqa: S608
                    for table in WRITTEN_TABLES
                )
            )
            marks = dict(zip(WRITTEN_TABLES, cr.fetchone(), strict=True))
            self.addCleanup(self._remove_committed, marks)
            company = env.ref("base.main_company")
            env = env(context={"allowed_company_ids": company.ids})
            if not company.chart_template:
                env["account.chart.template"].try_loading("fr", company)
            company.with_env(env)._marketplace_setup()
            product = env.ref("marketplace_base.product_shipping")
            tax = company.with_env(env)._marketplace_tax(20.0)
            when = fields.Datetime.to_datetime("2026-03-02 10:00:00")
            group, problems = env["marketplace.order"]._import_batch(
                [
                    {
                        "company_id": company.id,
                        "channel": "race",
                        "external_ref": "RACE-1",
                        "number": "RACE-1",
                        "date_order": when,
                        "partner_id": env.ref("base.partner_admin").id,
                        "partner_shipping_id": env.ref("base.partner_admin").id,
                        "currency_id": company.currency_id.id,
                        "amount_charged_minor": 10000,
                        "lines": [
                            {
                                "ref": "RACE-1-1",
                                "product_id": product.id,
                                "name": "Gift wrap",
                                "quantity": 1,
                                "gross_minor": 10000,
                                "tax_ids": tax.ids,
                            }
                        ],
                        "payments": [
                            {
                                "ref": "RACE-1-P",
                                "provider": "payflow",
                                "state": "captured",
                                "amount_minor": 10000,
                                "date": when,
                            }
                        ],
                    }
                ]
            )
            self.assertFalse(problems)
            return group.id

    def _remove_committed(self, marks):
        with self.registry.cursor() as cr:
            for table in WRITTEN_TABLES:
                cr.execute(f"DELETE FROM {table} WHERE id > %s", [marks[table]])  # noqa: S608

    @contextmanager
    def _request(self):
        """Give the environment of one more transaction, rolled back at its end."""
        with self.registry.cursor() as cr:
            try:
                yield api.Environment(cr, SUPERUSER_ID, {})
            finally:
                cr.rollback()

    def _refund_in(self, env, group_id, amount):
        return env["marketplace.refund"].create(
            {"order_id": group_id, "date": "2026-03-15", "amount": amount}
        )

    def _refunded(self, group_id):
        with self._request() as env:
            return env["marketplace.order"].browse(group_id).amount_refunded

    def test_two_refunds_at_once_never_exceed_the_payment(self):
        group_id = self._commit_purchase()
        with self._request() as first, self._request() as second:
            # Both begin before the other one ends.
            ours = self._refund_in(first, group_id, 70.0)
            theirs = self._refund_in(second, group_id, 60.0)
            ours._apply()
            # While ours is not committed, theirs waits.
            second.cr.execute("SET LOCAL lock_timeout = '200ms'")
            with (
                self.assertRaises(LockNotAvailable),
                mute_logger("odoo.sql_db"),
                second.cr.savepoint(),
            ):
                theirs._apply()
            first.cr.commit()
            # Theirs still sees the ledger of before: the database refuses it.
            with (
                self.assertRaises(SerializationFailure),
                mute_logger("odoo.sql_db"),
            ):
                theirs._apply()
        with self._request() as retried:
            # What Odoo does then: the request again, on what is now true.
            theirs = self._refund_in(retried, group_id, 60.0)
            with self.assertRaisesRegex(MarketplaceError, r"30\.00.*left to refund"):
                theirs._apply()
        self.assertEqual(f"{self._refunded(group_id):.2f}", "70.00")
        with self._request() as rest:
            self._refund_in(rest, group_id, 30.0)._apply()
            rest.cr.commit()
        self.assertEqual(f"{self._refunded(group_id):.2f}", "100.00")

    def _tell(self, env, group_id, **vals):
        """Import a refund of 10.00 as a source tells it."""
        group = env["marketplace.order"].browse(group_id)
        return env["marketplace.refund"]._import_batch(
            [
                {
                    "company_id": group.company_id.id,
                    "channel": group.channel,
                    "order_ref": group.external_ref,
                    "date": "2026-03-15",
                    "amount_minor": 1000,
                    "psp_ref": "re_race",
                    **vals,
                }
            ]
        )

    def test_a_refund_told_by_two_sources_at_once_is_booked_once(self):
        """R12: the file and the webhook in two transactions that see no other."""
        group_id = self._commit_purchase()
        with self._request() as file, self._request() as webhook:
            # Both begin before the other one ends.
            self.assertTrue(webhook["marketplace.order"].browse(group_id).exists())
            self._tell(file, group_id)
            webhook.cr.execute("SET LOCAL lock_timeout = '200ms'")
            with (
                self.assertRaises(LockNotAvailable),
                mute_logger("odoo.sql_db"),
                webhook.cr.savepoint(),
            ):
                self._tell(webhook, group_id, ref="SHOP-RACE")
            file.cr.commit()
            with (
                self.assertRaises(UniqueViolation),
                mute_logger("odoo.sql_db"),
            ):
                self._tell(webhook, group_id, ref="SHOP-RACE")
        with self._request() as retried:
            refund, problems = self._tell(retried, group_id, ref="SHOP-RACE")
            self.assertFalse(problems)
            self.assertEqual(refund.external_ref, "SHOP-RACE")
            retried.cr.commit()
        self.assertEqual(f"{self._refunded(group_id):.2f}", "10.00")
