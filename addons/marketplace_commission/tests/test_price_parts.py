from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPriceParts(CommissionCommon):
    """P10: eco-contribution and deposit bear no commission."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Consigne SARL")
        cls.offer = cls._create_offer(cls.vendor, 12.0)
        cls.env["marketplace.price.part"].create(
            [
                {"offer_id": cls.offer.id, "kind": "eco", "amount": 0.6},
                {"offer_id": cls.offer.id, "kind": "deposit", "amount": 1.4},
            ]
        )

    def _commission(self, group):
        return self.Line.search(
            [("marketplace_order_id", "=", group.id), ("kind", "=", "commission")]
        )

    def test_base_excludes_what_bears_no_commission(self):
        """3 × 12.00, of which 3 × 2.00 aside: 10 % of 30.00; the vendor gets 36.00."""
        group = self._import_order([(self.offer, 3)])
        commission = self._commission(group)
        self.assertEqual((commission.base, commission.amount), (30.0, 3.0))
        self.assertEqual(commission.sale_line_id.amount_vendor, 36.0)
        self.assertIn("6.00", " ".join(self._trace(commission)))
        self.assertIn("Not commissionable, taken off: -6.00", commission.trace)

    def test_base_without_vat_excludes_its_share(self):
        self.default_rule.base_tax = "excluded"
        group = self._import_order([(self.offer, 3)])
        commission = self._commission(group)
        self.assertEqual((commission.base, commission.amount), (25.0, 2.5))

    def test_refund_gives_back_the_commission_of_the_base(self):
        group = self._import_order([(self.offer, 3)])
        line = group.sale_order_ids.order_line
        for _time in range(3):
            self._refund(group, [(line, 1, None)])
        lines = self.Line.search([("marketplace_order_id", "=", group.id)])
        self.assertEqual(self._minor(sum(lines.mapped("amount"))), 0)
        self.assertEqual(self._minor(sum(lines.mapped("base"))), 0)
        self.assertEqual(
            lines.filtered(lambda x: x.kind == "reversal").mapped("amount"), [-1.0] * 3
        )

    def test_gift_card_lowers_no_commission(self):
        """P6: a gift card is a payment, the base is the full price."""
        payload = self._prepare_payload([(self.offer, 3)])
        [card] = payload["payments"]
        card["amount_minor"] -= 1000
        payload["payments"].append(
            {**card, "ref": "GIFT-C", "kind": "gift_card", "amount_minor": 1000}
        )
        [group], problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        self.assertEqual(self._commission(group).base, 30.0)
        self.assertTiedOut()

    def test_shared_promotion_lowers_the_base_by_the_vendors_part(self):
        """P5: 6.00 of which the vendor pays 40 %: base 36.00 − 6.00 − 2.40."""
        payload = self._prepare_payload([(self.offer, 3)], discounts=[(6.0, "vendor")])
        del payload["discounts"][0]["funder"]
        payload["discounts"][0]["vendor_share"] = "0.4"
        [group], problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        self.assertEqual(self._commission(group).base, 27.6)
