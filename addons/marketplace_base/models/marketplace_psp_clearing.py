"""The balance of the clearing account, line by line."""

from odoo import fields, models
from odoo.tools import SQL

from ..exceptions import MarketplaceError

BUCKETS = [
    ("in_transit", "Ours, not in a report yet"),
    ("unknown", "In a report, not ours"),
    ("difference", "Matched, amounts differ"),
    ("unitemized", "Report without lines"),
]


class MarketplacePspClearing(models.Model):
    """Explain what payment service providers owe us, one line per cause.

    The ledger's movements of the clearing account are divided, none left out and none
    counted twice: the lines of a provider add up to the balance of the account. What
    a report tells exactly as we booked it adds up to zero, and is not shown.
    """

    _name = "marketplace.psp.clearing"
    _description = "PSP Clearing Explained"
    _auto = False
    _order = "date, id"
    _rec_name = "reference"
    # Flushed before the query reads them.
    _depends = {
        "marketplace.ledger.line": [
            "company_id",
            "counterparty_id",
            "currency_id",
            "event_key",
            "source_key",
            "event",
            "role_debit",
            "role_credit",
            "amount",
            "date_event",
            "marketplace_order_id",
        ],
        "marketplace.psp.settlement": ["state", "psp_partner_id", "reference", "date"],
        "marketplace.psp.settlement.line": [
            "settlement_id",
            "target_key",
            "amount_clearing",
            "reference",
            "identifier",
            "date",
        ],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    psp_partner_id = fields.Many2one(
        "res.partner", string="Payment Service Provider", readonly=True
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    bucket = fields.Selection(BUCKETS, string="Cause", readonly=True)
    reference = fields.Char(readonly=True)
    date = fields.Date(readonly=True)
    age_days = fields.Integer(
        string="Age (days)", compute="_compute_age_days", aggregator=None
    )
    amount = fields.Monetary(
        readonly=True, help="What it adds to the balance of the clearing account."
    )
    order_id = fields.Many2one("marketplace.order", string="Order Group", readonly=True)
    ledger_line_id = fields.Many2one("marketplace.ledger.line", readonly=True)
    report_line_id = fields.Many2one("marketplace.psp.settlement.line", readonly=True)
    settlement_id = fields.Many2one(
        "marketplace.psp.settlement", string="PSP Settlement", readonly=True
    )

    def _compute_age_days(self):
        for row in self:
            today = row.company_id._marketplace_today()
            row.age_days = max((today - row.date).days, 0) if row.date else 0

    @property
    def _table_query(self):
        return SQL(
            """
            WITH fact AS (
                SELECT line.company_id, line.counterparty_id AS partner_id,
                       line.currency_id, %(key)s AS key,
                       MIN(line.id) AS id, MIN(line.date_event) AS date,
                       MIN(line.marketplace_order_id) AS order_id,
                       SUM(CASE WHEN line.role_debit = 'PSP_CLEARING'
                                THEN line.amount ELSE -line.amount END) AS amount
                  FROM marketplace_ledger_line line
                 WHERE 'PSP_CLEARING' IN (line.role_debit, line.role_credit)
              GROUP BY 1, 2, 3, 4
            ), told AS (
                SELECT told.*, commercial.commercial_partner_id AS partner_id
                  FROM marketplace_psp_settlement_line told
                  JOIN marketplace_psp_settlement report
                    ON report.id = told.settlement_id AND report.state = 'posted'
                  JOIN res_partner commercial ON commercial.id = report.psp_partner_id
            ), item AS (
                -- facts that no posted report tells
                SELECT fact.id * 4 AS id, fact.company_id, fact.partner_id,
                       fact.currency_id, 'in_transit' AS bucket, fact.key AS reference,
                       fact.date, fact.amount, fact.order_id,
                       fact.id AS ledger_line_id, NULL::integer AS report_line_id,
                       NULL::integer AS settlement_id
                  FROM fact
                 WHERE NOT starts_with(fact.key, 'psp_line:')
                   AND NOT starts_with(fact.key, 'psp_settlement:')
                   AND NOT EXISTS (
                       SELECT FROM told
                        WHERE told.company_id = fact.company_id
                          AND told.target_key = fact.key
                          AND told.partner_id = fact.partner_id
                          AND told.currency_id = fact.currency_id)
             UNION ALL
                -- lines of posted reports, with our fact and what was booked
                SELECT told.id * 4 + 1, told.company_id, told.partner_id,
                       told.currency_id,
                       CASE WHEN fact.id IS NULL THEN 'unknown' ELSE 'difference' END,
                       COALESCE(told.reference, told.identifier), told.date,
                       COALESCE(fact.amount, 0) + COALESCE(booked.amount, 0)
                           - told.amount_clearing,
                       fact.order_id, fact.id, told.id, told.settlement_id
                  FROM told
             LEFT JOIN fact ON fact.company_id = told.company_id
                           AND fact.key = told.target_key
                           AND fact.partner_id = told.partner_id
                           AND fact.currency_id = told.currency_id
             LEFT JOIN fact booked ON booked.company_id = told.company_id
                                  AND booked.key = 'psp_line:' || told.id
             UNION ALL
                -- what reports took, less what their lines say
                SELECT report.id * 4 + 2, fact.company_id, fact.partner_id,
                       fact.currency_id, 'unitemized', report.reference, report.date,
                       fact.amount + COALESCE((
                           SELECT SUM(told.amount_clearing) FROM told
                            WHERE told.settlement_id = report.id), 0),
                       NULL, fact.id, NULL, report.id
                  FROM fact
                  JOIN marketplace_psp_settlement report
                    ON fact.key = 'psp_settlement:' || report.id
            )
            SELECT id, company_id, partner_id AS psp_partner_id, currency_id, bucket,
                   reference, date, amount, order_id, ledger_line_id, report_line_id,
                   settlement_id
              FROM item
             WHERE amount <> 0
            """,
            key=self.env["marketplace.ledger.line"]._clearing_key(),
        )

    def action_book_difference(self):
        """Book the difference of the report's line, with a reason.

        :raises MarketplaceError: when the row is not of a line of a report.
        """
        self.ensure_one()
        if not self.report_line_id:
            raise MarketplaceError(
                self.env._(
                    "%(row)s has no line in a report: import the provider's report, "
                    "or refund or correct the order.",
                    row=self.reference,
                )
            )
        return self.report_line_id.action_book_difference()

    def action_open_source(self):
        """Open what the row comes from."""
        self.ensure_one()
        source = self.report_line_id or self.settlement_id or self.ledger_line_id
        if self.bucket == "unitemized":
            source = self.settlement_id
        return source._get_records_action()
