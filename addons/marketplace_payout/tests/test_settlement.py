from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestSettlement(PayoutCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 100.0)

    @contextmanager
    def assertNothingCreated(self):
        """Assert that no settlement, ledger line or journal entry is added."""
        models = ("marketplace.settlement", "marketplace.ledger.line", "account.move")
        before = [self.env[model].search_count([]) for model in models]
        yield
        self.env.flush_all()
        self.assertEqual([self.env[model].search_count([]) for model in models], before)

    def _terms(self, **vals):
        self.vendor.vendor_contract_ids.write(vals)

    # -- the account ----------------------------------------------------------------

    def test_commission_is_invoiced_netted_and_reconciled(self):
        """100.00 sold, 10 % and VAT: 88.00 to pay; the invoice is paid by netting."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        settlement = self._settle("2026-03-10")
        self.assertEqual(settlement.state, "confirmed")
        self.assertSettled(settlement, 0, 88, 88, 0)
        self.assertEqual(len(settlement.invoice_ids), 1)
        invoice = settlement.invoice_ids
        self.assertEqual(f"{invoice.amount_total:.2f}", "12.00")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertBalances(self.vendor, due=88)
        self.assertTiedOut()

    def test_settling_twice_creates_nothing(self):
        """The same cut-off, or an earlier one, again: zero new records."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10")
        with self.assertNothingCreated():
            self.assertFalse(self._settle("2026-03-10"))
            self.assertFalse(self._settle("2026-03-05"))
            self.assertFalse(self._settle("2026-03-31"), "nothing happened since")

    def test_the_day_after_the_cutoff_is_not_settled(self):
        """Up to the cut-off included; what is delivered the day after waits."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-10")
        self._sell([(self.offer, 2)], "2026-03-02", "2026-03-11")
        first = self._settle("2026-03-10")
        self.assertSettled(first, 0, 88, 88, 0)
        second = self._settle("2026-03-20")
        self.assertEqual(second.previous_id, first)
        self.assertSettled(second, 0, 176, 176, 0)

    def test_a_cutoff_to_come_is_refused(self):
        """Its invoice would be dated in the future, its movements incomplete."""
        with freeze_time("2026-03-09 12:00:00"):
            with self.assertRaisesRegex(MarketplaceError, "is not over"):
                self._settle("2026-03-10")

    def test_money_not_available_yet_waits(self):
        """A line is claimed once its available date is reached, whatever its event."""
        entry = {
            "company_id": self.company.id,
            "vendor_id": self.vendor.id,
            "event": "entitlement",
            "event_key": "later",
            "source_key": "later",
            "role_debit": "VENDOR_PENDING",
            "role_credit": "VENDOR_DUE",
            "amount": 10.0,
            "currency_id": self.currency.id,
            "date_event": "2026-03-05",
            "date_available": "2026-03-19",
        }
        self.Ledger._record([entry])
        self.assertFalse(self._settle("2026-03-18", self.vendor))
        self.assertSettled(self._settle("2026-03-19", self.vendor), 0, 10, 10, 0)

    def test_an_event_recorded_late_opens_in_the_next_settlement(self):
        """A delivery of before the cut-off, told after it: nothing is lost."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10")
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-08")
        with self.assertNothingCreated():
            self._settle("2026-03-10")
        self.assertSettled(self._settle("2026-03-20"), 0, 88, 88, 0)

    def test_below_the_minimum_is_carried_then_paid_whole(self):
        self._terms(payout_minimum=100)
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        first = self._settle("2026-03-10")
        self.assertSettled(first, 0, 88, 0, 88)
        self.assertEqual((first.state, first.carry_reason), ("closed", "threshold"))
        self._sell([(self.offer, 1)], "2026-03-12", "2026-03-13")
        self.assertSettled(self._settle("2026-03-20"), 88, 88, 176, 0)

    def test_a_lowered_minimum_frees_the_balance_by_itself(self):
        self._terms(payout_minimum=100)
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10")
        self.assertFalse(self._settle("2026-03-20"))
        self._terms(payout_minimum=50)
        self.assertSettled(self._settle("2026-03-31"), 88, 0, 88, 0)

    def test_the_rest_of_an_ended_contract_is_paid_whatever_it_is(self):
        self._terms(payout_minimum=100)
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._terms(date_end="2026-03-31")
        self.assertSettled(self._settle("2026-04-10"), 0, 88, 88, 0)

    def test_refund_before_delivery_leaves_nothing_to_settle(self):
        """R6: the sale never became due, its commission and reversal are zero."""
        group = self._sell([(self.offer, 1)], "2026-03-02")
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-04")
        with self.assertNothingCreated():
            self.assertFalse(self._settle("2026-03-10"))

    def test_commission_that_waits_for_the_rest_is_noted(self):
        """One of two delivered: 100.00 without commission; then 76.00 with all."""
        group = self._sell([(self.offer, 2)], "2026-03-02")
        order = group.sale_order_ids
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, {order.order_line.id: 1}, carrier_name="DHL", tracking_ref="1"
        )
        shipment.action_ship()
        shipment.action_deliver(date=fields.Date.to_date("2026-03-05"))
        first = self._settle("2026-03-10")
        self.assertSettled(first, 0, 100, 100, 0)
        self.assertEqual(f"{first.amount_commission_waiting:.2f}", "20.00")
        self._ship_and_deliver(group, date="2026-03-12")
        second = self._settle("2026-03-20")
        self.assertSettled(second, 0, 76, 76, 0)
        self.assertEqual(f"{second.amount_commission_waiting:.2f}", "0.00")
        first.invalidate_recordset()
        self.assertEqual(f"{first.amount_commission_waiting:.2f}", "0.00")

    def test_settlement_posts_what_recap_mode_left_unposted(self):
        """Posting per day and vendor: settled lines cannot wait for the night."""
        self.company.marketplace_posting_mode = "day_vendor"
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        settlement = self._settle("2026-03-10")
        self.assertFalse(settlement.ledger_line_ids.filtered(lambda x: not x.is_posted))
        self.assertEqual(settlement.invoice_ids.payment_state, "paid")
        self.Ledger.search([])._post()
        self.assertTiedOut()

    # -- guards ---------------------------------------------------------------------

    def test_nobody_writes_a_settlement(self):
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        settlement = self._settle("2026-03-10").with_user(self.accountant)
        with self.assertRaises(AccessError):
            settlement.amount_payout = 1000
        with self.assertRaises(AccessError):
            settlement.unlink()
        with self.assertRaises(MarketplaceError):
            settlement.sudo().state = "closed"

    def test_the_database_keeps_the_identity(self):
        """Opening + movements = payout + carried, even against SQL."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        settlement = self._settle("2026-03-10")
        self.env.flush_all()
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE marketplace_settlement SET amount_carried = 0.01 WHERE id = %s",
                [settlement.id],
            )

    def test_two_settlements_never_open_with_the_same_balance(self):
        """A second beginning, or a second successor, is refused by the database."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        settlement = self._settle("2026-03-10")
        self.env.flush_all()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            settlement.copy({"previous_id": False})
        self._sell([(self.offer, 1)], "2026-03-12", "2026-03-13")
        self._settle("2026-03-20")
        self.env.flush_all()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            settlement.copy({"previous_id": settlement.id})

    def test_cancelled_settlement_gives_its_lines_back(self):
        """The next settlement takes them; commission is not invoiced again."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        settlement = self._settle("2026-03-10")
        invoices = settlement.invoice_ids
        settlement.with_user(self.accountant).action_cancel()
        self.assertEqual(settlement.state, "cancelled")
        self.assertFalse(settlement.ledger_line_ids)
        again = self._settle("2026-03-10")
        self.assertSettled(again, 0, 88, 88, 0)
        self.assertEqual(again.invoice_ids, invoices)
        self.assertEqual(settlement.action_cancel(), True, "again is a no-op")
        self.assertTiedOut()

    def test_cancel_is_refused_once_something_rests_on_it(self):
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        first = self._settle("2026-03-10")
        self._sell([(self.offer, 1)], "2026-03-12", "2026-03-13")
        second = self._settle("2026-03-20")
        with self.assertRaisesRegex(MarketplaceError, second.name):
            first.action_cancel()
        run = self._prepare_run("2026-03-23", self.vendor)
        with self.assertRaisesRegex(MarketplaceError, run.name):
            second.action_cancel()

    def test_only_accountants_settle(self):
        wizard = self.env["marketplace.settlement.wizard"].create(
            {"date_cutoff": "2026-03-10"}
        )
        for user in (self.viewer, self.preparer):
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_settle()
            with self.assertRaises(AccessError):
                self.Settlement.with_user(user)._check_settling_right()

    def test_wizard_refuses_a_company_the_user_does_not_work_in(self):
        other = self.env["res.company"].create({"name": "Other Market"})
        wizard = self.env["marketplace.settlement.wizard"].with_user(self.accountant)
        wizard = wizard.create({"date_cutoff": "2026-03-10"})
        wizard.sudo().company_id = other
        for action in (wizard.action_preview, wizard.action_settle):
            with self.assertRaisesRegex(MarketplaceError, "working in Other Market"):
                action()

    # -- wizard ---------------------------------------------------------------------

    def test_preview_shows_the_figures_of_the_run_and_writes_nothing(self):
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        form = Form(
            self.env["marketplace.settlement.wizard"].with_user(self.accountant)
        )
        form.date_cutoff = "2026-03-10"
        wizard = form.save()
        with self.assertNothingCreated():
            wizard.action_preview()
        line = wizard.line_ids
        self.assertEqual(line.vendor_id, self.vendor)
        self.assertEqual(f"{line.amount_payout:.2f}", "88.00")
        action = wizard.action_settle()
        settlement = self.Settlement.search(action["domain"])
        self.assertEqual(settlement.vendor_id, self.vendor)
        self.assertSettled(settlement, 0, 88, 88, 0)
        wizard.action_preview()
        self.assertFalse(wizard.line_ids, "nothing is left to settle")

    # -- calendar -------------------------------------------------------------------

    def _run_cron(self, today):
        # A test's cursor cannot commit; the budget of the job is not the subject.
        with (
            freeze_time(f"{today} 02:00:00"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.Settlement._cron_settle()

    def test_vendors_are_settled_on_the_calendar_of_their_contract(self):
        monthly = self._create_vendor("Brasserie Basalte", payout_calendar="monthly")
        manual = self._create_vendor("Cabane Corail", payout_calendar="manual")
        offers = [self.offer] + [
            self._create_offer(vendor, 50.0) for vendor in (monthly, manual)
        ]
        vendors = self.vendor | monthly | manual
        self._sell([(offer, 1) for offer in offers], "2026-03-02", "2026-03-05")

        def settled():
            return {
                (settlement.vendor_id, str(settlement.date_cutoff))
                for settlement in self.Settlement.search(
                    [("vendor_id", "in", vendors.ids)]
                )
            }

        self._run_cron("2026-03-10")
        self.assertFalse(settled())
        # The job missed the 11th.
        self._run_cron("2026-03-12")
        self.assertEqual(settled(), {(self.vendor, "2026-03-10")})
        self._run_cron("2026-03-12")
        self._run_cron("2026-04-01")
        self.assertEqual(
            settled(), {(self.vendor, "2026-03-10"), (monthly, "2026-03-31")}
        )

    def test_a_company_not_set_up_does_not_stop_the_others(self):
        """Its accountants are told what is missing; the next company is settled."""
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        broken = self.env["res.company"].create({"name": "Broken Market"})
        self.accountant.company_ids = [Command.link(broken.id)]
        run = type(self.Settlement)._run

        def run_or_refuse(settlements, cutoff, company, vendors=None):
            if company == broken:
                # What was done before the refusal must not stay.
                company.partner_id.ref = "HALF"
                company._marketplace_account("VENDOR_DUE")
            return run(settlements, cutoff, company, vendors)

        with (
            patch.object(
                type(self.company),
                "_marketplace_companies",
                lambda companies: broken | self.company,
            ),
            patch.object(
                type(self.Settlement),
                "_vendors_to_settle",
                lambda *_args: {fields.Date.to_date("2026-03-10"): self.vendor},
            ),
            patch.object(type(self.Settlement), "_run", run_or_refuse),
            self.assertLogs("odoo.addons.marketplace_base", "WARNING"),
        ):
            self._run_cron("2026-03-12")
        self.assertTrue(self.Settlement.search([("vendor_id", "=", self.vendor.id)]))
        self.assertFalse(broken.partner_id.ref)
        message = self.env["mail.message"].search(
            [("model", "=", "res.partner"), ("res_id", "=", broken.partner_id.id)],
            limit=1,
        )
        self.assertIn(self.accountant.partner_id, message.notified_partner_ids)
        self.assertIn("Broken Market has no account in use for", message.body)

    def test_the_day_is_the_one_of_the_company(self):
        """At 23:30 UTC on the 10th it is the 11th in Paris: the period is over."""
        self.company.partner_id.tz = "Europe/Paris"
        self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        with (
            freeze_time("2026-03-10 23:30:00"),
            patch.object(IrCron, "_commit_progress", return_value=10.0),
        ):
            self.Settlement._cron_settle()
        settlement = self.Settlement.search([("vendor_id", "=", self.vendor.id)])
        self.assertEqual(str(settlement.date_cutoff), "2026-03-10")

    # -- speed ----------------------------------------------------------------------

    def test_queries_do_not_grow_with_the_vendors(self):
        """Only Odoo's own posting of an invoice costs queries per vendor."""
        vendors = self.env["res.partner"].union(
            *(self._create_vendor(f"Vendor {number}") for number in range(16))
        )
        offers = [self._create_offer(vendor, 30.0) for vendor in vendors]
        self._sell([(offer, 1) for offer in offers], "2026-03-02", "2026-03-05")
        warm, five, ten = vendors[:1], vendors[1:6], vendors[6:]

        def queries(batch):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            settlements = self._settle("2026-03-10", batch)
            self.env.flush_all()
            self.assertEqual(len(settlements), len(batch))
            return self.cr.sql_log_count - before

        queries(warm)
        cost_five, cost_ten = queries(five), queries(ten)
        # Six per invoice: its number takes three, tax tags and followers the rest. One
        # more per vendor fails; what fell out of the server's caches does not.
        self.assertLess(cost_ten - cost_five, 5 * 7)
        self.assertLess(cost_ten, 256 + 5)
