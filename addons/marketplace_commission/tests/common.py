from odoo import fields
from odoo.fields import Command

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon


class CommissionCommon(MarketplaceCommon):
    """Give test vendors a plan: one default rule of ten percent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Line = cls.env["marketplace.commission.line"]
        cls.plan = cls._create_plan(0.10)
        cls.default_rule = cls.plan.rule_ids

    @classmethod
    def _prepare_contract_vals(cls, vendor, company=None):
        return {
            **super()._prepare_contract_vals(vendor, company),
            "commission_plan_id": cls.plan.id,
        }

    @classmethod
    def _create_plan(cls, rate, **default_vals):
        """Return a plan whose default rule charges a rate."""
        return cls.env["marketplace.commission.plan"].create(
            {
                "name": f"Plan {cls._next()}",
                "company_id": cls.company.id,
                "rule_ids": [
                    Command.create(
                        {
                            "name": "Default",
                            "is_default": True,
                            "rate": rate,
                            **default_vals,
                        }
                    )
                ],
            }
        )

    @classmethod
    def _create_rule(cls, name, rate, plan=None, **vals):
        """Return a rule added to a plan."""
        return cls.env["marketplace.commission.rule"].create(
            {"plan_id": (plan or cls.plan).id, "name": name, "rate": rate, **vals}
        )

    @classmethod
    def _invoice_commission(cls, date, vendors=None):
        """Invoice what is earned by a day, dated on it."""
        date = fields.Date.to_date(date)
        lines = cls.Line._invoiceable(cls.company, date_to=date, vendors=vendors)
        return lines._invoice(date)

    def _trace(self, line):
        """Return the sentences of a trace, with plain spaces."""
        return line.trace.replace("\N{NO-BREAK SPACE}", " ").splitlines()
