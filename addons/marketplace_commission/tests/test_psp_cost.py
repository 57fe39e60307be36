import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPspCost(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bearing = cls._create_vendor("Atelier Nord", psp_cost_bearer="vendor")
        cls.sharing = cls._create_vendor(
            "Brume", psp_cost_bearer="shared", psp_cost_rate=0.5
        )
        cls.spared = cls._create_vendor("Cabane")
        cls.offers = [
            cls._create_offer(vendor, price)
            for vendor, price in (
                (cls.bearing, 70.00),
                (cls.sharing, 20.00),
                (cls.spared, 10.00),
            )
        ]
        cls.company.write(
            {"marketplace_psp_rate": 0.029, "marketplace_psp_fixed": 0.30}
        )
        cls.Fee = cls.env["marketplace.fee"]
        cls.accountant = new_test_user(
            cls.env, "psp_accountant", groups="marketplace_base.group_accountant"
        )

    def _import_fees(self, *rows, header="reference;fee"):
        text = "\n".join([header, *(f"{ref};{fee}" for ref, fee in rows)])
        wizard = (
            self.env["marketplace.psp.fee.import"]
            .with_user(self.accountant)
            .create({"file": base64.b64encode(text.encode())})
        )
        return wizard.action_import()

    def _costs(self, group):
        fees = self.Fee.search(
            [("kind", "=", "psp"), ("sale_order_id", "in", group.sale_order_ids.ids)]
        )
        return {fee.vendor_id: fee.amount for fee in fees}

    def test_cost_is_estimated_until_the_file_arrives(self):
        """K18: 2.9 % of 100.00 and 0.30 are 3.20; then the provider says 1.00."""
        group = self._import_order([(offer, 1) for offer in self.offers])
        orders = {order.vendor_id: order for order in group.sale_order_ids}
        self.assertEqual(
            [
                (orders[vendor].amount_psp_fee, orders[vendor].is_psp_fee_estimated)
                for vendor in (self.bearing, self.sharing, self.spared)
            ],
            [(2.24, True), (0.32, True), (0.0, True)],
        )
        self.assertFalse(self._costs(group))
        reference = group.payment_ids.external_ref
        self._import_fees((reference, "1.01"))
        self._import_fees((reference, "1.01"))
        # 1.01 by largest remainder: 0.71, 0.20 and 0.10.
        self.assertEqual(self._costs(group), {self.bearing: 0.71, self.sharing: 0.10})
        group.sale_order_ids.invalidate_recordset()
        self.assertFalse(any(group.sale_order_ids.mapped("is_psp_fee_estimated")))
        self.assertEqual(orders[self.bearing].amount_psp_fee, 0.71)

    def test_list_of_orders_shows_who_bears_what(self):
        """K18: shares of the vendors add up to the fee, whatever its cents."""
        group = self._import_order([(offer, 1) for offer in self.offers])
        view = self.env.ref("marketplace_base.sale_order_view_list_vendor")
        arch = self.env["sale.order"].get_view(view.id, "list")["arch"]
        self.assertIn('name="amount_psp_fee"', arch)
        payment = group.payment_ids
        for fee in (1, 100, 101, 333, 9999):
            payment.write({"amount_psp_fee": fee / 100, "is_psp_fee_actual": True})
            parts = payment._psp_parts()
            self.assertEqual(sum(share for share, _borne in parts.values()), fee)
            group.sale_order_ids.invalidate_recordset(["amount_psp_fee"])
            self.assertEqual(
                sum(map(self._minor, group.sale_order_ids.mapped("amount_psp_fee"))),
                sum(borne for _share, borne in parts.values()),
            )

    def test_file_is_taken_over_whole_or_not_at_all(self):
        group = self._import_order([(self.offers[0], 1)])
        reference = group.payment_ids.external_ref
        for words, rows in (
            ("UNKNOWN: 0 captured payments", [(reference, "1.00"), ("UNKNOWN", "1")]),
            ("Line 2: a reference of its own", [(reference, "NaN")]),
            ("Line 3: a reference of its own", [(reference, "1"), (reference, "2")]),
            ("Line 2: a reference of its own", [(reference, "-1")]),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self._import_fees(*rows)
        with self.assertRaisesRegex(UserError, "header must name"):
            self._import_fees((reference, 1), header="ref;cost")
        self.assertFalse(group.payment_ids.is_psp_fee_actual)
        self._import_fees((reference, "1.00"))
        with self.assertRaisesRegex(UserError, "known already"):
            self._import_fees((reference, "2.00"))
        clerk = new_test_user(
            self.env, "psp_clerk", groups="marketplace_base.group_order_desk"
        )
        with self.assertRaises(AccessError):
            self.env["marketplace.psp.fee.import"].with_user(clerk).create({"file": ""})

    # -- refund policy --------------------------------------------------------------

    def _refund_all(self, group, reason):
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": reason,
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": 1})
                    for line in group.sale_order_ids.order_line
                ],
            }
        )
        refund._apply()
        return refund

    def test_lost_cost_is_borne_as_the_policy_says(self):
        """N-48: a cost of 3.20 is not given back on a full refund of 100.00."""
        self.env["marketplace.refund.policy"].create({"name": "Standard"})
        offer = self._create_offer(self.spared, 100.00)
        for reason, expected in (
            ("defective", {self.spared: 3.20}),
            ("withdrawal", {}),
        ):
            for known_before in (True, False):
                with self.subTest(reason=reason, known_before=known_before):
                    group = self._import_order([(offer, 1)])
                    cost = (group.payment_ids.external_ref, "3.20")
                    if known_before:
                        self._import_fees(cost)
                    self._refund_all(group, reason)
                    if not known_before:
                        self.assertFalse(self._costs(group))
                        self._import_fees(cost)
                    self.assertEqual(self._costs(group), expected)

    def test_penalty_of_the_policy_waits_for_approval(self):
        policy = self.env["marketplace.refund.policy"].create({"name": "Standard"})
        policy.cell_ids.filtered(lambda cell: cell.fault == "vendor").amount_penalty = 7
        group = self._import_order([(offer, 1) for offer in self.offers[:2]])
        self._refund_all(group, "out_of_stock")
        fees = self.Fee.search([("kind", "=", "penalty")])
        self.assertEqual(fees.vendor_id, self.bearing | self.sharing)
        self.assertEqual(
            (set(fees.mapped("amount")), set(fees.mapped("state"))), ({7.0}, {"draft"})
        )
        self.assertIn("Vendor out of stock", fees[0].name)

    def test_part_of_the_vendor_is_a_part(self):
        with self.assertRaisesRegex(UserError, "between 0 % and 100 %"):
            self._create_vendor("Trop", psp_cost_bearer="shared", psp_cost_rate=2)
