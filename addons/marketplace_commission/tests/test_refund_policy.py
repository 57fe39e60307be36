from itertools import product

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.marketplace_base.const import REFUND_REASONS
from odoo.addons.marketplace_base.const_returns import PARTIES

from .common import CommissionCommon
from .trace_evaluator import evaluate


@tagged("post_install", "-at_install", "marketplace")
class TestRefundPolicy(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.offer = cls._create_offer(cls.vendor, 100.00)
        cls.policy = cls.env["marketplace.refund.policy"].create({"name": "Standard"})
        cls.default_rule.write({"base_shipping": True, "rate_shipping": 0.10})

    def _refund_order(self, reason, fault=None, amount=None):
        """Refund an order of 100.00 and 20.00 of shipping; return its reversals."""
        group = self._import_order([(self.offer, 1)], shippings=[(20, self.vendor)])
        lines = group.sale_order_ids.order_line
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": reason,
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": line.id,
                            "quantity": 1,
                            **({"amount": amount} if amount else {}),
                        }
                    )
                    for line in lines
                ],
            }
        )
        if fault:
            refund.fault = fault
        refund._apply()
        return self.Line.search(
            [("refund_line_id", "in", refund.line_ids.ids)], order="id"
        )

    def test_every_cell_decides(self):
        """R4: each reason × fault keeps what its own cell says."""
        cells = {(cell.reason_code, cell.fault): cell for cell in self.policy.cell_ids}
        table = list(product(dict(REFUND_REASONS), dict(PARTIES)))
        self.assertEqual(set(cells), set(table))
        for number, key in enumerate(table):
            cells[key].rate_kept = number / 100
            cells[key].rate_kept_shipping = 1 - number / 100
        for number, (reason, fault) in enumerate(table):
            with self.subTest(reason=reason, fault=fault):
                goods, shipping = self._refund_order(reason, fault)
                self.assertRecordValues(
                    goods | shipping,
                    [
                        {
                            "amount": round(number / 10 - 10, 2),
                            "amount_due": -10.00,
                            "reason_code": reason,
                            "fault": fault,
                        },
                        {
                            "amount": round(-2 * number / 100, 2),
                            "amount_due": -2.00,
                            "reason_code": reason,
                            "fault": fault,
                        },
                    ],
                )
                for line in goods | shipping:
                    self.assertEqual(
                        evaluate(line.trace_steps), self._minor(line.amount)
                    )

    def test_reason_says_who_is_responsible_unless_told(self):
        self.assertEqual(self._refund_order("defective").mapped("amount"), [0, 0])
        self.assertEqual(
            self._refund_order("withdrawal").mapped("amount"), [-10.00, -2.00]
        )
        lines = self._refund_order("defective", "operator")
        self.assertEqual(lines.mapped("amount"), [-10.00, -2.00])
        self.assertIn("10.00", self._trace(lines[0])[1])

    def test_policy_of_the_plan_comes_first(self):
        own = self.policy.copy({"name": "Own", "plan_id": self.plan.id})
        own.cell_ids.rate_kept = 0.25
        lines = self._refund_order("withdrawal")
        self.assertEqual(lines[0].amount, -7.50)
        self.assertIn(
            "By the refund policy the operator keeps 25 % of 10.00 €.",
            self._trace(lines[0]),
        )

    def test_without_policy_all_is_given_back(self):
        self.policy.action_archive()
        self.assertEqual(
            self._refund_order("defective").mapped("amount"), [-10.00, -2.00]
        )

    def test_partial_refunds_never_give_back_more_than_was_charged(self):
        self.policy.cell_ids.rate_kept = 0.5
        group = self._import_order([(self.offer, 1)])
        charged = self.Line.search([("marketplace_order_id", "=", group.id)])
        for quantity, amount in ((0, 30), (0, 30), (1, 40)):
            refund = self.env["marketplace.refund"].create(
                {
                    "order_id": group.id,
                    "reason_code": "withdrawal",
                    "line_ids": [
                        Command.create(
                            {
                                "sale_line_id": charged.sale_line_id.id,
                                "quantity": quantity,
                                "amount": amount,
                            }
                        )
                    ],
                }
            )
            refund._apply()
        amounts = charged.reversal_line_ids.sorted("id").mapped("amount")
        self.assertEqual(amounts, [-1.50, -1.50, -2.00])

    def test_simulation_follows_what_is_typed_before_it_is_saved(self):
        """Item 22: the form shows what the cells would have kept, unsaved."""
        self._refund_order("withdrawal")
        with Form(self.policy) as form:
            self.assertEqual((form.amount_kept_now, form.amount_kept), (0, 0))
            for index, cell in enumerate(self.policy.cell_ids):
                if (cell.reason_code, cell.fault) == (
                    "withdrawal",
                    "customer",
                ):
                    with form.cell_ids.edit(index) as line:
                        line.rate_kept = 0.3
                        line.amount_penalty = 5
            self.assertEqual(form.amount_kept, 3.00)
            self.assertEqual(form.amount_penalties, 5.00 * 2)
            self.assertFalse(any(self.policy.cell_ids.mapped("amount_penalty")))

    def test_reason_stays_once_commission_was_given_back(self):
        refund = self._refund_order("withdrawal").refund_line_id.refund_id
        with self.assertRaisesRegex(UserError, "done cannot change"):
            refund.fault = "vendor"

    def test_bad_cells_are_refused(self):
        first, second = self.policy.cell_ids[:2]
        with self.assertRaisesRegex(UserError, "between 0 % and 100 %"):
            first.rate_kept = 1.5
        first.invalidate_recordset(flush=False)
        with self.assertRaisesRegex(UserError, "cannot be negative"):
            second.amount_penalty = -1

    def test_missing_cells_are_added(self):
        self.policy.cell_ids[:2].unlink()
        self.policy.action_complete()
        self.assertEqual(len(self.policy.cell_ids), len(REFUND_REASONS) * len(PARTIES))
