from odoo import fields
from odoo.fields import Command

from .common import MarketplaceCommon


class AmendmentCommon(MarketplaceCommon):
    """A purchase of 3 × 10.00 from Alma and 20.00 from Bora, changed afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Amendment = cls.env["marketplace.order.amendment"]
        cls.a = cls._create_vendor("Alma")
        cls.b = cls._create_vendor("Bora")
        cls.offer_a = cls._create_offer(cls.a, 10.0)
        cls.offer_b = cls._create_offer(cls.b, 20.0)

    def _buy(self, **options):
        group = self._import_order(
            [(self.offer_a, 3), (self.offer_b, 1)],
            **{"date": "2026-03-02 10:00:00", **options},
        )
        line = group.sale_order_ids.order_line.filtered(
            lambda line: line.offer_id == self.offer_a
        )
        return group, line

    def _prepare(self, group, *changes, date="2026-03-20", **vals):
        amendment = self.Amendment.create(
            {
                "order_id": group.id,
                "date": date,
                "reason": "The customer called.",
                "line_ids": [Command.create(change) for change in changes],
                **vals,
            }
        )
        self.env.flush_all()  # what the user saw is stored
        return amendment

    def _amend(self, group, *changes, **vals):
        amendment = self._prepare(group, *changes, **vals)
        amendment._apply()
        self.assertRecordValues(amendment, [{"state": "applied"}])
        self.assertSound(group)
        return amendment

    def _change(self, line, quantity=None, price=None):
        vals = {"sale_line_id": line.id}
        if quantity is not None:
            vals["quantity_new"] = quantity
        if price is not None:
            vals["price_new"] = price
        return vals

    def _capture(self, group, amount, ref=None):
        payments = self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": ref or f"PAY-{self._next()}",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": self._minor(amount),
                    "date": fields.Datetime.to_datetime("2026-03-21 10:00:00"),
                }
            ],
        )
        self.assertSound(group)
        return payments

    def assertSound(self, group):
        """Assert what holds after every change: totals of the order, books."""
        minor = self.currency._marketplace_minor
        orders = group.sale_order_ids
        self.assertEqual(
            sum(minor(order.amount_total) for order in orders),
            minor(group.amount_charged)
            + minor(group.amount_added)
            + minor(group.amount_funded)
            + minor(group.amount_rounding),
        )
        for order in orders:
            self.assertEqual(
                minor(order.amount_total),
                sum(minor(line.amount_vendor) for line in order.order_line),
            )
        self.assertTiedOut()
        self.assertFalse(
            [
                problem
                for problem in self.env["marketplace.health"]._check(self.company)
                if group.name in problem
            ]
        )
