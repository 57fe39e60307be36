from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import freeze_time, new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestFee(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.Fee = cls.env["marketplace.fee"]
        cls.day = Date.to_date("2026-03-10")
        cls.clerk, cls.second = (
            new_test_user(cls.env, login, groups="marketplace_base.group_accountant")
            for login in ("fee_clerk", "fee_second")
        )

    def _create_fee(self, amount, kind="one_off", **vals):
        return self.Fee.create(
            {
                "name": f"Fee {kind}",
                "kind": kind,
                "vendor_id": self.vendor.id,
                "amount": amount,
                "date": "2026-03-05",
                **vals,
            }
        )

    def _invoice_all(self):
        lines = self.Line._invoiceable(self.company, self.day)
        return lines._invoice(self.day, self.Fee._invoiceable(self.company, self.day))

    def _earn(self, price):
        """Sell and deliver, so that commission is earned."""
        offer = self._create_offer(self.vendor, price)
        group = self._import_order([(offer, 1)], date="2026-03-02 10:00:00")
        self._ship_and_deliver(group, date="2026-03-05")

    # -- on the invoice -------------------------------------------------------------

    def test_fee_goes_on_the_commission_invoice_with_its_own_account(self):
        """K13: 10.00 of commission and 25.00 of service, VAT 7.00 on both."""
        self._earn(100.00)
        fee = self._create_fee(25.00)
        draft = self._create_fee(99.00)
        fee.action_approve()
        move = self._invoice_all()
        self.assertMove(
            move,
            [
                ("VENDOR_AR", self.vendor, 42.00, 0),
                ("COMMISSION", self.vendor, 0, 10.00),
                ("SUBSCRIPTION", self.vendor, 0, 25.00),
                ("VAT_OUT", self.vendor, 0, 7.00),
            ],
        )
        self.assertEqual((fee.move_id, draft.move_id.id), (move, False))
        self.assertFalse(self._invoice_all())
        self.assertTiedOut()

    def test_vendor_with_fees_only_gets_a_document(self):
        fees = self._create_fee(25.00) | self._create_fee(5.00, "listing")
        fees.action_approve()
        move = self._invoice_all()
        self.assertEqual((move.amount_untaxed, move.amount_total), (30.00, 36.00))
        self.assertEqual(fees.move_id, move)
        self.assertTiedOut()

    def test_adjustment_lowers_the_invoice_or_makes_a_credit_note(self):
        self._earn(100.00)
        self._create_fee(-4.00, "adjustment").action_approve()
        move = self._invoice_all()
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_invoice", 6.00))
        self._create_fee(-4.00, "adjustment").action_approve()
        move = self._invoice_all()
        self.assertMove(
            move,
            [
                ("VENDOR_AR", self.vendor, 0, 4.80),
                ("COMMISSION", self.vendor, 4.00, 0),
                ("VAT_OUT", self.vendor, 0.80, 0),
            ],
        )
        self.assertTiedOut()

    # -- gate -----------------------------------------------------------------------

    def test_penalty_needs_somebody_else(self):
        fee = self._create_fee(15, "penalty").with_user(self.clerk)
        own = self.Fee.with_user(self.clerk).create(
            {
                "name": "Late",
                "kind": "penalty",
                "vendor_id": self.vendor.id,
                "amount": 15,
            }
        )
        with self.assertRaisesRegex(UserError, "somebody else approves"):
            own.action_approve()
        own.with_user(self.second).action_approve()
        self.assertEqual(own.approved_by_id, self.second)
        fee.action_approve()
        self.assertEqual(fee.state, "approved")

    def test_approved_fee_is_a_fact(self):
        fee = self._create_fee(15)
        fee.action_approve()
        fee.action_approve()
        with self.assertRaisesRegex(UserError, "stays as it is"):
            fee.amount = 1
        with self.assertRaisesRegex(UserError, "only drafts"):
            fee.unlink()
        self._invoice_all()
        with self.assertRaisesRegex(UserError, "invoiced already"):
            fee.action_cancel()
        other = self._create_fee(15)
        other.action_approve()
        other.action_cancel()
        self.assertFalse(self._invoice_all())

    def test_fee_without_tax_is_refused_before_it_is_written(self):
        product = self.env.ref("marketplace_commission.product_fee_listing")
        product.taxes_id = [Command.clear()]
        count = self.Fee.search_count([])
        with self.assertRaisesRegex(UserError, "needs its tax: “Marketplace listing”"):
            self._create_fee(5, "listing")
        self.assertEqual(self.Fee.search_count([]), count)
        with self.assertRaisesRegex(UserError, "positive amount"):
            self._create_fee(-5)

    # -- subscriptions --------------------------------------------------------------

    def _subscribe(self, **vals):
        subscription = self.env["marketplace.subscription"].create(
            {
                "name": "Professional shop",
                "vendor_id": self.vendor.id,
                "amount": 39.00,
                "date_start": "2026-01-17",
                **vals,
            }
        )
        subscription.action_start()
        return subscription

    def test_first_month_is_pro_rata_and_every_month_charged_once(self):
        """15 of 31 days of 39.00 are 18.87, then 39.00 a month."""
        subscription = self._subscribe()
        with freeze_time("2026-03-01"):
            self.env["marketplace.subscription"]._cron_charge()
            self.env["marketplace.subscription"]._cron_charge()
        fees = self.Fee.search(subscription._fee_domain(), order="date")
        self.assertEqual(fees.mapped("amount"), [18.87, 39.00, 39.00])
        self.assertEqual(set(fees.mapped("state")), {"approved"})
        self.assertEqual(fees[0].name, "Professional shop, 01/17/2026 to 01/31/2026")
        self.assertEqual(subscription.fee_count, 3)
        move = self._invoice_all()
        self.assertEqual(move.amount_untaxed, 96.87)

    def test_ended_subscription_charges_no_further_month(self):
        subscription = self._subscribe()
        with freeze_time("2026-02-03"):
            subscription.action_end()
        with freeze_time("2026-05-03"):
            subscription._cron_charge()
        fees = self.Fee.search(subscription._fee_domain(), order="date")
        self.assertEqual(fees.mapped("amount"), [18.87, 39.00])
        with self.assertRaisesRegex(UserError, "keeps its terms"):
            subscription.amount = 1
