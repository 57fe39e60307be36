"""What each vendor was credited and charged in a year, by quarter, from the ledger."""

from collections import defaultdict
from datetime import date

from odoo import api, models
from odoo.tools import SQL

from ..engine.dac7 import Quarter
from .cash_commission import NETTING_EVENTS

# Moves between these roles and the vendor's account pay him, or keep his money: they
# are no consideration.
INTERNAL_ROLES = (
    "VENDOR_DUE",
    "VENDOR_RESERVE",
    "VENDOR_AR",
    "PAYOUT_TRANSIT",
    "BANK",
)
CREDITED_ROLES = ("VENDOR_DUE", "VENDOR_RESERVE")
TAX_WITHHELD_ROLES = ("VAT_DEEMED",)


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    @api.private
    def _yearly_figures(self, company, year, vendors=None):
        """Return the year of every vendor, from posted lines only.

        Gross: what sales credited to the vendor, in the quarter of the credit, VAT
        that he owes himself included. What a refund or chargeback took back counts in
        the quarter of its sale, whenever it happened: the latest credit of the order
        line first. Fees: what his commission documents charge, VAT included, spread
        like the sales they are about; charges about no sale count on their own day.
        Taxes: what the operator withheld as deemed supplier. Sales: vendor orders of
        which something is left, in the first of their quarters.

        :return: {(vendor id, currency id): four ``Quarter`` in minor units}
        """
        self.flush_model()
        self.env["marketplace.commission.line"].flush_model()
        first, after = date(year, 1, 1), date(year + 1, 1, 1)
        scope = {
            "company": company.id,
            "first": first,
            "after": after,
            "vendors": (
                SQL("AND line.vendor_id = ANY(%s)", vendors.ids)
                if vendors is not None
                else SQL()
            ),
            "credited": CREDITED_ROLES,
            "internal": INTERNAL_ROLES,
            "withheld": TAX_WITHHELD_ROLES,
            "netting": NETTING_EVENTS,
        }
        found = defaultdict(lambda: [Quarter()] * 4)

        def add(vendor, currency, day, **values):
            quarters = found[vendor, currency]
            rank = (day.month - 1) // 3
            quarters[rank] = quarters[rank]._replace(
                **{
                    name: getattr(quarters[rank], name) + int(value)
                    for name, value in values.items()
                }
            )

        sales = self._sales_sql(scope)
        rows = self.env.execute_query(
            SQL(
                "WITH %(sales)s"
                " SELECT vendor_id, currency_id, quarter, SUM(net), SUM(tax),"
                " COUNT(*) FILTER (WHERE is_first AND net > 0) FROM ("
                "  SELECT vendor_id, currency_id, sale_order_id, quarter,"
                "  SUM(net) AS net, SUM(tax) AS tax, ROW_NUMBER() OVER ("
                "   PARTITION BY vendor_id, currency_id, sale_order_id"
                "   ORDER BY SUM(net) <= 0, quarter) = 1 AS is_first"
                "  FROM net GROUP BY 1, 2, 3, 4) AS orders"
                " WHERE quarter >= %(first)s AND quarter < %(after)s"
                " GROUP BY 1, 2, 3",
                sales=sales,
                **scope,
            )
        )
        for vendor, currency, day, gross, taxes, count in rows:
            add(vendor, currency, day, gross=gross, taxes=taxes, sales=count)
        for vendor, currency, day, fees in self.env.execute_query(
            self._fees_sql(sales, scope)
        ):
            add(vendor, currency, day, fees=fees)
        return {
            key: tuple(quarters)
            for key, quarters in found.items()
            if any(map(any, quarters))
        }

    @api.model
    def _sales_sql(self, scope):
        """Return the common tables that end in ``net``: order lines by quarter.

        Minor units. Refunds are taken from the last quarter of an order line, then
        from the one before: none goes below zero. Withheld tax is with the first.
        """
        return SQL(
            "sold AS (SELECT DISTINCT line.sale_order_id"
            " FROM marketplace_ledger_line AS line"
            " WHERE line.company_id = %(company)s AND line.event <> 'vendor_cash'"
            " AND line.sale_order_id IS NOT NULL"
            " AND line.debit_move_line_id IS NOT NULL"
            " AND line.role_credit IN %(credited)s"
            " AND line.role_debit NOT IN %(internal)s"
            " AND line.date_event >= %(first)s AND line.date_event < %(after)s"
            " %(vendors)s),"
            " facts AS (SELECT line.vendor_id, line.currency_id, line.sale_order_id,"
            " COALESCE(line.sale_line_id, 0) AS item,"
            " DATE_TRUNC('quarter', line.date_event)::date AS quarter,"
            " ROUND(line.amount * POWER(10::numeric, money.decimal_places)) AS minor,"
            " line.role_credit IN %(credited)s"
            " AND line.role_debit NOT IN %(internal)s AS is_credit,"
            " line.role_debit IN %(credited)s"
            " AND line.role_credit NOT IN %(internal)s AS is_debit,"
            " CASE WHEN line.role_credit IN %(withheld)s THEN 1"
            " WHEN line.role_debit IN %(withheld)s THEN -1 ELSE 0 END AS tax_sign"
            " FROM marketplace_ledger_line AS line JOIN sold USING (sale_order_id)"
            " JOIN res_currency AS money ON money.id = line.currency_id"
            " WHERE line.company_id = %(company)s AND line.event <> 'vendor_cash'"
            " AND line.debit_move_line_id IS NOT NULL %(vendors)s),"
            " taken AS (SELECT vendor_id, currency_id, sale_order_id, item,"
            " SUM(minor) FILTER (WHERE is_debit) AS debit,"
            " SUM(minor * tax_sign) AS tax FROM facts GROUP BY 1, 2, 3, 4),"
            " credits AS (SELECT vendor_id, currency_id, sale_order_id, item, quarter,"
            " SUM(minor) AS credit FROM facts WHERE is_credit GROUP BY 1, 2, 3, 4, 5),"
            " net AS (SELECT credits.*, credit - LEAST(credit, GREATEST(0,"
            " COALESCE(debit, 0) + credit - SUM(credit) OVER (line_back))) AS net,"
            " CASE WHEN ROW_NUMBER() OVER (line_on) = 1 THEN tax ELSE 0 END AS tax"
            " FROM credits"
            " JOIN taken USING (vendor_id, currency_id, sale_order_id, item)"
            " WINDOW line_back AS (PARTITION BY vendor_id, currency_id, sale_order_id,"
            " item ORDER BY quarter DESC),"
            " line_on AS (PARTITION BY vendor_id, currency_id, sale_order_id, item"
            " ORDER BY quarter))",
            **scope,
        )

    @api.model
    def _fees_sql(self, sales, scope):
        """Return the query of fees: (vendor, currency, day of the quarter, minor).

        The total of a commission document is shared over its commission lines, and
        the part of a line over the quarters of its sale, both on cumulated amounts:
        parts add up to the document. What has no sale in the ledger counts on the day
        of its document.
        """
        return SQL(
            "WITH %(sales)s,"
            # a document: what it charges, and of that without VAT
            " charged AS (SELECT item.move_id, line.vendor_id, line.currency_id,"
            " MIN(line.date_event) AS day, SUM(%(signed)s) AS total,"
            " SUM(%(signed)s) FILTER (WHERE line.event <> 'commission_tax') AS net,"
            " MAX(money.decimal_places) AS decimals"
            " FROM marketplace_ledger_line AS line"
            " JOIN account_move_line AS item ON item.id = line.debit_move_line_id"
            " JOIN res_currency AS money ON money.id = line.currency_id"
            " WHERE line.company_id = %(company)s AND line.event NOT IN %(netting)s"
            " AND (line.role_debit = 'VENDOR_AR') <> (line.role_credit = 'VENDOR_AR')"
            " AND line.vendor_id IS NOT NULL %(vendors)s"
            " GROUP BY 1, 2, 3),"
            " lines AS (SELECT charged.move_id, charged.vendor_id,"
            " charged.currency_id, charged.day, commission.id,"
            " commission.sale_line_id, charged.total, charged.net,"
            " ROUND(commission.amount * POWER(10::numeric, charged.decimals))"
            " AS minor"
            " FROM marketplace_commission_line AS commission"
            " JOIN charged ON charged.move_id = commission.move_id"
            " WHERE COALESCE(charged.net, 0) <> 0),"
            " cumulated AS (SELECT *, SUM(minor) OVER (PARTITION BY move_id"
            " ORDER BY id) AS upto FROM lines),"
            " shares AS (SELECT move_id, vendor_id, currency_id, day, sale_line_id,"
            " ROUND(total * upto / net) - ROUND(total * (upto - minor) / net) AS fee"
            " FROM cumulated),"
            # what of a document is about no order line
            " rest AS (SELECT charged.vendor_id, charged.currency_id, charged.day,"
            " charged.total - COALESCE(SUM(shares.fee), 0) AS fee FROM charged"
            " LEFT JOIN shares USING (move_id)"
            " WHERE charged.day >= %(first)s AND charged.day < %(after)s"
            " GROUP BY charged.move_id, 1, 2, 3, charged.total),"
            " by_line AS (SELECT vendor_id, currency_id, sale_line_id,"
            " MIN(day) AS day, SUM(fee) AS fee FROM shares GROUP BY 1, 2, 3),"
            # the quarters of an order line, weighted by what is left of each
            " weights AS (SELECT item AS sale_line_id, quarter,"
            " CASE WHEN SUM(net) OVER (PARTITION BY item) > 0 THEN net"
            " ELSE credit END AS weight FROM net WHERE item <> 0),"
            " spread AS (SELECT *, SUM(weight) OVER (PARTITION BY sale_line_id"
            " ORDER BY quarter) AS upto, SUM(weight) OVER (PARTITION BY sale_line_id)"
            " AS whole FROM weights),"
            " fees AS (SELECT by_line.vendor_id, by_line.currency_id, spread.quarter,"
            " ROUND(fee * upto / whole) - ROUND(fee * (upto - weight) / whole) AS fee"
            " FROM by_line JOIN spread USING (sale_line_id)"
            " UNION ALL SELECT vendor_id, currency_id,"
            " DATE_TRUNC('quarter', day)::date, fee FROM rest"
            # never due to the vendor: cancelled before delivery, commission kept
            " UNION ALL SELECT vendor_id, currency_id,"
            " DATE_TRUNC('quarter', day)::date, fee FROM by_line"
            " WHERE NOT EXISTS (SELECT 1 FROM marketplace_ledger_line AS line"
            " WHERE line.sale_line_id = by_line.sale_line_id"
            " AND line.role_credit IN %(credited)s"
            " AND line.role_debit NOT IN %(internal)s))"
            " SELECT vendor_id, currency_id, quarter, SUM(fee) FROM fees"
            " WHERE quarter >= %(first)s AND quarter < %(after)s"
            " GROUP BY 1, 2, 3",
            sales=sales,
            signed=SQL(
                "ROUND(line.amount * POWER(10::numeric, money.decimal_places))"
                " * CASE WHEN line.role_debit = 'VENDOR_AR' THEN 1 ELSE -1 END"
            ),
            **scope,
        )
