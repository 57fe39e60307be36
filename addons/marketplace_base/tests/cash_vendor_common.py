from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user

from odoo.addons.base.models.ir_cron import IrCron

from .common import MarketplaceCommon


@freeze_time("2026-03-20 12:00:00")
class CashVendorCommon(MarketplaceCommon):
    """Vendors who take the customer's cash themselves, and one whose carrier does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carrier = cls.env["res.partner"].create(
            {"name": "ColisPort", "is_company": True}
        )
        cls.company.marketplace_cash_carrier_id = cls.carrier
        cls.accountant = new_test_user(
            cls.env, "kept_accountant", groups="marketplace_base.group_accountant"
        )
        cls.desk = new_test_user(
            cls.env, "kept_desk", groups="marketplace_base.group_order_desk"
        )
        cls.vendor = cls._create_vendor("Comptant", cash_collector="vendor")
        cls.offer = cls._create_offer(cls.vendor, 10.0)

    @classmethod
    def _commission_plan(cls, company):
        """Return a plan that charges nothing: what is owed here is of other kinds."""
        plan = super()._commission_plan(company)
        name = f"Free {company.id}"
        return plan.search([("name", "=", name)], limit=1) or plan.create(
            {
                "name": name,
                "company_id": company.id,
                "rule_ids": [
                    Command.create({"name": "Default", "rate": 0, "is_default": True})
                ],
            }
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

    def _ship(self, group, vendor=None, quantity=None):
        order = group.sale_order_ids.filtered(
            lambda one: one.vendor_id == (vendor or self.vendor)
        )
        goods = order.order_line.filtered(lambda line: line.marketplace_kind == "goods")
        with freeze_time("2026-03-03 09:00:00"):
            shipment = self.env["marketplace.shipment"]._create_for_order(
                order,
                quantity and {goods[:1].id: quantity},
                tracking_ref=f"8K{self._next():08d}",
            )
            shipment.action_ship()
        return shipment.cash_collection_ids

    def _deliver(self, cash, day="2026-03-05"):
        cash.shipment_id.action_deliver(date=fields.Date.to_date(day))

    def _cron(self, name):
        # A cron commits between batches, which a test transaction may not.
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            getattr(self.env["marketplace.shipment"], name)()

    def _moves(self, group, event):
        return group.ledger_line_ids.filtered(lambda line: line.event == event).move_id

    def _role_minor(self, group, role):
        """Return the debit balance of a role on a purchase."""
        return sum(
            self._minor(line.amount)
            * ((line.role_debit == role) - (line.role_credit == role))
            for line in group.ledger_line_ids
        )

    def assertSound(self, group):
        self.assertTiedOut()
        problems = self.env["marketplace.health"]._check(self.company)
        self.assertFalse([text for text in problems if group.name in text])
        self.assertFalse(
            self.env["marketplace.psp.clearing"].search_count(
                [("psp_partner_id", "=", self.vendor.id)]
            ),
            "we hold no money of the customer",
        )
