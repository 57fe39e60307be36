from odoo import fields, models
from odoo.tools import SQL

KINDS = [
    ("payable", "Due to vendors"),
    ("statement", "Statements to pay"),
    ("carried", "Carried forward"),
    ("reserve", "Reserves to release"),
    ("psp", "Expected from providers"),
]


class MarketplaceCashForecast(models.Model):
    """When money is expected to come in and to go out; negative goes out.

    What is late is shown today. Vendors' credits not yet due have no date and are not
    part of it; commission not invoiced yet will lower what is due.
    """

    _name = "marketplace.cash.forecast"
    _description = "Cash Forecast"
    _auto = False
    _order = "date, kind, id"
    _rec_name = "kind"

    company_id = fields.Many2one("res.company", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Positive comes in, negative goes out."
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH side AS (
                SELECT company_id, vendor_id, counterparty_id, currency_id,
                       role_debit AS role, amount, settlement_id,
                       COALESCE(date_available, date_event) AS date
                  FROM marketplace_ledger_line
                 WHERE role_debit IN ('VENDOR_DUE', 'VENDOR_RESERVE', 'PSP_CLEARING')
                UNION ALL
                SELECT company_id, vendor_id, counterparty_id, currency_id,
                       role_credit, -amount, settlement_id,
                       COALESCE(date_available, date_event)
                  FROM marketplace_ledger_line
                 WHERE role_credit IN ('VENDOR_DUE', 'VENDOR_RESERVE', 'PSP_CLEARING')
            ), flow AS (
                SELECT company_id, 'payable' AS kind, vendor_id AS partner_id,
                       currency_id, GREATEST(date, %(today)s) AS date, amount
                  FROM side
                 WHERE role = 'VENDOR_DUE' AND settlement_id IS NULL
                UNION ALL
                SELECT company_id, 'reserve', vendor_id, currency_id,
                       GREATEST(date, %(today)s), amount
                  FROM side WHERE role = 'VENDOR_RESERVE'
                UNION ALL
                SELECT side.company_id, 'psp', counterparty_id, side.currency_id,
                       GREATEST(date + company.marketplace_psp_days, %(today)s), amount
                  FROM side
                  JOIN res_company company ON company.id = side.company_id
                 WHERE role = 'PSP_CLEARING'
                UNION ALL
                SELECT company_id, 'statement', vendor_id, currency_id,
                       GREATEST(date_cutoff, %(today)s), -amount_payout
                  FROM marketplace_settlement WHERE state = 'confirmed'
                UNION ALL
                SELECT company_id, 'carried', vendor_id, currency_id,
                       %(today)s, -amount_carried
                  FROM marketplace_settlement settlement
                 WHERE state <> 'cancelled' AND NOT EXISTS (
                       SELECT 1 FROM marketplace_settlement next
                        WHERE next.previous_id = settlement.id
                          AND next.state <> 'cancelled')
            )
            SELECT ROW_NUMBER() OVER (ORDER BY company_id, kind, partner_id,
                                               currency_id, date) AS id,
                   company_id, kind, partner_id, currency_id, date,
                   SUM(amount) AS amount
              FROM flow
          GROUP BY company_id, kind, partner_id, currency_id, date
            HAVING SUM(amount) <> 0
            """,
            today=fields.Date.today(),
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_psp_days = fields.Integer(
        string="PSP Pays After (days)",
        default=3,
        help="Days from a payment to its arrival at the bank, for the cash forecast.",
    )

    _psp_days_positive = models.Constraint(
        "CHECK (marketplace_psp_days >= 0)", "Providers pay after zero or more days."
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_psp_days = fields.Integer(
        related="company_id.marketplace_psp_days", readonly=False
    )
