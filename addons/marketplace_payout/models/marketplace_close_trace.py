"""What a close leaves behind: decisions and figures, written once."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.const import ROLES
from odoo.addons.marketplace_base.models.marketplace_ledger_line import ROLE_SELECTION

from ..const_close import CLOSE_EVENTS


class MarketplaceCloseEvent(models.Model):
    """Keep who closed, waived or reopened what, when and why."""

    _name = "marketplace.close.event"
    _description = "Period Close Decision"
    _order = "date desc, id desc"
    _rec_name = "kind"

    close_id = fields.Many2one(
        "marketplace.close", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        related="close_id.company_id", store=True, precompute=True
    )
    kind = fields.Selection(CLOSE_EVENTS, string="Decision", required=True)
    date = fields.Datetime(required=True)
    user_id = fields.Many2one("res.users", string="By", required=True)
    subject = fields.Char(string="Check")
    reason = fields.Text()


class MarketplaceCloseFigure(models.Model):
    """Keep what the accounts of a role said when a month was closed."""

    _name = "marketplace.close.figure"
    _description = "Figure of a Closed Month"
    _order = "event_id desc, id"
    _rec_name = "role"

    close_id = fields.Many2one(
        "marketplace.close", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        related="close_id.company_id", store=True, precompute=True
    )
    event_id = fields.Many2one("marketplace.close.event", required=True, index=True)
    is_latest = fields.Boolean(help="Of the last closing of the month.")
    role = fields.Selection(ROLE_SELECTION, required=True)
    account_id = fields.Many2one("account.account", required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    amount_ledger = fields.Monetary(
        string="Vendor Ledger", help="Debit less credit, posted by the last day."
    )
    amount_books = fields.Monetary(
        string="General Ledger", help="Debit less credit, by the last day."
    )
    amount_period = fields.Monetary(
        string="Of the Month", help="Debit less credit of the general ledger."
    )


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    def _record_event(self, kind, reason=None, subject=None):
        """Write a decision down, in the name of the user who takes it."""
        # sudo: nobody may write the trace but the buttons that call this
        return (
            self.env["marketplace.close.event"]
            .sudo()
            .create(
                {
                    "close_id": self.id,
                    "kind": kind,
                    "date": fields.Datetime.now(),
                    "user_id": self.env.uid,
                    "subject": subject,
                    "reason": reason,
                }
            )
        )

    def _keep_figures(self, event):
        """Write down every role that holds something, as of the last day."""
        Figure = self.env["marketplace.close.figure"].sudo()
        Figure.search([("close_id", "=", self.id)]).is_latest = False
        accounts = {
            role.account_id: role.code
            for role in reversed(self.company_id.sudo().marketplace_role_ids)
        }
        ledger = self._ledger_figures()
        books, period = self._book_figures(accounts)
        keys = sorted(
            {*ledger, *books},
            key=lambda key: (list(ROLES).index(key[0]), key[1].name),
        )
        account_by_role = {code: account for account, code in accounts.items()}
        Figure.create(
            [
                {
                    "close_id": self.id,
                    "event_id": event.id,
                    "is_latest": True,
                    "role": role,
                    "account_id": account_by_role[role].id,
                    "currency_id": currency.id,
                    "amount_ledger": ledger.get((role, currency), 0.0),
                    "amount_books": books.get((role, currency), 0.0),
                    "amount_period": period.get((role, currency), 0.0),
                }
                for role, currency in keys
                if role in account_by_role
            ]
        )

    def _ledger_figures(self):
        """Return {(role, currency): debit less credit} of posted ledger lines."""
        Ledger = self.env["marketplace.ledger.line"].sudo()
        domain = Domain("company_id", "=", self.company_id.id)
        domain &= Domain("date", "<=", self.date_end)
        domain &= Domain("debit_move_line_id", "!=", False)
        minor = defaultdict(int)
        for side, sign in (("role_debit", 1), ("role_credit", -1)):
            for role, currency, amount in Ledger._read_group(
                domain, [side, "currency_id"], ["amount:sum"]
            ):
                minor[role, currency] += sign * currency._marketplace_minor(amount)
        return {
            (role, currency): currency._marketplace_amount(total)
            for (role, currency), total in minor.items()
        }

    @api.private
    def _book_figures(self, accounts):
        """Return the general ledger of roles: by the last day, and of the month.

        :param accounts: {account: role code}.
        :return: two {(role, currency): debit less credit}.
        """
        Item = self.env["account.move.line"].sudo()
        domain = Domain("company_id", "=", self.company_id.id)
        domain &= Domain("parent_state", "=", "posted")
        domain &= Domain("account_id", "in", [account.id for account in accounts])
        domain &= Domain("date", "<=", self.date_end)
        return tuple(
            {
                (accounts[account], currency): amount
                for account, currency, amount in Item._read_group(
                    scope, ["account_id", "currency_id"], ["amount_currency:sum"]
                )
            }
            for scope in (domain, domain & Domain("date", ">=", self.date_start))
        )
