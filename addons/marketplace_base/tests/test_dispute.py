from odoo import fields
from odoo.tests import Form, tagged

from ..exceptions import MarketplaceError
from .dispute_common import DisputeCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDispute(DisputeCommon):
    """R9 and R10: chargebacks, and refunds that the operator pays."""

    # -- goodwill -------------------------------------------------------------------

    def test_goodwill_leaves_vendor_and_commission_alone(self):
        """R10: the customer gets 10.00, the operator pays; nobody else notices."""
        group = self._paid()
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "date": "2026-03-15",
                "amount": 10.0,
                "borne_by": "operator",
                "reason_code": "goodwill",
            }
        )
        refund.with_user(self.desk).action_apply()
        refund.with_user(self.desk).action_apply()
        self.assertMove(
            self._move(group, "goodwill"),
            [
                ("OPERATOR_COST", None, 10.0, 0),
                ("PSP_CLEARING", self.psp, 0, 10.0),
            ],
        )
        self.assertBalances(self.a, due=60.0)
        self.assertBalances(self.b, due=40.0)
        self.assertFalse(refund.line_ids, "no line: no commission is given back")
        self.assertEqual(f"{refund.amount:.2f}", "10.00")
        self.assertEqual(group.payment_state, "partially_refunded")
        self.assertTiedOut()

    def test_goodwill_counts_in_the_ceiling_of_the_payment(self):
        """R11: 10.00 given in goodwill leave 90.00 of 100.00 to refund."""
        group = self._paid()
        vals = {"order_id": group.id, "date": "2026-03-15"}
        Refund = self.env["marketplace.refund"]
        Refund.create([{**vals, "amount": 10.0, "borne_by": "operator"}])._apply()
        with (
            self.assertRaisesRegex(MarketplaceError, "exceed"),
            self.cr.savepoint(),
        ):
            Refund.create([{**vals, "amount": 90.01}])._apply()
        Refund.create([{**vals, "amount": 90.0}])._apply()
        with self.assertRaisesRegex(MarketplaceError, "exceed"):
            Refund.create([{**vals, "amount": 0.01, "borne_by": "operator"}])._apply()

    def test_goodwill_with_lines_is_refused(self):
        group = self._paid()
        with self.assertRaisesRegex(MarketplaceError, "no lines"):
            refund = self._refund_draft(group)
            refund.write({"borne_by": "operator", "amount": 1.0})
            refund._apply()

    def _refund_draft(self, group):
        line = group.sale_order_ids.order_line[:1]
        return self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "line_ids": [
                    fields.Command.create({"sale_line_id": line.id, "quantity": 1})
                ],
            }
        )

    def test_goodwill_from_a_storefront_is_booked_once(self):
        group = self._paid()
        payload = {
            "company_id": self.company.id,
            "channel": group.channel,
            "order_ref": group.external_ref,
            "ref": "GOODWILL-1",
            "date": fields.Date.to_date("2026-03-15"),
            "amount_minor": 500,
            "borne_by": "operator",
        }
        Refund = self.env["marketplace.refund"]
        refund, problems = Refund._import_batch([payload])
        self.assertFalse(problems)
        self.assertEqual(Refund._import_batch([payload]), (refund, {}))
        self.assertEqual(f"{refund.amount:.2f} {refund.state}", "5.00 done")
        self.assertBalances(self.a, due=60.0)
        _none, problems = Refund._import_batch(
            [{**payload, "ref": "GOODWILL-2", "lines": [{"line_ref": "x"}]}]
        )
        self.assertIn("no lines", problems[0][0])

    # -- chargebacks ----------------------------------------------------------------

    def test_opened_takes_amount_and_fee_from_the_provider(self):
        group = self._paid()
        dispute = self._dispute(group)
        self.assertEqual(f"{dispute.amount:.2f}", "100.00")
        dispute.with_user(self.desk).action_open()
        dispute.with_user(self.desk).action_open()
        self.assertMove(
            self._move(group, "dispute_opened", "dispute_fee"),
            [
                ("DISPUTES", self.psp, 100.0, 0),
                ("PSP_FEES", self.psp, 15.0, 0),
                ("PSP_CLEARING", self.psp, 0, 115.0),
            ],
        )
        self.assertBalances(self.a, due=60.0)
        self.assertTiedOut()

    def test_evidence_has_a_reminder_until_the_claim_is_closed(self):
        group = self._paid()
        dispute = self._dispute(group, date_evidence="2026-04-01")
        dispute.with_user(self.desk).action_open()
        [activity] = dispute.activity_ids
        self.assertEqual(str(activity.date_deadline), "2026-04-01")
        self.assertEqual(activity.user_id, self.desk)
        dispute.with_user(self.desk).action_win()
        self.assertFalse(dispute.activity_ids)
        undated = self._dispute(self._paid())
        undated.action_open()
        self.assertFalse(undated.activity_ids)

    def test_open_claim_leaves_nothing_to_refund(self):
        """R11: money that the bank holds cannot be given back a second time."""
        group = self._paid()
        self._dispute(group, amount=70.0).action_open()
        vals = {"order_id": group.id, "date": "2026-03-21"}
        with (
            self.assertRaisesRegex(MarketplaceError, "exceed"),
            self.cr.savepoint(),
        ):
            self.env["marketplace.refund"].create([{**vals, "amount": 30.01}])._apply()
        self.env["marketplace.refund"].create([{**vals, "amount": 30.0}])._apply()
        with self.assertRaisesRegex(MarketplaceError, "exceed"):
            self._dispute(group, amount=0.01).action_open()

    def test_won_gives_the_money_back_to_the_provider(self):
        """A vendor who moved meanwhile keeps his ledger: his balance never changed."""
        group = self._paid()
        dispute = self._dispute(group)
        dispute.action_open()
        self.a.write({"country_id": self.env.ref("base.be").id, "zip": "1000"})
        dispute.date_closed = "2026-04-10"
        dispute.action_win()
        dispute.action_win()
        self.assertMove(
            self._move(group, "dispute_won"),
            [
                ("PSP_CLEARING", self.psp, 100.0, 0),
                ("DISPUTES", self.psp, 0, 100.0),
            ],
        )
        self.assertBalances(self.a, due=60.0)
        self.assertFalse(dispute.refund_ids)
        self.assertEqual(group.payment_state, "paid")
        self.assertTiedOut()

    def test_lost_is_borne_by_the_vendors_of_the_order(self):
        group = self._paid()
        dispute = self._dispute(group)
        dispute.action_open()
        dispute.date_closed = "2026-04-10"
        dispute.with_user(self.desk).action_lose()
        dispute.with_user(self.desk).action_lose()
        self.assertMove(
            self._move(group, "dispute_lost"),
            [
                ("VENDOR_DUE", self.a, 60.0, 0),
                ("VENDOR_DUE", self.b, 40.0, 0),
                ("DISPUTES", self.psp, 0, 100.0),
            ],
        )
        self.assertBalances(self.a)
        self.assertBalances(self.b)
        self.assertEqual(group.payment_state, "refunded")
        self.assertTiedOut()
        # The lines are refunded: nothing of them can be given back again.
        with self.assertRaisesRegex(MarketplaceError, "left to refund"):
            self._refund(group, [(group.sale_order_ids.order_line[0], 1, 1.0)])

    def test_lost_returns_the_discount_the_marketplace_had_paid(self):
        """Half charged back: half of what the marketplace had funded comes back."""
        group = self._paid(discounts=[(20.0, "marketplace")])
        dispute = self._dispute(group, amount=40.0, amount_fee=0.0)
        dispute.action_open()
        dispute.action_lose()
        self.assertMove(
            self._move(group, "dispute_lost"),
            [
                ("VENDOR_DUE", self.a, 30.0, 0),
                ("VENDOR_DUE", self.b, 20.0, 0),
                ("DISPUTES", self.psp, 0, 40.0),
                ("DISCOUNT_MKT", self.a, 0, 6.0),
                ("DISCOUNT_MKT", self.b, 0, 4.0),
            ],
        )
        self.assertTiedOut()

    def test_lost_is_borne_by_the_operator_when_he_says_so(self):
        group = self._paid(delivered=False)
        dispute = self._dispute(group, borne_by="operator")
        dispute.action_open()
        dispute.action_lose()
        self.assertMove(
            self._move(group, "dispute_borne"),
            [
                ("OPERATOR_COST", None, 100.0, 0),
                ("DISPUTES", self.psp, 0, 100.0),
            ],
        )
        self.assertBalances(self.a, pending=60.0)
        self.assertFalse(dispute.refund_ids.line_ids)
        self.assertTiedOut()

    def test_a_claim_in_the_ledger_stays(self):
        dispute = self._dispute(self._paid())
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            dispute.action_win()
        dispute.action_open()
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            dispute.amount = 1.0
        with self.assertRaisesRegex(MarketplaceError, "cannot be deleted"):
            dispute.unlink()
        dispute.action_win()
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            dispute.amount_fee_back = 1.0
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            dispute.action_lose()

    def test_the_order_desk_types_a_chargeback(self):
        group = self._paid()
        Dispute = self.env["marketplace.dispute"].with_user(self.desk)
        with Form(Dispute) as form:
            form.payment_id = group.payment_ids
            self.assertEqual(f"{form.amount:.2f}", "100.00")
            form.amount_fee = 15.0
        self.assertTrue(form.record.name.startswith("DSP/"))
        self.assertEqual(form.record.order_id, group)
