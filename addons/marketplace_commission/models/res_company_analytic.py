"""Analytic distribution of revenue and cost: by vendor, category and channel."""

from collections import defaultdict

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.analytic import percentages

DIMENSIONS = ("vendor", "category", "channel")
# Roles of the ledger whose entries are distributed: income and cost, no balance sheet.
DISTRIBUTED_ROLES = (
    "DISCOUNT_MKT",
    "PSP_FEES",
    "OPERATOR_COST",
    "BAD_DEBT",
    "SHIPPING_INC",
)


def _plan_field(label):
    return fields.Many2one(
        "account.analytic.plan",
        string=label,
        domain=[("parent_id", "=", False)],
        ondelete="restrict",
        help="Revenue and cost of the marketplace are distributed over the accounts of "
        "this plan, made as they are needed. Empty: not distributed.",
    )


class AccountAnalyticAccount(models.Model):
    _inherit = "account.analytic.account"

    marketplace_key = fields.Char(
        readonly=True,
        copy=False,
        help="Names what the account stands for in the marketplace.",
    )

    _marketplace_uniq = models.UniqueIndex(
        "(company_id, plan_id, marketplace_key) WHERE marketplace_key IS NOT NULL",
        "This plan has an account for this already.",
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_plan_vendor_id = _plan_field("Plan of Vendors")
    marketplace_plan_category_id = _plan_field("Plan of Categories")
    marketplace_plan_channel_id = _plan_field("Plan of Channels")

    @api.constrains(*(f"marketplace_plan_{name}_id" for name in DIMENSIONS))
    def _check_marketplace_plans(self):
        for company in self:
            plans = [company[f"marketplace_plan_{name}_id"] for name in DIMENSIONS]
            chosen = [plan for plan in plans if plan]
            if len(set(chosen)) < len(chosen):
                raise MarketplaceError(
                    self.env._(
                        "%(company)s: vendors, categories and channels each need an "
                        "analytic plan of their own.",
                        company=company.display_name,
                    )
                )

    def _marketplace_analytic_plans(self):
        """Return {dimension: plan} of what is distributed."""
        self.ensure_one()
        plans = {name: self[f"marketplace_plan_{name}_id"] for name in DIMENSIONS}
        return {name: plan for name, plan in plans.items() if plan}

    def _marketplace_distributions(self, weights_list):
        """Return the analytic distribution of each item, False where there is none.

        :param weights_list: [{(vendor, category, channel): minor units}]; what is
            empty in a key is distributed on the other plans only.
        """
        plans = self._marketplace_analytic_plans()
        if not plans:
            return [False] * len(weights_list)
        wanted = {
            (name, value)
            for weights in weights_list
            for key in weights
            for name, value in zip(DIMENSIONS, key, strict=True)
            if value and name in plans
        }
        accounts = self._marketplace_analytic_accounts(plans, wanted)
        return [self._marketplace_distribution(w, accounts) for w in weights_list]

    def _marketplace_distribution(self, weights, accounts):
        by_accounts = defaultdict(int)
        for key, minor in weights.items():
            found = [accounts.get(pair) for pair in zip(DIMENSIONS, key, strict=True)]
            ids = [account.id for account in found if account]
            by_accounts[",".join(map(str, ids))] += minor
        if not sum(by_accounts.values()):
            return False
        parts = zip(by_accounts, percentages(list(by_accounts.values())), strict=True)
        return {ids: float(part) for ids, part in parts if ids and part} or False

    def _marketplace_analytic_accounts(self, plans, wanted):
        """Return {(dimension, value): account}, those missing made.

        :param wanted: {(dimension, vendor or category or channel)}.
        """

        def key(name, value):
            return f"{name}:{value if isinstance(value, str) else value.id}"

        # sudo: accounts follow from the postings, whoever makes those
        Account = self.env["account.analytic.account"].sudo()
        known = Account.with_context(active_test=False).search(
            [
                ("company_id", "=", self.id),
                ("plan_id", "in", [plan.id for plan in plans.values()]),
                ("marketplace_key", "in", [key(*pair) for pair in wanted]),
            ]
        )
        by_key = {(a.plan_id, a.marketplace_key): a for a in known}
        missing = [
            pair for pair in wanted if (plans[pair[0]], key(*pair)) not in by_key
        ]
        missing.sort(key=lambda pair: key(*pair))
        made = Account.create(
            [
                {
                    "name": value if isinstance(value, str) else value.display_name,
                    "plan_id": plans[name].id,
                    "company_id": self.id,
                    "marketplace_key": key(name, value),
                }
                for name, value in missing
            ]
        )
        by_key.update({(a.plan_id, a.marketplace_key): a for a in made})
        return {pair: by_key[plans[pair[0]], key(*pair)] for pair in wanted}


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_plan_vendor_id = fields.Many2one(
        related="company_id.marketplace_plan_vendor_id", readonly=False
    )
    marketplace_plan_category_id = fields.Many2one(
        related="company_id.marketplace_plan_category_id", readonly=False
    )
    marketplace_plan_channel_id = fields.Many2one(
        related="company_id.marketplace_plan_channel_id", readonly=False
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_analytic_key(self):
        """Return (vendor, category, channel); only goods have a category."""
        order = self.order_id
        category = self.product_id.categ_id
        return (
            order.vendor_id,
            category if self.marketplace_kind == "goods" else category.browse(),
            order.marketplace_order_id.channel or "odoo",
        )

    def _marketplace_line_distributions(self):
        """Return {order line: its analytic distribution, or False}."""
        result = dict.fromkeys(self, False)
        for company, lines in self.grouped("company_id").items():
            distributions = company._marketplace_distributions(
                [{line._marketplace_analytic_key(): 1} for line in lines]
            )
            result.update(zip(lines, distributions, strict=True))
        return result


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    def _distribute_drafts(self, company, drafts):
        """Distribute income and cost by the order lines the entries come from."""
        super()._distribute_drafts(company, drafts)
        if not company._marketplace_analytic_plans():
            return
        roles = self.env["marketplace.account.role"].sudo()
        accounts = roles.search(
            [("company_id", "=", company.id), ("code", "in", DISTRIBUTED_ROLES)]
        ).account_id
        rows, weights_list = [], []
        for vals, items in drafts:
            for command, item in zip(vals["line_ids"], items, strict=True):
                if command[2]["account_id"] not in accounts.ids:
                    continue
                weights = defaultdict(int)
                for line in self.browse(item["lines"]):
                    minor = line.currency_id._marketplace_minor(line.amount)
                    weights[line._analytic_key()] += minor
                rows.append(command[2])
                weights_list.append(weights)
        found = company._marketplace_distributions(weights_list)
        for row, distribution in zip(rows, found, strict=True):
            row["analytic_distribution"] = distribution

    def _analytic_key(self):
        if self.sale_line_id:
            return self.sale_line_id._marketplace_analytic_key()
        return (
            self.vendor_id,
            self.env["product.category"],
            self.marketplace_order_id.channel or "",
        )


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    def _distribute(self, company, moves, documents):
        """Distribute the income lines of new documents by what they are made of.

        :param documents: see ``_documents``, in the order of the moves.
        """
        if not company._marketplace_analytic_plans():
            return
        items, weights_list = [], []
        for move, (vendor, _c, lines, total, fees) in zip(
            moves, documents, strict=True
        ):
            rows = list(move.invoice_line_ids.sorted("sequence"))
            if total:
                weights = defaultdict(int)
                for line in lines:
                    key = line.sale_line_id._marketplace_analytic_key()
                    weights[key] += line.currency_id._marketplace_minor(line.amount)
                items.append(rows.pop(0))
                weights_list.append(weights)
            for fee, row in zip(fees, rows, strict=True):
                channel = fee.sale_order_id.marketplace_order_id.channel or ""
                items.append(row)
                weights_list.append(
                    {(vendor, self.env["product.category"], channel): 1}
                )
        found = company._marketplace_distributions(weights_list)
        for item, distribution in zip(items, found, strict=True):
            item.analytic_distribution = distribution
