"""What a refund leaves with the operator: one cell per reason and fault."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.marketplace_base.const import REFUND_REASONS
from odoo.addons.marketplace_base.const_returns import PARTIES
from odoo.addons.marketplace_base.engine.money import percent_of
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .marketplace_commission_rule import RATE_DIGITS

PSP_BEARERS = [("operator", "Operator"), ("vendor", "Vendor")]
# Days of past refunds on which a policy is simulated.
SIMULATION_DAYS = 90


class MarketplaceRefundPolicy(models.Model):
    """Say, per reason and fault, what of a refund stays with the operator.

    The policy of a plan comes before the one of the company; without any, refunds give
    the commission back in full.
    """

    _name = "marketplace.refund.policy"
    _description = "Refund Policy"
    _inherit = ["mail.thread"]
    _order = "company_id, plan_id, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    plan_id = fields.Many2one(
        "marketplace.commission.plan",
        string="Commission Plan",
        check_company=True,
        ondelete="cascade",
        index="btree_not_null",
        tracking=True,
        help="Empty: for every plan without a policy of its own.",
    )
    cell_ids = fields.One2many(
        "marketplace.refund.policy.cell",
        "policy_id",
        string="Cells",
        copy=True,
        default=lambda self: self._default_cells(),
    )
    amount_kept = fields.Monetary(
        string="Would Have Kept",
        compute="_compute_amount_kept",
        help="With these cells, on the refunds of the last 90 days, before anything is "
        "saved.",
    )
    amount_kept_now = fields.Monetary(
        string="Kept Then",
        compute="_compute_amount_kept",
        help="What was kept on the same refunds under the policies of their day.",
    )
    amount_penalties = fields.Monetary(
        string="Would Have Charged as Penalties", compute="_compute_amount_kept"
    )

    _scope_uniq = models.UniqueIndex(
        "(company_id, COALESCE(plan_id, 0)) WHERE active",
        "The company, or this plan, has a refund policy already.",
    )

    @api.model
    def _default_cells(self):
        """Return every cell: the operator keeps all where the vendor is at fault."""
        return [
            Command.create(
                {
                    "reason_code": reason,
                    "fault": fault,
                    "rate_kept": 1.0 if fault == "vendor" else 0.0,
                    "rate_kept_shipping": 1.0 if fault == "vendor" else 0.0,
                    "psp_fee_bearer": "vendor" if fault == "vendor" else "operator",
                }
            )
            for (reason, _r), (fault, _n) in product(REFUND_REASONS, PARTIES)
        ]

    @api.depends(
        "company_id",
        "plan_id",
        "cell_ids.rate_kept",
        "cell_ids.rate_kept_shipping",
        "cell_ids.amount_penalty",
    )
    def _compute_amount_kept(self):
        for policy in self:
            past = policy._past_refunds()
            money = policy.currency_id._marketplace_amount
            kept = penalties = 0
            for cell in policy.cell_ids:
                figures = past.get((cell.reason_code, cell.fault), {})
                kept += cell._kept_minor(figures)
                penalties += figures.get("count", 0) * (
                    policy.currency_id._marketplace_minor(cell.amount_penalty)
                )
            policy.amount_kept = money(kept)
            policy.amount_kept_now = money(sum(f["kept"] for f in past.values()))
            policy.amount_penalties = money(penalties)

    def _past_refunds(self):
        """Return what the refunds of the last days were about, minor units.

        :return: {(reason, fault): {"goods", "shipping": commission due back
            in full, "kept": what stayed with the operator, "count": refunds}}
        """
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("currency_id", "=", self.currency_id.id),
            ("kind", "=", "reversal"),
            (
                "date",
                ">",
                fields.Date.context_today(self) - timedelta(days=SIMULATION_DAYS),
            ),
        ]
        if self.plan_id:
            domain.append(("rule_id.plan_id", "=", self.plan_id._origin.id))
        minor = self.currency_id._marketplace_minor
        past = {}
        # sudo: the simulation shows sums, to those who write policies.
        for (
            reason,
            fault,
            is_shipping,
            due,
            amount,
            count,
        ) in (
            self.env["marketplace.commission.line"]
            .sudo()
            ._read_group(
                domain,
                ["reason_code", "fault", "is_shipping"],
                ["amount_due:sum", "amount:sum", "refund_line_id:count_distinct"],
            )
        ):
            figures = past.setdefault(
                (reason, fault),
                {"goods": 0, "shipping": 0, "kept": 0, "count": 0},
            )
            figures["shipping" if is_shipping else "goods"] += -minor(due)
            figures["kept"] += minor(amount) - minor(due)
            figures["count"] += count
        return past

    def action_complete(self):
        """Add the cells that new reasons lack; those there stay as they are."""
        for policy in self:
            known = {(cell.reason_code, cell.fault) for cell in policy.cell_ids}
            policy.cell_ids = [
                command
                for command in self._default_cells()
                if (command[2]["reason_code"], command[2]["fault"]) not in known
            ]
        return True

    @api.model
    def _cells(self, companies):
        """Return every cell in force: {(company, plan, reason, fault): cell}.

        The plan is empty for the policy of the company.
        """
        # sudo: refunds follow the policy, whoever applies them.
        policies = self.sudo().search([("company_id", "in", companies.ids)])
        return {
            (
                policy.company_id,
                policy.plan_id,
                cell.reason_code,
                cell.fault,
            ): (cell)
            for policy in policies
            for cell in policy.cell_ids
        }


class MarketplaceRefundPolicyCell(models.Model):
    """Say what a refund for one reason, by one party's doing, leaves with us."""

    _name = "marketplace.refund.policy.cell"
    _description = "Refund Policy Cell"
    _order = "policy_id, fault, id"
    _rec_name = "reason_code"

    policy_id = fields.Many2one(
        "marketplace.refund.policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True)
    currency_id = fields.Many2one(related="policy_id.currency_id")
    reason_code = fields.Selection(REFUND_REASONS, string="Reason", required=True)
    fault = fields.Selection(PARTIES, string="Responsible", required=True)
    rate_kept = fields.Float(
        string="Commission Kept",
        digits=RATE_DIGITS,
        help="Part of the commission on the refunded goods that is not given back.",
    )
    rate_kept_shipping = fields.Float(
        string="Kept on Shipping",
        digits=RATE_DIGITS,
        help="Part of the commission on the refunded shipping that is not given back.",
    )
    psp_fee_bearer = fields.Selection(
        PSP_BEARERS,
        string="Lost PSP Fee Borne by",
        required=True,
        default="operator",
        help="Providers keep their fee when a payment is refunded.",
    )
    amount_penalty = fields.Monetary(
        string="Penalty",
        help="Charged to the vendor for each refund, VAT excluded, once approved.",
    )
    amount_kept = fields.Monetary(
        string="Last 90 Days",
        compute="_compute_amount_kept",
        help="Commission this cell would have kept on the refunds of the last 90 days.",
    )

    _cell_uniq = models.UniqueIndex(
        "(policy_id, reason_code, fault)",
        "The policy has this cell already.",
    )

    @api.depends("rate_kept", "rate_kept_shipping", "policy_id")
    def _compute_amount_kept(self):
        for policy, cells in self.grouped("policy_id").items():
            past = policy._past_refunds() if policy.currency_id else {}
            for cell in cells:
                figures = past.get((cell.reason_code, cell.fault), {})
                cell.amount_kept = (
                    policy.currency_id._marketplace_amount(cell._kept_minor(figures))
                    if figures
                    else 0.0
                )

    def _kept_minor(self, figures):
        """Return what the cell keeps of the commission due back, minor units."""
        return percent_of(
            figures.get("goods", 0), Decimal(str(self.rate_kept))
        ) + percent_of(
            figures.get("shipping", 0), Decimal(str(self.rate_kept_shipping))
        )

    @api.constrains("rate_kept", "rate_kept_shipping", "amount_penalty")
    def _check_figures(self):
        for cell in self:
            if not (0 <= cell.rate_kept <= 1 and 0 <= cell.rate_kept_shipping <= 1):
                raise MarketplaceError(
                    self.env._(
                        "%(policy)s: what is kept must lie between 0 %% and 100 %%.",
                        policy=cell.policy_id.name,
                    )
                )
            if cell.currency_id.compare_amounts(cell.amount_penalty, 0.0) < 0:
                raise MarketplaceError(
                    self.env._(
                        "%(policy)s: a penalty cannot be negative.",
                        policy=cell.policy_id.name,
                    )
                )
