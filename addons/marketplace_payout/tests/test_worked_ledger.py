"""Worked figures that others publish about ledgers, payouts and periods.

Each test quotes its source. Where the published figure is wrong, or ours is another on
purpose, the test says which and why.
"""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon

NOW = "2026-03-20 10:00:00"


class WorkedCommon(PayoutCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0

    @classmethod
    def _vendor(cls, rate, **terms):
        """Return a vendor charged a commission rate without VAT on it."""
        vendor = cls._create_vendor(
            f"Vendor {cls._next()}",
            commission_plan_id=cls._create_plan(rate).id,
            **terms,
        )
        # the sources leave VAT out: services to the United States bear none
        vendor.country_id = cls.env.ref("base.us")
        return vendor

    def _sale(self, vendor, price, date="2026-03-02"):
        offer = self._create_offer(vendor, price)
        return self._sell([(offer, 1)], date, date)

    def _give_back(self, group, amount, date):
        line = group.sale_order_ids.order_line.filtered("offer_id")
        whole = self._minor(line.price_total) == self._minor(amount)
        self._refund(group, [(line, int(whole), None if whole else amount)], date=date)

    def _charge(self, vendor, amount, kind, date="2026-03-05"):
        fee = self.env["marketplace.fee"].create(
            {
                "name": kind,
                "kind": kind,
                "vendor_id": vendor.id,
                "amount": amount,
                "date": date,
            }
        )
        fee.action_approve()
        return fee

    def _rows(self, settlement):
        return [f"{row['amount']:.2f}" for row in settlement._statement_rows()]


@tagged("post_install", "-at_install", "marketplace")
@freeze_time(NOW)
class TestWorkedLedger(WorkedCommon):
    def test_n_38_one_transfer_settles_sale_and_refund(self):
        """OCA/bank-payment #469: payable 100, refund 40: one transfer of 60."""
        vendor = self._vendor(0.0)
        group = self._sale(vendor, 100.0)
        self._give_back(group, 40.0, "2026-03-05")
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 60, 60, 0)
        run = self._pay("2026-03-20", vendor)
        [payout] = run.payout_ids
        self.assertEqual(f"{payout.amount:.2f}", "60.00")
        due = self.company._marketplace_account("VENDOR_DUE")
        items = self.env["account.move.line"].search(
            [("account_id", "=", due.id), ("partner_id", "=", vendor.id)]
        )
        self.assertEqual(len(items), 3, "sale, refund, transfer")
        self.assertEqual(set(items.mapped("reconciled")), {True})

    def test_n_39_a_credit_lowers_what_is_collected(self):
        """OCA/bank-payment #1260: 500 to collect, a credit of 100: 400 are left."""
        vendor = self._vendor(0.0)
        group = self._sale(vendor, 500.0)
        self._settle("2026-03-03", vendor)
        self._pay("2026-03-20", vendor)
        self._give_back(group, 500.0, "2026-03-05")
        self.assertSettled(self._settle("2026-03-06", vendor), 0, -500, 0, -500)
        self._sale(vendor, 100.0, "2026-03-08")
        self.assertSettled(self._settle("2026-03-10", vendor), -500, 100, 0, -400)

    def test_n_41_a_negative_balance_waits_for_the_next_sale(self):
        """Yocale help 12150860: 110 less 50 pays 60; -100 then 110 pays 10."""
        vendor = self._vendor(0.0)
        group = self._sale(vendor, 110.0)
        self._give_back(group, 50.0, "2026-03-03")
        self.assertSettled(self._settle("2026-03-04", vendor), 0, 60, 60, 0)
        self._pay("2026-03-20", vendor)
        other = self._vendor(0.0)
        group = self._sale(other, 100.0)
        self._settle("2026-03-03", other)
        self._pay("2026-03-20", other)
        self._give_back(group, 100.0, "2026-03-05")
        self.assertSettled(self._settle("2026-03-06", other), 0, -100, 0, -100)
        self._sale(other, 110.0, "2026-03-08")
        self.assertSettled(self._settle("2026-03-10", other), -100, 110, 10, 0)

    def _settle_with_gap(self, vendor, gap):
        """Settle as if lines of an amount, in cents, changed the payout unseen."""
        claim = type(self.Settlement)._claim_lines

        def claim_more(records):
            claimed = claim(records)
            return {key: (due + gap, debt) for key, (due, debt) in claimed.items()}

        with patch.object(type(self.Settlement), "_claim_lines", claim_more):
            return self._settle("2026-03-10", vendor)

    def test_n_42_a_payout_without_its_line_is_refused(self):
        """woocommerce-payments #8588: 77.55 shown (80.00 - 2.45), 60.28 paid."""
        vendor = self._vendor(0.0)
        self._sale(vendor, 80.0)
        self._charge(vendor, 2.45, "psp")
        with (
            self.assertRaisesRegex(MarketplaceError, r"does not add up.*17\.27"),
            self.env.cr.savepoint(),
        ):
            self._settle_with_gap(vendor, -1727)
        # with the line and its cause it is a statement
        self._charge(vendor, 17.27, "logistics")
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 60.28, 60.28, 0)

    def test_n_44_the_vendor_is_credited_less_the_fee_or_nothing_is_written(self):
        """Mangopay error page 121003: debit 100, fees 10: 90 credited, or nothing."""
        vendor = self._vendor(0.10)
        self._sale(vendor, 100.0)
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 90, 90, 0)
        # the check of the wallet fails: no money of clients at hand
        self.company.marketplace_client_money_control = "block"
        self.company.marketplace_client_account_ids = self.company._marketplace_account(
            "DISPUTES"
        )
        run = self._prepare_run("2026-03-20", vendor)
        run.with_user(self.preparer).action_check()
        before = self.Ledger.search_count([])
        with self.assertRaises(MarketplaceError), self.env.cr.savepoint():
            run.with_user(self.approver).action_approve()
        self.assertEqual(self.Ledger.search_count([]), before)
        self.assertFalse(run.sudo().file_id)
        self.assertBalances(vendor, due=90)

    def test_n_45_a_charge_is_split_between_vendor_and_platform(self):
        """Adyen split and Stripe docs: 300 + 100 of 400; 9.00 and 0.41 of 10.00."""
        vendor = self._vendor(0.25)
        self._sale(vendor, 400.0)
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 300, 300, 0)
        self.assertEqual(f"{settlement.invoice_ids.amount_total:.2f}", "100.00")
        vendor = self._vendor(0.10)
        self._sale(vendor, 10.0)
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 9, 9, 0)
        report = self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company.id,
                "psp_partner_id": self.psp.id,
                "reference": "N-45",
                "date": "2026-03-05",
                "amount_gross": 10.0,
                # 2.9 % + 0.30
                "amount_fee": 0.59,
            }
        )
        report.action_post()
        fee = self.Ledger.search([("event", "=", "psp_fee")]).filtered(
            lambda line: self._minor(line.amount) == 59
        )
        self.assertEqual(len(fee), 1)
        kept = self._minor(settlement.invoice_ids.amount_total) - self._minor(
            fee.amount
        )
        self.assertEqual(kept, 41)

    def test_n_47_nothing_is_charged_on_what_the_customer_has_not_paid(self):
        """OCA/commission #480 #486 #104: 200 of 1,000; 500 are paid, settle 100.

        In two halves as well: 4,000 of 20,000 are 2,000 + 2,000. Here a half that is
        captured credits the vendor with a half; the commission is invoiced once, when
        the goods are delivered, and is 200 and 4,000 as well.
        """
        for price, commission in ((1000.0, 200.0), (20000.0, 4000.0)):
            with self.subTest(price=price):
                vendor = self._vendor(0.20)
                group = self._import_order(
                    [(self._create_offer(vendor, price), 1)],
                    date="2026-03-02 10:00:00",
                    captured=False,
                )
                half = price / 2
                credited = []
                for number in range(2):
                    payment = self.env["marketplace.payment"].create(
                        {
                            "order_id": group.id,
                            "external_ref": f"{group.name}-{number}",
                            "provider": "payflow",
                            "amount": half,
                            "date": "2026-03-02 11:00:00",
                        }
                    )
                    payment._change_state("captured")
                    captured = self.Ledger.search(
                        [("vendor_id", "=", vendor.id), ("event", "=", "capture")]
                    )
                    credited.append(sum(map(self._minor, captured.mapped("amount"))))
                self.assertEqual(credited, [self._minor(half), self._minor(price)])
                self._ship_and_deliver(group, date="2026-03-04")
                settlement = self._settle("2026-03-10", vendor)
                self.assertSettled(
                    settlement, 0, price - commission, price - commission, 0
                )

    def test_n_51_rounding_by_document_or_by_line_is_a_setting(self):
        """odoo #109628: 2 x 6.70 at 15 %: 15.41 by document, 15.42 by line."""
        tax = self.env["account.tax"].create(
            {
                "name": "15%",
                "amount": 15.0,
                "company_id": self.company.id,
                "country_id": self.company.account_fiscal_country_id.id,
                "price_include_override": "tax_excluded",
            }
        )
        for method, total in (("round_globally", 15.41), ("round_per_line", 15.42)):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                move = self.env["account.move"].create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.customer.id,
                        "invoice_date": "2026-03-05",
                        "invoice_line_ids": [
                            Command.create(
                                {
                                    "name": "Fee",
                                    "price_unit": 6.70,
                                    "tax_ids": [Command.set(tax.ids)],
                                }
                            )
                            for _line in range(2)
                        ],
                    }
                )
                move.action_post()
                self.assertEqual(f"{move.amount_total:.2f}", f"{total:.2f}")
                due = move.line_ids.filtered(
                    lambda item: item.account_type == "asset_receivable"
                )
                self.assertEqual(f"{due.balance:.2f}", f"{total:.2f}")

    def _cycle(self, vendor):
        """Live the billing cycle of the example; amounts include tax."""
        group = self._sale(vendor, 22776.54)
        self._give_back(group, 4186.72, "2026-03-04")
        for amount, kind in (
            (889.24, "one_off"),
            (-59.92, "adjustment"),
            (67.37, "subscription"),
            (24.0, "logistics"),
            (24.0, "listing"),
            (93.90, "advertising"),
            (6.0, "psp"),
        ):
            self._charge(vendor, amount, kind)

    def test_n_52_a_statement_whose_lines_make_another_total_is_refused(self):
        """Mirakl OpenAPI SBC11: lines of 17,545.23, and 4,545.20 to the seller."""
        vendor = self._vendor(0.0)
        self._cycle(vendor)
        with (
            self.assertRaisesRegex(MarketplaceError, r"13,000\.03"),
            self.env.cr.savepoint(),
        ):
            self._settle_with_gap(vendor, 454520 - 1754523)
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 17545.23, 17545.23, 0)

    def test_n_53_movements_keep_their_signs_and_a_debt_is_carried(self):
        """stripe-mirakl mocks: -9.99, 56.78, -98.76: three movements, -51.97 carried.

        What gives money to the vendor is a credit note of its own.
        """
        vendor = self._vendor(0.0)
        for amount, kind in (
            (9.99, "subscription"),
            (-56.78, "adjustment"),
            (98.76, "logistics"),
        ):
            self._charge(vendor, amount, kind)
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, -51.97, 0, -51.97)
        lines = settlement.invoice_ids.invoice_line_ids
        self.assertEqual(
            sorted(f"{-line.price_total:.2f}" for line in lines),
            ["-9.99", "-98.76", "56.78"],
        )
        with self.assertRaisesRegex(MarketplaceError, "."):
            self._prepare_run("2026-03-20", vendor)

    def test_n_56_an_affiliate_is_paid_from_what_the_operator_keeps(self):
        """AffiliateWP #620: of 100 vendor 50, affiliate 5 (10 % of 50), operator 45."""
        vendor = self._vendor(0.50)
        self._sale(vendor, 100.0)
        settlement = self._settle("2026-03-10", vendor)
        self.assertSettled(settlement, 0, 50, 50, 0)
        kept = settlement.invoice_ids.amount_untaxed
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.env["res.partner"].create({"name": "Affiliate"}).id,
                "invoice_date": "2026-03-10",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "10 % of the commission",
                            "price_unit": 0.1 * kept,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        self.assertEqual(f"{bill.amount_total:.2f}", "5.00")
        self.assertEqual(f"{kept - bill.amount_total:.2f}", "45.00")
        self.assertBalances(vendor, due=50)
