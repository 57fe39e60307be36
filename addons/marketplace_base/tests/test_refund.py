from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestRefund(MarketplaceCommon):
    """Money goes back as it came, never more of it, and each cent once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Alma", "Bora"))
        cls.offer_a = cls._create_offer(cls.a, 11.11)
        cls.offer_b = cls._create_offer(cls.b, 20.0)
        cls.Refund = cls.env["marketplace.refund"]

    def _line(self, group, offer):
        return group.sale_order_ids.order_line.filtered(lambda x: x.offer_id == offer)

    def _shipping(self, group):
        return group.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
        )

    def _s5(self, **options):
        """Return scenario S5: 3 x 11.11, 5.00 off paid by the vendor: 28.33."""
        group = self._import_order(
            [(self.offer_a, 3)],
            discounts=[(5.0, "vendor")],
            date="2026-03-02",
            **options,
        )
        return group, self._line(group, self.offer_a)

    def _payload(self, group, **vals):
        return {
            "company_id": self.company.id,
            "channel": group.channel,
            "order_ref": group.external_ref,
            "ref": f"{group.external_ref}-R{self._next()}",
            "date": fields.Date.to_date("2026-03-15"),
            "reason": "withdrawal",
            "amount_minor": None,
            "lines": [],
            "shipping_minor": 0,
            **vals,
        }

    def _import(self, *payloads):
        return self.Refund._import_batch(list(payloads))

    def _entry(self, refund):
        lines = refund.order_id.ledger_line_ids.filtered(
            lambda line: line.event == "refund"
            and line.event_key == f"refund:{refund.id}"
        )
        return lines.move_id

    # -- before and after delivery -------------------------------------------------

    def test_fee_kept_on_cancelled_goods_becomes_due(self):
        """No parcel will ever release what is kept of goods that never leave."""
        vendor = self._create_vendor("Retenue")
        offer = self._create_offer(vendor, 12.0)
        group = self._import_order([(offer, 2)], shippings=[(5.0, vendor)])
        goods = group.sale_order_ids.order_line.filtered("offer_id")
        self._refund(group, [(goods, 1, None)])
        self.assertBalances(vendor, pending=17.0)
        self._refund(group, [(goods, 1, 10.0)])
        self.assertBalances(vendor, due=7.0)
        self.assertTiedOut()

    def test_s5_partial_refunds_end_on_the_line(self):
        """9.44, then 9.45, then 9.44: after delivery, from what is due."""
        group, line = self._s5()
        self._ship_and_deliver(group, date="2026-03-05")
        first = self._refund(group, [(line, 1, None)], date="2026-03-12")
        self.assertEqual(self._minor(first.amount), 944)
        self.assertMove(
            self._entry(first),
            [
                ("VENDOR_DUE", self.a, 9.44, 0),
                ("PSP_CLEARING", self.psp, 0, 9.44),
            ],
        )
        second = self._refund(group, [(line, 1, None)], date="2026-03-14")
        self.assertEqual(self._minor(second.amount), 945)
        self.assertBalances(self.a, due=9.44)
        self.assertEqual(group.payment_state, "partially_refunded")
        third = self._refund(group, [(line, 1, None)])
        self.assertEqual(self._minor(third.amount), 944)
        self.assertBalances(self.a)
        self.assertEqual(group.payment_state, "refunded")
        self.assertTiedOut()

    def test_before_delivery_takes_from_pending(self):
        """A unit cancelled before delivery is never due; the rest is, in full."""
        group, line = self._s5()
        refund = self._refund(group, [(line, 1, None)])
        self.assertMove(
            self._entry(refund),
            [
                ("VENDOR_PENDING", self.a, 9.44, 0),
                ("PSP_CLEARING", self.psp, 0, 9.44),
            ],
        )
        self.assertEqual(line._marketplace_quantities_to_ship(), {line.id: 2.0})
        self._ship_and_deliver(group, date="2026-03-05")
        self.assertBalances(self.a, due=18.89)
        self.assertEqual(group.sale_order_ids.marketplace_shipping_state, "delivered")
        self.assertTiedOut()

    def test_wholly_refunded_order_has_nothing_to_ship(self):
        """The vendor's list of orders to ship holds what he can ship."""
        group, line = self._s5()
        self._refund(group, [(line, 3, None)])
        self.assertFalse(group.sale_order_ids.marketplace_shipping_state)

    def test_after_payout_balance_may_be_negative(self):
        """Due goes below zero when the money left already: a debt of the vendor."""
        group, line = self._s5()
        self._ship_and_deliver(group, date="2026-03-05")
        self.Ledger._record(
            [
                {
                    "company_id": self.company.id,
                    "vendor_id": self.a.id,
                    "event": "psp_settlement",
                    "event_key": "test:payout",
                    "source_key": "test:payout",
                    "role_debit": "VENDOR_DUE",
                    "role_credit": "PSP_CLEARING",
                    "amount": 28.33,
                    "currency_id": self.currency.id,
                    "date_event": fields.Date.to_date("2026-03-11"),
                    "counterparty_id": self.psp.id,
                }
            ]
        )
        self._refund(group, [(line, 3, None)])
        self.assertBalances(self.a, due=-28.33)

    def test_refund_across_pending_and_due(self):
        """One unit of three delivered: two are pending, the third is due."""
        group, line = self._s5()
        order = group.sale_order_ids
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order, {line.id: 1}
        )
        shipment.action_ship()
        shipment.action_deliver(date=fields.Date.to_date("2026-03-05"))
        refund = self._refund(group, [(line, 3, None)])
        self.assertMove(
            self._entry(refund),
            [
                ("VENDOR_PENDING", self.a, 18.89, 0),
                ("VENDOR_DUE", self.a, 9.44, 0),
                ("PSP_CLEARING", self.psp, 0, 28.33),
            ],
        )
        self.assertBalances(self.a)

    def test_last_units_refunded_for_less_release_the_rest(self):
        """A unit cancelled and refunded below its price: the vendor keeps the rest."""
        group, line = self._s5()
        shipment = self.env["marketplace.shipment"]._create_for_order(
            group.sale_order_ids, {line.id: 2}
        )
        shipment.action_ship()
        shipment.action_deliver(date=fields.Date.to_date("2026-03-05"))
        self.assertBalances(self.a, pending=9.44, due=18.89)
        self._refund(group, [(line, 1, 5.0)])
        self.assertBalances(self.a, due=23.33)
        self.assertTiedOut()

    # -- who pays ------------------------------------------------------------------

    def test_marketplace_funded_share_goes_back(self):
        """What the marketplace had paid for the customer returns to it."""
        group = self._import_order(
            [(self.offer_b, 1)], discounts=[(6.0, "marketplace")], date="2026-03-02"
        )
        line = self._line(group, self.offer_b)
        refund = self._refund(group, [(line, 0, 7.0)])
        self.assertMove(
            self._entry(refund),
            [
                ("VENDOR_PENDING", self.b, 10.0, 0),
                ("PSP_CLEARING", self.psp, 0, 7.0),
                ("DISCOUNT_MKT", self.b, 0, 3.0),
            ],
        )
        self.assertEqual(self._minor(refund.line_ids.amount_vendor), 1000)
        self._refund(group, [(line, 1, 7.0)])
        self.assertBalances(self.b)
        self.assertTiedOut()

    def test_principal_refund_debits_the_advance(self):
        """When the operator sells, the vendor's accounts stay out of it."""
        vendor = self._create_vendor("Principal", posture="principal")
        offer = self._create_offer(vendor, 120.0)
        group = self._import_order([(offer, 1)])
        refund = self._refund(group, [(self._line(group, offer), 1, None)])
        self.assertMove(
            self._entry(refund),
            [
                ("CUST_ADVANCE", self.customer, 120.0, 0),
                ("PSP_CLEARING", self.psp, 0, 120.0),
            ],
        )

    # -- amounts -------------------------------------------------------------------

    def test_amount_only_is_shared_over_what_is_left(self):
        """10.00 on goods of 28.33 and 20.00: by what is left on each line."""
        group = self._import_order(
            [(self.offer_a, 3, 28.33), (self.offer_b, 1)], date="2026-03-02"
        )
        refund = self.Refund.create({"order_id": group.id, "amount": 10.0})
        refund._apply()
        self.assertEqual(
            {line.vendor_id.name: self._minor(line.amount) for line in refund.line_ids},
            {"Alma": 586, "Bora": 414},
        )
        self.assertEqual(self._minor(refund.amount), 1000)
        self.assertEqual(set(refund.line_ids.mapped("quantity")), {0.0})
        rest = self.Refund.create({"order_id": group.id, "amount": 38.33})
        rest._apply()
        self.assertBalances(self.a)
        self.assertBalances(self.b)
        self.assertTiedOut()

    def test_rounding_of_the_charge_is_refundable(self):
        """The customer paid a cent above the lines; he gets it back with the rest."""
        payload = self._prepare_payload([(self.offer_b, 1)], tolerance_minor=1)
        payload["amount_charged_minor"] = payload["payments"][0]["amount_minor"] = 2001
        group, _problems = self.env["marketplace.order"]._import_batch([payload])
        refund = self.Refund.create({"order_id": group.id, "amount": 20.01})
        refund._apply()
        self.assertEqual(self._minor(refund.amount_rounding), 1)
        self.assertEqual(self._minor(refund.amount), 2001)
        self.assertEqual(group.payment_state, "refunded")
        self.assertTiedOut()

    def test_rounding_borne_by_the_operator_comes_back(self):
        """The customer paid a cent less than the lines: a full refund gives the rest
        back to the operator."""
        payload = self._prepare_payload([(self.offer_b, 1)], tolerance_minor=1)
        payload["amount_charged_minor"] = payload["payments"][0]["amount_minor"] = 1999
        group, _problems = self.env["marketplace.order"]._import_batch([payload])
        refund = self._refund(group, [(self._line(group, self.offer_b), 1, None)])
        self.assertEqual(self._minor(refund.amount), 1999)
        self.assertBalances(self.b)
        operator = group.ledger_line_ids.filtered(
            lambda line: line.role_credit == "OPERATOR_COST"
        )
        self.assertEqual(self._minor(operator.amount), 1)
        self.assertTiedOut()

    def test_form_proposes_the_price_of_the_units(self):
        """Typing a quantity proposes the amount; the total follows."""
        group, line = self._s5()
        with Form(self.Refund.with_context(default_order_id=group.id)) as form:
            with form.line_ids.new() as item:
                item.sale_line_id = line
                item.quantity = 2
                self.assertEqual(self._minor(item.amount), 1889)
        self.assertEqual(self._minor(form.record.amount), 1889)
        self.assertEqual(form.record.payment_id, group.payment_ids)

    # -- ceilings ------------------------------------------------------------------

    def test_more_than_the_line_is_refused(self):
        """Amounts and units each have their ceiling, over all refunds."""
        group, line = self._s5()
        self._refund(group, [(line, 1, None)])
        with self.assertRaisesRegex(MarketplaceError, "only 2 units"):
            self._refund(group, [(line, 3, None)])
        with self.assertRaisesRegex(MarketplaceError, "18.89"):
            self._refund(group, [(line, 0, 18.90)])
        self.assertBalances(self.a, pending=18.89)

    def test_more_than_the_order_is_refused(self):
        """An amount above all that is left is refused whole."""
        group, _line = self._s5()
        refund = self.Refund.create({"order_id": group.id, "amount": 28.34})
        with self.assertRaisesRegex(MarketplaceError, "28.33"):
            refund._apply()
        self.assertEqual(refund.state, "draft")
        self.assertFalse(refund.line_ids)

    def test_more_than_the_payment_is_refused(self):
        """Each payment gives back what it brought, no more."""
        group, line = self._s5(captured=False)
        base = {"provider": "x", "state": "captured", "date": group.date_order}
        payments = self.env["marketplace.payment"]._record_batch(
            group,
            [
                {**base, "ref": "GIFT", "amount_minor": 1000},
                {**base, "ref": "CARD", "amount_minor": 1833},
            ],
        )
        refund = self.Refund.create(
            {
                "order_id": group.id,
                "payment_id": payments[0].id,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "amount": 10.01})
                ],
            }
        )
        with self.assertRaisesRegex(MarketplaceError, "exceed"):
            refund._apply()

    def test_unpaid_order_cannot_be_refunded(self):
        """Nothing was captured, nothing goes back."""
        group, line = self._s5(captured=False)
        with self.assertRaisesRegex(MarketplaceError, "choose a captured payment"):
            self._refund(group, [(line, 1, 9.0)])

    def test_empty_refund_is_refused(self):
        """A refund of nothing is a mistake."""
        group, _line = self._s5()
        with self.assertRaisesRegex(MarketplaceError, "refunds nothing"):
            self.Refund.create({"order_id": group.id})._apply()

    def test_line_of_another_order_is_refused(self):
        """A refund gives back lines of its own order."""
        group, _line = self._s5()
        _other, stranger = self._s5()
        with self.assertRaisesRegex(MarketplaceError, "is not a line of"):
            self._refund(group, [(stranger, 1, 5.0)])

    def test_applied_twice_refunds_once(self):
        """The second time nothing happens; what is done cannot change."""
        group, line = self._s5()
        refund = self._refund(group, [(line, 1, None)])
        ledger = group.ledger_line_ids
        self.assertFalse(refund._apply())
        self.assertEqual(group.ledger_line_ids, ledger)
        for change in (
            lambda: refund.write({"amount": 1.0}),
            lambda: refund.line_ids.write({"amount": 1.0}),
            refund.unlink,
            refund.line_ids.unlink,
        ):
            with self.assertRaisesRegex(MarketplaceError, "cannot change"):
                change()

    # -- import --------------------------------------------------------------------

    def test_import_lines_and_shipping(self):
        """A storefront's refund: one line, half of the delivery."""
        group = self._import_order(
            [(self.offer_a, 1), (self.offer_b, 1)],
            shippings=[(6.0, None)],
            date="2026-03-02",
        )
        line = self._line(group, self.offer_a)
        payload = self._payload(
            group,
            amount_minor=1411,
            shipping_minor=300,
            lines=[
                {"line_ref": line.external_ref, "quantity": 1, "amount_minor": None}
            ],
        )
        refund, problems = self._import(payload)
        self.assertFalse(problems)
        self.assertRecordValues(
            refund, [{"state": "done", "amount": 14.11, "reason_code": "withdrawal"}]
        )
        by_kind = {}
        for item in refund.line_ids:
            kind = item.sale_line_id.marketplace_kind
            by_kind[kind] = by_kind.get(kind, 0) + self._minor(item.amount)
        self.assertEqual(by_kind, {"goods": 1111, "shipping": 300})
        again, problems = self._import(payload)
        self.assertEqual(again, refund)
        self.assertFalse(problems)
        self.assertEqual(self.Refund.search_count([("order_id", "=", group.id)]), 1)
        self.assertTiedOut()

    def test_import_sees_refunds_of_its_own_batch(self):
        """Two refunds of one order in one batch share what is left."""
        group, line = self._s5()
        item = {"line_ref": line.external_ref, "quantity": 2, "amount_minor": None}
        first = self._payload(group, lines=[item])
        second = self._payload(group, lines=[{**item, "quantity": 1}])
        third = self._payload(group, lines=[{**item, "quantity": 1}])
        refunds, problems = self._import(first, second, third)
        self.assertEqual([self._minor(r.amount) for r in refunds], [1889, 944])
        self.assertEqual(set(problems), {2})
        self.assertIn("only 0 units", problems[2][0])

    def test_import_shop_amount_is_the_truth(self):
        """The shop kept 1.00 of two units: the line gives back what was paid back."""
        group, line = self._s5()
        refund, problems = self._import(
            self._payload(
                group,
                amount_minor=1789,
                lines=[
                    {"line_ref": line.external_ref, "quantity": 2, "amount_minor": None}
                ],
            )
        )
        self.assertFalse(problems)
        self.assertRecordValues(
            refund.line_ids,
            [{"quantity": 2.0, "amount": 17.89, "amount_vendor": 17.89}],
        )

    def test_import_goodwill_beside_lines(self):
        """What lines do not explain is shared over all that is left."""
        group = self._import_order(
            [(self.offer_a, 1), (self.offer_b, 1)], date="2026-03-02"
        )
        line = self._line(group, self.offer_a)
        refund, problems = self._import(
            self._payload(
                group,
                amount_minor=1311,
                lines=[
                    {"line_ref": line.external_ref, "quantity": 1, "amount_minor": 1111}
                ],
            )
        )
        self.assertFalse(problems)
        self.assertEqual(
            {x.vendor_id.name: self._minor(x.amount) for x in refund.line_ids},
            {"Alma": 1111, "Bora": 200},
        )

    def test_import_problems_in_words(self):
        """Unknown order, unknown line, too much, wrong payment: nothing is written."""
        group, line = self._s5()
        item = {"line_ref": line.external_ref, "quantity": 1, "amount_minor": None}
        bad = [
            self._payload(group, order_ref="NOWHERE"),
            self._payload(group, lines=[{**item, "line_ref": "X"}]),
            self._payload(group, amount_minor=999999),
            self._payload(group, amount_minor=100, payment_ref="OTHER"),
            self._payload(
                group, amount_minor=100, lines=[{**item, "amount_minor": 900}]
            ),
        ]
        good = self._payload(group, lines=[item], reason="too small")
        refunds, problems = self._import(*bad, good)
        self.assertEqual(set(problems), {0, 1, 2, 3, 4})
        for index, words in enumerate(
            ("not imported", "has no line X", "28.33", "no captured payment", "add up")
        ):
            self.assertIn(words, problems[index][0])
        self.assertRecordValues(
            refunds, [{"amount": 9.44, "reason_code": "other", "note": "too small"}]
        )
