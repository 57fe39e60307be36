from odoo import api, fields, models
from odoo.tools import SQL

from ..const import ROLES
from .marketplace_ledger_line import ROLE_SELECTION

TIED_ROLES = tuple(code for code, role in ROLES.items() if role.tie_out)
CUSTOMER_ROLES = tuple(
    code for code, role in ROLES.items() if role.tie_out and role.partner == "customer"
)
PSP_ROLES = tuple(code for code, role in ROLES.items() if role.partner == "psp")


class MarketplaceTieOut(models.Model):
    """Compare the vendor ledger with the general ledger, account by account.

    For every company, role, partner and currency the posted ledger lines must add up
    to the posted journal items. A difference is a fault, whatever its size.

    The id of a row is a digest of what it is about, of 52 bits for the web client: the
    row one opens is the row one saw, whatever was posted meanwhile.
    """

    _name = "marketplace.tie.out"
    _description = "Ledger Tie-out"
    _auto = False
    _order = "company_id, role, partner_id"
    _rec_name = "role"

    company_id = fields.Many2one("res.company", readonly=True)
    role = fields.Selection(ROLE_SELECTION, readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_ledger = fields.Monetary(
        string="Vendor Ledger", readonly=True, help="Debit less credit, posted lines."
    )
    amount_books = fields.Monetary(
        string="General Ledger", readonly=True, help="Debit less credit."
    )
    amount_difference = fields.Monetary(string="Difference", readonly=True)
    amount_unposted = fields.Monetary(
        string="Waiting for Posting",
        readonly=True,
        help="Ledger lines the posting job has not reached yet.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH mapped AS (
                SELECT company_id, code, account_id
                  FROM marketplace_account_role
                 WHERE code IN %(tied)s
            ), side AS (
                SELECT company_id, role_debit AS role, vendor_id, counterparty_id,
                       marketplace_order_id, currency_id, amount,
                       debit_move_line_id AS item
                  FROM marketplace_ledger_line
                UNION ALL
                SELECT company_id, role_credit, vendor_id, counterparty_id,
                       marketplace_order_id, currency_id, -amount,
                       credit_move_line_id
                  FROM marketplace_ledger_line
            ), ledger AS (
                SELECT side.company_id, mapped.account_id,
                       COALESCE(partner.commercial_partner_id, 0) AS partner_id,
                       side.currency_id, MIN(side.role) AS role,
                       COALESCE(SUM(amount) FILTER (WHERE item IS NOT NULL), 0)
                           AS posted,
                       COALESCE(SUM(amount) FILTER (WHERE item IS NULL), 0)
                           AS unposted
                  FROM side
                  JOIN mapped ON mapped.company_id = side.company_id
                             AND mapped.code = side.role
             LEFT JOIN marketplace_order grp ON side.role IN %(customer)s
                                            AND grp.id = side.marketplace_order_id
             LEFT JOIN res_partner partner ON partner.id = CASE
                       WHEN side.role IN %(psp)s THEN side.counterparty_id
                       WHEN side.role IN %(customer)s THEN grp.partner_id
                       ELSE side.vendor_id END
              GROUP BY 1, 2, 3, 4
            ), books AS (
                SELECT item.company_id, item.account_id,
                       COALESCE(item.partner_id, 0) AS partner_id,
                       item.currency_id, MIN(mapped.code) AS role,
                       SUM(item.amount_currency) AS amount
                  FROM account_move_line item
                  JOIN mapped ON mapped.company_id = item.company_id
                             AND mapped.account_id = item.account_id
                 WHERE item.parent_state = 'posted'
              GROUP BY 1, 2, 3, 4
            )
            SELECT ('x' || LEFT(MD5(CONCAT_WS('/',
                       COALESCE(ledger.company_id, books.company_id),
                       COALESCE(ledger.account_id, books.account_id),
                       COALESCE(ledger.partner_id, books.partner_id),
                       COALESCE(ledger.currency_id, books.currency_id)
                   )), 13))::bit(52)::bigint AS id,
                   COALESCE(ledger.company_id, books.company_id) AS company_id,
                   COALESCE(ledger.role, books.role) AS role,
                   COALESCE(ledger.account_id, books.account_id) AS account_id,
                   NULLIF(COALESCE(ledger.partner_id, books.partner_id), 0)
                       AS partner_id,
                   COALESCE(ledger.currency_id, books.currency_id) AS currency_id,
                   COALESCE(ledger.posted, 0) AS amount_ledger,
                   COALESCE(books.amount, 0) AS amount_books,
                   COALESCE(ledger.posted, 0) - COALESCE(books.amount, 0)
                       AS amount_difference,
                   COALESCE(ledger.unposted, 0) AS amount_unposted
              FROM ledger
         FULL JOIN books ON books.company_id = ledger.company_id
                        AND books.account_id = ledger.account_id
                        AND books.partner_id = ledger.partner_id
                        AND books.currency_id = ledger.currency_id
            """,
            tied=TIED_ROLES,
            psp=PSP_ROLES,
            customer=CUSTOMER_ROLES,
        )

    @api.model
    def _differences(self, company):
        """Return the rows of a company whose two sides do not agree."""
        self.env.flush_all()
        self.invalidate_model()
        return self.search(
            [("company_id", "=", company.id), ("amount_difference", "!=", 0)]
        )

    def _offending_items(self):
        """Return the posted journal items of a row that its ledger lines do not make.

        Items that no ledger line carries are among them: someone wrote on the account.
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.id
                  FROM account_move_line item
             LEFT JOIN (
                       SELECT debit_move_line_id AS id, amount
                         FROM marketplace_ledger_line
                        WHERE company_id = %(company)s
                       UNION ALL
                       SELECT credit_move_line_id, -amount
                         FROM marketplace_ledger_line
                        WHERE company_id = %(company)s
                       ) AS line ON line.id = item.id
                 WHERE item.company_id = %(company)s
                   AND item.account_id = %(account)s
                   AND item.partner_id IS NOT DISTINCT FROM %(partner)s
                   AND item.currency_id = %(currency)s
                   AND item.parent_state = 'posted'
              GROUP BY item.id
                HAVING item.amount_currency <> COALESCE(SUM(line.amount), 0)
              ORDER BY item.id
                """,
                company=self.company_id.id,
                account=self.account_id.id,
                partner=self.partner_id.id or None,
                currency=self.currency_id.id,
            )
        )
        return self.env["account.move.line"].browse([row[0] for row in rows])

    def action_open_ledger(self):
        """Open the ledger lines behind the row."""
        self.ensure_one()
        partner = fields.Domain("vendor_id", "=", self.partner_id.id) | fields.Domain(
            "counterparty_id", "=", self.partner_id.id
        )
        if self.role in CUSTOMER_ROLES:
            partner = fields.Domain(
                "marketplace_order_id.partner_id", "child_of", self.partner_id.id
            )
        role = fields.Domain("role_debit", "=", self.role) | fields.Domain(
            "role_credit", "=", self.role
        )
        domain = (
            fields.Domain("company_id", "=", self.company_id.id)
            & fields.Domain("currency_id", "=", self.currency_id.id)
            & partner
            & role
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_ledger_line_action"
        )
        return {**action, "domain": list(domain), "context": {}}

    def action_open_books(self):
        """Open the journal items behind the row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Items"),
            "res_model": "account.move.line",
            "view_mode": "list,form",
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("account_id", "=", self.account_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("parent_state", "=", "posted"),
            ],
        }
