from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from . import scenarios
from .bank_files import camt053, entry
from .psp_server import KEY, FakeProvider
from .scenario_common import ScenarioCommon


@tagged("post_install", "-at_install", "marketplace")
class TestScenarios(ScenarioCommon):
    """Scenarios in euros, the operator paying by his bank."""

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

    def _give_back_on(self, date, order, quantity=0, amount=None):
        """Refund the line of an order, and credit its commission the same day."""
        with freeze_time(f"{date} 12:00:00"):
            line = order.sale_order_ids.order_line.filtered(
                lambda item: item.marketplace_kind == "goods"
            )
            self._refund(order, [(line, quantity, amount)], date=date)
            vendors = order.sale_order_ids.vendor_id
            self.Line._invoiceable(self.company, vendors=vendors)._invoice(
                fields.Date.to_date(date)
            )

    def test_s5_partial_refunds_before_payout(self):
        """S5: 28.33 for three units; one and one go back, 9.44 then 9.45."""
        self._charge(0.125)
        group = self._order_on(
            "2026-03-02",
            [(self._create_offer(self.a, 11.11), 3)],
            discounts=[(5.0, "vendor")],
        )
        self._deliver_on("2026-03-05", group)
        self._settle_on("2026-03-10")
        self._give_back_on("2026-03-12", group, quantity=1)
        self._give_back_on("2026-03-14", group, quantity=1)
        self._settle_on("2026-03-20")
        self._psp_settles("2026-03-20", 9.44)
        self._pay_on("2026-03-21")
        self.assertPosted(scenarios.S5)
        self.assertFinal(BANK=1.41, COMMISSION=-1.18, VAT_OUT=-0.23)
        self.assertReconciled()

    def test_s10_deemed_supplier(self):
        """S10: 119.99 of a vendor outside the EU, of which the operator owes 20.00."""
        vendor = self._create_vendor("Nansen", vat_debtor="operator")
        vendor.country_id = self.env.ref("base.us")
        self.letters[vendor] = "N"
        self.a |= vendor
        self._charge(0.10)
        self.default_rule.base_tax = "excluded"
        group = self._order_on("2026-03-02", [(self._create_offer(vendor, 119.99), 1)])
        self._deliver_on("2026-03-09", group)
        self._settle_on("2026-03-10")
        self._give_back_on("2026-03-12", group, amount=60.0)
        self._settle_on("2026-03-20")
        self._psp_settles("2026-03-20", 59.99)
        self._pay_on("2026-03-21")
        self._pay_deemed_vat("2026-04-30", 10.0)
        self.assertPosted(scenarios.S10)
        self.assertFinal(BANK=5, COMMISSION=-5)
        self.assertReconciled()

    def _pay_deemed_vat(self, date, amount):
        """Enter the payment of the return, as the accountant does."""
        roles = ("VAT_DEEMED", "BANK")
        self.env["account.move"].create(
            {
                "journal_id": self.company.marketplace_journal_correction_id.id,
                "date": date,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company._marketplace_account(role).id,
                            side: amount,
                        }
                    )
                    for role, side in zip(roles, ("debit", "credit"), strict=True)
                ],
            }
        ).action_post()

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
        self._give_back_on("2026-03-15", first, quantity=6)
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


@tagged("post_install", "-at_install", "marketplace")
class TestScenarioInYen(ScenarioCommon):
    """S11a: no decimals anywhere; the provider pays the vendors."""

    @classmethod
    def setup_main_company(cls, currency_code="JPY"):
        return super().setup_main_company(currency_code)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tax = cls.company._marketplace_tax(10.0, included=False)
        cls.company._marketplace_commission_product().taxes_id = tax
        provider = FakeProvider()
        cls.addClassCleanup(provider.stop)
        cls.psp_account = cls.env["marketplace.payout.provider"].create(
            {
                "name": "Provider",
                "company_id": cls.company.id,
                "url": provider.url,
                "secret_key": KEY,
                "timeout_seconds": 1,
            }
        )
        for vendor, letter in zip(cls.a | cls.b | cls.c, "ABC", strict=True):
            vendor.write({"payout_rail": "psp", "psp_payee_ref": f"acct_{letter}"})

    def test_s11a_split_three_ways(self):
        """S11a: 3 334 / 3 334 / 3 333 yen; commission 417, tax 42 each."""
        self.assertEqual(self.currency.decimal_places, 0)
        self._charge(0.125)
        payload = self._prepare_payload(
            [(self._create_offer(v, 5000, 10.0), 1) for v in (self.a, self.b, self.c)],
            date="2026-03-02 10:00:00",
        )
        for line in payload["lines"]:
            del line["gross_minor"]
            line["bundle_ref"] = "BUNDLE"
        payload["bundles"] = [{"ref": "BUNDLE", "amount_minor": 10001}]
        payload["amount_charged_minor"] = 10001
        payload["payments"][0]["amount_minor"] = 10001
        with freeze_time("2026-03-02 10:00:00"):
            group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        self._deliver_on("2026-03-02", group)
        self._settle_on("2026-03-10")
        vendors = self.a | self.b | self.c
        with freeze_time("2026-03-11 12:00:00"):
            run = self._approve(
                self.Run._prepare(
                    fields.Date.to_date("2026-03-11"),
                    self.company,
                    vendors=vendors,
                    psp_account=self.psp_account,
                )
            )
            run.with_user(self.preparer).action_send()
        self._psp_settles("2026-03-11", 1377)
        self.assertPosted(scenarios.S11A)
        self.assertFinal(BANK=1377, COMMISSION=-1251, VAT_OUT=-126)
        self.assertReconciled()
