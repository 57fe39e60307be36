"""Letter what the ledger opened and closed again, as auditors want it."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..const import LETTERED_ROLES, LETTERING_BATCH


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    def _cron_letter(self):
        """Reconcile journal items that belong together and add up to zero."""
        cron = self.env["ir.cron"]
        for company in self.env["res.company"]._marketplace_companies():
            for role in LETTERED_ROLES:
                plan = self._lettering_plan(company, role)
                for start in range(0, len(plan), LETTERING_BATCH):
                    batch = plan[start : start + LETTERING_BATCH]
                    self._letter(company, batch)
                    if not cron._commit_progress(len(batch)):
                        return

    @api.model
    def _letter(self, company, plan):
        """Reconcile groups of journal items; Odoo posts exchange differences."""
        items = self.env["account.move.line"].sudo().with_company(company)
        items._marketplace_reconcile([items.browse(ids) for ids in plan])

    @api.model
    def _lettering_plan(self, company, role):
        """Return the groups of open journal items of a role that add up to zero.

        An entry may hold several orders in one item: items that share an order, and
        orders that share an item, make one group.

        :return: [[journal item id]].
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT item.id, line.%(key)s, item.partner_id,
                       item.currency_id, item.amount_residual_currency
                  FROM marketplace_ledger_line line
                  JOIN account_move_line item ON item.id IN (
                           CASE WHEN line.role_debit = %(role)s
                                THEN line.debit_move_line_id END,
                           CASE WHEN line.role_credit = %(role)s
                                THEN line.credit_move_line_id END)
                 WHERE line.company_id = %(company)s
                   AND %(role)s IN (line.role_debit, line.role_credit)
                   AND NOT item.reconciled
                   AND item.parent_state = 'posted'
              ORDER BY item.id
                """,
                key=SQL.identifier(LETTERED_ROLES[role]),
                role=role,
                company=company.id,
            )
        )
        residual, keys = {}, defaultdict(set)
        currencies = self.env["res.currency"]
        for item, origin, partner, currency, amount in rows:
            residual[item] = currencies.browse(currency)._marketplace_minor(amount)
            keys[item].add((origin, partner, currency))
        items_by_key = defaultdict(list)
        for item, own in keys.items():
            for key in own:
                items_by_key[key].append(item)
        plan, seen = [], set()
        for item in residual:
            if item in seen:
                continue
            group, queue = [], [item]
            seen.add(item)
            while queue:
                current = queue.pop()
                group.append(current)
                for key in keys[current]:
                    fresh = [other for other in items_by_key[key] if other not in seen]
                    seen.update(fresh)
                    queue += fresh
            if len(group) > 1 and not sum(residual[member] for member in group):
                plan.append(sorted(group))
        return plan
