from odoo import fields, models


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    commission_plan_id = fields.Many2one(
        "marketplace.commission.plan",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Rules that decide what the vendor is charged on each order line.",
    )

    def _frozen_fields(self):
        return super()._frozen_fields() | {"commission_plan_id"}

    def _activation_problems(self):
        problems = super()._activation_problems()
        if not self.commission_plan_id:
            problems.append(
                self.env._(
                    "%(contract)s has no commission plan: choose one, or create one "
                    "under Marketplace › Configuration › Commission Plans.",
                    contract=self.display_name,
                )
            )
        return problems
