from collections import defaultdict

from odoo import fields
from odoo.tests import freeze_time, tagged

from . import scenarios
from .bank_files import camt053, entry
from .common import PayoutCommon

KINDS = {"entry": "entry", "out_invoice": "inv", "out_refund": "cn"}


@tagged("post_install", "-at_install", "marketplace")
class TestScenarios(PayoutCommon):
    """Live the events on their days, then compare every entry with the table."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tables credit the bank with the payout order.
        cls.company.marketplace_payout_posting = "bank"
        cls.a, cls.b, cls.c = (cls._create_vendor(f"Vendor {n}") for n in "ABC")
        cls.letters = {cls.psp: "PSP", cls.a: "A", cls.b: "B", cls.c: "C"}
        cls.roles = {
            role.account_id: role.code for role in cls.company.marketplace_role_ids
        }

    def setUp(self):
        super().setUp()
        self.earlier = self.env["account.move"].search([])

    # -- what happens ----------------------------------------------------------------

    def _charge(self, rate):
        self.default_rule.rate = rate

    def _psp_settles(self, date, gross, fee=0.0):
        with freeze_time(f"{date} 12:00:00"):
            self.env["marketplace.psp.settlement"].create(
                {
                    "psp_partner_id": self.psp.id,
                    "reference": f"po_{date}",
                    "date": date,
                    "amount_gross": gross,
                    "amount_fee": fee,
                }
            ).action_post()

    def _settle_on(self, date):
        with freeze_time(f"{date} 12:00:00"):
            return self._settle(date, self.a | self.b | self.c)

    def _pay_on(self, date):
        with freeze_time(f"{date} 12:00:00"):
            return self._pay(date, self.a | self.b | self.c)

    def _deliver_on(self, date, orders):
        with freeze_time(f"{date} 12:00:00"):
            self._ship_and_deliver(orders, date=date)

    def _order_on(self, date, lines, **options):
        with freeze_time(f"{date} 10:00:00"):
            return self._import_order(lines, date=f"{date} 10:00:00", **options)

    # -- what was posted -------------------------------------------------------------

    def _posted(self):
        moves = self.env["account.move"].search([], order="id") - self.earlier
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        return moves

    def _tax_note(self, item):
        if item.tax_line_id:
            base = f"{abs(item.tax_base_amount):.2f}"
            return f"VAT {item.tax_line_id.amount:g}% on {base}"
        return " ".join(f"{tax.amount:g}%" for tax in item.tax_ids)

    def _entry(self, move):
        return (
            str(move.date),
            KINDS[move.move_type],
            sorted(
                (
                    self.roles[item.account_id],
                    self.letters.get(item.partner_id, item.partner_id.name or ""),
                    f"{item.debit:.2f}",
                    f"{item.credit:.2f}",
                    self._tax_note(item),
                )
                for item in move.line_ids
            ),
        )

    def assertPosted(self, table):
        """Assert that exactly the entries of a table were posted, in its order."""
        self.assertEqual(
            [self._entry(move) for move in self._posted()], scenarios.read(table)
        )
        self.assertTiedOut()

    def assertFinal(self, **expected):
        """Assert every balance that is not zero, per partner on vendor accounts."""
        totals = defaultdict(int)
        for item in self._posted().line_ids:
            role = self.roles[item.account_id]
            key = f"{role}:{item.partner_id.name}" if "VENDOR" in role else role
            totals[key] += self._minor(item.balance)
        self.assertEqual(
            {key: minor for key, minor in totals.items() if minor},
            {key: self._minor(amount) for key, amount in expected.items()},
        )

    def assertReconciled(self):
        """Assert that nothing is left open on the vendors' accounts."""
        accounts = self.env["account.account"].union(
            *(
                self.company._marketplace_account(code)
                for code in ("VENDOR_DUE", "VENDOR_AR")
            )
        )
        items = self._posted().line_ids.filtered(lambda x: x.account_id in accounts)
        self.assertTrue(items)
        self.assertFalse(items.filtered(lambda item: not item.reconciled))

    # -- scenarios -------------------------------------------------------------------

    def test_s1_one_vendor_psp_fee_and_payout(self):
        """S1: 12.5 % of 33.33 is 4.17, VAT 0.83; PSP keeps 0.72; A gets 28.33."""
        self._charge(0.125)
        group = self._order_on("2026-03-02", [(self._create_offer(self.a, 33.33), 1)])
        self._deliver_on("2026-03-05", group)
        settlement = self._settle_on("2026-03-10")
        self.assertSettled(settlement, 0, 28.33, 28.33, 0)
        self._psp_settles("2026-03-11", 33.33, fee=0.72)
        self._pay_on("2026-03-12")
        self.assertPosted(scenarios.S1)
        self.assertFinal(BANK=4.28, COMMISSION=-4.17, VAT_OUT=-0.83, PSP_FEES=0.72)
        self.assertReconciled()

    def test_s2_a_bundle_split_three_ways(self):
        """S2: 33.34 / 33.33 / 33.33; VAT 0.67 on each of three invoices."""
        self._charge(0.10)
        payload = self._prepare_payload(
            [(self._create_offer(v, 50.0), 1) for v in (self.a, self.b, self.c)],
            date="2026-03-02 10:00:00",
        )
        for line in payload["lines"]:
            del line["gross_minor"]
            line["bundle_ref"] = "BUNDLE"
        payload["bundles"] = [{"ref": "BUNDLE", "amount_minor": 10000}]
        payload["amount_charged_minor"] = 10000
        payload["payments"][0]["amount_minor"] = 10000
        with freeze_time("2026-03-02 10:00:00"):
            group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        orders = group.sale_order_ids
        late = orders.filtered(lambda order: order.vendor_id == self.c)
        self._deliver_on("2026-03-04", orders - late)
        self._deliver_on("2026-03-06", late)
        self._settle_on("2026-03-10")
        self._psp_settles("2026-03-11", 100.0)
        self._pay_on("2026-03-12")
        self.assertPosted(scenarios.S2)
        self.assertFinal(BANK=12, COMMISSION=-9.99, VAT_OUT=-2.01)
        self.assertReconciled()

    def test_s3_two_vat_rates_discount_and_shipping(self):
        """S3: discount and shipping shared to the cent; commission on items only."""
        self._charge(0.12)
        group = self._order_on(
            "2026-03-02",
            [
                (self._create_offer(self.a, 19.99), 2),
                (self._create_offer(self.a, 7.45, tax_rate=5.5), 1),
                (self._create_offer(self.b, 4.33, tax_rate=5.5), 3),
                (self._create_offer(self.b, 33.33), 1),
                (self._create_offer(self.c, 0.99), 1),
            ],
            discounts=[(9.47, "vendor")],
            shippings=[(6.90, None)],
        )
        self._deliver_on("2026-03-05", group)
        self._settle_on("2026-03-10")
        self._psp_settles("2026-03-11", 92.17)
        self._pay_on("2026-03-12")
        self.assertPosted(scenarios.S3)
        self.assertFinal(BANK=12.29, COMMISSION=-10.24, VAT_OUT=-2.05)
        self.assertReconciled()

    def test_s6_refund_after_payout_recovered_from_later_sales(self):
        """S6: 120.00 refunded after its payout; two sales repay the debt.

        Each of them is two entries, paid then delivered, through VENDOR_PENDING.
        """
        self._charge(0.10)
        offer = self._create_offer(self.a, 20.0)
        first = self._order_on("2026-03-02", [(offer, 6)])
        self._deliver_on("2026-03-04", first)
        self.assertSettled(self._settle_on("2026-03-10"), 0, 105.6, 105.6, 0)
        self._psp_settles("2026-03-11", 120.0)
        self._pay_on("2026-03-11")
        with freeze_time("2026-03-15 12:00:00"):
            line = first.sale_order_ids.order_line
            self._refund(first, [(line, 6, None)], date="2026-03-15")
            self.Line._invoiceable(self.company, vendors=self.a)._invoice(
                fields.Date.to_date("2026-03-15")
            )
        self.assertSettled(self._settle_on("2026-03-20"), 0, -105.6, 0, -105.6)
        self._deliver_on("2026-03-21", self._order_on("2026-03-21", [(offer, 4)]))
        self.assertSettled(self._settle_on("2026-03-31"), -105.6, 70.4, 0, -35.2)
        self._deliver_on("2026-04-05", self._order_on("2026-04-05", [(offer, 3)]))
        self.assertSettled(self._settle_on("2026-04-10"), -35.2, 52.8, 17.6, 0)
        self._psp_settles("2026-04-11", 20.0)
        self._pay_on("2026-04-11")
        self.assertPosted(scenarios.S6)
        self.assertFinal(BANK=16.8, COMMISSION=-14, VAT_OUT=-2.8)
        self.assertReconciled()

    def _hold(self, date, amount, number, roles=("VENDOR_DUE", "VENDOR_RESERVE")):
        """Record what the reserve of a vendor does to the ledger."""
        with freeze_time(f"{date} 12:00:00"):
            self.env["marketplace.ledger.line"]._record(
                [
                    {
                        "company_id": self.company.id,
                        "vendor_id": self.a.id,
                        "event": "entitlement",
                        "event_key": f"reserve:{number}",
                        "source_key": f"reserve:{number}",
                        "role_debit": roles[0],
                        "role_credit": roles[1],
                        "amount": amount,
                        "currency_id": self.company.currency_id.id,
                        "date_event": date,
                    }
                ]
            )

    def test_s8_payout_returned_by_the_bank_and_paid_again(self):
        """S8: 15.60 carried, 39.00 paid, returned less 4.00, paid again in full."""
        self._charge(0.10)
        self.company.marketplace_payout_posting = "transit"
        self.company.marketplace_bank_cooling_hours = 0
        self.a.vendor_contract_ids.payout_minimum = 25
        offer = self._create_offer(self.a, 10.0)
        self._deliver_on("2026-03-04", self._order_on("2026-03-02", [(offer, 2)]))
        self._hold("2026-03-04", 2.0, 1)
        self.assertSettled(self._settle_on("2026-03-10"), 0, 15.6, 0, 15.6)
        self._deliver_on("2026-03-14", self._order_on("2026-03-12", [(offer, 3)]))
        self._hold("2026-03-14", 3.0, 2)
        self.assertSettled(self._settle_on("2026-03-20"), 15.6, 23.4, 39, 0)
        self._psp_settles("2026-03-20", 50.0)
        payout = self._pay_on("2026-03-21").payout_ids
        reference = payout.end_to_end_id
        Message = self.env["marketplace.bank.message"]
        for content in (
            camt053(entry(reference, "39.00", "2026-03-22"), number="S1"),
            camt053(
                entry(reference, "35.00", "2026-03-24", True, "AC04", "4.00"),
                number="S2",
            ),
        ):
            with freeze_time("2026-03-24 12:00:00"):
                Message._import_file(content, "statement.xml", self.company)
        self.assertEqual(
            (payout.state, payout.run_id.state), ("returned", "partly_failed")
        )
        self.assertBalances(self.a, due=39, reserved=5)
        with freeze_time("2026-03-24 13:00:00"):
            account = self.a.payout_bank_account_id
            account.acc_number = "FR7630004000031234567890143"
            account.allow_out_payment = True
        self.company.marketplace_payout_posting = "bank"
        self._pay_on("2026-03-28")
        self._hold("2026-06-20", 5.0, 3, ("VENDOR_RESERVE", "VENDOR_DUE"))
        self.assertPosted(scenarios.S8)
        self.assertFinal(
            **{
                "BANK": 7,
                "COMMISSION": -5,
                "VAT_OUT": -1,
                "PSP_FEES": 4,
                "VENDOR_DUE:Vendor A": -5,
            }
        )
        self.assertSettled(self._settle_on("2026-06-20"), 0, 5, 0, 5)
