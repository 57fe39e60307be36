from odoo import fields
from odoo.tests import freeze_time

from ..exceptions import MarketplaceError
from .amendment_common import AmendmentCommon


@freeze_time("2026-03-31 12:00:00")
class TestAmendment(AmendmentCommon):
    """What a change books at the life points that need no other addon."""

    def test_before_capture_lowers_what_is_to_pay(self):
        """Nothing was captured: the unit is cancelled, no money moves."""
        group, line = self._buy(captured=False)
        amendment = self._amend(group, self._change(line, 2))
        self.assertEqual(amendment.name, f"{group.name}/A1")
        self.assertEqual(self._minor(amendment.amount_delta), -1000)
        self.assertRecordValues(
            amendment.refund_ids,
            [{"before_capture": True, "amount": 10.0, "payment_id": False}],
        )
        self.assertFalse(group.ledger_line_ids)
        self.assertRecordValues(
            group,
            [
                {
                    "amount_charged": 50.0,
                    "amount_cancelled": 10.0,
                    "amount_payable": 40.0,
                    "payment_state": "not_paid",
                }
            ],
        )
        self.assertEqual(
            line._marketplace_quantities_to_ship()[line.id], 2.0, "less to ship"
        )
        self._capture(group, 40)
        self.assertEqual(group.payment_state, "paid")
        self.assertBalances(self.a, pending=20)
        self.assertBalances(self.b, pending=20)
        self._ship_and_deliver(group, date="2026-03-25")
        self.assertBalances(self.a, due=20)
        # the two units left are worth what they cost
        self._refund(group, [(line, 2, None)], date="2026-03-26")
        self.assertBalances(self.a)
        self.assertSound(group)

    def test_captured_refunds_the_units(self):
        """The payment is there: what is less goes back on it."""
        group, line = self._buy()
        amendment = self._amend(group, self._change(line, 1))
        self.assertRecordValues(
            amendment.refund_ids,
            [{"before_capture": False, "amount": 20.0, "state": "done"}],
        )
        self.assertEqual(amendment.refund_ids.date, amendment.date)
        self.assertBalances(self.a, pending=10)
        self.assertEqual(self._minor(line.amount_vendor), 3000, "the line stays")
        self.assertEqual(line.product_uom_qty, 3.0)

    def test_partly_shipped(self):
        """One unit is on its way: the two others can go, and a dearer one stays."""
        group, line = self._buy()
        order = line.order_id
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, {line.id: 1}
        )
        shipment.action_ship()
        self._amend(group, self._change(line, 1))
        self.assertEqual(order.marketplace_shipping_state, "shipped")
        shipment.action_deliver(date=fields.Date.to_date("2026-03-22"))
        self.assertBalances(self.a, due=10)

    def test_delivered_waits_for_its_delay(self):
        """Delivered, not due yet: the refund takes what is pending."""
        self.a.vendor_contract_ids.entitlement_delay_days = 14
        group, line = self._buy()
        self._ship_and_deliver(group, date="2026-03-05")
        self.assertBalances(self.a, pending=30)
        amendment = self._amend(group, self._change(line, 2))
        self.assertBalances(self.a, pending=20)
        self.assertEqual(
            amendment.refund_ids.order_id.ledger_line_ids.filtered(
                lambda item: item.event == "refund"
            ).role_debit,
            "VENDOR_PENDING",
        )

    def test_entitled_takes_from_due(self):
        """The vendor is entitled: the refund takes what is due to him."""
        group, line = self._buy()
        self._ship_and_deliver(group, date="2026-03-05")
        self._amend(group, self._change(line, 2))
        self.assertBalances(self.a, due=20)

    def test_locked_period_books_in_the_next(self):
        """The sale is in a closed month: the change is booked on its own day."""
        group, line = self._buy()
        self._ship_and_deliver(group, date="2026-03-05")
        before = group.ledger_line_ids
        entries = [(item.move_id, item.amount, item.date) for item in before]
        self.company.fiscalyear_lock_date = "2026-03-31"
        amendment = self._amend(group, self._change(line, 2, 11.0), date="2026-03-20")
        new = group.ledger_line_ids - before
        self.assertEqual(set(new.mapped("date")), {fields.Date.to_date("2026-04-01")})
        self.assertEqual(set(new.mapped("date_event")), {amendment.date})
        self.assertEqual(
            [(item.move_id, item.amount, item.date) for item in before], entries
        )
        self._capture(group, 2)
        self.assertBalances(self.a, due=22)

    # -- more -----------------------------------------------------------------------

    def test_more_units_are_a_further_order(self):
        """Two more units: the vendor gets a further order, the customer pays 20.00."""
        group, line = self._buy()
        amendment = self._amend(group, self._change(line, 5))
        order = amendment.sale_order_ids
        self.assertRecordValues(
            order,
            [
                {
                    "vendor_id": self.a.id,
                    "marketplace_order_id": group.id,
                    "contract_id": line.order_id.contract_id.id,
                    "amount_total": 20.0,
                    "state": "sale",
                    "marketplace_shipping_state": "to_ship",
                }
            ],
        )
        self.assertRecordValues(
            group, [{"payment_state": "partial", "amount_to_capture": 20.0}]
        )
        self.assertBalances(self.a, pending=30)
        # what was bought first does not wait for the rest
        self._ship_and_deliver(line.order_id, date="2026-03-21")
        self.assertBalances(self.a, due=30)
        self._ship_and_deliver(order, date="2026-03-22")
        self.assertBalances(self.a, due=30)
        self._capture(group, 20)
        self.assertBalances(self.a, due=50)
        self.assertEqual(group.payment_state, "paid")

    def test_a_payment_covers_what_was_bought_first(self):
        """50.00 captured after the change completes the purchase, not the addition."""
        group, line = self._buy(captured=False)
        self._amend(group, self._change(line, 4))
        self._capture(group, 50)
        self.assertBalances(self.a, pending=30)
        self.assertBalances(self.b, pending=20)
        self._capture(group, 10)
        self.assertBalances(self.a, pending=40)
        with self.assertRaisesRegex(MarketplaceError, "exceed"):
            self._capture(group, 0.01)

    def test_line_added_by_a_vendor_who_joins(self):
        """A vendor who was not in the purchase sells on his contract of the day."""
        vendor = self._create_vendor("Cleo")
        offer = self._create_offer(vendor, 7.5)
        group, _line = self._buy()
        amendment = self._amend(group, {"offer_id": offer.id, "quantity_new": 2})
        self.assertEqual(self._minor(amendment.amount_delta), 1500)
        self.assertEqual(
            amendment.sale_order_ids.contract_id, vendor.vendor_contract_ids
        )
        self.assertEqual(amendment.sale_order_ids.order_line.offer_id, offer)
        self._capture(group, 15)
        self.assertBalances(vendor, pending=15)

    def test_suspended_vendor_sells_no_more(self):
        """Less is possible, more is not."""
        group, line = self._buy()
        wizard = self.env["marketplace.vendor.transition"].create(
            self._prepare_suspension_vals(self.a, "parcels late")
        )
        wizard.action_apply()
        with self.assertRaisesRegex(MarketplaceError, "Alma is not approved"):
            self._prepare(group, self._change(line, 4))._apply()
        self._amend(group, self._change(line, 2))

    # -- prices ---------------------------------------------------------------------

    def test_higher_price_is_due_with_its_goods(self):
        """Three units a euro dearer: 3.00 more, due once the units are."""
        group, line = self._buy()
        amendment = self._amend(group, self._change(line, price=11.0))
        order = amendment.sale_order_ids
        self.assertTrue(order.order_line.is_supplement)
        self.assertFalse(order.marketplace_shipping_state, "nothing to ship")
        self._capture(group, 3)
        self.assertBalances(self.a, pending=33)
        self._ship_and_deliver(line.order_id, date="2026-03-25")
        self.assertBalances(self.a, due=33)
        with self.assertRaises(MarketplaceError):
            self.env["marketplace.shipment"]._create_for_order(order)

    def test_lower_price_gives_the_difference_back(self):
        """Three units at 9.00: 3.00 back, no unit."""
        group, line = self._buy()
        amendment = self._amend(group, self._change(line, price=9.0))
        self.assertRecordValues(
            amendment.refund_ids.line_ids, [{"quantity": 0.0, "amount": 3.0}]
        )
        self.assertBalances(self.a, pending=27)
        self.assertEqual(line._marketplace_quantities_to_ship()[line.id], 3.0)

    def test_delivery_price_changes(self):
        """The delivery may cost less, or more; more is due with the delivery."""
        group, _line = self._buy(shippings=[(6.0, None)])
        shipping = group.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
            and line.vendor_id == self.a
        )
        self.assertEqual(self._minor(shipping.amount_vendor), 360)
        amendment = self._amend(group, self._change(shipping, price=5.0))
        self.assertEqual(self._minor(amendment.amount_delta), 140)
        self._capture(group, 1.4)
        self._ship_and_deliver(shipping.order_id, date="2026-03-25")
        self.assertBalances(self.a, due=35)
        with self.assertRaisesRegex(MarketplaceError, "its price, not its quantity"):
            self._prepare(group, self._change(shipping, 2))._apply()

    # -- money in several parts -----------------------------------------------------

    def test_partly_captured_lowers_the_rest_first(self):
        """20.00 of 50.00 captured, 40.00 less: 30.00 cancelled, 10.00 refunded."""
        group, line = self._buy(captured=False)
        self._capture(group, 20)
        other = group.sale_order_ids.order_line - line
        amendment = self._amend(
            group, self._change(line, 1), self._change(other, 0), date="2026-03-22"
        )
        by_kind = {
            refund.before_capture: self._minor(refund.amount)
            for refund in amendment.refund_ids
        }
        self.assertEqual(sum(by_kind.values()), 4000)
        self.assertEqual(group.amount_to_capture, 0.0)
        self.assertBalances(self.a, pending=10)
        self.assertBalances(self.b)
        self._ship_and_deliver(line.order_id, date="2026-03-25")
        self.assertBalances(self.a, due=10)

    def test_discount_of_the_marketplace_follows(self):
        """Cancelled before payment, the marketplace no longer pays its share."""
        group, line = self._buy(captured=False, discounts=[(10.0, "marketplace")])
        self.assertEqual(self._minor(line.amount_discount_marketplace), 600)
        amendment = self._amend(group, self._change(line, 2))
        self.assertEqual(self._minor(amendment.amount_delta), -800)
        self._capture(group, 32)
        funded = group.ledger_line_ids.filtered(
            lambda item: item.event == "discount_funding" and item.sale_line_id == line
        )
        self.assertEqual(self._minor(funded.amount), 400)
        self.assertBalances(self.a, pending=20)
        self._refund(group, [(line, 2, None)])
        self.assertBalances(self.a)
        self.assertSound(group)

    def test_vat_of_the_operator_follows(self):
        """Deemed supplier: the VAT of what was cancelled is never booked."""
        self.a.vendor_contract_ids.vat_debtor = "operator"
        group, line = self._buy(captured=False)
        self._amend(group, self._change(line, 2))
        self._capture(group, 40)
        vat = group.ledger_line_ids.filtered(
            lambda item: item.role_credit == "VAT_DEEMED"
        )
        self.assertEqual(sum(map(self._minor, vat.mapped("amount"))), 333)
        self._amend(group, self._change(line, 0), date="2026-03-23")
        self.assertBalances(self.a)
        back = group.ledger_line_ids.filtered(
            lambda item: item.role_debit == "VAT_DEEMED"
        )
        self.assertEqual(sum(map(self._minor, back.mapped("amount"))), 333)

    def test_nothing_left_leaves_nothing_to_pay(self):
        """All cancelled before payment, the cent of rounding with it."""
        payload = self._prepare_payload(
            [(self.offer_b, 1)], tolerance_minor=1, captured=False
        )
        payload["amount_charged_minor"] = 2001
        group, _problems = self.env["marketplace.order"]._import_batch([payload])
        self._amend(group, self._change(group.sale_order_ids.order_line, 0))
        self.assertEqual(group.amount_payable, 0.0)
        # Nobody paid anything, and nobody has to.
        self.assertEqual(group.amount_to_capture, 0.0)
        self.assertEqual(group.payment_state, "not_paid")

    def test_refund_over_two_payments(self):
        """What one payment cannot give back, the other does."""
        group, line = self._buy(captured=False)
        self._capture(group, 25, "CARD")
        self._capture(group, 25, "GIFT")
        amendment = self._amend(group, self._change(line, 0))
        self.assertEqual(
            sorted(map(self._minor, amendment.refund_ids.mapped("amount"))),
            [500, 2500],
        )
        self.assertEqual(sum(amendment.refund_ids.line_ids.mapped("quantity")), 3.0)
        self.assertBalances(self.a)
