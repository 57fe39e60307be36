from itertools import product

from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.marketplace_base.const import REFUND_REASONS
from odoo.addons.marketplace_base.const_returns import PARTIES

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestRefundConsequence(CommissionCommon):
    """R4: what the matrix does to a refund is shown before it is saved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = [cls._create_vendor(name) for name in ("Atelier", "Brume")]
        cls.offers = [
            cls._create_offer(vendor, price)
            for vendor, price in zip(cls.vendors, (33.33, 70.0), strict=True)
        ]
        cls.default_rule.write({"base_shipping": True, "rate_shipping": 0.07})
        cls.company.write(
            {"marketplace_psp_rate": 0.029, "marketplace_psp_fixed": 0.30}
        )
        cls.policy = cls.env["marketplace.refund.policy"].create({"name": "Standard"})
        for number, cell in enumerate(cls.policy.cell_ids, 1):
            cell.write(
                {
                    "rate_kept": number % 11 / 10,
                    "rate_kept_shipping": number % 4 / 4,
                    "psp_fee_bearer": "vendor" if number % 2 else "operator",
                    "amount_penalty": number % 3 * 2.5,
                }
            )
        cls.desk = new_test_user(
            cls.env, "policy_desk", groups="marketplace_base.group_order_desk"
        )

    def _group(self):
        group = self._import_order(
            [(self.offers[0], 3), (self.offers[1], 1)],
            shippings=[(4.9, self.vendors[0])],
        )
        group.payment_ids._record_psp_fees({group.payment_ids: 521})
        return group

    def _refund_vals(self, group, shape):
        lines = group.sale_order_ids.order_line
        items = {
            "units": [(lines[0], 1, None), (lines[-1], 1, None)],
            "part": [(lines[0], 0, 10.01)],
            "all": [(line, line.product_uom_qty, None) for line in lines],
            "amount": [],
        }[shape]
        vals = {"order_id": group.id}
        if shape == "amount":
            vals["amount"] = 50.0
        vals["line_ids"] = [
            Command.create(
                {
                    "sale_line_id": line.id,
                    "quantity": quantity,
                    **({} if amount is None else {"amount": amount}),
                }
            )
            for line, quantity, amount in items
        ]
        return vals

    def _booked(self, refund):
        """Return {order: (kept, penalty, cost)} of what the refund made."""
        booked = {}
        for order in refund.line_ids.sale_order_id:
            commissions = self.Line.search(
                [
                    ("refund_line_id", "in", refund.line_ids.ids),
                    ("sale_order_id", "=", order.id),
                ]
            )
            fees = self.env["marketplace.fee"].search(
                [
                    ("source_key", "like", f"refund:{refund.id}:"),
                    ("sale_order_id", "=", order.id),
                ]
            )
            by_kind = {fee.kind: self._minor(fee.amount) for fee in fees}
            booked[order] = (
                sum(
                    self._minor(line.amount) - self._minor(line.amount_due)
                    for line in commissions
                ),
                by_kind.get("penalty", 0),
                by_kind.get("psp", 0),
            )
        return booked

    def _shown(self, effect):
        return {
            row["order"]: (
                row["kept"],
                self._minor(row["cell"].amount_penalty),
                row["cost"],
            )
            for row in effect["policy"]
        }

    def test_every_cell_shows_what_is_then_booked(self):
        """Each reason × fault, by units, by part, whole, and by amount alone."""
        table = list(product(dict(REFUND_REASONS), dict(PARTIES)))
        shapes = ("units", "part", "all", "amount")
        seen = set()
        for number, (reason, fault) in enumerate(table):
            shape = shapes[number % len(shapes)]
            with self.subTest(reason=reason, fault=fault, shape=shape):
                refund = self.env["marketplace.refund"].create(
                    {
                        **self._refund_vals(self._group(), shape),
                        "reason_code": reason,
                        "fault": fault,
                    }
                )
                effect = refund._effect()
                self.assertFalse(effect["problem"])
                refund._apply()
                booked = self._booked(refund)
                self.assertEqual(self._shown(effect), booked)
                seen |= {
                    index
                    for amounts in booked.values()
                    for index, minor in enumerate(amounts)
                    if minor
                }
        self.assertEqual(seen, {0, 1, 2}, "nothing was kept or charged")

    def test_second_refund_counts_the_first(self):
        group = self._group()
        for _time in range(3):
            refund = self.env["marketplace.refund"].create(
                {
                    **self._refund_vals(group, "part"),
                    "reason_code": "defective",
                    "fault": "operator",
                }
            )
            effect = refund._effect()
            refund._apply()
            self.assertEqual(self._shown(effect), self._booked(refund))

    def test_form_shows_it_before_anything_is_saved(self):
        """The order desk changes the reason and sees another cell, nothing written."""
        group = self._group()
        line = group.sale_order_ids.order_line[0]
        before = self.env["marketplace.refund"].search_count([])
        cells = {(c.reason_code, c.fault): c for c in self.policy.cell_ids}
        cells["defective", "vendor"].write({"rate_kept": 1, "amount_penalty": 7})
        cells["withdrawal", "vendor"].write({"rate_kept": 0, "amount_penalty": 0})
        Refund = self.env["marketplace.refund"].with_user(self.desk)
        form = Form(Refund.with_context(default_order_id=group.id))
        form.reason_code = "defective"
        form.fault = "vendor"
        with form.line_ids.new() as item:
            item.sale_line_id = line
            item.quantity = 3
        self.assertIn("Defective or damaged", form.preview)
        self.assertIn("10.00", form.preview)
        self.assertIn("7.00", form.preview)
        form.reason_code = "withdrawal"
        form.fault = "vendor"
        self.assertIn("Customer withdrew", form.preview)
        self.assertNotIn("7.00", form.preview)
        self.assertEqual(Refund.search_count([]), before)

    def test_without_policy_nothing_more_is_shown(self):
        self.policy.action_archive()
        refund = self.env["marketplace.refund"].create(
            {**self._refund_vals(self._group(), "all"), "reason_code": "defective"}
        )
        self.assertEqual(refund._effect()["policy"], [])
        self.assertNotIn("o_marketplace_policy", refund.preview)
