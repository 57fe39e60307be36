from odoo import api, fields, models
from odoo.tools import SQL

from ..const_returns import FROZEN_AGES, INCIDENT_REASONS


class MarketplaceFrozenLine(models.Model):
    """Read how much money each open incident freezes, and since when."""

    _name = "marketplace.frozen.line"
    _description = "Frozen Money"
    _auto = False
    _order = "days desc, id"
    _rec_name = "incident_id"
    _depends = {
        "marketplace.incident": ["sale_line_id", "state", "date", "date_deadline"],
        "marketplace.ledger.line": ["amount", "role_debit", "role_credit"],
    }

    incident_id = fields.Many2one("marketplace.incident", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    vendor_id = fields.Many2one("res.partner", readonly=True)
    sale_order_id = fields.Many2one("sale.order", string="Vendor Order", readonly=True)
    sale_line_id = fields.Many2one(
        "sale.order.line", string="Order Line", readonly=True
    )
    reason_code = fields.Selection(INCIDENT_REASONS, string="Reason", readonly=True)
    date = fields.Date(string="Since", readonly=True)
    date_deadline = fields.Date(string="Settle Until", readonly=True)
    days = fields.Integer(readonly=True, aggregator="max")
    age = fields.Selection(FROZEN_AGES, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(
        string="Frozen",
        readonly=True,
        help="Due to the vendor, and taken by no settlement meanwhile.",
    )
    amount_pending = fields.Monetary(
        string="Pending",
        readonly=True,
        help="Not due yet; frozen too once it is, while the incident is open.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT incident.id, incident.id AS incident_id, incident.company_id,
                   incident.vendor_id, incident.sale_order_id, incident.sale_line_id,
                   incident.reason_code, incident.date, incident.date_deadline,
                   incident.currency_id, CURRENT_DATE - incident.date AS days,
                   CASE WHEN CURRENT_DATE - incident.date <= 7 THEN '0'
                        WHEN CURRENT_DATE - incident.date <= 30 THEN '1'
                        WHEN CURRENT_DATE - incident.date <= 60 THEN '2'
                        ELSE '3' END AS age,
                   COALESCE(money.due, 0) AS amount,
                   COALESCE(money.pending, 0) AS amount_pending
              FROM marketplace_incident AS incident
              LEFT JOIN LATERAL (
                   SELECT SUM(CASE 'VENDOR_DUE' WHEN line.role_credit THEN line.amount
                                   WHEN line.role_debit THEN -line.amount END)
                          FILTER (WHERE %s) AS due,
                          SUM(CASE 'VENDOR_PENDING'
                                   WHEN line.role_credit THEN line.amount
                                   WHEN line.role_debit THEN -line.amount END)
                          AS pending
                     FROM marketplace_ledger_line AS line
                    WHERE line.sale_line_id = incident.sale_line_id
                   ) AS money ON TRUE
             WHERE incident.state = 'open'
            """,
            self._unclaimed_condition(),
        )

    @api.model
    def _unclaimed_condition(self):
        """Return the SQL condition of ledger lines that are not settled; to extend."""
        return SQL("TRUE")

    def action_open_incident(self):
        """Open the incident that freezes the money."""
        return self.incident_id._get_records_action()
