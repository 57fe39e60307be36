from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import freeze_time

from odoo.addons.base.models.ir_cron import IrCron

from .cash_common import CashCommon


@freeze_time("2026-03-20 12:00:00")
class CashVendorCommon(CashCommon):
    """Vendors who take the customer's cash themselves, and one whose carrier does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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

    def _cron(self, name):
        # A cron commits between batches, which a test transaction may not.
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            getattr(self.env["marketplace.shipment"], name)()

    def _role_minor(self, group, role):
        """Return the debit balance of a role on a purchase."""
        return sum(
            self._minor(line.amount)
            * ((line.role_debit == role) - (line.role_credit == role))
            for line in group.ledger_line_ids
        )

    def assertSound(self, group):  # pylint: disable=missing-return
        super().assertSound(group)
        self.assertFalse(
            self.env["marketplace.psp.clearing"].search_count(
                [("psp_partner_id", "=", self.vendor.id)]
            ),
            "we hold no money of the customer",
        )
