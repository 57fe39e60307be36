from odoo.fields import Command
from odoo.tests import Form, freeze_time

from ..exceptions import MarketplaceError
from .cash_vendor_common import CashVendorCommon


@freeze_time("2026-03-20 12:00:00")
class TestCashVendor(CashVendorCommon):
    """O9: the vendor keeps the cash, the ledger what he owes of it."""

    def test_kept_cash_entry_by_entry(self):
        """Nothing at the shipment; at the door the cash is his, and so is the sale."""
        group = self._buy()
        cash = self._ship(group)
        self.assertRecordValues(
            cash,
            [{"state": "to_collect", "carrier_id": self.vendor.id, "amount": 30.0}],
        )
        self.assertEqual(cash.collector, "vendor")
        self.assertTrue(cash.shipment_id.date_auto_delivery, "a delivery is assumed")
        self.assertFalse(group.ledger_line_ids)
        self._deliver(cash)
        self.assertEqual(cash.state, "kept")
        self.assertFalse(cash.is_missing)
        self.assertEqual(group.payment_state, "paid")
        self.assertMove(
            self._moves(group, "capture"),
            [
                ("VENDOR_CASH", self.vendor, 30.0, 0),
                ("VENDOR_PENDING", self.vendor, 0, 30.0),
            ],
        )
        self.assertMove(
            self._moves(group, "entitlement"),
            [
                ("VENDOR_PENDING", self.vendor, 30.0, 0),
                ("VENDOR_DUE", self.vendor, 0, 30.0),
            ],
        )
        self.assertMove(
            self._moves(group, "vendor_cash"),
            [
                ("VENDOR_DUE", self.vendor, 30.0, 0),
                ("VENDOR_CASH", self.vendor, 0, 30.0),
            ],
        )
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_delay_of_the_contract_makes_no_debt(self):
        """Not due for two weeks: meanwhile neither side owes anything."""
        slow = self._create_vendor(
            "Lent", cash_collector="vendor", entitlement_delay_days=14
        )
        group = self._buy([(self._create_offer(slow, 30.0), 1)])
        cash = self._ship(group, slow)
        self._deliver(cash, "2026-03-10")
        self.assertBalances(slow)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 3000)
        self.assertFalse(self._moves(group, "vendor_cash"))
        with freeze_time("2026-03-24 12:00:00"):
            self._cron("_cron_entitle")
        self.assertBalances(slow)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 0)
        self.assertSound(group)

    def test_parcels_are_set_off_one_by_one(self):
        """Three units of 10.00 in two parcels: each with its own cash."""
        group = self._buy()
        first = self._ship(group, quantity=1)
        self._deliver(first)
        self.assertEqual(group.payment_state, "partial")
        self.assertBalances(self.vendor)
        rest = self._ship(group, quantity=2)
        self.assertEqual((first.amount, rest.amount), (10.0, 20.0))
        self._deliver(rest)
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.vendor)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 0)
        self.assertSound(group)

    def test_what_is_ours_of_the_cash_is_owed_at_once(self):
        """The delivery we sell and the VAT we owe: his debt, and our income."""
        vendor = self._create_vendor(
            "Redevable",
            cash_collector="vendor",
            vat_debtor="operator",
            shipping_recipient="operator",
            entitlement_delay_days=14,
        )
        group = self._buy(
            [(self._create_offer(vendor, 120.0), 1)], shippings=[(6.0, vendor)]
        )
        cash = self._ship(group, vendor)
        self.assertEqual(cash.amount, 126.0)
        self._deliver(cash, "2026-03-10")
        self.assertBalances(vendor, due=-26)
        self.assertEqual(self._role_minor(group, "VAT_DEEMED"), -2000)
        with freeze_time("2026-03-24 12:00:00"):
            self._cron("_cron_entitle")
        self.assertBalances(vendor, due=-26)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 0)
        self.assertSound(group)

    def test_discount_of_ours_is_paid_to_the_vendor(self):
        """The customer pays 2.00 less at the door, we pay them to the vendor."""
        group = self._buy([(self.offer, 1)], discounts=[(2.0, "marketplace")])
        cash = self._ship(group)
        self.assertEqual(cash.amount, 8.0)
        self._deliver(cash)
        self.assertBalances(self.vendor, due=2)
        self.assertSound(group)

    def test_rounding_of_the_shop_is_ours(self):
        """A cent above the lines: he took it, he owes it."""
        group = self._buy(
            [(self.offer, 2)], amount_charged_minor=2001, tolerance_minor=1
        )
        cash = self._ship(group)
        self.assertEqual(cash.amount, 20.01)
        self._deliver(cash)
        self.assertBalances(self.vendor, due=-0.01)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 0)
        self.assertSound(group)

    def test_two_collectors_of_one_purchase(self):
        """One vendor keeps his cash, the carrier remits that of the other."""
        other = self._create_vendor("Porté")
        group = self._buy([(self.offer, 1), (self._create_offer(other, 20.0), 1)])
        kept, carried = self._ship(group), self._ship(group, other)
        self.assertEqual(carried.carrier_id, self.carrier)
        self.assertFalse(carried.shipment_id.date_auto_delivery)
        self._deliver(kept | carried)
        self.assertEqual((kept.state, carried.state), ("kept", "collected"))
        self.assertBalances(self.vendor)
        self.assertBalances(other, pending=20)
        self.assertSound(group)

    def test_collector_is_corrected_before_the_door(self):
        """A carrier took the parcel after all: he owes the cash."""
        group = self._buy()
        cash = self._ship(group)
        cash.with_user(self.desk).carrier_id = self.carrier
        self.assertEqual(cash.collector, "carrier")
        self._deliver(cash)
        self.assertEqual(cash.state, "collected")
        self.assertBalances(self.vendor, due=30)
        with self.assertRaisesRegex(MarketplaceError, "another carrier"):
            cash.carrier_id = self.vendor

    def test_assumed_delivery_counts_the_cash(self):
        """A vendor who reports nothing owes his part all the same."""
        group = self._buy()
        cash = self._ship(group)
        self._cron("_cron_auto_deliver")
        self.assertEqual(cash.state, "kept")
        self.assertEqual(group.payment_state, "paid")

    def test_refused_at_the_door_owes_nothing(self):
        """The parcel comes back: no cash, no sale, no entry."""
        group = self._buy()
        cash = self._ship(group)
        cash.with_user(self.desk).action_refuse()
        self.assertEqual(cash.state, "refused")
        self.assertFalse(group.ledger_line_ids)
        self.assertEqual(group.state, "cancelled")
        self.assertSound(group)

    def test_kept_cash_is_neither_remitted_nor_lost(self):
        """Nobody remits what the vendor keeps."""
        cash = self._ship(self._buy())
        self._deliver(cash)
        with self.assertRaisesRegex(MarketplaceError, "not settled"):
            self.env["marketplace.cash.remittance"].create(
                {"collection_ids": [Command.set(cash.ids)], "reference": "R"}
            ).action_record()
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            cash.with_user(self.accountant).action_write_off()

    def test_quotation_freezes_who_collects(self):
        """Typed by hand: the contract says who collects, and nobody changes it."""
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            form.is_cash_on_delivery = True
            with form.order_line.new() as line:
                line.product_id = self.offer.product_id
        order = form.save()
        order.action_confirm()
        self.assertRecordValues(
            order,
            [
                {
                    "cash_collector": "vendor",
                    "cash_terms": "collected",
                    "is_paid_at_door": True,
                }
            ],
        )
        with self.assertRaisesRegex(MarketplaceError, "terms cannot change"):
            order.cash_collector = "carrier"
        with self.assertRaisesRegex(MarketplaceError, "terms cannot change"):
            self.vendor.vendor_contract_ids.cash_collector = "carrier"

    def test_batch_of_parcels_costs_no_query_each(self):
        """Eight parcels whose cash is kept arrive with the queries of two."""
        self.company.marketplace_posting_mode = "day_vendor"

        def queries(count):
            cash = self.env["marketplace.cash.collection"].union(
                *(self._ship(self._buy()) for _number in range(count))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._deliver(cash)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        few, many = queries(2), queries(8)
        self.assertLess(many - few, 6, f"{few} for 2, {many} for 8")
