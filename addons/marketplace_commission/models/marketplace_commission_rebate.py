"""Volume rebates: the turnover of a period lowers the rate of all of its commission."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.fees import rebate
from ..trace import Trace
from .marketplace_commission_rule import RATE_DIGITS

REBATE_PERIODS = [("none", "None"), ("month", "Monthly"), ("quarter", "Quarterly")]
PERIOD_MONTHS = {"month": 1, "quarter": 3}
# Periods looked back at: a job that did not run for long catches up.
PERIODS_BACK = 4


class MarketplaceCommissionRebateTier(models.Model):
    _name = "marketplace.commission.rebate.tier"
    _description = "Volume Rebate Tier"
    _order = "plan_id, amount_from"
    _rec_name = "amount_from"

    plan_id = fields.Many2one(
        "marketplace.commission.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    amount_from = fields.Monetary(
        string="Turnover from",
        required=True,
        help="Base of the commission of the period, after refunds.",
    )
    rate = fields.Float(
        string="Rate of the Period",
        digits=RATE_DIGITS,
        help="The commission of the whole period is computed again at this rate.",
    )

    _amount_from_uniq = models.UniqueIndex(
        "(plan_id, amount_from)", "Two tiers start at the same turnover."
    )
    _amount_positive = models.Constraint(
        "CHECK (amount_from > 0)", "A tier starts above zero."
    )

    @api.constrains("rate")
    def _check_rate(self):
        for tier in self:
            if not 0 <= tier.rate <= 1:
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s: the rate of a rebate tier must lie between 0 %% and "
                        "100 %%.",
                        plan=tier.plan_id.name,
                    )
                )


class MarketplaceCommissionPlan(models.Model):
    _inherit = "marketplace.commission.plan"

    rebate_period = fields.Selection(
        REBATE_PERIODS,
        string="Volume Rebate",
        default="none",
        required=True,
        tracking=True,
    )
    rebate_start = fields.Date(
        string="Rebates from",
        tracking=True,
        help="Periods that begin on this day or later earn a rebate.",
    )
    rebate_tier_ids = fields.One2many(
        "marketplace.commission.rebate.tier",
        "plan_id",
        string="Rebate Tiers",
        copy=True,
    )

    @api.constrains("rebate_period", "rebate_start", "rebate_tier_ids")
    def _check_rebate(self):
        for plan in self:
            if plan.rebate_period != "none" and not (
                plan.rebate_start and plan.rebate_tier_ids
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s: a volume rebate needs its first day and at least "
                        "one tier.",
                        plan=plan.name,
                    )
                )

    def _rebate_periods(self, day):
        """Return the last periods that were over on a day: [(first, last day)]."""
        self.ensure_one()
        count = PERIOD_MONTHS[self.rebate_period]
        current = date(day.year, (day.month - 1) // count * count + 1, 1)
        starts = [
            current - relativedelta(months=count * back)
            for back in range(PERIODS_BACK, -1, -1)
        ]
        return [
            (first, following - timedelta(days=1))
            for first, following in pairwise(starts)
            if first >= self.rebate_start
        ]

    @api.model
    def _cron_rebate(self):
        """Give the rebates of the periods that are over; each once."""
        # sudo: a scheduled job, for every company.
        plans = self.sudo().search([("rebate_period", "!=", "none")])
        plans._give_rebates(fields.Date.context_today(self))

    @api.private
    def _give_rebates(self, today):
        """Make one fee to give back per vendor, currency and period that is over.

        It becomes a credit note of its own, its calculation on it; commission lines
        stay as they are.

        :return: the new fees.
        """
        vals_list = []
        for plan in self:
            for first, last in plan._rebate_periods(today):
                vals_list += plan._period_rebates(first, last)
        return self.env["marketplace.fee"]._charge_once(vals_list)

    def _period_rebates(self, first, last):
        """Return the fees to give back for one period, in the plan's currency."""
        figures = self._period_figures(first, last)
        return [
            vals
            for (vendor, currency), own in figures.items()
            if currency == self.currency_id
            for vals in self._rebate_vals(vendor, currency, own, first, last)
        ]

    def _period_figures(self, first, last):
        """Return {(vendor, currency): (commission, turnover)}, minor units.

        Of the orders of the period, whatever was refunded of them until now; shipping
        is left out.
        """
        figures = defaultdict(lambda: (0, 0))
        # sudo: what a vendor earned does not depend on who runs this.
        Line = self.env["marketplace.commission.line"].sudo()
        charged = Line._search(
            [
                ("kind", "=", "commission"),
                ("company_id", "=", self.company_id.id),
                ("is_shipping", "=", False),
                ("date", ">=", first),
                ("date", "<=", last),
                ("sale_order_id.contract_id.commission_plan_id", "=", self.id),
            ]
        )
        for vendor, currency, amount, base in Line._read_group(
            ["|", ("id", "in", charged), ("reversed_line_id", "in", charged)],
            ["vendor_id", "currency_id"],
            ["amount:sum", "base:sum"],
        ):
            minor = currency._marketplace_minor
            figures[vendor, currency] = (minor(amount), minor(base))
        return figures

    def _rebate_vals(self, vendor, currency, figures, first, last):
        charged, turnover = figures
        tiers = [
            (currency._marketplace_minor(tier.amount_from), Decimal(str(tier.rate)))
            for tier in self.rebate_tier_ids.sorted("amount_from")
        ]
        amount, rate = rebate(charged, turnover, tiers)
        if not amount:
            return []
        # The vendor reads it in his language.
        env = self.with_context(lang=vendor.lang).env
        trace = Trace(env, currency)
        period = {"start": format_date(env, first), "end": format_date(env, last)}
        return [
            {
                "kind": "rebate",
                "name": env._("Volume rebate, %(start)s to %(end)s", **period),
                "calculation": env._(
                    "Turnover %(turnover)s, commission charged %(charged)s. At "
                    "%(rate)s of the turnover it is %(again)s: %(amount)s is given "
                    "back.",
                    turnover=trace._money(turnover),
                    charged=trace._money(charged),
                    rate=trace._percentage(rate),
                    again=trace._money(charged - amount),
                    amount=trace._money(amount),
                ),
                "company_id": self.company_id.id,
                "vendor_id": vendor.id,
                "currency_id": currency.id,
                "date": last + timedelta(days=1),
                "amount": currency._marketplace_amount(-amount),
                "source_key": (
                    f"rebate:{self.id}:{vendor.id}:{currency.id}:{first:%Y-%m-%d}"
                ),
            }
        ]
