import base64

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon

HEAD = (
    "automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created,"
    "currency,gross,fee,net,reporting_category,source_id,charge_id,payment_intent_id"
)


class PspReportCommon(MarketplaceCommon):
    """Sell in March 2026; the provider reports as Stripe does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls.accountant = new_test_user(
            cls.env, "psp_accountant", groups="marketplace_base.group_accountant"
        )
        cls.Line = cls.env["marketplace.psp.settlement.line"]
        cls.Clearing = cls.env["marketplace.psp.clearing"]

    @classmethod
    def _sell(cls, date="2026-03-02", amount=100.0):
        return cls._import_order([(cls.offer, 1, amount)], date=date)

    @classmethod
    def _row(cls, kind, reference, gross, fee="0.00", net=None, **values):
        number = cls._next()
        net = net if net is not None else f"{float(gross) - float(fee):.2f}"
        row = {
            "payout": "po_1",
            "effective": "2026-03-11 00:00:00",
            "identifier": f"txn_{number}",
            "created": "2026-03-03 10:00:00",
            "currency": "eur",
            "gross": gross,
            "fee": fee,
            "net": net,
            "kind": kind,
            "source": reference,
            **values,
        }
        return ",".join(row.values()) + ",,"

    @classmethod
    def _import(cls, *rows, head=HEAD):
        content = "\n".join([head, *rows]).encode()
        wizard = (
            cls.env["marketplace.psp.report.import"]
            .with_user(cls.accountant)
            .create(
                {
                    "company_id": cls.company.id,
                    "psp_partner_id": cls.psp.id,
                    "format_id": cls.env.ref(
                        "marketplace_base.psp_report_format_stripe"
                    ).id,
                    "file": base64.b64encode(content),
                }
            )
        )
        wizard.action_import()
        return wizard

    def _explained(self):
        """Return {(bucket, reference): amount}, having checked that it is all."""
        rows = self.Clearing.search([("psp_partner_id", "=", self.psp.id)])
        items = self.env["account.move.line"].search(
            [
                (
                    "account_id",
                    "=",
                    self.company._marketplace_account("PSP_CLEARING").id,
                ),
                ("partner_id", "=", self.psp.id),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertFalse(
            self.currency.compare_amounts(
                sum(rows.mapped("amount")), sum(items.mapped("balance"))
            ),
            "the explanation is not the balance of the account",
        )
        return {(row.bucket, row.reference): row.amount for row in rows}

    def _book(self, line, role="PSP_FEES", reason="Told by the provider's support"):
        self.env["marketplace.psp.difference"].with_user(self.accountant).create(
            {"line_id": line.id, "role": role, "reason": reason}
        ).action_apply()


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-31 10:00:00")
class TestPspReport(PspReportCommon):
    """A9: the clearing account of the provider, line by line."""

    def test_a_report_told_as_we_booked_it_leaves_nothing(self):
        """Payment 100.00, refund 40.00 and a claim of 60.00 with its fee of 15.00."""
        group = self._sell()
        other = self._sell(amount=60.0)
        self._ship_and_deliver(group, date="2026-03-05")
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "date": "2026-03-08",
                "amount": 40.0,
                "reason_code": "withdrawal",
                "psp_ref": "re_1",
            }
        )
        refund.action_apply()
        dispute = self.env["marketplace.dispute"].create(
            {
                "payment_id": other.payment_ids.id,
                "external_ref": "dp_1",
                "date": "2026-03-09",
                "amount_fee": 15.0,
            }
        )
        dispute.action_open()
        wizard = self._import(
            self._row("charge", group.payment_ids.external_ref, "100.00", "1.65"),
            self._row("charge", other.payment_ids.external_ref, "60.00", "1.09"),
            self._row("refund", "re_1", "-40.00"),
            self._row("dispute", "dp_1", "-60.00", "15.00"),
            self._row("fee", "", "-2.00"),
        )
        self.assertFalse(wizard.problems)
        self.assertEqual((wizard.imported_count, wizard.unmatched_count), (5, 0))
        settlement = wizard.settlement_ids
        self.assertRecordValues(
            settlement,
            [
                {
                    "reference": "po_1",
                    "amount_gross": 45.0,
                    "amount_fee": 4.74,
                    "amount_net": 40.26,
                    "unmatched_count": 0,
                }
            ],
        )
        self.assertEqual(
            settlement.line_ids.mapped("target_key"),
            [
                f"capture:{group.payment_ids.id}",
                f"capture:{other.payment_ids.id}",
                f"refund:{refund.id}",
                f"dispute:{dispute.id}:open",
                False,
            ],
        )
        settlement.with_user(self.accountant).action_post()
        self.assertMove(
            settlement.ledger_line_ids.move_id,
            [
                ("BANK", self.psp, 40.26, 0),
                ("PSP_FEES", self.psp, 4.74, 0),
                ("PSP_CLEARING", self.psp, 0, 45.0),
            ],
        )
        self.assertEqual(self._explained(), {})
        self.assertTiedOut()

    def test_both_lists_make_the_balance(self):
        """One payment of ours is not told, one told is not ours, one differs."""
        told, untold = self._sell(), self._sell(date="2026-03-20", amount=30.0)
        wizard = self._import(
            self._row("charge", told.payment_ids.external_ref, "99.50", "1.65"),
            self._row("charge", "ch_stranger", "20.00", "0.50"),
        )
        wizard.settlement_ids.action_post()
        self.assertEqual(
            self._explained(),
            {
                ("in_transit", f"capture:{untold.payment_ids.id}"): 30.0,
                ("unknown", "ch_stranger"): -20.0,
                ("difference", told.payment_ids.external_ref): 0.5,
            },
        )
        row = self.Clearing.search([("bucket", "=", "in_transit")])
        self.assertEqual((row.age_days, row.order_id), (11, untold))
        stranger = wizard.settlement_ids.line_ids[1]
        self.assertEqual(stranger.problem, "Nothing of ours has its reference.")
        queue = self.env.ref("marketplace_base.queue_psp_clearing")
        self.assertEqual(queue.item_count, 2)

    def test_the_same_file_again_writes_nothing(self):
        row = self._row(
            "charge", self._sell().payment_ids.external_ref, "100.00", "1.5"
        )
        first = self._import(row)
        before = first.settlement_ids.line_ids
        again = self._import(row)
        self.assertEqual((again.imported_count, again.known_count), (0, 1))
        self.assertFalse(again.settlement_ids)
        first.settlement_ids.action_post()
        third = self._import(row)
        self.assertEqual((third.imported_count, third.known_count), (0, 1))
        self.assertFalse(third.problems)
        self.assertEqual(first.settlement_ids.line_ids, before)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            before.copy({"target_key": False, "identifier": before.identifier})

    def test_bad_lines_are_named_and_stop_no_other(self):
        good = self._row("charge", self._sell().payment_ids.external_ref, "100.00")
        wizard = self._import(
            self._row("charge", "a", "1O.00", net="10.00", identifier="txn_amount"),
            self._row("charge", "a", "10.00", "1.00", "9.50", identifier="txn_sum"),
            self._row("charge", "a", "10.00", payout="", identifier="txn_waits"),
            self._row("charge", "a", "10.00", currency="zzz", identifier="txn_zzz"),
            self._row("charge", "a", "10.005", net="10.005", identifier="txn_half"),
            self._row("payout", "po_1", "-100.00", identifier="txn_ignored"),
            good,
            good,
        )
        self.assertEqual(wizard.imported_count, 1)
        problems = wizard.problems.splitlines()
        self.assertEqual(len(problems), 6)
        for text, name in zip(
            problems,
            ("txn_amount", "txn_sum", "txn_waits", "txn_zzz", "txn_half", "twice"),
            strict=True,
        ):
            self.assertIn(name, text)
        self.assertIn("Line 2", problems[0])

    def test_a_posted_report_takes_no_more_lines(self):
        one, two = self._sell(), self._sell()
        first = self._import(
            self._row("charge", one.payment_ids.external_ref, "100.00")
        )
        first.settlement_ids.action_post()
        late = self._import(self._row("charge", two.payment_ids.external_ref, "100.00"))
        self.assertEqual(late.imported_count, 0)
        self.assertIn("po_1", late.problems)
        line = first.settlement_ids.line_ids
        with self.assertRaisesRegex(MarketplaceError, line.identifier):
            line.amount_gross = 1.0
        with self.assertRaises(MarketplaceError):
            line.unlink()

    def test_what_comes_late_is_matched_by_the_nightly_job(self):
        wizard = self._import(self._row("charge", "LATE-P", "100.00"))
        wizard.settlement_ids.action_post()
        self.assertEqual(self._explained(), {("unknown", "LATE-P"): -100.0})
        group = self._import_order([(self.offer, 1)], date="2026-03-02", ref="LATE")
        self.Line._cron_match()
        self.assertEqual(
            wizard.settlement_ids.line_ids.target_key,
            f"capture:{group.payment_ids.id}",
        )
        self.assertEqual(self._explained(), {})

    def test_a_payment_is_matched_by_one_line(self):
        reference = self._sell().payment_ids.external_ref
        wizard = self._import(
            self._row("charge", reference, "100.00"),
            self._row("charge", reference, "100.00"),
        )
        first, second = wizard.settlement_ids.line_ids
        self.assertTrue(first.target_key)
        self.assertFalse(second.target_key)
        self.assertIn(first.identifier, second.problem)
        first.action_unmatch()
        second.action_match()
        self.assertTrue(second.target_key)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            first.target_key = second.target_key
            first.flush_recordset()

    def test_the_reference_of_the_provider_is_known_beside_the_shops(self):
        """The shop names the payment its way, the provider another."""
        payment = self._sell().payment_ids
        payment.psp_ref = "pi_42"
        wizard = self._import(
            self._row("charge", "ch_42", "100.00").removesuffix(",,") + ",,pi_42"
        )
        self.assertEqual(
            wizard.settlement_ids.line_ids.target_key, f"capture:{payment.id}"
        )

    def test_a_difference_is_booked_once_with_its_reason(self):
        group = self._sell()
        wizard = self._import(
            self._row("charge", group.payment_ids.external_ref, "99.50", "1.00")
        )
        line = wizard.settlement_ids.line_ids
        with self.assertRaisesRegex(MarketplaceError, line.identifier):
            self._book(line)
        wizard.settlement_ids.action_post()
        self._book(line, reason="Rounded by the provider")
        booked = self.Ledger.search([("event", "=", "psp_difference")])
        self.assertMove(
            booked.move_id,
            [("PSP_FEES", self.psp, 0.5, 0), ("PSP_CLEARING", self.psp, 0, 0.5)],
        )
        self.assertEqual(self._explained(), {})
        self.assertIn(
            "Rounded by the provider", wizard.settlement_ids.message_ids[0].body
        )
        with self.assertRaises(MarketplaceError):
            self._book(line)
        self.assertTiedOut()

    def test_money_booked_as_a_gain_goes_back_when_the_payment_comes(self):
        """A stranger's 20.00 booked; then its order arrives: booked the other way."""
        wizard = self._import(self._row("charge", "LATE-P", "100.00"))
        wizard.settlement_ids.action_post()
        line = wizard.settlement_ids.line_ids
        self._book(line, "OPERATOR_COST")
        self.assertEqual(self._explained(), {})
        self._import_order([(self.offer, 1)], date="2026-03-02", ref="LATE")
        line.action_match()
        self.assertEqual(self._explained(), {("difference", "LATE-P"): 100.0})
        self._book(line, "OPERATOR_COST")
        self.assertEqual(self._explained(), {})
        booked = self.Ledger.search([("event", "=", "psp_difference")], order="id")
        self.assertEqual(booked.mapped("role_debit"), ["PSP_CLEARING", "OPERATOR_COST"])
        self.assertTiedOut()

    def test_a_won_claim_and_its_line(self):
        group = self._sell()
        dispute = self.env["marketplace.dispute"].create(
            {
                "payment_id": group.payment_ids.id,
                "external_ref": "dp_2",
                "date": "2026-03-05",
                "amount_fee": 15.0,
            }
        )
        dispute.action_open()
        dispute.action_win()
        wizard = self._import(
            self._row("charge", group.payment_ids.external_ref, "100.00"),
            self._row("dispute", "dp_2", "-100.00", "15.00"),
            self._row("dispute_reversal", "dp_2", "100.00"),
        )
        self.assertFalse(wizard.unmatched_count)
        wizard.settlement_ids.action_post()
        self.assertEqual(self._explained(), {})

    def test_a_report_without_lines_is_a_cause_too(self):
        self._sell()
        self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_plain",
                "date": "2026-03-11",
                "amount_gross": 70.0,
            }
        ).action_post()
        explained = self._explained()
        self.assertEqual(explained["unitemized", "po_plain"], -70.0)
        self.assertEqual(sum(explained.values()), 30.0)

    def test_amounts_of_a_report_are_those_of_its_lines(self):
        wizard = self._import(
            self._row("charge", self._sell().payment_ids.external_ref, "100.00")
        )
        settlement = wizard.settlement_ids
        settlement.amount_gross = 90.0
        with self.assertRaisesRegex(MarketplaceError, "po_1"):
            settlement.action_post()
        settlement.action_take_line_totals()
        settlement.action_post()
        self.assertEqual(settlement.state, "posted")

    def test_a_file_of_another_format_is_refused_in_words(self):
        with self.assertRaisesRegex(MarketplaceError, "balance_transaction_id"):
            self._import("a,b", head="x,y")
        stripe = self.env.ref("marketplace_base.psp_report_format_stripe")
        with self.assertRaisesRegex(MarketplaceError, "nonsense"):
            stripe.kinds = "charge = nonsense"

    def test_only_accountants_import_and_book(self):
        desk = new_test_user(
            self.env, "psp_desk", groups="marketplace_base.group_order_desk"
        )
        wizard = self._import(self._row("charge", "ch_x", "10.00"))
        wizard.settlement_ids.action_post()
        with self.assertRaises(AccessError):
            self.env["marketplace.psp.report.import"].with_user(desk).create({})
        with self.assertRaises(AccessError):
            wizard.settlement_ids.line_ids.with_user(desk)._book_difference(
                "PSP_FEES", "no"
            )

    def test_matching_costs_the_same_queries_for_more_lines(self):
        """Two lines or twenty: looked up together."""

        def lines(count):
            payments = [self._sell().payment_ids for _number in range(count)]
            wizard = self._import(
                *(self._row("charge", one.external_ref, "100.00") for one in payments)
            )
            wizard.settlement_ids.line_ids.action_unmatch()
            self.env.flush_all()
            self.env.invalidate_all()
            return wizard.settlement_ids.line_ids

        def cost(records):
            records.mapped("kind")
            start = self.env.cr.sql_log_count
            records.action_match()
            return self.env.cr.sql_log_count - start

        cost(lines(2))
        few = cost(lines(2))
        self.assertLessEqual(cost(lines(20)), few + 2)

    def test_forms_open(self):
        """The form of a format and of the import, as the accountant fills them."""
        with Form(
            self.env["marketplace.psp.report.format"].with_user(self.accountant)
        ) as form:
            form.name = "PayFlow"
            for name in (
                "identifier",
                "payout",
                "kind",
                "currency",
                "gross",
                "references",
            ):
                setattr(form, f"column_{name}", name)
            form.kinds = "sale = charge"
        self.assertEqual(form.record._mapping().kinds, {"sale": "charge"})
