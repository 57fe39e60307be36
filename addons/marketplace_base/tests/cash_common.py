from odoo import fields
from odoo.tests import freeze_time, new_test_user

from .common import MarketplaceCommon


class CashCommon(MarketplaceCommon):
    """Purchases paid at the door, parcel by parcel, and the carrier who collects."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carrier = cls.env["res.partner"].create(
            {"name": "ColisPort", "is_company": True}
        )
        cls.company.marketplace_cash_carrier_id = cls.carrier
        cls.accountant = new_test_user(
            cls.env, "cash_accountant", groups="marketplace_base.group_accountant"
        )
        cls.desk = new_test_user(
            cls.env, "cash_desk", groups="marketplace_base.group_order_desk"
        )

    def _buy(self, lines=None, **options):
        return self._import_order(
            lines or [(self.offer, 3)],
            **{
                "date": "2026-03-02 10:00:00",
                "captured": False,
                "values": {"cash_on_delivery": True},
                **options,
            },
        )

    def _ship(self, group, vendor=None, quantity=None, tracking=None):
        order = group.sale_order_ids.filtered(
            lambda one: one.vendor_id == (vendor or self.vendor)
        )
        goods = order.order_line.filtered(lambda line: line.marketplace_kind == "goods")
        with freeze_time("2026-03-03 09:00:00"):
            shipment = self.env["marketplace.shipment"]._create_for_order(
                order,
                quantity and {goods[:1].id: quantity},
                tracking_ref=tracking or f"8R{self._next():08d}",
            )
            shipment.action_ship()
        return shipment.cash_collection_ids

    def _deliver(self, cash, day="2026-03-05"):
        cash.shipment_id.action_deliver(date=fields.Date.to_date(day))

    def _moves(self, group, event):
        return group.ledger_line_ids.filtered(lambda line: line.event == event).move_id

    def assertSound(self, group):
        self.assertTiedOut()
        problems = self.env["marketplace.health"]._check(self.company)
        self.assertFalse([text for text in problems if group.name in text])
