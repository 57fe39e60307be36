from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError
from .returns_common import ReturnsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestRefundPlanner(ReturnsCommon):
    """What a refund consists of, shows and needs before the money moves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk, cls.accountant = (
            new_test_user(cls.env, f"plan_{name}", groups=f"marketplace_base.{group}")
            for name, group in (
                ("desk", "group_order_desk"),
                ("accountant", "group_accountant"),
            )
        )
        cls.group = cls._deliver(shippings=[(4.8, cls.vendor)])
        cls.mugs = cls._line(cls.group, cls.mug)
        cls.Refund = cls.env["marketplace.refund"]

    def _draft(self, amount=None, lines=(), **vals):
        if amount is not None:
            vals["amount"] = amount
        return self.Refund.create(
            {
                "order_id": self.group.id,
                "date": "2026-03-10",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": quantity})
                    for line, quantity in lines
                ],
                **vals,
            }
        )

    def _payload(self, **vals):
        return {
            "company_id": self.company.id,
            "channel": "test",
            "order_ref": self.group.external_ref,
            "ref": f"SHOP-{self._next()}",
            "date": "2026-03-10",
            **vals,
        }

    def _import(self, *payloads):
        return self.Refund._import_batch(list(payloads))

    # -- R1: parts ------------------------------------------------------------------

    def test_parts_are_shown_and_frozen(self):
        """20.00 of goods and 4.80 of delivery, 20 % in both: 16.67 + 3.33, 4 + 0.80."""
        shipping = self.group.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "shipping"
        )
        refund = self._draft(lines=[(self.mugs, 1)])
        refund.line_ids = [
            Command.create({"sale_line_id": shipping.id, "quantity": 0, "amount": 4.8})
        ]
        parts = ("goods", "goods_tax", "shipping", "shipping_tax")
        self.assertEqual(
            [f"{refund[f'amount_{part}']:.2f}" for part in parts],
            ["16.67", "3.33", "4.00", "0.80"],
        )
        refund._apply()
        self.assertEqual(f"{refund.amount_goods_tax:.2f}", "3.33")
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            refund.line_ids[0].amount_tax = 1

    def test_refunds_end_exactly_on_the_vat_of_the_line(self):
        """60.00 with 10.00 of VAT: 3.33, 3.34, 3.33, whatever was typed before."""
        drafts = [self._draft(lines=[(self.mugs, 1)]) for _n in range(3)]
        for draft in drafts:
            draft._apply()
        taxes = [f"{draft.line_ids.amount_tax:.2f}" for draft in drafts]
        self.assertEqual(taxes, ["3.33", "3.34", "3.33"])
        self.assertEqual(
            self._minor(sum(draft.line_ids.amount_untaxed for draft in drafts)), 5000
        )

    def test_vat_told_with_the_refund(self):
        """N-27c: 100 + 6; 10 + 1 go back, 11.00 in all; 5.00 of VAT are left."""
        tax = self.company._marketplace_tax(5.5).copy({"amount": 6.0, "name": "6 %"})
        offer = self._create_offer(self.vendor, 106.0)
        offer.product_id.taxes_id = tax
        self.group = self._deliver([(offer, 1)])
        line = self.group.sale_order_ids.order_line
        item = {"line_ref": line.external_ref, "quantity": 0}
        told = {**item, "amount_minor": 1100, "tax_minor": 100}
        refund, problems = self._import(self._payload(lines=[told]))
        self.assertFalse(problems)
        self.assertEqual(f"{refund.amount:.2f}", "11.00")
        self.assertEqual(f"{refund.line_ids.amount_untaxed:.2f}", "10.00")
        too_much = {**item, "amount_minor": 600, "tax_minor": 501}
        none, problems = self._import(self._payload(lines=[too_much]))
        self.assertFalse(none)
        self.assertRegex(problems[0][0], r"5\.00.* of VAT")
        rest, _problems = self._import(self._payload(lines=[], amount_minor=9500))
        self.assertEqual(f"{rest.line_ids.amount_tax:.2f}", "5.00")
        self.assertEqual(f"{rest.line_ids.amount_untaxed:.2f}", "90.00")

    def test_the_later_refund_takes_the_remainder_only(self):
        self._draft(lines=[(self.mugs, 2)])._apply()
        refund = self._draft(lines=[(self.mugs, 1)])
        refund.line_ids.amount = 20.01
        self.assertIn("20.00", refund.problem)
        with self.assertRaisesRegex(MarketplaceError, r"20\.00.*left to refund"):
            refund._apply()

    # -- R2: an amount without lines ------------------------------------------------

    def test_an_amount_of_one_vendor(self):
        """It is shared over his lines by what is left; the other sellers keep all."""
        other = self._create_vendor("Basalte", iban=None)
        offer = self._create_offer(other, 10.0)
        self.group = self._deliver([(self.mug, 1), (self.tray, 1), (offer, 1)])
        refund = self._draft(amount=10, vendor_id=self.vendor.id)
        before = self._balance(other)
        refund._apply()
        amounts = {i.sale_line_id.offer_id: i.amount for i in refund.line_ids}
        self.assertEqual(amounts, {self.mug: 4.0, self.tray: 6.0})
        self.assertEqual(self._balance(other), before)
        told, problems = self._import(
            self._payload(amount_minor=500, vendor_id=other.id)
        )
        self.assertFalse(problems)
        self.assertEqual(told.line_ids.vendor_id, other)
        self.assertEqual(self._balance(other), before - 500)

    def _balance(self, vendor):
        balances = self.Ledger._vendor_balances(vendor, self.company)
        buckets = balances[vendor.id, self.currency.id]
        return sum(self._minor(buckets[name]) for name in ("pending", "due"))

    # -- R12: told twice ------------------------------------------------------------

    def test_a_refund_told_by_webhook_and_by_file_is_booked_once(self):
        """In both orders of arrival, and in one batch; each fills in what it knows."""
        webhook = {"ref": "SHOP-1", "psp_ref": "re_1", "amount_minor": 500}
        file = {"ref": None, "psp_ref": "re_1", "amount_minor": 500}
        for first, second in ((webhook, file), (file, webhook)):
            with self.subTest(first=first["ref"]):
                savepoint = self.cr.savepoint()
                one, problems = self._import(self._payload(**first))
                two, others = self._import(self._payload(**second))
                self.assertFalse(problems or others)
                self.assertEqual(one, two)
                self.assertEqual((one.external_ref, one.psp_ref), ("SHOP-1", "re_1"))
                self.assertEqual(f"{self.group.amount_refunded:.2f}", "5.00")
                savepoint.close(rollback=True)
                self.env.invalidate_all()
        both, problems = self._import(self._payload(**webhook), self._payload(**file))
        self.assertFalse(problems)
        self.assertEqual(len(set(both.ids)), 1)
        self.assertEqual(f"{self.group.amount_refunded:.2f}", "5.00")

    def test_a_refund_known_without_the_provider_s_reference_gets_it(self):
        one, _p = self._import(self._payload(ref="SHOP-1", amount_minor=500))
        two, _p = self._import(
            self._payload(ref="SHOP-1", psp_ref="re_1", amount_minor=500)
        )
        self.assertEqual((one, one.psp_ref), (two, "re_1"))

    def test_two_sources_that_disagree(self):
        one, _p = self._import(
            self._payload(ref="SHOP-1", psp_ref="re_1", amount_minor=500)
        )
        _none, problems = self._import(
            self._payload(ref=None, psp_ref="re_1", amount_minor=600)
        )
        self.assertIn(one.name, problems[0][0])
        self.assertEqual(f"{self.group.amount_refunded:.2f}", "5.00")

    def test_the_database_keeps_the_provider_s_reference_unique(self):
        self._draft(amount=1, psp_ref="re_1")
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._draft(amount=1, psp_ref="re_1")

    # -- planner --------------------------------------------------------------------

    def test_the_form_shows_what_it_does_before_saving(self):
        with Form(self.Refund.with_context(default_order_id=self.group.id)) as form:
            with form.line_ids.new() as item:
                item.sale_line_id = self.mugs
                item.quantity = 1
            self.assertIn(self.vendor.name, form.preview)
            self.assertIn("20.00", form.preview)
            self.assertFalse(form.problem)
            self.assertFalse(form.goes_negative)
            self.assertEqual(form.amount_ceiling, 94.8)
            with form.line_ids.edit(0) as item:
                item.amount = 100
            self.assertIn("94.80", form.problem)

    def test_goodwill_shows_no_vendor(self):
        effect = self._draft(amount=10, borne_by="operator")._effect()
        self.assertEqual((effect["vendors"], effect["operator"]), ([], 1000))

    def test_a_vendor_who_would_owe_us_money_needs_an_accountant_and_a_reason(self):
        """All was paid out: the desk is refused, the accountant says why."""
        self.Ledger._record(
            [
                {
                    "company_id": self.company.id,
                    "vendor_id": self.vendor.id,
                    "event": "psp_settlement",
                    "event_key": "test:paid",
                    "source_key": "test:paid",
                    "role_debit": "VENDOR_DUE",
                    "role_credit": "BANK",
                    "amount": 90.0,
                    "currency_id": self.currency.id,
                    "date_event": "2026-03-09",
                }
            ]
        )
        refund = self._draft(lines=[(self.mugs, 1)])
        self.assertTrue(refund.goes_negative)
        self.assertIn("text-danger", refund.preview)
        for user in (self.desk, self.accountant):
            with self.assertRaisesRegex(MarketplaceError, "would owe us"):
                refund.with_user(user).action_apply()
        refund.force_reason = "The vendor sells again next week"
        with self.assertRaisesRegex(MarketplaceError, "would owe us"):
            refund.with_user(self.desk).action_apply()
        refund.with_user(self.accountant).action_apply()
        self.assertEqual(refund.state, "done")

    # -- approval -------------------------------------------------------------------

    def test_large_refunds_need_a_second_person(self):
        """From 50.00: not the one who typed it; a change asks again; small ones not."""
        self.company.marketplace_refund_approval = 50
        small = self._draft(amount=10).with_user(self.desk)
        self.assertFalse(small.needs_approval)
        refund = self.Refund.with_user(self.accountant).create(
            {"order_id": self.group.id, "date": "2026-03-10", "amount": 50}
        )
        self.assertTrue(refund.needs_approval)
        self.assertIn(refund, self.Refund.search([("needs_approval", "=", True)]))
        with self.assertRaisesRegex(MarketplaceError, "second person"):
            refund.with_user(self.desk).action_apply()
        with self.assertRaisesRegex(MarketplaceError, "you typed it"):
            refund.action_approve()
        with self.assertRaises(AccessError):
            refund.approved_by_id = self.desk
        with self.assertRaises(AccessError):
            refund.changed_by_id = self.desk
        with self.assertRaises(AccessError):
            self.Refund.with_user(self.accountant).with_context(
                default_approved_by_id=self.desk.id
            ).create({"order_id": self.group.id, "amount": 50})
        refund.with_user(self.desk).action_approve()
        refund.amount = 51
        self.assertTrue(refund.needs_approval, "what was approved has changed")
        refund.with_user(self.desk).action_approve()
        refund.action_apply()
        self.assertEqual((refund.state, refund.approved_by_id), ("done", self.desk))
        small.action_apply()

    def test_a_changed_line_asks_again(self):
        self.company.marketplace_refund_approval = 20
        refund = self.Refund.with_user(self.accountant).create(
            {
                "order_id": self.group.id,
                "line_ids": [
                    Command.create({"sale_line_id": self.mugs.id, "quantity": 2})
                ],
            }
        )
        refund.with_user(self.desk).action_approve()
        self.assertFalse(refund.needs_approval)
        refund.line_ids.quantity = 1
        self.assertTrue(refund.needs_approval)

    # -- asked for by the vendor ----------------------------------------------------

    def test_vendors_refund_small_amounts_themselves(self):
        self.company.marketplace_vendor_refund_limit = 20
        request = self.Refund._request_by_vendor
        refund = request({self.mugs: 1}, "defective", "Chipped")
        self.assertEqual((refund.state, refund.requested_by), ("done", "vendor"))
        refused = self.assertRaisesRegex(MarketplaceError, "left to refund")
        with refused, self.cr.savepoint():
            request({self.mugs: 3}, "defective", "")
        refund = request({self.mugs: 2}, "defective", "Chipped")
        self.assertEqual(refund.state, "draft")
        self.assertTrue(refund.activity_ids)
        with self.assertRaisesRegex(MarketplaceError, f"{refund.name} .* waits"):
            request({self.mugs: 1}, "defective", "")

    def test_without_a_limit_each_request_waits(self):
        refund = self.Refund._request_by_vendor({self.mugs: 1}, "defective", "")
        self.assertEqual(refund.state, "draft")
