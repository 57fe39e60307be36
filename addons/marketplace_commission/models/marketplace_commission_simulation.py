"""What-if: rules of a plan against past orders, in memory; nothing is posted."""

import base64
import csv
import io
from collections import defaultdict
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.rules import decide_order

# Orders computed at a time.
ORDER_BATCH = 500


class MarketplaceCommissionSimulation(models.TransientModel):
    """Compare what was charged on past orders with what other rules would have."""

    _name = "marketplace.commission.simulation"
    _description = "Commission What-If"

    plan_id = fields.Many2one(
        "marketplace.commission.plan",
        string="Rules to Try",
        required=True,
        help="A plan, a copy of it that you changed, or a revision.",
    )
    contract_plan_id = fields.Many2one(
        "marketplace.commission.plan",
        string="On Orders Charged by",
        compute="_compute_contract_plan_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="Orders of the contracts that use this plan.",
    )
    company_id = fields.Many2one(related="contract_plan_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=90),
    )
    date_to = fields.Date(
        string="To", required=True, default=lambda self: fields.Date.context_today(self)
    )
    line_ids = fields.One2many(
        "marketplace.commission.simulation.line", "simulation_id", readonly=True
    )
    is_done = fields.Boolean(readonly=True)
    file = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(compute="_compute_file_name")

    @api.depends("plan_id")
    def _compute_contract_plan_id(self):
        for simulation in self:
            plan = simulation.plan_id
            simulation.contract_plan_id = plan.revised_plan_id or plan

    @api.depends("date_from", "date_to")
    def _compute_file_name(self):
        for simulation in self:
            simulation.file_name = (
                f"what-if-{simulation.date_from}-{simulation.date_to}.csv"
            )

    def action_run(self):
        """Compute old and new commission per vendor and show them; post nothing."""
        self.ensure_one()
        if self.date_to < self.date_from:
            raise MarketplaceError(
                self.env._("The period ends before it starts: correct its dates.")
            )
        # sudo below shows sums of a company only to those who read its plans.
        (self.plan_id | self.contract_plan_id).check_access("read")
        self.line_ids.unlink()
        old, new, counts = self._old_amounts(), *self._new_amounts()
        self.write(
            {
                "is_done": True,
                "line_ids": [
                    Command.create(
                        {
                            "vendor_id": vendor.id,
                            "currency_id": currency.id,
                            "line_count": counts.get((vendor, currency), 0),
                            "amount_old": currency._marketplace_amount(
                                old.get((vendor, currency), 0)
                            ),
                            "amount_new": currency._marketplace_amount(
                                new.get((vendor, currency), 0)
                            ),
                        }
                    )
                    for vendor, currency in sorted(
                        old.keys() | new.keys(),
                        key=lambda key: (key[0].name or "", key[1].name),
                    )
                ],
            }
        )
        self.file = base64.b64encode(self._csv().encode())
        return self._get_records_action(target="new")

    def _order_domain(self):
        """Return the orders of the period: days in UTC, as orders are dated."""
        start = datetime.combine(self.date_from, time.min)
        end = datetime.combine(self.date_to + timedelta(days=1), time.min)
        return (
            Domain("contract_id.commission_plan_id", "=", self.contract_plan_id.id)
            & Domain("posture", "=", "agent")
            & Domain("state", "=", "sale")
            & Domain("marketplace_order_id", "!=", False)
            & Domain("date_order", ">=", start)
            & Domain("date_order", "<", end)
            & Domain("company_id", "=", self.company_id.id)
        )

    def _old_amounts(self):
        """Return what was charged: {(vendor, currency): minor units}."""
        # sudo: as for the new amounts.
        Line = self.env["marketplace.commission.line"].sudo()
        return {
            (vendor, currency): currency._marketplace_minor(amount)
            for vendor, currency, amount in Line._read_group(
                Domain("kind", "=", "commission")
                & Domain("sale_order_id", "any", self._order_domain()),
                ["vendor_id", "currency_id"],
                ["amount:sum"],
            )
        }

    def _new_amounts(self):
        """Return what the rules would have charged, and on how many lines."""
        Line = self.env["marketplace.commission.line"]
        rules = self.plan_id._engine_rules()
        amounts, counts = defaultdict(int), defaultdict(int)
        # sudo: simulated as computed, whatever orders the user reads; sums are shown.
        Order = self.env["sale.order"].sudo()
        ids = Order._search(self._order_domain())
        orders = Order.search([("id", "in", ids)], order="id")
        for start in range(0, len(orders), ORDER_BATCH):
            for order in orders[start : start + ORDER_BATCH]:
                lines = order.order_line.filtered(
                    lambda line: line.marketplace_kind in ("goods", "shipping")
                )
                facts = Line._sale_facts(order, lines)
                key = (order.vendor_id, order.currency_id)
                for decision, fact in zip(
                    decide_order(rules, facts), facts, strict=True
                ):
                    if fact.sale.is_shipping and not decision.rule.terms.base_shipping:
                        continue
                    amounts[key] += decision.charge.amount
                    counts[key] += 1
        return amounts, counts

    def _csv(self):
        """Return the result as text: one row per vendor and currency."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["vendor", "currency", "lines", "old", "new", "delta"])
        for line in self.line_ids:
            digits = line.currency_id.decimal_places
            name = line.vendor_id.name or ""
            writer.writerow(
                [
                    # A spreadsheet takes such a start for a formula.
                    f"'{name}" if name[:1] in ("=", "+", "-", "@") else name,
                    line.currency_id.name,
                    line.line_count,
                    *(
                        f"{amount:.{digits}f}"
                        for amount in (
                            line.amount_old,
                            line.amount_new,
                            line.amount_delta,
                        )
                    ),
                ]
            )
        return out.getvalue()


class MarketplaceCommissionSimulationLine(models.TransientModel):
    _name = "marketplace.commission.simulation.line"
    _description = "Commission What-If of a Vendor"
    _order = "id"

    simulation_id = fields.Many2one(
        "marketplace.commission.simulation", required=True, ondelete="cascade"
    )
    vendor_id = fields.Many2one("res.partner", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    line_count = fields.Integer(string="Order Lines", readonly=True)
    amount_old = fields.Monetary(string="Charged", readonly=True)
    amount_new = fields.Monetary(string="With These Rules", readonly=True)
    amount_delta = fields.Monetary(
        string="Difference", compute="_compute_amount_delta", store=True
    )

    @api.depends("amount_old", "amount_new")
    def _compute_amount_delta(self):
        for line in self:
            line.amount_delta = line.currency_id.round(
                line.amount_new - line.amount_old
            )
