"""How well vendors serve: one row per vendor order, to sum up per period."""

from odoo import fields, models
from odoo.tools import SQL


class MarketplaceVendorSla(models.Model):
    """Time to accept and to ship, cancellations, refunds and disputes of vendor orders.

    The period of an order is the day on which its vendor saw it, in the time zone of
    the company. Time on hold counts nowhere. What was cancelled before the vendor saw
    it, or for fraud, is not his fault and not here.
    """

    _name = "marketplace.vendor.sla"
    _description = "Vendor Service Level"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "sale_order_id"
    _depends = {
        "sale.order": [
            "acceptance_required",
            "acceptance_state",
            "amount_given_back",
            "company_id",
            "date_order",
            "date_vendor_visible",
            "marketplace_order_id",
            "marketplace_state",
            "state",
            "vendor_id",
        ],
        "marketplace.line.decision": ["date", "kind", "reason_code", "sale_order_id"],
        "marketplace.shipment": ["date_shipped", "sale_order_id", "state"],
        "marketplace.hold": ["date_end", "date_start", "sale_order_id"],
        "marketplace.refund": ["before_capture", "dispute_id", "is_refusal", "state"],
        "marketplace.refund.line": ["amount", "refund_id", "sale_line_id"],
        "marketplace.dispute": ["order_id", "state"],
        "res.partner": ["tz"],
    }

    sale_order_id = fields.Many2one("sale.order", string="Vendor Order", readonly=True)
    vendor_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Date(
        readonly=True,
        help="Day on which the vendor saw the order, in the company's time zone.",
    )
    order_count = fields.Integer(string="Orders", readonly=True)
    acceptance_hours = fields.Float(
        string="Hours to Accept",
        readonly=True,
        aggregator="avg",
        help="From the moment the vendor sees the order to his last answer, without "
        "the time on hold. Empty when his contract asks for no answer.",
    )
    dispatch_hours = fields.Float(
        string="Hours to Ship",
        readonly=True,
        aggregator="avg",
        help="From the moment the vendor sees the order to the last parcel that left, "
        "without the time on hold.",
    )
    rate_cancelled = fields.Float(
        string="Cancelled",
        readonly=True,
        aggregator="avg",
        help="Share of orders of which the vendor refused, or let expire, any unit.",
    )
    rate_refunded = fields.Float(
        string="Refunded",
        readonly=True,
        aggregator="avg",
        help="Share of orders refunded for another reason than a refusal.",
    )
    rate_disputed = fields.Float(
        string="Disputed",
        readonly=True,
        aggregator="avg",
        help="Share of orders with a chargeback or an open incident.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH seen AS (
                SELECT sale.id, sale.vendor_id, sale.company_id, sale.state,
                       sale.marketplace_order_id, sale.marketplace_state,
                       sale.acceptance_required
                       AND sale.acceptance_state = 'decided' AS is_answered,
                       COALESCE(sale.date_vendor_visible, sale.date_order) AS start
                  FROM sale_order sale
                 WHERE sale.vendor_id IS NOT NULL
                   AND sale.marketplace_order_id IS NOT NULL
                   AND sale.state IN ('sale', 'cancel')
                   AND (sale.date_vendor_visible IS NOT NULL OR NOT EXISTS (
                        SELECT FROM marketplace_hold hold
                         WHERE hold.sale_order_id = sale.id))
            ), decided AS (
                SELECT sale_order_id,
                       MAX(date) FILTER (WHERE kind = 'accepted'
                                            OR reason_code <> 'fraud') AS date,
                       BOOL_OR(kind = 'refused' AND reason_code <> 'fraud')
                           AS is_refused,
                       BOOL_OR(kind = 'refused' AND reason_code = 'fraud') AS is_fraud
                  FROM marketplace_line_decision
              GROUP BY sale_order_id
            ), shipped AS (
                SELECT sale_order_id, MAX(date_shipped) AS date
                  FROM marketplace_shipment
                 WHERE state IN ('shipped', 'delivered')
              GROUP BY sale_order_id
            ), refunded AS (
                SELECT DISTINCT line.order_id
                  FROM marketplace_refund_line item
                  JOIN marketplace_refund refund ON refund.id = item.refund_id
                  JOIN sale_order_line line ON line.id = item.sale_line_id
                 WHERE refund.state = 'done' AND item.amount > 0
                   AND refund.dispute_id IS NULL
                   AND refund.is_refusal IS NOT TRUE
                   AND refund.before_capture IS NOT TRUE
            ), disputed AS (
                SELECT DISTINCT order_id FROM marketplace_dispute WHERE state <> 'draft'
            )
            SELECT seen.id, seen.id AS sale_order_id, seen.vendor_id, seen.company_id,
                   (seen.start AT TIME ZONE 'UTC'
                    AT TIME ZONE COALESCE(partner.tz, 'UTC'))::date AS date,
                   1 AS order_count,
                   CASE WHEN seen.is_answered THEN EXTRACT(
                       EPOCH FROM decided.date - seen.start - (%(held_decided)s))
                       / 3600 END AS acceptance_hours,
                   EXTRACT(EPOCH FROM shipped.date - seen.start - (%(held_shipped)s))
                       / 3600 AS dispatch_hours,
                   (COALESCE(decided.is_refused, FALSE) OR seen.state = 'cancel')::int
                       AS rate_cancelled,
                   (refunded.order_id IS NOT NULL)::int AS rate_refunded,
                   (disputed.order_id IS NOT NULL OR seen.marketplace_state
                    IS NOT DISTINCT FROM 'disputed')::int AS rate_disputed
              FROM seen
              JOIN res_company company ON company.id = seen.company_id
              JOIN res_partner partner ON partner.id = company.partner_id
         LEFT JOIN decided ON decided.sale_order_id = seen.id
         LEFT JOIN shipped ON shipped.sale_order_id = seen.id
         LEFT JOIN refunded ON refunded.order_id = seen.id
         LEFT JOIN disputed ON disputed.order_id = seen.marketplace_order_id
             WHERE decided.is_fraud IS NOT TRUE
            """,
            held_decided=self._held_sql(SQL.identifier("decided", "date")),
            held_shipped=self._held_sql(SQL.identifier("shipped", "date")),
        )

    def _held_sql(self, end):
        """Return the time on hold between the start of an order and an event."""
        return SQL(
            """
            SELECT COALESCE(SUM(GREATEST(
                       LEAST(COALESCE(hold.date_end, %(end)s), %(end)s)
                       - GREATEST(hold.date_start, seen.start), INTERVAL '0')),
                       INTERVAL '0')
              FROM marketplace_hold hold
             WHERE hold.sale_order_id = seen.id
            """,
            end=end,
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_view_vendor_sla(self):
        """Open the service level of the vendor."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_vendor_sla_action"
        )
        action["domain"] = [("vendor_id", "=", self.id)]
        return action
