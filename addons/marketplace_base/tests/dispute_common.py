from odoo.tests import new_test_user

from .common import MarketplaceCommon


class DisputeCommon(MarketplaceCommon):
    """Sell 60.00 of Alma and 40.00 of Bora in one purchase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Alma", "Bora"))
        cls.offer_a = cls._create_offer(cls.a, 60.0)
        cls.offer_b = cls._create_offer(cls.b, 40.0)
        cls.desk = new_test_user(
            cls.env, "dispute_desk", groups="marketplace_base.group_order_desk"
        )

    def _paid(self, delivered=True, **options):
        group = self._import_order(
            [(self.offer_a, 1), (self.offer_b, 1)], date="2026-03-02", **options
        )
        if delivered:
            self._ship_and_deliver(group, date="2026-03-05")
        return group

    def _dispute(self, group, **vals):
        return self.env["marketplace.dispute"].create(
            {
                "payment_id": group.payment_ids.id,
                "external_ref": f"dp_{self._next()}",
                "date": "2026-03-20",
                "amount_fee": 15.0,
                **vals,
            }
        )

    def _move(self, group, *events):
        lines = group.ledger_line_ids.filtered(lambda line: line.event in events)
        return lines.move_id
