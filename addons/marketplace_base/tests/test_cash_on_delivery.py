import base64

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user

from ..exceptions import MarketplaceError
from .cash_common import CashCommon

HEAD = "line,remittance,remittance_date,collected_on,type,currency,amount,fee,net"


@freeze_time("2026-03-20 12:00:00")
class TestCashOnDelivery(CashCommon):
    """O9: two vendors sell a purchase that is paid at the door, parcel by parcel."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Patience")
        cls.quick = cls._create_vendor("Rapide", cash_terms="collected")
        cls.sure = cls._create_vendor("Garantie", cash_terms="guaranteed")
        cls.offer = cls._create_offer(cls.vendor, 10.0)
        cls.offer_quick = cls._create_offer(cls.quick, 20.0)
        cls.offer_sure = cls._create_offer(cls.sure, 30.0)

    def _remit(self, cash, fee=0.0, reference=None, date="2026-03-15"):
        """Record and post a remittance by hand; return its settlement."""
        wizard = (
            self.env["marketplace.cash.remittance"]
            .with_user(self.accountant)
            .create(
                {
                    "collection_ids": [Command.set(cash.ids)],
                    "reference": reference or f"R{self._next()}",
                    "date": date,
                    "amount_fee": fee,
                }
            )
        )
        settlement = self.env["marketplace.psp.settlement"].browse(
            wizard.action_record()["res_id"]
        )
        settlement.with_user(self.accountant).action_post()
        return settlement

    def _import(self, *rows):
        wizard = (
            self.env["marketplace.psp.report.import"]
            .with_user(self.accountant)
            .create(
                {
                    "company_id": self.company.id,
                    "psp_partner_id": self.carrier.id,
                    "format_id": self.env.ref(
                        "marketplace_base.psp_report_format_cash"
                    ).id,
                    "file": base64.b64encode(
                        "\n".join([f"{HEAD},tracking_number,parcel", *rows]).encode()
                    ),
                }
            )
        )
        wizard.action_import()
        return wizard

    def _clearing(self):
        self.env.flush_all()
        rows = self.env["marketplace.psp.clearing"].search(
            [("psp_partner_id", "=", self.carrier.id)]
        )
        return {(row.bucket, self._minor(row.amount)) for row in rows}

    # -- from the door to the bank ----------------------------------------------------

    def test_from_the_door_to_the_bank_entry_by_entry(self):
        """Shipped: nothing. Collected: the carrier owes it. Remitted: it is due."""
        group = self._buy()
        cash = self._ship(group)
        self.assertRecordValues(
            cash,
            [{"state": "to_collect", "amount": 30.0, "carrier_id": self.carrier.id}],
        )
        self.assertEqual(cash.date_expected, fields.Date.to_date("2026-03-17"))
        self.assertFalse(cash.shipment_id.date_auto_delivery)
        self.assertFalse(group.ledger_line_ids)
        self._deliver(cash)
        self.assertEqual(cash.state, "collected")
        self.assertEqual(group.payment_state, "paid")
        self.assertMove(
            self._moves(group, "capture"),
            [
                ("PSP_CLEARING", self.carrier, 30.0, 0),
                ("VENDOR_PENDING", self.vendor, 0, 30.0),
            ],
        )
        self.assertBalances(self.vendor, pending=30)
        self.assertEqual(self._clearing(), {("in_transit", 3000)})
        settlement = self._remit(cash, fee=1.8)
        self.assertMove(
            settlement.ledger_line_ids.move_id,
            [
                ("BANK", self.carrier, 28.2, 0),
                ("PSP_FEES", self.carrier, 1.8, 0),
                ("PSP_CLEARING", self.carrier, 0, 30.0),
            ],
        )
        self.assertRecordValues(
            cash,
            [
                {
                    "state": "remitted",
                    "amount_remitted": 30.0,
                    "remittance_id": settlement.id,
                    "is_missing": False,
                }
            ],
        )
        due = group.ledger_line_ids.filtered(lambda line: line.event == "entitlement")
        self.assertEqual(due.date_event, fields.Date.to_date("2026-03-15"))
        self.assertMove(
            due.move_id,
            [
                ("VENDOR_PENDING", self.vendor, 30.0, 0),
                ("VENDOR_DUE", self.vendor, 0, 30.0),
            ],
        )
        self.assertBalances(self.vendor, due=30)
        self.assertFalse(self._clearing())
        self.assertSound(group)

    def test_terms_say_when_the_vendor_is_paid(self):
        """Remitted, collected, guaranteed: three vendors of one purchase."""
        group = self._buy(
            [(self.offer, 1), (self.offer_quick, 1), (self.offer_sure, 1)]
        )
        vendors = (self.vendor, self.quick, self.sure)
        cash = [self._ship(group, vendor) for vendor in vendors]
        self.assertEqual([one.amount for one in cash], [10.0, 20.0, 30.0])
        self.assertMove(
            self._moves(group, "on_account"),
            [
                ("CUST_COLLECT", self.customer, 30.0, 0),
                ("VENDOR_PENDING", self.sure, 0, 30.0),
            ],
        )
        self._deliver(cash[0] | cash[1] | cash[2])
        self.assertMove(
            self._moves(group, "collection"),
            [
                ("PSP_CLEARING", self.carrier, 30.0, 0),
                ("CUST_COLLECT", self.customer, 0, 30.0),
            ],
        )
        self.assertBalances(self.vendor, pending=10)
        self.assertBalances(self.quick, due=20)
        self.assertBalances(self.sure, due=30)
        self._remit(cash[0] | cash[1] | cash[2])
        self.assertBalances(self.vendor, due=10)
        self.assertBalances(self.quick, due=20)
        self.assertSound(group)

    def test_cash_of_a_parcel_pays_its_vendor_only(self):
        """One parcel collected, one on its way: the other vendor gets nothing of it."""
        group = self._buy([(self.offer, 1), (self.offer_quick, 1)])
        first, second = self._ship(group), self._ship(group, self.quick)
        self._deliver(first)
        self.assertBalances(self.vendor, pending=10)
        self.assertBalances(self.quick)
        self.assertEqual(group.payment_state, "partial")
        self._remit(first)
        self.assertBalances(self.vendor, due=10)
        self._deliver(second)
        self.assertBalances(self.quick, due=20)
        self.assertEqual(group.payment_state, "paid")
        self.assertSound(group)

    def test_amounts_per_parcel_make_the_charge(self):
        """Units, delivery with the first parcel, our discount: to the cent."""
        group = self._buy(
            [(self.offer, 3, 10.0)],
            shippings=[(4.99, self.vendor)],
            discounts=[(2.0, "marketplace")],
        )
        self.assertEqual(group.amount_charged, 12.99)
        order = group.sale_order_ids
        draft = self.env["marketplace.shipment"]._create_for_order(
            order, {order.order_line[:1].id: 1}
        )
        preview = draft.amount_to_collect
        draft.action_cancel()
        cash = [self._ship(group, quantity=1) for _parcel in range(3)]
        self.assertEqual(preview, cash[0].amount)
        self.assertEqual([one.amount for one in cash], [7.66, 2.66, 2.67])
        for one in cash:
            self._deliver(one)
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.vendor, pending=14.99)
        funded = group.ledger_line_ids.filtered(
            lambda line: line.event == "discount_funding"
        )
        self.assertEqual(self._minor(sum(funded.mapped("amount"))), 200)
        for one in cash:
            self._remit(one)
        self.assertBalances(self.vendor, due=14.99)
        self.assertSound(group)

    def test_rounding_of_the_shop_comes_with_the_last_parcel(self):
        """Charged a cent less than the lines: the last carrier collects a cent less."""
        group = self._buy(
            [(self.offer, 2)], amount_charged_minor=1999, tolerance_minor=1
        )
        first = self._ship(group, quantity=1)
        last = self._ship(group, quantity=1)
        self.assertEqual((first.amount, last.amount), (10.0, 9.99))
        self._deliver(first | last)
        self.assertEqual(group.payment_state, "paid")
        self._remit(first | last)
        self.assertBalances(self.vendor, due=20)
        self.assertSound(group)

    def test_paid_before_lowers_the_cash(self):
        """A gift card pays a part: the carrier collects the rest."""
        group = self._buy()
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": "CARD-1",
                    "provider": "card",
                    "kind": "gift_card",
                    "state": "captured",
                    "amount_minor": 1200,
                    "date": fields.Datetime.now(),
                }
            ],
        )
        cash = self._ship(group)
        self.assertEqual(cash.amount, 18.0)
        self._deliver(cash)
        self.assertEqual(group.payment_state, "paid")
        self._remit(cash)
        self.assertBalances(self.vendor, due=30)
        self.assertSound(group)

    # -- remittances ------------------------------------------------------------------

    def test_csv_remittance_is_matched_by_tracking_number(self):
        """Two parcels told, one not ours; one was not noted as collected yet."""
        group = self._buy()
        noted = self._ship(group, quantity=1, tracking="8R001")
        silent = self._ship(group, quantity=2, tracking="8R002")
        self._deliver(noted)
        wizard = self._import(
            "1,REM-7,2026-03-15,2026-03-05,COD,eur,10.00,0.60,9.40,8R001,",
            "2,REM-7,2026-03-15,2026-03-06,COD,eur,20.00,0.60,19.40,8R002,",
            "3,REM-7,2026-03-15,2026-03-06,COD,eur,5.00,0.60,4.40,8R999,",
        )
        self.assertFalse(wizard.problems)
        settlement = wizard.settlement_ids
        lines = settlement.line_ids.sorted("identifier")
        self.assertEqual(lines.mapped("is_matched"), [True, False, False])
        self.assertIn("still to collect", lines[1].problem)
        self.assertEqual(silent.state, "to_collect")
        settlement.with_user(self.accountant).action_post()
        self.assertEqual((noted | silent).mapped("state"), ["remitted", "remitted"])
        self.assertRecordValues(
            silent.shipment_id, [{"state": "delivered", "delivery_source": "carrier"}]
        )
        self.assertMove(
            settlement.ledger_line_ids.move_id,
            [
                ("BANK", self.carrier, 33.2, 0),
                ("PSP_FEES", self.carrier, 1.8, 0),
                ("PSP_CLEARING", self.carrier, 0, 35.0),
            ],
        )
        self.assertEqual(self._clearing(), {("unknown", -500)})
        self.assertBalances(self.vendor, due=30)
        again = self._import(
            "1,REM-7,2026-03-15,2026-03-05,COD,eur,10.00,0.60,9.40,8R001,"
        )
        self.assertEqual((again.imported_count, again.known_count), (0, 1))
        self.assertSound(group)

    def test_remitted_too_little_is_a_difference_to_explain(self):
        """The carrier pays 25.00 of 30.00: the rest stays with him in clearing."""
        group = self._buy()
        cash = self._ship(group, tracking="8R010")
        self._deliver(cash)
        wizard = self._import(
            "9,REM-8,2026-03-15,2026-03-05,COD,eur,25.00,0,25.00,8R010,"
        )
        wizard.settlement_ids.with_user(self.accountant).action_post()
        self.assertEqual(cash.amount_remitted, 25.0)
        self.assertEqual(self._clearing(), {("difference", 500)})
        self.assertBalances(self.vendor, due=30)
        self.assertSound(group)

    def test_corrected_tracking_number_is_found(self):
        """The number is corrected after the door: the remittance finds it."""
        group = self._buy()
        cash = self._ship(group, tracking="WRONG")
        self._deliver(cash)
        cash.shipment_id.tracking_ref = "8R020"
        self.assertEqual(cash.payment_id.psp_ref, "8R020")
        wizard = self._import(
            "1,REM-9,2026-03-15,2026-03-05,COD,eur,30.00,0,30.00,8R020,"
        )
        self.assertEqual(wizard.unmatched_count, 0)

    def test_undone_match_waits_again(self):
        """The line told of another parcel: the cash is missing again."""
        group = self._buy()
        cash = self._ship(group)
        self._deliver(cash)
        settlement = self._remit(cash)
        settlement.line_ids.with_user(self.accountant).action_unmatch()
        self.assertRecordValues(
            cash,
            [{"state": "collected", "date_remitted": False, "is_missing": True}],
        )
        settlement.line_ids.with_user(self.accountant).action_match()
        self.assertEqual(cash.state, "remitted")

    def test_remittance_of_two_carriers_is_refused(self):
        """One remittance is of one carrier, and of cash that is not settled."""
        group = self._buy([(self.offer, 1), (self.offer_quick, 1)])
        first, second = self._ship(group), self._ship(group, self.quick)
        second.carrier_id = self.env["res.partner"].create({"name": "Autre"})
        with self.assertRaisesRegex(MarketplaceError, "of one carrier"):
            self._remit(first | second)
        self._deliver(first | second)
        with self.assertRaisesRegex(MarketplaceError, "another carrier"):
            second.carrier_id = self.carrier
        self._remit(first)
        with self.assertRaisesRegex(MarketplaceError, "not settled"):
            self._remit(first)

    # -- refused, missing, lost -------------------------------------------------------

    def test_refused_at_the_door_collects_nothing(self):
        """The parcel comes back: nothing is owed, and no entry was made."""
        group = self._buy(shippings=[(4.99, self.vendor)])
        cash = self._ship(group)
        cash.with_user(self.desk).action_refuse()
        self.assertEqual((cash.state, cash.shipment_id.state), ("refused", "returned"))
        self.assertFalse(group.ledger_line_ids)
        self.assertEqual(group.amount_payable, 0.0)
        self.assertEqual(group.state, "cancelled")
        self.assertTrue(all(group.refund_ids.mapped("before_capture")))
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            self._deliver(cash)
        with self.assertRaisesRegex(MarketplaceError, "not settled"):
            self._remit(cash)
        self.assertSound(group)

    def test_one_of_two_parcels_refused(self):
        """The delivery fee goes with what is still to ship, else with the last."""
        group = self._buy(shippings=[(4.99, self.vendor)])
        refused = self._ship(group, quantity=1)
        self.assertEqual(refused.amount, 14.99)
        refused.action_refuse()
        kept = self._ship(group, quantity=2)
        self.assertEqual(kept.amount, 24.99)
        self._deliver(kept)
        self.assertEqual(group.payment_state, "paid")
        self._remit(kept)
        self.assertBalances(self.vendor, due=24.99)
        self.assertSound(group)

    def test_refused_guarantee_is_taken_back(self):
        """Guaranteed when it left, refused at the door: the guarantee is undone."""
        group = self._buy([(self.offer_sure, 1)])
        cash = self._ship(group, self.sure)
        self.assertBalances(self.sure, pending=30)
        cash.action_refuse()
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_PENDING", self.sure, 30.0, 0),
                ("CUST_COLLECT", self.customer, 0, 30.0),
            ],
        )
        self.assertBalances(self.sure)
        self.assertSound(group)

    def test_missing_by_age_and_queue(self):
        """Not remitted in time: missing, with its age, in the work queue."""
        queue = self.env.ref("marketplace_base.queue_cash_missing")
        group = self._buy()
        cash = self._ship(group)
        Cash = self.env["marketplace.cash.collection"]
        missing = [("is_missing", "=", True), ("id", "=", cash.id)]
        self.assertTrue(cash.is_missing)
        self.assertEqual(cash.days_late, 3)
        self.assertTrue(Cash.search(missing))
        before = queue.item_count
        self._deliver(cash, "2026-03-06")
        self.assertEqual(cash.date_expected, fields.Date.to_date("2026-03-20"))
        self.assertFalse(cash.is_missing)
        queue.invalidate_recordset(["item_count"])
        self.assertEqual(queue.item_count, before - 1)
        with freeze_time("2026-04-01 12:00:00"):
            cash.invalidate_recordset(["is_missing", "days_late"])
            self.assertEqual(cash.days_late, 12)
            self.assertTrue(Cash.search(missing))
        self._remit(cash)
        self.assertFalse(Cash.search(missing))

    def test_never_remitted_is_our_loss(self):
        """Written off by an accountant: a loss of ours, the vendor gets his part."""
        group = self._buy()
        cash = self._ship(group)
        self._deliver(cash)
        with self.assertRaises(AccessError):
            cash.with_user(self.desk).action_write_off()
        cash.with_user(self.accountant).action_write_off()
        self.assertMove(
            self._moves(group, "collection_loss"),
            [
                ("BAD_DEBT", self.env["res.partner"], 30.0, 0),
                ("PSP_CLEARING", self.carrier, 0, 30.0),
            ],
        )
        self.assertFalse(self._clearing())
        self.assertBalances(self.vendor, due=30)
        self.assertSound(group)

    # -- refunds and refusals ---------------------------------------------------------

    def test_refund_of_cash_is_a_transfer_to_make(self):
        """The customer paid the carrier: we owe him the money, no provider does."""
        group = self._buy()
        cash = self._ship(group)
        line = cash.line_ids.sale_line_id
        with self.assertRaisesRegex(MarketplaceError, "collected or refused first"):
            self._amend(group, line, 2)
        self._deliver(cash)
        self._remit(cash)
        self._refund(group, [(line, 1, None)], date="2026-03-18")
        self.assertMove(
            self._moves(group, "refund"),
            [
                ("VENDOR_DUE", self.vendor, 10.0, 0),
                ("CUST_REFUND", self.customer, 0, 10.0),
            ],
        )
        self.assertBalances(self.vendor, due=20)
        self.assertFalse(self._clearing())
        dispute = self.env["marketplace.dispute"].create(
            {"payment_id": cash.payment_id.id, "external_ref": "dp_cash"}
        )
        with self.assertRaisesRegex(MarketplaceError, "paid in cash"):
            dispute.action_open()
        self.assertSound(group)

    def _amend(self, group, line, quantity):
        self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "reason": "One less",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity_new": quantity})
                ],
            }
        )._apply()

    def test_units_not_shipped_may_be_cancelled(self):
        """One parcel on its way: the other units are cancelled all the same."""
        group = self._buy()
        cash = self._ship(group, quantity=1)
        self._amend(group, cash.line_ids.sale_line_id, 1)
        self._deliver(cash)
        self.assertEqual(group.payment_state, "paid")
        self._remit(cash)
        self.assertBalances(self.vendor, due=10)
        self.assertSound(group)

    def test_vendor_sees_what_the_carrier_collects(self):
        """On his parcels, before and after they leave; the records are not his."""
        group = self._buy()
        user = new_test_user(
            self.env,
            "cash_vendor",
            groups="base.group_portal",
            parent_id=self.vendor.id,
        )
        draft = self.env["marketplace.shipment"]._create_for_order(group.sale_order_ids)
        self.assertEqual(draft.with_user(user).amount_to_collect, 30.0)
        draft.action_ship()
        draft.invalidate_recordset()
        self.assertEqual(draft.with_user(user).amount_to_collect, 30.0)
        self.assertFalse(
            self.env["marketplace.cash.collection"].with_user(user).has_access("read")
        )

    def test_batch_of_parcels_costs_no_query_each(self):
        """Eight parcels leave and arrive with the queries of two."""
        # One entry per event would look a number up for each.
        self.company.marketplace_posting_mode = "day_vendor"

        def queries(count):
            groups = self.env["marketplace.order"].union(
                *(self._buy() for _number in range(count))
            )
            parcels = self.env["marketplace.shipment"].union(
                *(
                    self.env["marketplace.shipment"]._create_for_order(order)
                    for order in groups.sale_order_ids
                )
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            parcels.action_ship()
            parcels.action_deliver(date=fields.Date.to_date("2026-03-05"))
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        few, many = queries(2), queries(8)
        self.assertLess(many - few, 6, f"{few} for 2, {many} for 8")

    def test_no_carrier_no_shipment(self):
        """Nobody known who collects: the parcel stays, and the setting is named."""
        self.company.marketplace_cash_carrier_id = False
        group = self._buy()
        with self.assertRaisesRegex(MarketplaceError, "marketplace settings"):
            self._ship(group)

    def test_facts_are_not_typed(self):
        """Amounts, states and how a purchase is paid stay as they were."""
        group = self._buy()
        cash = self._ship(group)
        for vals in ({"amount": 1.0}, {"state": "remitted"}, {"date_expected": False}):
            with self.assertRaises(MarketplaceError):
                cash.with_user(self.accountant).write(vals)
        with self.assertRaisesRegex(MarketplaceError, "has left"):
            group.cash_on_delivery = False
        with self.assertRaisesRegex(MarketplaceError, "is kept"):
            cash.unlink()
        with self.assertRaisesRegex(MarketplaceError, "its terms cannot change"):
            self.vendor.vendor_contract_ids.cash_terms = "collected"

    def test_quotation_paid_at_the_door(self):
        """A typed quotation can be paid at the door; its terms are frozen."""
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            form.is_cash_on_delivery = True
            with form.order_line.new() as line:
                line.product_id = self.offer.product_id
        order = form.save()
        order.action_confirm()
        self.assertTrue(order.marketplace_order_id.cash_on_delivery)
        self.assertEqual(order.cash_terms, "remitted")
