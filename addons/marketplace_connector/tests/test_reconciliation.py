from contextlib import contextmanager
from copy import deepcopy
from datetime import date
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_payout.tests.common import PayoutCommon

from ..adapters.errors import TransientError
from ..adapters.vendure import VendureAdapter
from ..engine.contract import Page, Result
from .common import ConnectorCommon

MONTH = date(2026, 3, 1), date(2026, 3, 31)


class ReconciliationCommon(ConnectorCommon):
    """A shop with a shelf of orders, and a provider with reports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shelf = {}
        cls.sent_refunds = []
        cls.Gap = cls.env["marketplace.reconciliation.gap"]
        cls.Day = cls.env["marketplace.reconciliation.day"]
        cls.report = None

    def setUp(self):
        super().setUp()
        self.shelf.clear()
        self.enterContext(self._shop())

    @contextmanager
    def _shop(self):
        """Have the shop tell what is on the shelf."""

        def pull(_adapter, since, until, cursor, limit):
            placed = [
                self._document(payload)
                for payload in self.shelf.values()
                if since.isoformat() <= payload["orderPlacedAt"] < until.isoformat()
            ]
            start = int(cursor or 0)
            end = start + limit
            return Page(tuple(placed[start:end]), str(end), end >= len(placed))

        def fetch(_adapter, refs):
            return [
                self._document(self.shelf[ref]) for ref in refs if ref in self.shelf
            ]

        with (
            patch.object(VendureAdapter, "pull_placed_orders", pull),
            patch.object(VendureAdapter, "fetch_orders", fetch),
        ):
            yield

    def _place(self, ref, quantity=1, day=2, known=True, **values):
        """Put an order on the shelf, and import it unless nobody told us."""
        moment = f"2026-03-{day:02d}T09:30:00.000Z"
        payload = self._payload(
            ref,
            [self._line(f"{ref}1", self.tile, quantity)],
            orderPlacedAt=moment,
            **values,
        )
        payload["payments"][0].update(createdAt=moment, transactionId=f"psp-{ref}")
        self.shelf[ref] = payload
        if known:
            self._import(payload)
        return payload

    def _group(self, ref):
        return self.env["marketplace.order"].search(
            [("storefront_id", "=", self.storefront.id), ("external_ref", "=", ref)]
        )

    def _compare(self):
        """Compare March; return {order of the shop: causes}."""
        self.storefront._reconcile_shop(*MONTH)
        self.company._reconcile_books(*MONTH)
        return self._open_causes()

    def _open_causes(self):
        causes = {}
        for gap in self.Gap.search(
            [("company_id", "=", self.company.id), ("state", "=", "open")]
        ):
            ref = gap.shop_order_ref or gap.external_ref
            causes.setdefault(ref, set()).add(gap.cause)
        return causes

    def _gap(self, ref):
        return self.Gap.search(
            [("shop_order_ref", "=", ref), ("state", "=", "open")]
        ).ensure_one()

    def _report(self, *lines):
        """Import a report of the provider: [(kind, reference, amount, day)]."""
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "reference": f"R{self._next()}",
                "date": "2026-03-31",
                "currency_id": self.currency.id,
                "amount_gross": 0.0,
                "amount_fee": 0.0,
            }
        )
        return self.env["marketplace.psp.settlement.line"].create(
            [
                {
                    "settlement_id": settlement.id,
                    "identifier": f"txn-{self._next()}",
                    "kind": kind,
                    "reference": reference,
                    "amount_gross": amount,
                    "date": f"2026-03-{day:02d}",
                }
                for kind, reference, amount, day in lines
            ]
        )

    def _report_payments(self, **others):
        """Report every payment of March, some with another amount."""
        rows = [
            ("charge", payment.external_ref, amount, payment.date.day)
            for payment in self.env["marketplace.payment"].search(
                [
                    ("order_id.storefront_id", "=", self.storefront.id),
                    ("state", "=", "captured"),
                ]
            )
            if (amount := others.get(payment.order_id.external_ref, payment.amount))
        ]
        # The reports reach the end of the month.
        return self._report(*rows, ("charge", "later", 0.0, 31))


@tagged("post_install", "-at_install", "marketplace")
class TestReconciliation(ReconciliationCommon, PayoutCommon):
    maxDiff = None

    def test_healthy_month_has_no_gap(self):
        for number in range(1, 9):
            self._place(f"h{number}", quantity=number, day=number * 3)
        cancelled = self._place("gone", known=False, state="Cancelled")
        self._import(cancelled)
        refunded = self._refunded(self.shelf["h2"], "r-1", 2000)
        self.shelf["h2"] = refunded
        self._import(refunded)
        lines = self._report_payments()
        self._report(("refund", "r-1", -20.0, 6))
        self.assertEqual(len(lines), 9)
        self.assertEqual(self._compare(), {})
        days = self.Day.search([("storefront_id", "=", self.storefront.id)])
        self.assertEqual(
            {
                (row.flow, row.count_shop, row.amount_shop)
                for row in days
                if row.day == date(2026, 3, 6) or row.flow == "refund"
            },
            {("order", 1, 45.0), ("capture", 1, 45.0), ("refund", 1, 20.0)},
        )
        for row in days:
            self.assertEqual(row.count_shop, row.count_ours, row.day)
            self.assertFalse(
                self.currency.compare_amounts(row.amount_shop, row.amount_ours)
            )
            self.assertEqual(row.gap_count, 0)
        provider = self.Day.search([("storefront_id", "=", False)])
        charged = provider.filtered(
            lambda row: row.flow == "capture" and row.count_ours
        )
        self.assertEqual(len(charged), 8)
        for row in charged:
            self.assertEqual(row.count_provider, row.count_ours)
            self.assertFalse(
                self.currency.compare_amounts(row.amount_provider, row.amount_ours)
            )

    def test_seeded_faults_are_found_with_their_cause(self):
        """Each fault by itself, beside good orders; one comparison finds them all."""
        self._place("good")
        self._place("lost", known=False)
        bad = self._place("tax", known=False)
        bad["lines"][0]["taxLines"] = [{"description": "TVA 8", "taxRate": 8}]
        self._import(bad)
        self._place("edited", quantity=3)
        self.shelf["edited"] = self._with_quantity(self.shelf["edited"], "edited1", 1)
        self._place("deleted")
        del self.shelf["deleted"]
        self._place("extra")
        del self.shelf["extra"]
        self.env["marketplace.binding"].search(
            [("object_type", "=", "order"), ("external_id", "=", "extra")]
        ).unlink()
        unpaid = self._place("unpaid", known=False)
        unpaid["payments"][0]["state"] = "Authorized"
        self._import(deepcopy(unpaid))
        unpaid["payments"][0]["state"] = "Settled"
        self._place("refunded")
        self.shelf["refunded"] = self._refunded(self.shelf["refunded"], "r-7", 500)
        self._seed_double_refund("double")
        self._seed_unsent_refund("unsent")
        self._place("ignored", known=False)
        self._store(self.shelf["ignored"]).action_ignore()
        self._place("charged")
        self._place("twice")
        self._place("unreported")
        self._report_payments(charged=24.0, unreported=0.0)
        self._report(
            ("charge", "psp-twice", 25.0, 2),
            ("charge", "nobody", 12.0, 9),
            ("refund", "r-double", -5.0, 5),
            ("refund", "r-double-2", -5.0, 5),
        )
        uncharged = self._place("uncharged")
        self.assertTrue(uncharged)
        line = self._group("uncharged").sale_order_ids.order_line.filtered("offer_id")
        line.commission_line_ids._unlocked().unlink()
        self._report(("charge", "payment-uncharged", 25.0, 2))
        self.assertEqual(
            self._compare(),
            {
                "lost": {"order_missing"},
                "tax": {"order_quarantine"},
                "edited": {"order_changed"},
                "deleted": {"order_deleted"},
                "extra": {"order_extra"},
                "unpaid": {"capture_missing"},
                "refunded": {"refund_missing"},
                "double": {"refund_doubled"},
                "unsent": {"refund_unsent"},
                "ignored": {"order_ignored"},
                "charged": {"capture_amount_provider"},
                "twice": {"capture_doubled_provider"},
                "unreported": {"capture_unreported"},
                "nobody": {"capture_unknown"},
                "uncharged": {"commission_missing"},
            },
        )
        lost = self._gap("lost")
        self.assertEqual(self._minor(lost.amount), 2500)
        self.assertEqual(lost.user_id, self.storefront.user_id)
        # Found again, it is the same gap.
        count = self.Gap.search_count([])
        self._compare()
        self.assertEqual(self.Gap.search_count([]), count)
        self._assert_closes()

    def _seed_double_refund(self, ref):
        """Refund an order here for what the shop refunded once."""
        self._place(ref)
        self.shelf[ref] = self._refunded(self.shelf[ref], "r-double", 500)
        self._import(self.shelf[ref])
        group = self._group(ref)
        line = group.sale_order_ids.order_line.filtered("offer_id")
        self._refund(group, [(line, 0, 5.0)], date="2026-03-05", ref="r-double-2")

    def _seed_unsent_refund(self, ref):
        self._place(ref)
        group = self._group(ref)
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "date": "2026-03-05",
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": group.sale_order_ids.order_line.filtered(
                                "offer_id"
                            ).id,
                            "quantity": 0,
                            "amount": 3.0,
                        }
                    )
                ],
            }
        )
        refund.action_apply()
        message = self.Outbox.search([("res_id", "=", refund.id)])
        message._close("failed", "The shop said no.")

    def _assert_closes(self):
        """One click mends what a click can; the rest stands."""

        def make_refund(_adapter, command):
            self.shelf["unsent"] = self._refunded(self.shelf["unsent"], "r-own", 300)
            refunds = self.shelf["unsent"]["payments"][0]["refunds"]
            refunds[-1]["reason"] = f"[{command.ref}]"
            return Result(command.ref, "r-own")

        self.env["marketplace.storefront.tax"].create(
            {
                "storefront_id": self.storefront.id,
                "code": "TVA 8",
                "rate": 0.2,
                "tax_id": self.tax20.id,
            }
        )
        with patch.object(VendureAdapter, "push_refund", make_refund):
            fixable = self.Gap.search([("state", "=", "open")]).filtered("has_fix")
            fixable.action_fix()
        left = self._open_causes()
        for ref in ("lost", "unpaid", "refunded", "unsent", "ignored", "uncharged"):
            # The provider's reports of this test know nothing of them.
            self.assertLessEqual(
                left.get(ref, set()), {"capture_unreported", "refund_unreported"}
            )
        # Read again, the change waits for a decision; so does the deletion.
        self.assertEqual(left["edited"], {"change_quarantine"})
        self.assertEqual(left["deleted"], {"order_deleted"})
        self.assertEqual(left["tax"], {"order_quarantine"})
        closed = self.Gap.search(
            [("shop_order_ref", "=", "lost"), ("cause", "=", "order_missing")]
        )
        self.assertEqual(closed.state, "closed")
        self.assertTrue(closed.date_closed)

    def test_gap_closes_by_itself_and_opens_again(self):
        payload = self._place("late", known=False)
        self.assertEqual(self._compare(), {"late": {"order_missing"}})
        gap = self._gap("late")
        gap.activity_schedule("mail.mail_activity_data_todo")
        self._import(payload)
        self.assertEqual(self._compare(), {})
        self.assertEqual(gap.state, "closed")
        self.assertFalse(gap.activity_ids)
        del self.shelf["late"]
        self.assertEqual(self._compare(), {"late": {"order_deleted"}})
        self.assertEqual((gap.state, gap.date_closed), ("open", False))

    def test_accepted_gap_is_quiet_until_it_changes(self):
        self._place("odd")
        del self.shelf["odd"]
        self._compare()
        gap = self._gap("odd")
        with self.assertRaises(MarketplaceError):
            gap.action_accept()
        gap.accept_reason = "The shop was restored from a backup."
        gap.action_accept()
        self.assertEqual(self._compare(), {})
        self.assertEqual(gap.state, "accepted")
        gap.action_reopen()
        self.assertEqual((gap.state, gap.accept_reason), ("open", False))

    def test_old_gap_is_looked_at_again(self):
        """It closes although its order was placed before the nightly period."""
        payload = self._place("old", known=False)
        self._compare()
        self._import(payload)
        self.storefront._reconcile_shop(date(2026, 5, 1), date(2026, 5, 31))
        self.assertEqual(self._open_causes(), {})

    def test_shop_that_is_closed_closes_nothing(self):
        self._place("lost", known=False)
        self._compare()
        with patch.object(
            VendureAdapter, "pull_placed_orders", side_effect=TransientError("closed")
        ):
            self.storefront._job_reconcile("2026-03-01", "2026-03-31")
        self.assertEqual(self._open_causes(), {"lost": {"order_missing"}})
        self.assertIn("closed", self.storefront.error)

    def test_unreadable_order_is_a_gap(self):
        payload = self._place("strange", known=False)
        del payload["totalWithTax"]
        self.assertEqual(self._compare(), {"strange": {"order_missing"}})
        self._import(payload)
        self.assertEqual(self._compare(), {"strange": {"order_quarantine"}})

    def test_documents_and_payouts_against_ledger_and_shop(self):
        self.env["marketplace.binding"]._bind(
            self.storefront, "vendor", {"seller-1": self.vendors[0]}
        )
        self._place("sold")
        group = self._group("sold")
        self._ship_and_deliver(group, date="2026-03-05")
        self.company.marketplace_bank_cooling_hours = 0
        with freeze_time("2026-03-28"):
            (settlement,) = self._settle("2026-03-27")
            run = self._pay("2026-03-28")
        found = self._compare()
        self.assertEqual(
            {cause for causes in found.values() for cause in causes},
            {"commission_untold", "payout_untold"},
        )
        told = []

        def push(_adapter, records):
            told.extend(records)
            return [Result(record.ref, record.ref) for record in records]

        with patch.object(VendureAdapter, "push_vendor_records", push):
            self.Gap.search([("cause", "=", "payout_untold")]).action_fix()
        self.assertIn(run.payout_ids.end_to_end_id, {r.number for r in told})
        self.assertEqual(self._open_causes(), {})
        rows = self.Day.search(
            [("storefront_id", "=", False), ("flow", "in", ["commission", "payout"])]
        )
        self.assertEqual(set(rows.mapped("flow")), {"commission", "payout"})
        for row in rows:
            self.assertFalse(
                self.currency.compare_amounts(row.amount_ours, row.amount_provider)
            )
        self.assertFalse(self.currency.is_zero(settlement.amount_payout))
        # Somebody's hand in the database: the ledger and the payout differ.
        self.env.cr.execute(
            "UPDATE marketplace_payout SET amount = amount + 1 WHERE id = %s",
            [run.payout_ids.id],
        )
        self.env.invalidate_all()
        found = self._compare()
        self.assertIn({"payout_ledger"}, found.values())

    def test_gap_blocks_the_close_of_its_month(self):
        self._place("lost", known=False)
        self._compare()
        close = self.env["marketplace.close"].create(
            {"company_id": self.company.id, "date_start": "2026-03-01"}
        )
        check = close.check_ids.filtered(lambda item: item.code == "reconciliation")
        self.assertEqual((check.count, check.state), (1, "open"))
        self.assertEqual(self._minor(check.amount), 2500)
        self._import(self.shelf["lost"])
        self._compare()
        close.action_refresh()
        self.assertEqual(check.state, "ok")

    def test_viewer_reads_and_desk_mends(self):
        self._place("lost", known=False)
        self._compare()
        gap = self._gap("lost")
        viewer = new_test_user(
            self.env, "rec_viewer", groups="marketplace_base.group_viewer"
        )
        desk = new_test_user(
            self.env, "rec_desk", groups="marketplace_base.group_order_desk"
        )
        self.assertIn("click", gap.with_user(viewer).advice)
        with self.assertRaises(AccessError):
            gap.with_user(viewer).action_fix()
        gap.with_user(desk).action_fix()
        self.assertEqual(gap.state, "closed")
        self.assertTrue(self._group("lost"))
        wizard = self.env["marketplace.reconcile"].with_user(desk).create({})
        before = self.env["queue.job"].search_count([])
        wizard.action_reconcile()
        self.assertEqual(self.env["queue.job"].search_count([]), before + 2)
        wizard.date_from = fields.Date.add(wizard.date_to, days=1)
        with self.assertRaises(MarketplaceError):
            wizard.action_reconcile()

    def test_cost_does_not_grow_with_the_orders(self):
        costs = {}
        for size in (2, 12):
            for number in range(size):
                self._place(f"c{size}-{number}")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.storefront._reconcile_shop(*MONTH)
            costs[size] = self.cr.sql_log_count - before
        self.assertLessEqual(costs[12] - costs[2], 10, costs)
