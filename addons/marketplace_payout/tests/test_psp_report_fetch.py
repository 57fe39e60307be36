import base64
from datetime import UTC, datetime
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import IrCron
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters import stripe_reports
from .common import PayoutCommon
from .psp_report_server import FakeReports
from .psp_server import KEY

LOGGER = "odoo.addons.marketplace_payout.models.psp_report_fetch"
LOGGERS = (LOGGER, "urllib3.connectionpool")
CSV_HEAD = (
    "automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created,"
    "currency,gross,fee,net,reporting_category,source_id,charge_id,payment_intent_id"
)
SETTLEMENT_FIELDS = (
    "company_id",
    "psp_partner_id",
    "reference",
    "date",
    "currency_id",
    "amount_gross",
    "amount_fee",
    "amount_net",
    "state",
)
LINE_FIELDS = (
    "identifier",
    "kind",
    "provider_kind",
    "date",
    "reference",
    "other_references",
    "amount_gross",
    "amount_fee",
    "target_key",
)


def stamp(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-31 10:00:00")
class TestPspReportFetch(PayoutCommon):
    """A9: what settled is fetched from the provider, to the cent and once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = FakeReports()
        cls.addClassCleanup(cls.provider.stop)
        cls.account = cls.env["marketplace.payout.provider"].create(
            {
                "name": "Provider",
                "company_id": cls.company.id,
                "url": cls.provider.url,
                "secret_key": KEY,
                "timeout_seconds": 1,
                "fetches_reports": True,
                "report_date_from": "2026-03-01",
            }
        )
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls.Reports = cls.env["marketplace.psp.settlement"]

    def setUp(self):
        super().setUp()
        commit = patch.object(IrCron, "_commit_progress", return_value=10.0)
        commit.start()
        self.addCleanup(commit.stop)
        provider = self.provider
        provider.settled, provider.moved = [], {}
        provider.faults, provider.lists = [], []

    # -- what the provider knows ------------------------------------------------------

    def _moved(self, word, amount, fee=0, source=None, created="2026-03-03 10:00:00"):
        return {
            "id": f"txn_{self._next()}",
            "type": word,
            "reporting_category": word,
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "currency": "eur",
            "created": stamp(created),
            "source": source,
        }

    def _settled(self, identifier, arrival, *moved, automatic=True, amount=None):
        net = sum(item["net"] for item in moved) if amount is None else amount
        self.provider.settled.append(
            {
                "id": identifier,
                "amount": net,
                "currency": "eur",
                "arrival_date": stamp(arrival),
                "automatic": automatic,
                "status": "paid",
            }
        )
        own = self._moved("payout", -net, source={"id": identifier})
        self.provider.moved[identifier] = [*moved, own]

    def _paid(self, amount=100.0, date="2026-03-02"):
        group = self._import_order([(self.offer, 1, amount)], date=date)
        return group.payment_ids

    def _charge(self, payment, fee=165, **values):
        source = {
            "id": payment.external_ref,
            "object": "charge",
            "payment_intent": f"pi_{payment.id}",
        }
        minor = self._minor(payment.amount)
        return self._moved("charge", minor, fee, source, **values)

    def _charges(self, count):
        return [self._charge(self._paid()) for _number in range(count)]

    def _fetch(self):
        return self.account.with_user(self.accountant).action_fetch_reports()

    def _patience(self):
        """Give requests the account's timeout: the test runner makes it ten seconds."""
        send = stripe_reports.HTTPAdapter.send
        seconds = self.account.timeout_seconds

        def patient(own, request, **options):
            return send(own, request, **{**options, "timeout": seconds})

        return patch.object(stripe_reports.HTTPAdapter, "send", patient)

    def _reports(self):
        return self.Reports.search([("psp_partner_id", "=", self.psp.id)], order="date")

    def _csv(self, identifier):
        """Return the provider's file of one payout, as its download has it."""
        payout = next(x for x in self.provider.settled if x["id"] == identifier)

        def moment(seconds):
            return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")

        rows = [CSV_HEAD]
        for item in self.provider.moved[identifier][:-1]:
            source = item["source"] or {}
            is_charge = source.get("object") == "charge"
            cells = [
                identifier,
                moment(payout["arrival_date"]),
                item["id"],
                moment(item["created"]),
                item["currency"],
                *(f"{item[x] / 100:.2f}" for x in ("amount", "fee", "net")),
                item["reporting_category"],
                source.get("id", ""),
                source["id"] if is_charge else source.get("charge", ""),
                source.get("payment_intent", ""),
            ]
            rows.append(",".join(cells))
        return "\n".join(rows).encode()

    def _import_csv(self, identifier):
        wizard = self.env["marketplace.psp.report.import"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "format_id": self.account.report_format_id.id,
                "file": base64.b64encode(self._csv(identifier)),
            }
        )
        wizard.action_import()
        return wizard

    # -- the same as the file ---------------------------------------------------------

    def _settle_everything(self):
        """Let the provider settle a payment of each kind; return the payment."""
        payment, other = self._paid(), self._paid(60.0)
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": payment.order_id.id,
                "date": "2026-03-08",
                "amount": 40.0,
                "psp_ref": "re_1",
            }
        )
        refund.action_apply()
        dispute = self.env["marketplace.dispute"].create(
            {
                "payment_id": other.id,
                "external_ref": "dp_1",
                "date": "2026-03-09",
                "amount_fee": 15.0,
            }
        )
        dispute.action_open()
        charge = {"charge": payment.external_ref, "payment_intent": f"pi_{payment.id}"}
        self._settled(
            "po_1",
            "2026-03-11",
            self._charge(payment),
            self._charge(other, fee=109),
            self._moved("refund", -4000, 0, {"id": "re_1", **charge}),
            self._moved("dispute", -6000, 1500, {"id": "dp_1"}),
            self._moved("fee", -200),
            self._moved("network_cost", -30),
            self._moved("topup_reversal", -10, source={"id": "tp_1"}),
        )
        return payment

    def test_the_fetched_report_is_the_file_of_the_same_settlement(self):
        self._settle_everything()
        with patch.object(stripe_reports, "PAGE_SIZE", 2):
            self._fetch()
        fetched = self._reports()
        settlement = fetched.read(SETTLEMENT_FIELDS)
        lines = fetched.line_ids.sorted("identifier").read(LINE_FIELDS)
        self.assertEqual(len(lines), 7)
        fetched.unlink()
        imported = self._import_csv("po_1").settlement_ids
        for mine, theirs in (
            (settlement, imported.read(SETTLEMENT_FIELDS)),
            (lines, imported.line_ids.sorted("identifier").read(LINE_FIELDS)),
        ):
            for row in (*mine, *theirs):
                row.pop("id")
            self.assertEqual(mine, theirs)

    def test_the_file_after_the_fetch_writes_nothing_and_the_other_way(self):
        self._settle_everything()
        self._fetch()
        before = self._reports().line_ids
        again = self._import_csv("po_1")
        self.assertEqual((again.imported_count, again.known_count), (0, len(before)))
        self._settled("po_2", "2026-03-12", *self._charges(1))
        self._import_csv("po_2")
        known = self._reports().line_ids
        self._fetch()
        self.assertEqual(self._reports().line_ids, known)

    def test_the_fetched_report_reconciles_with_its_bank_line(self):
        self._settle_everything()
        self._fetch()
        report = self._reports()
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": "2026-03-12",
                "payment_ref": "PAYFLOW po_1",
                "amount": report.amount_net,
            }
        )
        report.with_user(self.accountant).action_match_bank()
        self.assertEqual((report.state, report.bank_line_id), ("posted", line))
        self.assertTrue(line.is_reconciled)
        self.assertEqual(report.unmatched_count, 1, "the adjustment is for a person")
        self.assertTiedOut()

    # -- once, from where it stopped --------------------------------------------------

    def test_a_second_fetch_writes_nothing_and_asks_for_no_movement(self):
        self._settled("po_1", "2026-03-11", *self._charges(2))
        self._fetch()
        before = self._reports().line_ids
        self.provider.lists.clear()
        self._fetch()
        self.account._cron_fetch_reports()
        self.assertEqual(self._reports().line_ids, before)
        self.assertEqual({kind for kind, _asked in self.provider.lists}, {"payouts"})
        self.Reports.flush_model()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.Reports.create(
                {
                    "psp_partner_id": self.psp.id,
                    "reference": "po_1",
                    "date": "2026-03-11",
                }
            ).flush_recordset()

    def test_only_what_arrived_since_the_last_time_with_an_overlap_is_asked(self):
        self._settled("po_0", "2026-02-27", *self._charges(1))
        self._settled("po_1", "2026-03-20", *self._charges(1))
        self._fetch()
        self.assertEqual(self._reports().mapped("reference"), ["po_1"])
        self.assertEqual(str(self.account.report_date_done), "2026-03-20")
        # Told late: arrived before the last one that is known.
        self._settled("po_2", "2026-03-18", *self._charges(1))
        self.provider.lists.clear()
        self._fetch()
        self.assertEqual(
            self.provider.lists[0][1]["arrival_date[gte]"], str(stamp("2026-03-13"))
        )
        self.assertEqual(self._reports().mapped("reference"), ["po_2", "po_1"])
        self.assertEqual(str(self.account.report_date_done), "2026-03-20")

    @mute_logger(LOGGER)
    def test_a_settlement_cut_off_is_not_taken_and_the_next_fetch_goes_on(self):
        """Three settlements; the second breaks on its second page of three."""
        for number in (1, 2, 3):
            self._settled(f"po_{number}", f"2026-03-1{number}", *self._charges(5))
        with patch.object(stripe_reports, "PAGE_SIZE", 2):
            # two pages of payouts, three of po_1, one of po_2
            self.provider.faults = [None] * 6 + ["cut"]
            self._fetch()
            self.assertEqual(self._reports().mapped("reference"), ["po_1"])
            self.assertEqual(str(self.account.report_date_done), "2026-03-11")
            self.assertIn("po_2: a page is not readable", self.account.report_problem)
            self._fetch()
        self.assertEqual(self._reports().mapped("line_count"), [5, 5, 5])
        self.assertEqual(str(self.account.report_date_done), "2026-03-13")
        self.assertFalse(self.account.report_problem)

    def test_a_busy_or_faulty_provider_is_asked_again(self):
        self._settled("po_1", "2026-03-11", *self._charges(1))
        self.provider.faults = [429, 503, None, 500, None]
        self._fetch()
        self.assertEqual(self._reports().mapped("line_count"), [1])
        self.assertEqual(len(self.provider.lists), 5)

    def test_faults_that_last_are_told_once_and_nothing_is_taken(self):
        self._settled("po_1", "2026-03-11", *self._charges(1))
        for faults, words in (
            ([429] * 3, "answer 429 (rate_limit)"),
            ([500] * 3, "answer 500"),
            ([401], "answer 401"),
            (["slow"] * 3, "no answer (ConnectionError)"),
            (["broken"] * 3, "no answer"),
        ):
            with self.subTest(words), mute_logger(*LOGGERS), self._patience():
                self.provider.faults = list(faults)
                notice = self._fetch()["params"]
                self.assertEqual(notice["type"], "warning")
                self.assertIn(words, self.account.report_problem)
                self.assertFalse(self._reports())
                self.assertFalse(self.account.report_date_done)
        queue = self.env.ref("marketplace_payout.queue_psp_report_fetch")
        self.assertEqual(queue.item_count, 1)
        told = len(self.account.message_ids)
        self.provider.faults = ["broken"] * 3
        with mute_logger(*LOGGERS):
            self._fetch()
        self.assertEqual(len(self.account.message_ids), told, "not every night anew")
        self._fetch()
        self.assertIn("fetched again", self.account.message_ids[0].body)
        queue.invalidate_recordset()
        self.assertEqual(queue.item_count, 0)
        self.assertEqual(len(self._reports()), 1)

    @mute_logger(LOGGER)
    def test_movements_that_do_not_make_the_payout_are_not_booked(self):
        self._settled("po_1", "2026-03-11", *self._charges(2), amount=19671)
        self._settled("po_2", "2026-03-12", *self._charges(1))
        self._fetch()
        self.assertEqual(self._reports().mapped("reference"), ["po_2"])
        self.assertIn("movements make", self.account.report_problem)
        self.assertIn("po_1", self.account.report_problem)
        self.assertFalse(self.account.report_date_done, "no gap is passed over")

    @mute_logger(LOGGER)
    def test_a_payout_ordered_by_hand_is_named_until_it_is_recorded(self):
        self._settled("po_hand", "2026-03-11", automatic=False, amount=5000)
        self._settled("po_2", "2026-03-12", *self._charges(1))
        self._fetch()
        self.assertEqual(self._reports().mapped("reference"), ["po_2"])
        self.assertIn("po_hand was ordered by hand", self.account.report_problem)
        self.Reports.create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_hand",
                "date": "2026-03-11",
                "amount_gross": 50.0,
            }
        )
        self._fetch()
        self.assertFalse(self.account.report_problem)
        self.assertEqual(str(self.account.report_date_done), "2026-03-12")

    @mute_logger(LOGGER)
    def test_pages_that_repeat_end_the_fetch(self):
        self._settled("po_1", "2026-03-11", *self._charges(3))
        with (
            patch.object(stripe_reports, "PAGE_SIZE", 2),
            patch.object(
                FakeReports,
                "page",
                lambda own, _path, _asked: {"data": own.settled, "has_more": True},
            ),
        ):
            self._fetch()
        self.assertIn("repeat", self.account.report_problem)
        self.assertFalse(self._reports())

    def test_the_nightly_job_fetches_and_commits_each_settlement(self):
        for number in (1, 2):
            self._settled(f"po_{number}", f"2026-03-1{number}", *self._charges(1))
        IrCron._commit_progress.reset_mock()
        self.account._cron_fetch_reports()
        self.assertEqual(len(self._reports()), 2)
        self.assertGreaterEqual(IrCron._commit_progress.call_count, 4)

    # -- rights and secrets -----------------------------------------------------------

    def test_only_accountants_fetch(self):
        with self.assertRaises(AccessError):
            self.account.with_user(self.preparer).action_fetch_reports()
        self.assertFalse(self.provider.lists)

    def test_the_key_is_nowhere_in_logs_or_words(self):
        self._settled("po_1", "2026-03-11", *self._charges(1))
        self.provider.faults = [401]
        with self.assertLogs(level="DEBUG") as logs:
            self._fetch()
            self._fetch()
        self.assertTrue(self._reports())
        said = "".join(logs.output) + str(self.account.message_ids.mapped("body"))
        self.assertNotIn(KEY, said)

    def test_fetching_needs_its_settings(self):
        with self.assertRaisesRegex(MarketplaceError, "Settlements Since"):
            self.account.report_date_from = False
        self.account.fetches_reports = False
        self.account.report_date_from = False
        self.assertFalse(self.account.report_date_from)
