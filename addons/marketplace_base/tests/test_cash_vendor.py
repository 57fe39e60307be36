from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@freeze_time("2026-03-20 12:00:00")
class CashVendorCommon(MarketplaceCommon):
    """Vendors who take the customer's cash themselves, and one whose carrier does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carrier = cls.env["res.partner"].create(
            {"name": "ColisPort", "is_company": True}
        )
        cls.company.marketplace_cash_carrier_id = cls.carrier
        cls.accountant = new_test_user(
            cls.env, "kept_accountant", groups="marketplace_base.group_accountant"
        )
        cls.desk = new_test_user(
            cls.env, "kept_desk", groups="marketplace_base.group_order_desk"
        )
        cls.vendor = cls._create_vendor("Comptant", cash_collector="vendor")
        cls.offer = cls._create_offer(cls.vendor, 10.0)

    @classmethod
    def _commission_plan(cls, company):
        """Return a plan that charges nothing: what is owed here is of other kinds."""
        plan = super()._commission_plan(company)
        name = f"Free {company.id}"
        return plan.search([("name", "=", name)], limit=1) or plan.create(
            {
                "name": name,
                "company_id": company.id,
                "rule_ids": [
                    Command.create({"name": "Default", "rate": 0, "is_default": True})
                ],
            }
        )

    def _buy(self, lines=None, **options):
        return self._import_order(
            lines or [(self.offer, 3)],
            **{
                "date": "2026-03-02 10:00:00",
                "captured": False,
                "values": {"cash_on_delivery": True},
                **options,
            },
        )

    def _ship(self, group, vendor=None, quantity=None):
        order = group.sale_order_ids.filtered(
            lambda one: one.vendor_id == (vendor or self.vendor)
        )
        goods = order.order_line.filtered(lambda line: line.marketplace_kind == "goods")
        with freeze_time("2026-03-03 09:00:00"):
            shipment = self.env["marketplace.shipment"]._create_for_order(
                order,
                quantity and {goods[:1].id: quantity},
                tracking_ref=f"8K{self._next():08d}",
            )
            shipment.action_ship()
        return shipment.cash_collection_ids

    def _deliver(self, cash, day="2026-03-05"):
        cash.shipment_id.action_deliver(date=fields.Date.to_date(day))

    def _cron(self, name):
        # A cron commits between batches, which a test transaction may not.
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            getattr(self.env["marketplace.shipment"], name)()

    def _moves(self, group, event):
        return group.ledger_line_ids.filtered(lambda line: line.event == event).move_id

    def _role_minor(self, group, role):
        """Return the debit balance of a role on a purchase."""
        return sum(
            self._minor(line.amount)
            * ((line.role_debit == role) - (line.role_credit == role))
            for line in group.ledger_line_ids
        )

    def assertSound(self, group):
        self.assertTiedOut()
        problems = self.env["marketplace.health"]._check(self.company)
        self.assertFalse([text for text in problems if group.name in text])
        self.assertFalse(
            self.env["marketplace.psp.clearing"].search_count(
                [("psp_partner_id", "=", self.vendor.id)]
            ),
            "we hold no money of the customer",
        )


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


@freeze_time("2026-03-20 12:00:00")
class TestCashVendorRefund(CashVendorCommon):
    """Refunds of cash that the vendor keeps."""

    def _sold(self, **options):
        group = self._buy(**options)
        cash = self._ship(group)
        self._deliver(cash)
        return group, cash.line_ids.sale_line_id

    def test_vendor_gives_back_what_he_took(self):
        """He pays the customer himself: neither side owes anything for it."""
        group, line = self._sold()
        refund = self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertEqual(refund.payment_id.kind, "vendor_cash")
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_DUE", self.vendor, 10.0, 0),
                ("VENDOR_CASH", self.vendor, 0, 10.0),
            ],
        )
        self.assertBalances(self.vendor)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 0)
        self.assertEqual(group.payment_state, "partially_refunded")
        self._refund(group, [(line, 2, None)], date="2026-03-19")
        self.assertEqual(group.payment_state, "refunded")
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_given_back_before_it_is_due(self):
        """Refunded within the delay of the contract: taken off what is pending."""
        slow = self._create_vendor(
            "Lente", cash_collector="vendor", entitlement_delay_days=14
        )
        group = self._buy([(self._create_offer(slow, 10.0), 3)])
        cash = self._ship(group, slow)
        self._deliver(cash, "2026-03-10")
        self._refund(group, [(cash.line_ids.sale_line_id, 1, None)], date="2026-03-12")
        self.assertBalances(slow)
        self.assertEqual(self._role_minor(group, "VENDOR_CASH"), 2000)
        with freeze_time("2026-03-24 12:00:00"):
            self._cron("_cron_entitle")
        self.assertBalances(slow)
        self.assertSound(group)

    def test_we_give_back_and_he_owes_it(self):
        """Transferred by us: his debt, and a transfer to make."""
        group, line = self._sold()
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "cash_back_by": "operator",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1.0})
                ],
            }
        )
        self.assertTrue(refund.goes_negative)
        refund._apply()
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_DUE", self.vendor, 10.0, 0),
                ("CUST_REFUND", self.customer, 0, 10.0),
            ],
        )
        self.assertBalances(self.vendor, due=-10)
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            refund.cash_back_by = "vendor"
        self.assertSound(group)

    def test_preview_says_that_nothing_is_owed(self):
        """The vendor gives it back of his own pocket: his account does not move."""
        group, line = self._sold()
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1.0})
                ],
            }
        )
        self.assertFalse(refund.problem)
        self.assertFalse(refund.goes_negative)
        [row] = refund._effect()["vendors"]
        self.assertEqual((row["before"], row["change"]), (0, 0))

    def test_our_part_of_a_refund_comes_back_to_him(self):
        """He gives back a price that held VAT of ours: we owe him that VAT."""
        vendor = self._create_vendor(
            "Reprise", cash_collector="vendor", vat_debtor="operator"
        )
        group = self._buy([(self._create_offer(vendor, 120.0), 1)])
        cash = self._ship(group, vendor)
        self._deliver(cash)
        self.assertBalances(vendor, due=-20)
        self._refund(group, [(cash.line_ids.sale_line_id, 1, None)], date="2026-03-18")
        self.assertBalances(vendor)
        self.assertEqual(self._role_minor(group, "VAT_DEEMED"), 0)
        self.assertSound(group)

    def test_discount_of_ours_comes_back_with_the_refund(self):
        """Credited 10.00 for 8.00 of cash; given back, we are even again."""
        group, line = self._sold(
            lines=[(self.offer, 1)], discounts=[(2.0, "marketplace")]
        )
        self.assertBalances(self.vendor, due=2)
        self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_goodwill_of_ours_leaves_the_vendor_alone(self):
        """A gesture of the operator is a transfer of the operator."""
        group, _line = self._sold()
        self.env["marketplace.refund"].create(
            {"order_id": group.id, "borne_by": "operator", "amount": 3.0}
        )._apply()
        self.assertMove(
            self._moves(group, "goodwill"),
            [
                ("OPERATOR_COST", self.env["res.partner"], 3.0, 0),
                ("CUST_REFUND", self.customer, 0, 3.0),
            ],
        )
        self.assertBalances(self.vendor)
        self.assertSound(group)

    def test_each_vendor_gives_back_his_own(self):
        """Two vendors keep their cash: a refund finds that of its lines."""
        other = self._create_vendor("Voisin", cash_collector="vendor")
        group = self._buy([(self.offer, 1), (self._create_offer(other, 50.0), 1)])
        mine, his = self._ship(group), self._ship(group, other)
        self._deliver(mine | his)
        line = mine.line_ids.sale_line_id
        refund = self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertEqual(refund.payment_id, mine.payment_id)
        wrong = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "payment_id": mine.payment_id.id,
                "line_ids": [
                    Command.create(
                        {"sale_line_id": his.line_ids.sale_line_id.id, "quantity": 1.0}
                    )
                ],
            }
        )
        with self.assertRaisesRegex(MarketplaceError, "took for his own parcel"):
            wrong._apply()
        self.assertBalances(self.vendor)
        self.assertBalances(other)
        self.assertSound(group)

    def test_amendment_gives_each_vendors_cash_back(self):
        """Fewer units of two vendors: one refund on the cash of each."""
        other = self._create_vendor("Voisine", cash_collector="vendor")
        group = self._buy([(self.offer, 2), (self._create_offer(other, 50.0), 2)])
        mine, his = self._ship(group), self._ship(group, other)
        self._deliver(mine | his)
        self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "reason": "One of each less",
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": cash.line_ids.sale_line_id.id,
                            "quantity_new": 1,
                        }
                    )
                    for cash in (mine, his)
                ],
            }
        )._apply()
        self.assertEqual(
            {refund.payment_id: refund.amount for refund in group.refund_ids},
            {mine.payment_id: 10.0, his.payment_id: 50.0},
        )
        self.assertBalances(self.vendor)
        self.assertBalances(other)
        self.assertSound(group)


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
