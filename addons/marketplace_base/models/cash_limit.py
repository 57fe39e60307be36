"""How much a vendor who keeps customers' cash may owe us, and for how long."""

from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models

from ..engine.cash import over_since
from ..exceptions import MarketplaceError


class CashDebt(NamedTuple):
    """What a vendor owes, minor units; since when above the limit, blocked from."""

    owed: int
    since: object = None
    blocked_from: object = None


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    cash_limit = fields.Monetary(
        string="Limit of the Debt",
        tracking=True,
        help="What a vendor who keeps customers' cash may owe us. Above it, and after "
        "the grace period, carriers collect his new sales; they are refused where no "
        "carrier is set. 0: no limit.",
    )
    cash_grace_days = fields.Integer(
        string="Grace Period (days)",
        tracking=True,
        help="Days during which a debt above the limit changes nothing.",
    )
    cash_debt = fields.Monetary(
        string="Owed to Us",
        compute="_compute_cash_debt",
        compute_sudo=True,
        help="What is due from the vendor: our part of the cash he keeps, less what "
        "other sales brought him.",
    )
    cash_over_since = fields.Date(
        string="Above the Limit Since",
        compute="_compute_cash_debt",
        compute_sudo=True,
    )
    cash_blocked_from = fields.Date(
        string="Keeps No More Cash From",
        compute="_compute_cash_debt",
        compute_sudo=True,
        help="End of the grace period.",
    )
    is_cash_over = fields.Boolean(
        string="Above the Limit of Cash",
        compute="_compute_cash_debt",
        compute_sudo=True,
        search="_search_is_cash_over",
    )

    _cash_limit_positive = models.Constraint(
        "CHECK (cash_limit >= 0 AND cash_grace_days >= 0)",
        "The limit of a debt and its grace period are zero or more.",
    )

    def _compute_cash_debt(self):
        debts = self._cash_debts()
        for contract in self:
            debt = debts.get(contract._origin, CashDebt(0))
            amount = contract.currency_id._marketplace_amount
            contract.cash_debt = amount(debt.owed) if contract.currency_id else 0.0
            contract.cash_over_since = debt.since
            contract.cash_blocked_from = debt.blocked_from
            contract.is_cash_over = bool(debt.since)

    def _search_is_cash_over(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        limited = self.sudo().search([("state", "=", "active"), ("cash_limit", ">", 0)])
        debts = limited._cash_debts()
        over = limited.filtered(lambda one: debts[one].since)
        return [("id", "in", over.ids)]

    @api.private
    def _cash_debts(self):
        """Return {contract: CashDebt}, in the currency of each contract.

        The dates are of contracts with a limit only, and None while it is kept.
        """
        # sudo: what a vendor owes must not depend on who sells
        Ledger = self.env["marketplace.ledger.line"].sudo()
        result = {}
        own = self._origin.filtered("vendor_id")
        for (company, currency), contracts in own.grouped(
            lambda one: (one.company_id, one.currency_id)
        ).items():
            balances = Ledger._vendor_balances(contracts.vendor_id, company, currency)
            minor = currency._marketplace_minor
            for contract in contracts:
                found = balances.get((contract.vendor_id.id, currency.id), {})
                owed = max(-minor(found.get("due", 0.0)), 0)
                result[contract] = CashDebt(owed)
            over = contracts.filtered(
                lambda one, minor=minor, result=result: one.cash_limit
                and result[one].owed > minor(one.cash_limit)
            )
            moves = Ledger._due_moves(over.vendor_id, company, currency)
            for contract in over:
                since = over_since(
                    moves[contract.vendor_id], minor(contract.cash_limit)
                )
                grace = timedelta(days=contract.cash_grace_days)
                result[contract] = result[contract]._replace(
                    since=since, blocked_from=since and since + grace
                )
        return result

    @api.private
    def _cash_blocked(self):
        """Return {contract: CashDebt} of those whose vendors keep no more cash."""
        return {
            contract: debt
            for contract, debt in self._cash_debts().items()
            if debt.blocked_from
            and debt.blocked_from <= contract.company_id._marketplace_today()
        }


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    def _due_moves(self, vendors, company, currency):
        """Return {vendor: [(day, change of what is due to him)]}, minor units."""
        changes = defaultdict(lambda: defaultdict(int))
        if not vendors:
            return changes
        for side, sign in (("role_credit", 1), ("role_debit", -1)):
            for vendor, day, amount in self._read_group(
                [
                    ("company_id", "=", company.id),
                    ("vendor_id", "in", vendors.ids),
                    ("currency_id", "=", currency.id),
                    (side, "=", "VENDOR_DUE"),
                ],
                ["vendor_id", "date_event:day"],
                ["amount:sum"],
            ):
                changes[vendor][day] += sign * currency._marketplace_minor(amount)
        return {vendor: sorted(days.items()) for vendor, days in changes.items()}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _marketplace_cash_terms(self, terms, contract, blocked, collector=None):
        """Return (problem or None, terms) of a vendor's part paid at the door.

        A vendor above his limit keeps no more cash: the carrier collects.

        :param terms: values frozen from the contract.
        :param blocked: {contract: CashDebt} of ``_cash_blocked``.
        :param collector: who collects as the storefront says, None: as contracts say.
        """
        terms = {**terms, **contract._cash_terms(collector)}
        if terms["cash_collector"] != "vendor" or contract not in blocked:
            return None, terms
        # sudo: the setting of the company, read for whoever sells
        if contract.sudo().company_id.marketplace_cash_carrier_id:
            return None, {**terms, **contract._cash_terms("carrier")}
        debt, currency = blocked[contract], contract.currency_id
        return self.env._(
            "%(vendor)s owes %(owed)s, more than the %(limit)s of his contract, since "
            "%(since)s: he keeps no more cash of customers. Have him pay, raise the "
            "limit of %(contract)s, or choose a carrier that collects in the "
            "marketplace settings.",
            vendor=contract.vendor_id.display_name,
            owed=currency.format(currency._marketplace_amount(debt.owed)),
            limit=currency.format(contract.cash_limit),
            since=debt.since,
            contract=contract.name,
        ), terms

    def _marketplace_split_cash(self, terms, contracts):
        """Return the terms of the parts of a quotation that is paid at the door.

        :param terms: {vendor id: values frozen from his contract}.
        :raises MarketplaceError: naming the vendor whose debt is above his limit.
        """
        self.ensure_one()
        if not self.is_cash_on_delivery:
            return terms
        Contract = self.env["marketplace.contract"]
        blocked = Contract.union(*contracts.values())._cash_blocked()
        result = {}
        for vendor_id, own in terms.items():
            problem, result[vendor_id] = self._marketplace_cash_terms(
                own, contracts[vendor_id], blocked
            )
            if problem:
                raise MarketplaceError(problem)
        return result
