import hashlib
import hmac
import json
import time
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutRunCommon
from .psp_server import KEY, FakeProvider

SECRET = "whsec_test"


class PspCommon(PayoutRunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = FakeProvider()
        cls.addClassCleanup(cls.provider.stop)
        cls.psp_account = cls.env["marketplace.payout.provider"].create(
            {
                "name": "Provider",
                "company_id": cls.company.id,
                "url": cls.provider.url,
                "secret_key": KEY,
                "webhook_secret": SECRET,
                "timeout_seconds": 1,
            }
        )
        for number, vendor in enumerate(cls.vendors, 1):
            vendor.write({"payout_rail": "psp", "psp_payee_ref": f"acct_{number}"})

    def setUp(self):
        super().setUp()
        commit = patch.object(IrCron, "_commit_progress", return_value=10.0)
        commit.start()
        self.addCleanup(commit.stop)
        self.provider.transfers.clear()
        self.provider.payouts.clear()
        self.provider.requests.clear()
        self.provider.by_key.clear()
        self.provider.mode, self.provider.remembers = "ok", True

    def _prepare_psp(self, vendors=None):
        return self.Run._prepare(
            self.settlements[0].date_cutoff,
            self.company,
            vendors=vendors or self.vendors,
            psp_account=self.psp_account,
        )

    def _send_psp(self, vendors=None):
        run = self._approve(self._prepare_psp(vendors))
        run.with_user(self.preparer).action_send()
        return run

    def _order(self, mode="ok"):
        self.provider.mode = mode
        self.env["marketplace.payout"]._cron_order_transfers()


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-10 10:00:00")
class TestPayoutPsp(PspCommon):
    def test_transfer_is_the_payout(self):
        """The run orders a transfer each; the answer credits the clearing account."""
        run = self._send_psp()
        self.assertFalse(run.file_id)
        self.assertFalse(self.provider.transfers, "nothing before the job")
        self.assertBalances(self.a, in_payment=88)
        self._order()
        self.assertEqual(len(self.provider.transfers), 2)
        self.assertEqual(
            {
                (t["amount"], t["currency"], t["destination"])
                for t in self.provider.transfers
            },
            {(8800, "eur", "acct_1"), (8800, "eur", "acct_2")},
        )
        self.assertEqual(set(run.payout_ids.mapped("state")), {"confirmed"})
        self.assertEqual(run.state, "confirmed")
        arrival = self.env["marketplace.ledger.line"].search(
            [("event", "=", "payout_psp"), ("vendor_id", "=", self.a.id)]
        )
        self.assertMove(
            arrival.move_id.filtered(lambda m: len(m.line_ids) == 2),
            [("PAYOUT_TRANSIT", self.a, 88, 0), ("PSP_CLEARING", self.psp, 0, 88)],
        )
        self.assertBalances(self.a, paid=88)
        self.assertTiedOut()

    def test_straight_posting_credits_the_clearing_account(self):
        self.company.marketplace_payout_posting = "bank"
        run = self._send_psp(self.a)
        order = run.payout_ids._order_lines()[run.payout_ids]
        self.assertMove(
            order.move_id,
            [("VENDOR_DUE", self.a, 88, 0), ("PSP_CLEARING", self.psp, 0, 88)],
        )
        self._order()
        self.assertEqual(run.state, "confirmed")
        self.assertTiedOut()

    def test_fifty_retries_after_a_fault_pay_once(self):
        """It pays and answers 500 each time: unresolved, one payment, one key."""
        run = self._send_psp(self.a)
        payout = run.payout_ids
        self._order("fault")
        self.assertEqual(payout.state, "unresolved")
        self.assertEqual(payout.unresolved_reason, "answer 500")
        key = payout.idempotency_key
        for _attempt in range(50):
            payout._transfer()
        self.assertEqual((payout.state, payout.idempotency_key), ("unresolved", key))
        self.assertEqual(len(self.provider.transfers), 1)
        self.assertEqual(payout.attempt_count, 51)
        self.assertBalances(self.a, in_payment=88)
        with self.assertRaisesRegex(MarketplaceError, "waits for its payout"):
            self._prepare_psp(self.a)
        # Even when the provider has forgotten the key, asking comes first.
        self.provider.mode, self.provider.remembers = "ok", False
        self.env["marketplace.payout"]._cron_resolve()
        self.assertEqual(payout.state, "confirmed")
        self.assertEqual(
            payout.psp_reference, "tr_" + self.provider.transfers[0]["id"][3:]
        )
        self.assertEqual(len(self.provider.transfers), 1)
        self.assertTiedOut()

    def test_missing_answer_is_unresolved_then_found(self):
        run = self._send_psp(self.a)
        self._order("silent")
        self.assertEqual(run.payout_ids.state, "unresolved")
        self.assertIn("no answer", run.payout_ids.unresolved_reason)
        self.provider.mode = "ok"
        run.with_user(self.preparer).action_query_provider()
        self.assertEqual(run.state, "confirmed")
        self.assertEqual(len(self.provider.transfers), 1)

    def test_order_never_received_is_given_again_under_its_key(self):
        run = self._send_psp(self.a)
        payout = run.payout_ids
        self._order("deaf")
        self.env["marketplace.payout"]._cron_resolve()
        self.assertEqual(payout.state, "unresolved")
        self.assertFalse(self.provider.transfers)
        key = payout.idempotency_key
        self.provider.mode = "ok"
        payout.with_user(self.preparer).action_resolve()
        self.assertEqual(payout.state, "confirmed")
        self.assertEqual([t["transfer_group"] for t in self.provider.transfers], [key])

    def test_refusal_frees_the_money_and_the_next_order_has_another_key(self):
        run = self._send_psp(self.a)
        key = run.payout_ids.idempotency_key
        self._order("refuse")
        self.assertEqual(run.payout_ids.state, "failed")
        self.assertEqual(
            run.payout_ids.failure_cause, "Our own account did not hold enough money."
        )
        self.assertEqual(run.state, "partly_failed")
        self.assertBalances(self.a, due=88)
        again = self._send_psp(self.a)
        self.assertNotEqual(again.payout_ids.idempotency_key, key)
        self._order()
        self.assertEqual(again.state, "confirmed")
        self.assertTiedOut()

    def test_taken_back_transfer_is_due_again(self):
        run = self._send_psp(self.a)
        self._order()
        payout = run.payout_ids
        with self.assertRaises(AccessError):
            payout.with_user(self.preparer).action_reverse()
        payout.with_user(self.approver).action_reverse()
        self.assertEqual(self.provider.transfers[0]["amount_reversed"], 8800)
        self.assertEqual(payout.state, "returned")
        line = self.env["marketplace.ledger.line"].search(
            [("source_key", "=", f"payout_return:{payout.id}")]
        )
        self.assertMove(
            line.move_id,
            [("PSP_CLEARING", self.psp, 88, 0), ("VENDOR_DUE", self.a, 0, 88)],
        )
        self.assertBalances(self.a, due=88)
        self.assertTiedOut()

    def test_wallet_is_sent_on_to_the_bank_when_asked(self):
        self.psp_account.pays_wallets_out = True
        run = self._send_psp(self.a)
        self._order()
        self.assertEqual([p["amount"] for p in self.provider.payouts], ["8800"])
        self.assertTrue(run.payout_ids.wallet_reference)

    def test_vendors_of_the_other_way_are_left_out(self):
        self.b.payout_rail = "sepa"
        self.assertEqual(self._prepare_psp().payout_ids.vendor_id, self.a)
        self.a.psp_payee_ref = False
        with freeze_time("2026-03-11 10:00:00"):
            run = self._prepare_run("2026-03-11", self.vendors)
        self.assertEqual(run.payout_ids.vendor_id, self.b)

    def test_vendor_without_account_at_the_provider_is_listed(self):
        self.a.psp_payee_ref = False
        run = self._prepare_psp()
        self.assertEqual(self._payout(run, self.a).exclusion_reason, "no_psp_account")

    def test_changed_account_voids_the_approval(self):
        run = self._approve(self._prepare_psp())
        self.a.psp_payee_ref = "acct_other"
        run.with_user(self.preparer).action_send()
        self.assertEqual(run.state, "draft")
        self.assertFalse(run.payout_ids.filtered("idempotency_key"))

    def test_credentials_are_the_administrators(self):
        account = self.psp_account.with_user(self.accountant)
        for name in ("secret_key", "webhook_secret", "webhook_key"):
            with self.assertRaises(AccessError):
                account.read([name])
            self.assertFalse(self.psp_account._fields[name].exportable)
            self.assertFalse(self.psp_account.copy()[name] == self.psp_account[name])
        message = account.action_balance()["params"]["message"]
        self.assertIn("50.00", message)
        with self.assertLogs(level="DEBUG") as logs:
            self._send_psp(self.a)
            self._order("deaf")
        self.assertNotIn(KEY, "".join(logs.output))


@tagged("post_install", "-at_install", "marketplace")
class TestPspWebhook(PspCommon, HttpCase):
    def _call(self, event, secret=SECRET, age=0):
        body = json.dumps(event).encode()
        stamp = str(int(time.time()) - age)
        signature = hmac.new(
            secret.encode(), stamp.encode() + b"." + body, hashlib.sha256
        ).hexdigest()
        return self.url_open(
            f"/marketplace/psp/{self.psp_account.webhook_key}",
            data=body,
            headers={
                "Content-Type": "application/json",
                "Stripe-Signature": f"t={stamp},v1={signature}",
            },
        )

    def _event(self, payout, kind="transfer.created", number=1, **values):
        return {
            "id": f"evt_{number}",
            "type": kind,
            "created": int(time.time()),
            "data": {
                "object": {
                    "id": "tr_9",
                    "amount": 8800,
                    "amount_reversed": 0,
                    "currency": "eur",
                    "metadata": {"reference": payout.end_to_end_id},
                    **values,
                }
            },
        }

    @mute_logger("odoo.addons.marketplace_payout.controllers.psp_webhook")
    def test_signed_calls_are_applied_once(self):
        with freeze_time("2026-03-10 10:00:00"):
            run = self._send_psp(self.a)
            self._order("fault")
        payout = run.payout_ids
        event = self._event(payout)
        for wrong in ({"secret": "other"}, {"age": 301}, {"age": -301}):
            self.assertEqual(self._call(event, **wrong).status_code, 401)
        self.assertEqual(payout.state, "unresolved")
        self.assertEqual(self._call(event).text, "taken")
        payout.invalidate_recordset()
        self.assertEqual(payout.state, "confirmed")
        # The provider delivers it again, signed anew: known.
        self.assertEqual(self._call(event).text, "nothing new")
        part = self._event(payout, "transfer.reversed", 2, amount_reversed=4000)
        self.assertEqual(self._call(part).status_code, 200)
        message = self.env["marketplace.bank.message"].search([], limit=1)
        self.assertIn("40.00", message.line_ids.problem)
        payout.invalidate_recordset()
        self.assertEqual(payout.state, "confirmed")
        whole = self._event(payout, "transfer.reversed", 3, amount_reversed=8800)
        self.assertEqual(self._call(whole).text, "taken")
        payout.invalidate_recordset()
        self.assertEqual(payout.state, "returned")
        self.assertEqual(
            self._call({"id": "evt_4", "type": "charge.paid"}).text, "nothing new"
        )
        unknown = self.url_open("/marketplace/psp/nobody", data=b"{}")
        self.assertEqual(unknown.status_code, 404)
