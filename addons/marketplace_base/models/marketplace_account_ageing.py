from odoo import fields, models
from odoo.tools import SQL

BUCKETS = [
    ("0_not_due", "Not due yet"),
    ("1_30", "1 to 30 days late"),
    ("31_60", "31 to 60 days late"),
    ("61_90", "61 to 90 days late"),
    ("91", "More than 90 days late"),
]


class MarketplaceAccountAgeing(models.Model):
    """What customers owe on account, by how late it is.

    Whether we guarantee it or not: the guaranteed part is in the books (pay-later
    sales), the rest is owed to vendors who wait for it.
    """

    _name = "marketplace.account.ageing"
    _description = "Customers on Account"
    _auto = False
    _order = "date_due, id"
    _rec_name = "order_id"

    order_id = fields.Many2one("marketplace.order", string="Order Group", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date_due = fields.Date(string="Due Date", readonly=True)
    days_late = fields.Integer(readonly=True, aggregator="max")
    bucket = fields.Selection(BUCKETS, string="Age", readonly=True)
    amount_open = fields.Monetary(string="Open", readonly=True)
    amount_guaranteed = fields.Monetary(
        string="Guaranteed by Us",
        readonly=True,
        help="Shipped by vendors who are paid at the due date: balance of pay-later "
        "sales in the books.",
    )

    @property
    def _table_query(self):
        today = fields.Date.context_today(self)
        return SQL(
            """
            WITH open_order AS (
                SELECT grp.id, grp.company_id, grp.partner_id, grp.currency_id,
                       grp.date_due, %(today)s::date - grp.date_due AS days_late,
                       grp.amount_charged
                       + COALESCE((
                           SELECT SUM(line.amount_vendor)
                             FROM sale_order sale
                             JOIN sale_order_line line ON line.order_id = sale.id
                            WHERE sale.marketplace_order_id = grp.id
                              AND sale.amendment_id IS NOT NULL), 0)
                       - COALESCE((
                           SELECT SUM(refund.amount)
                             FROM marketplace_refund refund
                            WHERE refund.order_id = grp.id AND refund.state = 'done'
                              AND (refund.before_capture OR refund.off_account)), 0)
                       - COALESCE((
                           SELECT SUM(payment.amount)
                             FROM marketplace_payment payment
                            WHERE payment.order_id = grp.id
                              AND payment.state = 'captured'), 0)
                       - COALESCE((
                           SELECT SUM(loss.amount)
                             FROM marketplace_ledger_line loss
                            WHERE loss.marketplace_order_id = grp.id
                              AND loss.event = 'collection_loss'), 0) AS amount_open,
                       COALESCE((
                           SELECT SUM(CASE 'CUST_COLLECT'
                                      WHEN entry.role_debit THEN entry.amount
                                      ELSE -entry.amount END)
                             FROM marketplace_ledger_line entry
                            WHERE entry.marketplace_order_id = grp.id
                              AND 'CUST_COLLECT' IN (entry.role_debit,
                                                     entry.role_credit)), 0)
                           AS amount_guaranteed
                  FROM marketplace_order grp
                 WHERE grp.on_account
            )
            SELECT id, id AS order_id, company_id, partner_id, currency_id, date_due,
                   GREATEST(days_late, 0) AS days_late, amount_open, amount_guaranteed,
                   CASE WHEN days_late <= 0 THEN '0_not_due'
                        WHEN days_late <= 30 THEN '1_30'
                        WHEN days_late <= 60 THEN '31_60'
                        WHEN days_late <= 90 THEN '61_90'
                        ELSE '91' END AS bucket
              FROM open_order
             WHERE amount_open <> 0 OR amount_guaranteed <> 0
            """,
            today=today,
        )

    def action_view_order(self):
        """Open the purchase behind the row."""
        return self.order_id._get_records_action()
