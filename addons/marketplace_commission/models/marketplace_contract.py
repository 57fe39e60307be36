from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import ABOVE_NET


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    commission_plan_id = fields.Many2one(
        "marketplace.commission.plan",
        check_company=True,
        domain=[("revised_plan_id", "=", False)],
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="Rules that decide what the vendor is charged on each order line.",
    )

    commission_above_net = fields.Selection(
        ABOVE_NET,
        string="Commission above the Credit",
        tracking=True,
        help="When the commission of a line is more than what the vendor is credited "
        "for it; empty: as the rule says.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_vat_debtor(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_vat_debtor(vals)
        return super().write(vals)

    def _check_vat_debtor(self, vals):
        """Refuse to share VAT: it is owed by whoever makes the taxable sale."""
        debtors = dict(self._fields["vat_debtor"].selection)
        debtor = vals.get("vat_debtor")
        if debtor and debtor not in debtors:
            raise MarketplaceError(
                self.env._(
                    "“%(debtor)s” is nobody who can owe VAT. It is not shared between "
                    "vendor and operator: the seller owes it, or the operator as "
                    "deemed supplier. Write %(choices)s.",
                    debtor=debtor,
                    choices=", ".join(debtors),
                )
            )

    def _frozen_fields(self):
        return super()._frozen_fields() | {
            "commission_plan_id",
            "commission_above_net",
        }

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
