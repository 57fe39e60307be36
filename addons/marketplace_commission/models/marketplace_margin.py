"""What the operator earns: per vendor, category, channel and day, from posted facts."""

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.marketplace_base.exceptions import MarketplaceError

# Ledger roles of each cost, a debit is positive.
COST_ROLES = {
    "coupons": ("DISCOUNT_MKT",),
    "psp_cost": ("PSP_FEES",),
    "other_cost": ("OPERATOR_COST", "BAD_DEBT"),
}
VENDOR_ROLES = ("VENDOR_PENDING", "VENDOR_DUE")


class MarketplaceMargin(models.Model):
    """Show sales, refunds, revenue and cost side by side.

    Each row is one posted fact: a commission line or a fee as invoiced, a line of the
    vendor ledger, a line of a document of the operator's own sales, or a sponsor's
    part as billed. Each measure adds up to its accounts.

    The provider's reports are posted without vendor. Where its file says what each
    payment cost, rows without entry give that to the vendors of the purchase by what
    was paid, and take it off what has no vendor: nothing is added.
    """

    _name = "marketplace.margin"
    _description = "Marketplace Margin"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "vendor_id"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(
        "res.currency", string="Company Currency", readonly=True
    )
    date = fields.Date(string="Accounting Date", readonly=True)
    vendor_id = fields.Many2one("res.partner", readonly=True)
    categ_id = fields.Many2one("product.category", string="Category", readonly=True)
    channel = fields.Char(readonly=True)
    sale_order_id = fields.Many2one("sale.order", string="Order", readonly=True)
    move_id = fields.Many2one("account.move", string="Journal Entry", readonly=True)
    gmv = fields.Monetary(
        string="Sales (GMV)",
        readonly=True,
        help="What customers paid for goods and delivery of vendors, VAT included.",
    )
    refunds = fields.Monetary(
        readonly=True, help="What customers got back, VAT included."
    )
    commission = fields.Monetary(
        readonly=True, help="Invoiced less given back, VAT excluded."
    )
    fees = fields.Monetary(readonly=True, help="Fees less rebates, VAT excluded.")
    resale = fields.Monetary(
        string="Resale Margin",
        readonly=True,
        help="Of what we sell ourselves: price less what the vendor is paid, VAT "
        "excluded.",
    )
    coupons = fields.Monetary(
        string="Coupons Funded", readonly=True, help="Discounts that we pay."
    )
    psp_cost = fields.Monetary(
        string="Payment Cost",
        readonly=True,
        help="As posted; per vendor as far as the provider's file says it.",
    )
    sponsor_cost = fields.Monetary(
        string="Sponsors' Parts",
        readonly=True,
        help="Parts of our commission that sponsors billed, VAT excluded; what is not "
        "billed yet is not in it.",
    )
    other_cost = fields.Monetary(
        readonly=True, help="Losses taken over, rounding, debts written off."
    )
    vendor_net = fields.Monetary(
        readonly=True,
        help="Credited for sales, less refunds, commission and fees without VAT; of "
        "what we sell ourselves, what he is paid without VAT.",
    )
    net_revenue = fields.Monetary(
        readonly=True,
        help="Commission, fees and resale margin less coupons and costs.",
    )
    take_rate = fields.Float(
        string="Net Take Rate",
        readonly=True,
        aggregator="sum",
        help="Net revenue divided by sales.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH paid AS (
                SELECT payment.order_id, payment.company_id,
                       SUM(payment.amount_psp_fee) AS fee,
                       MIN(payment.date)::date AS date
                  FROM marketplace_payment payment
                  JOIN res_company company ON company.id = payment.company_id
                 WHERE payment.state = 'captured'
                   AND payment.is_psp_fee_actual
                   AND payment.currency_id = company.currency_id
                 GROUP BY payment.order_id, payment.company_id
            ), share AS (
                SELECT part.id, part.vendor_id, paid.*,
                       paid.fee * part.amount_total
                           / SUM(part.amount_total) OVER purchase AS cost,
                       ROW_NUMBER() OVER (purchase ORDER BY part.id) AS rank
                  FROM paid
                  JOIN sale_order part ON part.marketplace_order_id = paid.order_id
                 WHERE part.amount_total > 0
                WINDOW purchase AS (PARTITION BY part.marketplace_order_id)
            ), fact AS (
                SELECT line.id::bigint * 8 AS id, line.company_id, line.vendor_id,
                       line.sale_order_id, line.sale_line_id, item.move_id, item.date,
                       line.amount * item.balance / NULLIF(item.amount_currency, 0) AS
                           commission,
                       0.0 AS fees, 0.0 AS resale, 0.0 AS gmv, 0.0 AS refunds,
                       0.0 AS coupons, 0.0 AS psp_cost, 0.0 AS sponsor_cost,
                       0.0 AS other_cost,
                       0.0 AS credited
                  FROM marketplace_commission_line line
                  JOIN account_move_line item ON item.id = line.move_line_id
                 WHERE item.parent_state = 'posted'
             UNION ALL
                SELECT fee.id::bigint * 8 + 1, fee.company_id, fee.vendor_id,
                       fee.sale_order_id, NULL, item.move_id, item.date,
                       0.0, -item.balance, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                  FROM marketplace_fee fee
                  JOIN account_move_line item ON item.id = fee.move_line_id
                 WHERE item.parent_state = 'posted'
             UNION ALL
                SELECT line.id::bigint * 8 + 2, line.company_id, line.vendor_id,
                       line.sale_order_id, line.sale_line_id, item.move_id, item.date,
                       0.0, 0.0, 0.0,
                       CASE WHEN line.event = 'capture' THEN money.value ELSE 0.0 END,
                       CASE WHEN line.event IN ('refund', 'goodwill')
                             AND line.role_credit NOT IN
                                 ('DISCOUNT_MKT', 'SHIPPING_INC', 'OPERATOR_COST')
                            THEN money.value ELSE 0.0 END,
                       money.value * (%(coupons)s),
                       money.value * (%(psp_cost)s),
                       0.0,
                       money.value * (%(other_cost)s),
                       CASE WHEN line.event IN
                                 ('capture', 'discount_funding', 'shipping_funding',
                                  'refund', 'goodwill')
                            THEN money.value * (%(vendor_credit)s)
                            ELSE 0.0 END
                  FROM marketplace_ledger_line line
                  JOIN account_move_line item ON item.id = line.debit_move_line_id
            CROSS JOIN LATERAL (
                       SELECT line.amount * COALESCE(
                                  item.balance / NULLIF(item.amount_currency, 0), 1
                              ) AS value
                       ) money
                 WHERE item.parent_state = 'posted'
                   AND line.event NOT IN ('commission', 'commission_tax', 'fee')
             UNION ALL
                SELECT item.id::bigint * 8 + 3, item.company_id, part.vendor_id,
                       part.id, NULL, item.move_id, item.date,
                       0.0, 0.0, -item.balance, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                       CASE WHEN move.move_type IN ('in_invoice', 'in_refund')
                            THEN item.balance ELSE 0.0 END
                  FROM account_move move
                  JOIN sale_order part ON part.id = move.marketplace_principal_order_id
                  JOIN account_move_line item ON item.move_id = move.id
                 WHERE item.parent_state = 'posted'
                   AND item.display_type IN ('product', 'rounding')
             UNION ALL
                SELECT share.id::bigint * 8 + 4, share.company_id, share.vendor_id,
                       share.id, NULL, NULL, share.date,
                       0.0, 0.0, 0.0, 0.0, 0.0, 0.0, share.cost, 0.0, 0.0, 0.0
                  FROM share
             UNION ALL
                SELECT share.id::bigint * 8 + 5, share.company_id, NULL,
                       NULL, NULL, NULL, share.date,
                       0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -share.fee, 0.0, 0.0, 0.0
                  FROM share
                 WHERE share.rank = 1
             UNION ALL
                SELECT part.id::bigint * 8 + 6, part.company_id, part.vendor_id,
                       part.sale_order_id, line.sale_line_id, item.move_id, item.date,
                       0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
                       item.balance * part.amount
                           / NULLIF(SUM(part.amount) OVER (PARTITION BY item.id), 0),
                       0.0, 0.0
                  FROM marketplace_sponsor_share part
                  JOIN marketplace_commission_line line
                    ON line.id = part.commission_line_id
                  JOIN account_move_line item ON item.id = part.move_line_id
                 WHERE item.parent_state = 'posted'
            )
            SELECT fact.id, fact.company_id, company.currency_id, fact.date,
                   fact.vendor_id, template.categ_id, fact.sale_order_id, fact.move_id,
                   COALESCE(purchase.channel, 'odoo') AS channel,
                   fact.gmv, fact.refunds, COALESCE(fact.commission, 0.0) AS commission,
                   fact.fees, fact.resale, fact.coupons, fact.psp_cost,
                   fact.sponsor_cost, fact.other_cost,
                   fact.credited - COALESCE(fact.commission, 0.0) - fact.fees
                       AS vendor_net,
                   COALESCE(fact.commission, 0.0) + fact.fees + fact.resale
                       - fact.coupons - fact.psp_cost - fact.sponsor_cost
                       - fact.other_cost AS net_revenue,
                   0.0 AS take_rate
              FROM fact
              JOIN res_company company ON company.id = fact.company_id
         LEFT JOIN sale_order part ON part.id = fact.sale_order_id
         LEFT JOIN marketplace_order purchase
                ON purchase.id = part.marketplace_order_id
         LEFT JOIN sale_order_line sold ON sold.id = fact.sale_line_id
         LEFT JOIN product_product product ON product.id = sold.product_id
         LEFT JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE (fact.gmv, fact.refunds, COALESCE(fact.commission, 0.0), fact.fees,
                    fact.resale, fact.coupons, fact.psp_cost, fact.sponsor_cost,
                    fact.other_cost, fact.credited)
                   <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            """,
            vendor_credit=self._role_sign(VENDOR_ROLES, "credit", "debit"),
            **{
                measure: self._role_sign(roles, "debit", "credit")
                for measure, roles in COST_ROLES.items()
            },
        )

    @api.model
    def _role_sign(self, roles, plus, minus):
        """Return the SQL of 1 where a line has a role on one side, -1 on the other."""
        return SQL(
            "(line.%(plus)s IN %(roles)s)::int - (line.%(minus)s IN %(roles)s)::int",
            plus=SQL.identifier(f"role_{plus}"),
            minus=SQL.identifier(f"role_{minus}"),
            roles=roles,
        )

    def _read_group_select(self, aggregate_spec, query):
        """Divide the sums, where rows are grouped: the rate of a sum is no sum."""
        if aggregate_spec == "take_rate:sum":
            return SQL(
                "SUM(%s) / NULLIF(SUM(%s), 0.0)",
                self._field_to_sql(self._table, "net_revenue", query),
                self._field_to_sql(self._table, "gmv", query),
            )
        return super()._read_group_select(aggregate_spec, query)

    def action_open_source(self):
        """Open the document or order a row comes from."""
        self.ensure_one()
        record = self.move_id or self.sale_order_id
        if not record:
            raise MarketplaceError(
                self.env._(
                    "This takes a payment cost off what has no vendor: see the rows of "
                    "the vendors with the same date."
                )
            )
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }
