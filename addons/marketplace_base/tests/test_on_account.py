from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@freeze_time("2026-05-20 12:00:00")
class TestOnAccount(MarketplaceCommon):
    """A company buys on account from two vendors, one of whom we guarantee."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sure = cls._create_vendor("Garantie", on_account_terms="guaranteed")
        cls.patient = cls._create_vendor("Patience")
        cls.offer_sure = cls._create_offer(cls.sure, 10.0)
        cls.offer_patient = cls._create_offer(cls.patient, 20.0)

    def _buy(self, **options):
        return self._import_order(
            [(self.offer_sure, 3), (self.offer_patient, 1)],
            **{
                "date": "2026-03-02 10:00:00",
                "captured": False,
                "on_account": True,
                "date_due": "2026-04-30",
                **options,
            },
        )

    def _line(self, group, vendor):
        return group.sale_order_ids.order_line.filtered(
            lambda line: line.vendor_id == vendor
        )

    def _ship(self, group, vendor, quantity=None, deliver="2026-03-05"):
        line = self._line(group, vendor)
        with freeze_time("2026-03-04 09:00:00"):
            shipment = self.env["marketplace.shipment"]._create_for_order(
                line.order_id, quantity and {line.id: quantity}
            )
            shipment.action_ship()
            if deliver:
                shipment.action_deliver(date=fields.Date.to_date(deliver))
        return shipment

    def _pay(self, group, amount, date="2026-05-02"):
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": f"WIRE-{self._next()}",
                    "provider": "wire",
                    "state": "captured",
                    "amount_minor": self._minor(amount),
                    "date": fields.Datetime.to_datetime(f"{date} 10:00:00"),
                }
            ],
        )
        self.assertSound(group)

    def _ageing(self, group):
        self.env.flush_all()
        Ageing = self.env["marketplace.account.ageing"]
        Ageing.invalidate_model()
        return [
            (
                row.bucket,
                self._minor(row.amount_open),
                self._minor(row.amount_guaranteed),
            )
            for row in Ageing.search([("order_id", "=", group.id)])
        ]

    def assertSound(self, group):
        self.assertTiedOut()
        problems = self.env["marketplace.health"]._check(self.company)
        self.assertFalse([text for text in problems if group.name in text])

    def test_guaranteed_is_due_without_the_customer(self):
        """Shipped: he owes us, we owe the vendor, who is paid at the due date."""
        group = self._buy()
        self._ship(group, self.sure)
        self.assertMove(
            group.ledger_line_ids.filtered(
                lambda line: line.event == "on_account"
            ).move_id,
            [
                ("CUST_COLLECT", self.customer, 30.0, 0),
                ("VENDOR_PENDING", self.sure, 0, 30.0),
            ],
        )
        self.assertBalances(self.sure, due=30)
        due = group.ledger_line_ids.filtered(lambda line: line.event == "entitlement")
        self.assertEqual(due.date_available, group.date_due)
        self.assertSound(group)
        self._pay(group, 50)
        self.assertMove(
            group.ledger_line_ids.filtered(
                lambda line: line.event == "collection"
            ).move_id,
            [
                ("PSP_CLEARING", self.psp, 50.0, 0),
                ("CUST_COLLECT", self.customer, 0, 30.0),
                ("VENDOR_PENDING", self.patient, 0, 20.0),
            ],
        )
        self.assertBalances(self.sure, due=30)

    def test_the_other_waits_for_the_customer(self):
        """Delivered and not paid: nothing is owed. Paid: it is due, that day."""
        group = self._buy()
        self._ship(group, self.patient)
        self.assertFalse(group.ledger_line_ids)
        self.assertBalances(self.patient)
        self._pay(group, 49)
        self.assertBalances(self.patient, pending=19.6)
        self._pay(group, 1)
        self.assertBalances(self.patient, due=20)

    def test_ageing_of_both(self):
        """What is open by age: all of it, and the part that is our risk."""
        group = self._buy()
        self.assertEqual(self._ageing(group), [("1_30", 5000, 0)])
        self._ship(group, self.sure)
        self._ship(group, self.patient)
        self.assertEqual(self._ageing(group), [("1_30", 5000, 3000)])
        for day, bucket in (
            ("2026-04-30", "0_not_due"),
            ("2026-05-30", "1_30"),
            ("2026-05-31", "31_60"),
            ("2026-07-29", "61_90"),
            ("2026-07-30", "91"),
        ):
            with freeze_time(f"{day} 12:00:00"):
                self.assertEqual(self._ageing(group)[0][0], bucket, day)
        self._pay(group, 10)
        self.assertEqual(self._ageing(group), [("1_30", 4000, 2400)])
        self._pay(group, 40)
        self.assertFalse(self._ageing(group))

    def test_by_parcel(self):
        """Each parcel brings its units; what is cancelled never comes."""
        group = self._buy()
        self._ship(group, self.sure, 1)
        self.assertBalances(self.sure, due=10)
        line = self._line(group, self.sure)
        amendment = self._amend(group, line, 2)
        self.assertTrue(amendment.refund_ids.before_capture)
        self._ship(group, self.sure, 1)
        self.assertBalances(self.sure, due=20)
        self.assertEqual(self._ageing(group), [("1_30", 4000, 2000)])
        self._pay(group, 40)
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.sure, due=20)

    def _amend(self, group, line, quantity):
        amendment = self.env["marketplace.order.amendment"].create(
            {
                "order_id": group.id,
                "date": "2026-05-01",
                "reason": "One less",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity_new": quantity})
                ],
            }
        )
        amendment._apply()
        self.assertSound(group)
        return amendment

    def test_returned_before_paid_lowers_the_account(self):
        """A unit comes back before the customer paid: he owes less, so do we."""
        group = self._buy()
        self._ship(group, self.sure)
        line = self._line(group, self.sure)
        amendment = self._amend(group, line, 2)
        self.assertRecordValues(
            amendment.refund_ids,
            [{"off_account": True, "before_capture": False, "payment_id": False}],
        )
        self.assertMove(
            amendment.refund_ids.order_id.ledger_line_ids.filtered(
                lambda item: item.event == "refund"
            ).move_id,
            [
                ("VENDOR_DUE", self.sure, 10.0, 0),
                ("CUST_COLLECT", self.customer, 0, 10.0),
            ],
        )
        self.assertEqual(group.amount_payable, 40.0)
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "off_account": True,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1}),
                ],
            }
        )
        refund._apply()
        self.assertBalances(self.sure, due=10)
        too_much = refund.copy(
            {"line_ids": [Command.create({"sale_line_id": line.id, "amount": 10.01})]}
        )
        too_much.off_account = True
        with self.assertRaisesRegex(MarketplaceError, "owes"):
            too_much._apply()
        self._pay(group, 30)
        self.assertEqual(group.payment_state, "paid")
        with self.assertRaisesRegex(MarketplaceError, "owes"):
            too_much._apply()
        self._refund(group, [(line, 1, None)])
        self.assertBalances(self.sure)
        self.assertSound(group)

    def test_funded_discount_does_not_wait(self):
        """What the marketplace pays of a guaranteed sale comes with the parcel."""
        group = self._buy(discounts=[(10.0, "marketplace")])
        self._ship(group, self.sure)
        self.assertBalances(self.sure, due=30)
        self.assertEqual(self._ageing(group), [("1_30", 4000, 2400)])
        self._pay(group, 40)
        self.assertBalances(self.sure, due=30)
        self.assertBalances(self.patient, pending=20)
        self.assertEqual(group.amount_funded, 10.0)

    def test_paid_before_shipping_needs_no_guarantee(self):
        """The customer pays early: nothing is guaranteed."""
        group = self._buy()
        self._pay(group, 50, date="2026-03-03")
        self._ship(group, self.sure)
        self.assertFalse(
            group.ledger_line_ids.filtered(lambda line: line.event == "on_account")
        )
        self.assertBalances(self.sure, due=30)
        self.assertSound(group)

    def test_never_paid_is_our_loss(self):
        """Written off: the vendor keeps his money; nothing is left in the books."""
        group = self._buy()
        self._ship(group, self.sure)
        group.action_write_off_account()
        self.assertBalances(self.sure, due=30)
        self.assertEqual(self._ageing(group), [("1_30", 2000, 0)])
        self.assertSound(group)
        with self.assertRaisesRegex(MarketplaceError, "nothing is open"):
            group.action_write_off_account()

    def test_terms_are_frozen_and_checked(self):
        """Contract, due date and order keep their terms; a due date is needed."""
        group = self._buy()
        with self.assertRaisesRegex(MarketplaceError, "its terms cannot change"):
            self.sure.vendor_contract_ids.on_account_terms = "collected"
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            group.date_due = "2026-06-30"
        for date_due in (None, "2026-03-01"):
            payload = self._prepare_payload(
                [(self.offer_sure, 1)],
                date="2026-03-02 10:00:00",
                captured=False,
                on_account=True,
                date_due=date_due,
            )
            _groups, problems = self.env["marketplace.order"]._import_batch([payload])
            self.assertIn("needs a due date", problems[0][0])

    def test_quotation_with_payment_terms(self):
        """A quotation payable in 30 days is a purchase on account."""
        term = self.env.ref("account.account_payment_term_30days")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "payment_term_id": term.id,
                "order_line": [
                    Command.create({"product_id": self.offer_sure.product_id.id})
                ],
            }
        )
        order.action_confirm()
        group = order.marketplace_order_id
        self.assertTrue(group.on_account)
        self.assertEqual(group.date_due, fields.Date.to_date("2026-06-19"))
        self.assertEqual(order.on_account_terms, "guaranteed")
