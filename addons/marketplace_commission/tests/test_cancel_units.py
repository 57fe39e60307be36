from odoo.tests import Form, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCancelUnits(CommissionCommon):
    def test_preview_is_what_the_cancellation_does(self):
        """One unit of three for 28.33: refund 9.44, commission 0.94 back, as shown."""
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 10.0)
        other = self._create_offer(vendor, 50.0)
        group = self._import_order([(offer, 3, 28.33), (other, 1)])
        line, untouched = group.sale_order_ids.order_line.sorted("sequence")
        self.assertEqual(f"{group.amount_commission:.2f}", "7.83")
        # a later rule does not matter: the rate is frozen
        self.default_rule.rate = 0.5
        form = Form(
            self.env["marketplace.cancel.units"].with_context(
                default_sale_order_id=line.order_id.id
            )
        )
        form.reason = "Out of stock"
        with form.line_ids.edit(0) as item:
            item.quantity = 1
            self.assertEqual(
                [
                    f"{amount:.2f}"
                    for amount in (
                        item.amount,
                        item.amount_vendor,
                        item.amount_commission,
                    )
                ],
                ["9.44", "9.44", "0.94"],
            )
        wizard = form.save()
        wizard.action_cancel_units()
        self.assertRecordValues(
            line.order_id.commission_line_ids.sorted("id"),
            [
                {"sale_line_id": line.id, "amount": 2.83, "rate": 0.1},
                {"sale_line_id": untouched.id, "amount": 5.0, "rate": 0.1},
                {"sale_line_id": line.id, "amount": -0.94, "rate": 0.1},
            ],
        )
        self.assertBalances(vendor, pending=68.89)
        self.assertTiedOut()

    def test_weighed_goods_commission_follows_the_final_amount(self):
        """2 kg ordered at 10.00, 1.8 kg sent: 18.00 charged, commission 1.80."""
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 10.0)
        offer.product_id.is_marketplace_weighed = True
        group = self._import_order([(offer, 2)], captured=False)
        line = group.sale_order_ids.order_line
        shipment = self.env["marketplace.shipment"]._create_for_order(
            line.order_id, {line.id: 1.8}
        )
        shipment.action_ship()
        self.assertEqual(f"{group.amount_payable:.2f}", "18.00")
        self.assertEqual(f"{group.amount_commission:.2f}", "1.80")

    def test_policy_is_for_refunds_not_for_what_nobody_paid(self):
        """The operator keeps half on refunds; unpaid units cost no commission."""
        policy = self.env["marketplace.refund.policy"].create({"name": "Half"})
        policy.cell_ids.rate_kept = 0.5
        vendor = self._create_vendor("Alma")
        offer = self._create_offer(vendor, 10.0)
        for captured, back in ((False, "1.00"), (True, "0.50")):
            with self.subTest(captured=captured):
                group = self._import_order([(offer, 2)], captured=captured)
                order = group.sale_order_ids
                form = Form(
                    self.env["marketplace.cancel.units"].with_context(
                        default_sale_order_id=order.id
                    )
                )
                form.reason = "Out of stock"
                with form.line_ids.edit(0) as item:
                    item.quantity = 1
                    self.assertEqual(f"{item.amount_commission:.2f}", back)
                form.save().action_cancel_units()
                reversal = order.commission_line_ids.filtered("reversed_line_id")
                self.assertEqual(f"{-reversal.amount:.2f}", back)
