from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .marketplace_commission_rule import BATCH, NEXT


class MarketplaceCommissionPlan(models.Model):
    """Rank the rules that decide the commission of the contracts using the plan."""

    _name = "marketplace.commission.plan"
    _description = "Commission Plan"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    rule_ids = fields.One2many(
        "marketplace.commission.rule",
        "plan_id",
        string="Rules",
        copy=True,
        default=lambda self: [
            Command.create(
                {"name": self.env._("Default"), "is_default": True, "active": True}
            )
        ],
    )
    contract_ids = fields.One2many("marketplace.contract", "commission_plan_id")
    contract_count = fields.Integer(compute="_compute_contract_count")

    _name_uniq = models.UniqueIndex(
        "(company_id, name)", "Another plan of this company has the same name."
    )

    @api.depends("contract_ids")
    def _compute_contract_count(self):
        counts = dict(
            self.env["marketplace.contract"]._read_group(
                [("commission_plan_id", "in", self.ids), ("state", "=", "active")],
                ["commission_plan_id"],
                ["__count"],
            )
        )
        for plan in self:
            plan.contract_count = counts.get(plan._origin, 0)

    # "name" is always given at creation, also when no rule is.
    @api.constrains("name", "rule_ids")
    def _check_default_rule(self):
        for plan in self:
            if len(plan.rule_ids.filtered("is_default")) != 1:
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s needs exactly one default rule: it decides when no "
                        "other rule applies.",
                        plan=plan.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        plans = super(
            MarketplaceCommissionPlan,
            self.with_context(marketplace_rules_batch=BATCH),
        ).create(vals_list)
        plans = plans.with_env(self.env)
        plans._part_ties()
        return plans

    def write(self, vals):
        if "rule_ids" not in vals:
            return super().write(vals)
        # A drag moves several rules one by one: ties are parted at the end.
        batch = self.with_context(marketplace_rules_batch=BATCH)
        result = super(MarketplaceCommissionPlan, batch).write(vals)
        self._part_ties()
        return result

    def _part_ties(self, first=()):
        """Give every rule of these plans a rank of its own.

        :param first: rules that come first among those in the same place; new ones
            come after all others.
        """
        for plan in self.with_context(active_test=False, marketplace_rules_batch=BATCH):
            rules = plan.rule_ids.filtered(lambda rule: not rule.is_default)
            last = max((r.sequence for r in rules if r.sequence < NEXT), default=0)
            for rule in rules.filtered(lambda r: r.sequence >= NEXT).sorted("id"):
                last += 10
                rule.sequence = last
            previous = None
            for rule in rules.sorted(lambda r: (r.sequence, r not in first, r.id)):
                if previous is not None and rule.sequence <= previous:
                    rule.sequence = previous + 1
                previous = rule.sequence

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for plan, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%(plan)s (copy)", plan=plan.name)
        return vals_list

    def action_open_contracts(self):
        """Open the contracts charged by this plan."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_contract_action"
        )
        return {
            **action,
            "domain": [("commission_plan_id", "=", self.id)],
            "context": {"default_commission_plan_id": self.id},
        }

    def _in_force(self, date):
        """Return the plan whose rules apply to an order of a date; to extend."""
        return self

    def _engine_rules(self):
        """Return the active rules as the engine reads them, in the order of rank."""
        self.ensure_one()
        return [
            rule._engine_rule(rank) for rank, rule in enumerate(self._ranked_rules(), 1)
        ]

    def _ranked_rules(self):
        """Return the active rules in the order they are tried, the default last.

        Sorted here: the order of a one2many in cache is the one it was read in. Rules
        not saved yet come after the others of their sequence.
        """
        return self.rule_ids.filtered("active").sorted(
            lambda rule: (
                rule.is_default,
                rule.sequence,
                not rule._origin,
                rule._origin.id,
            )
        )
