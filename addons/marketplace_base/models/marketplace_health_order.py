"""Check that purchases add up, whatever changed them since."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import HEALTH_DAYS


class MarketplaceHealth(models.AbstractModel):
    _inherit = "marketplace.health"

    @api.model
    @api.private
    def _check(self, company):
        scoped = self.sudo().with_company(company)
        return [
            *super()._check(company),
            *scoped._check_order_totals(company),
            *scoped._check_amendments(company),
        ]

    def _check_order_totals(self, company):
        """Name vendor orders whose total is not what their lines are worth.

        By VAT too: the untaxed shares of the lines make the untaxed amount.
        """
        self.env.flush_all()
        since = fields.Date.subtract(fields.Date.today(), days=HEALTH_DAYS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT sale.id
                  FROM sale_order sale
                  JOIN sale_order_line line ON line.order_id = sale.id
                 WHERE sale.company_id = %(company)s AND sale.date_order >= %(since)s
                   AND sale.marketplace_order_id IS NOT NULL AND sale.state = 'sale'
              GROUP BY sale.id
                HAVING sale.amount_total <> COALESCE(SUM(line.amount_vendor), 0)
                    OR sale.amount_untaxed
                       <> COALESCE(SUM(line.amount_vendor_untaxed), 0)
              ORDER BY sale.id
                """,
                company=company.id,
                since=since,
            )
        )
        return [
            self.env._(
                "%(order)s: its lines are worth something else than its total.",
                order=order.name,
            )
            for order in self.env["sale.order"].browse([row[0] for row in rows])
        ]

    def _check_amendments(self, company):
        """Name applied amendments that are not what they cancelled, refunded, added."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT amendment.id
                  FROM marketplace_order_amendment amendment
             LEFT JOIN LATERAL (
                       SELECT SUM(refund.amount
                                  - COALESCE(refund.amount_rounding, 0)) AS amount
                         FROM marketplace_refund refund
                        WHERE refund.amendment_id = amendment.id
                          AND refund.state = 'done'
                       ) less ON TRUE
             LEFT JOIN LATERAL (
                       SELECT SUM(line.amount_vendor) AS amount
                         FROM sale_order sale
                         JOIN sale_order_line line ON line.order_id = sale.id
                        WHERE sale.amendment_id = amendment.id
                       ) more ON TRUE
                 WHERE amendment.company_id = %(company)s
                   AND amendment.state = 'applied'
                   AND amendment.amount_delta
                       <> COALESCE(more.amount, 0) - COALESCE(less.amount, 0)
              ORDER BY amendment.id
                """,
                company=company.id,
            )
        )
        amendments = self.env["marketplace.order.amendment"].browse(
            [row[0] for row in rows]
        )
        return [
            self.env._(
                "%(amendment)s says %(delta)s, and what it cancelled, refunded and "
                "added makes another amount.",
                amendment=amendment.name,
                delta=amendment.currency_id.format(amendment.amount_delta),
            )
            for amendment in amendments
        ]
