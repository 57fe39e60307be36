"""Prove that statements are what the journal items of their lines say."""

from odoo import api, models
from odoo.tools import SQL

from .marketplace_ledger_line import SETTLED_ROLES
from .marketplace_settlement_statement import PAYOUT_EVENTS


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    @api.model
    @api.private
    def _untied(self, company):
        """Return statements whose movements are not those of their journal items.

        What a statement holds in reserve is booked with it and is no movement.

        With the tie-out of every account, this makes the closing balances of the
        statements, and what no statement claimed yet, the balance of the books.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH side AS (
                    SELECT settlement_id, amount
                      FROM marketplace_ledger_line
                     WHERE company_id = %(company)s AND settlement_id IS NOT NULL
                       AND event NOT IN %(payouts)s
                       AND role_credit IN %(roles)s
                       AND credit_move_line_id IS NOT NULL
                    UNION ALL
                    SELECT settlement_id, -amount
                      FROM marketplace_ledger_line
                     WHERE company_id = %(company)s AND settlement_id IS NOT NULL
                       AND event NOT IN %(payouts)s
                       AND role_debit IN %(roles)s
                       AND debit_move_line_id IS NOT NULL
                ), booked AS (
                    SELECT settlement_id, SUM(amount) AS amount FROM side GROUP BY 1
                )
                SELECT settlement.id
                  FROM marketplace_settlement settlement
             LEFT JOIN booked ON booked.settlement_id = settlement.id
                 WHERE settlement.company_id = %(company)s
                   AND settlement.state <> 'cancelled'
                   AND settlement.amount_movements
                       - COALESCE(settlement.amount_reserved, 0)
                       <> COALESCE(booked.amount, 0)
              ORDER BY settlement.id
                """,
                company=company.id,
                payouts=PAYOUT_EVENTS,
                roles=SETTLED_ROLES,
            )
        )
        return self.browse([row[0] for row in rows])


class MarketplaceHealth(models.AbstractModel):
    _inherit = "marketplace.health"

    @api.model
    @api.private
    def _check(self, company):
        return [*super()._check(company), *self._check_statements(company)]

    def _check_statements(self, company):
        """Name statements that do not add up with their journal items."""
        # sudo: the caller says which company is checked
        wrong = self.env["marketplace.settlement"].sudo()._untied(company)
        return [
            self.env._(
                "Statement %(statement)s of %(vendor)s: its movements are not what "
                "its journal items say.",
                statement=settlement.name,
                vendor=settlement.vendor_id.display_name,
            )
            for settlement in wrong
        ]
