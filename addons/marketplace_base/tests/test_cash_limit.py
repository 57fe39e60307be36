from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time

from ..exceptions import MarketplaceError
from .cash_vendor_common import CashVendorCommon


@freeze_time("2026-03-20 12:00:00")
class TestCashLimit(CashVendorCommon):
    """Who owes more than his limit keeps no more cash, after the grace period."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debtor = cls._create_vendor(
            "Débiteur",
            cash_collector="vendor",
            vat_debtor="operator",
            cash_limit=30.0,
            cash_grace_days=5,
        )
        cls.contract = cls.debtor.vendor_contract_ids
        cls.costly = cls._create_offer(cls.debtor, 120.0)

    def _owe(self, day):
        """Sell for 120.00 in cash, of which 20.00 are ours."""
        group = self._buy([(self.costly, 1)])
        self._deliver(self._ship(group, self.debtor), day)
        self.env.flush_all()
        self.contract.invalidate_recordset()

    def test_debt_and_dates_on_the_contract(self):
        """As much as the limit is allowed; above it the grace period starts."""
        self._owe("2026-03-10")
        self.assertEqual(self.contract.cash_debt, 20.0)
        self.assertFalse(self.contract.cash_over_since)
        self._owe("2026-03-17")
        self.assertRecordValues(
            self.contract,
            [
                {
                    "cash_debt": 40.0,
                    "cash_over_since": fields.Date.to_date("2026-03-17"),
                    "cash_blocked_from": fields.Date.to_date("2026-03-22"),
                    "is_cash_over": True,
                }
            ],
        )
        over = self.env["marketplace.contract"].search([("is_cash_over", "=", True)])
        self.assertIn(self.contract, over)
        self.assertNotIn(self.vendor.vendor_contract_ids, over)
        self.contract.cash_limit = 40.0
        self.contract.invalidate_recordset()
        self.assertFalse(self.contract.cash_over_since)

    def test_carrier_collects_after_the_grace_period(self):
        """Above the limit: kept during the grace period, the carrier's afterwards."""
        self._owe("2026-03-10")
        self._owe("2026-03-17")
        self.assertEqual(
            self._buy([(self.costly, 1)]).sale_order_ids.cash_collector, "vendor"
        )
        with freeze_time("2026-03-22 12:00:00"):
            order = self._buy([(self.costly, 1)]).sale_order_ids
        self.assertRecordValues(
            order, [{"cash_collector": "carrier", "cash_terms": "remitted"}]
        )
        cash = self._ship(order.marketplace_order_id, self.debtor)
        self.assertEqual(cash.carrier_id, self.carrier)

    def test_refused_where_no_carrier_collects(self):
        """Named: the vendor, his debt, his limit, and what to do."""
        self.company.marketplace_cash_carrier_id = False
        self._owe("2026-03-10")
        self._owe("2026-03-12")
        payload = self._prepare_payload(
            [(self.costly, 1)], values={"cash_on_delivery": True}
        )
        Order = self.env["marketplace.order"]
        groups, problems = Order._import_batch([payload])
        self.assertFalse(groups)
        self.assertRegex(problems[0][0], "Débiteur owes 40.00.*more than the 30.00")
        card = self._prepare_payload([(self.costly, 1)])
        self.assertFalse(Order._import_batch([card])[1], "sold by card all the same")
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            form.is_cash_on_delivery = True
            with form.order_line.new() as line:
                line.product_id = self.costly.product_id
        with self.assertRaisesRegex(MarketplaceError, "keeps no more cash"):
            form.save().action_confirm()

    def test_sales_by_card_pay_the_debt(self):
        """Other earnings bring him below the limit: he keeps cash again."""
        self._owe("2026-03-10")
        self._owe("2026-03-12")
        paid = self._import_order([(self.costly, 1)], date="2026-03-02 10:00:00")
        self._ship_and_deliver(paid.sale_order_ids)
        self.env.flush_all()
        self.contract.invalidate_recordset()
        self.assertEqual(self.contract.cash_debt, 0.0)
        self.assertEqual(
            self._buy([(self.costly, 1)]).sale_order_ids.cash_collector, "vendor"
        )

    def test_storefront_says_who_collects(self):
        """What the shop told the customer comes before the contract."""
        group = self._buy(
            values={"cash_on_delivery": True, "cash_collector": "carrier"}
        )
        self.assertEqual(group.sale_order_ids.cash_collector, "carrier")
        self.assertEqual(self._ship(group).carrier_id, self.carrier)

    def test_limit_is_changed_by_who_may_write_contracts(self):
        """A used contract keeps its terms, but its limit is a matter of every day."""
        self._owe("2026-03-10")
        self.contract.cash_limit = 5.0
        with self.assertRaises(AccessError):
            self.contract.with_user(self.desk).cash_limit = 500.0
