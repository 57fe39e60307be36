from odoo.tests import tagged

from ..exceptions import MarketplaceError
from .cash_vendor_common import CashVendorCommon
from .portal_common import PortalCase


@tagged("post_install", "-at_install", "marketplace")
class TestCashVendorPortal(CashVendorCommon, PortalCase):
    """O9: the vendor reads what he takes at the door, and says what happened."""

    def setUp(self):
        super().setUp()
        self._login(self.vendor)

    def _report(self, cash, outcome, status=200):
        path = f"/my/marketplace/parcels/{cash.shipment_id.id}/cash"
        return " ".join(
            self._post(path, status, outcome=outcome).text_content().split()
        )

    def _page(self, cash):
        order = cash.shipment_id.sale_order_id
        return self._get(f"/my/marketplace/orders/{order.id}")

    def _words(self, cash):
        return " ".join(self._page(cash).text_content().split())

    def _buttons(self, cash):
        return self._page(cash).xpath("//form[contains(@action, '/cash')]//button")

    def test_delivered_and_paid(self):
        """Two buttons; after the first, the sale and the cash are his."""
        group = self._buy()
        cash = self._ship(group)
        self.assertIn("you take 30.00", self._words(cash).replace("\xa0", " "))
        self.assertEqual(len(self._buttons(cash)), 2)
        self._report(cash, "collected")
        self.assertEqual(cash.state, "kept")
        self.assertEqual(cash.shipment_id.delivery_source, "vendor")
        self.assertFalse(self._buttons(cash))
        self.assertBalances(self.vendor)
        again = self._report(cash, "refused", 422)
        self.assertIn("no cash that you are still to collect", again)

    def test_refused_by_the_customer(self):
        group = self._buy()
        cash = self._ship(group)
        self._report(cash, "refused")
        self.assertEqual((cash.state, group.state), ("refused", "cancelled"))
        said = f"Said by {self.vendor.user_ids.name}"
        self.assertIn(said, str(cash.message_ids.mapped("body")))

    def test_cash_of_a_carrier_is_not_his_to_report(self):
        """No buttons, and a refusal for who posts all the same."""
        group = self._buy(
            values={"cash_on_delivery": True, "cash_collector": "carrier"}
        )
        cash = self._ship(group)
        self.assertFalse(self._buttons(cash))
        self._report(cash, "collected", 422)
        self.assertEqual(cash.state, "to_collect")

    def test_limit_is_told_to_the_vendor(self):
        """He reads that he owes more than allowed, and what follows."""
        self.vendor.vendor_contract_ids.cash_limit = 5.0
        group = self._buy()
        cash = self._ship(group)
        self.assertNotIn("You owe us", self._words(cash))
        self.Ledger._record(
            [
                {
                    "company_id": self.company.id,
                    "vendor_id": self.vendor.id,
                    "event": "refund",
                    "event_key": "test:debt",
                    "source_key": "test:debt",
                    "role_debit": "VENDOR_DUE",
                    "role_credit": "PSP_CLEARING",
                    "amount": 6.0,
                    "currency_id": self.currency.id,
                    "date_event": "2026-03-10",
                }
            ]
        )
        words = self._words(cash)
        self.assertIn("You owe us", words)
        self.assertIn("carriers collect the cash", words)

    def test_other_outcomes_are_named(self):
        with self.assertRaisesRegex(MarketplaceError, "collected, refused"):
            self._ship(self._buy()).shipment_id._vendor_report_cash("lost")
