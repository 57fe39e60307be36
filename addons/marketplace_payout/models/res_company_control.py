from odoo import fields, models
from odoo.fields import Domain

from ..const_control import CLIENT_MONEY_CONTROLS, DIFFERENCE_FACTOR


class ResCompany(models.Model):
    """What payout runs are held against."""

    _inherit = "res.company"

    marketplace_difference_factor = fields.Integer(
        string="Payouts Stand Out Above",
        default=DIFFERENCE_FACTOR,
        help="A payout above so many times the vendor's last one is pointed out.",
    )
    marketplace_second_approval_amount = fields.Monetary(
        string="Second Approval Above",
        help="A payout run of more needs the signature of a marketplace accountant "
        "before it is approved. Zero: no run does.",
    )
    marketplace_client_money_control = fields.Selection(
        CLIENT_MONEY_CONTROLS,
        string="Client Money",
        default="warn",
        required=True,
        help="What happens to a payout run of more than the money at hand.",
    )
    marketplace_client_account_ids = fields.Many2many(
        "account.account",
        "marketplace_client_account_rel",
        string="Accounts with Client Money",
        domain=[("account_type", "in", ("asset_cash", "asset_current"))],
        help="Accounts that hold what is paid out: segregated bank accounts, balances "
        "at providers. Empty: those of the roles Bank and PSP clearing.",
    )

    _difference_factor_positive = models.Constraint(
        "CHECK (marketplace_difference_factor > 0)",
        "A payout stands out above one or more times the last one.",
    )
    _second_approval_positive = models.Constraint(
        "CHECK (marketplace_second_approval_amount >= 0)",
        "The amount of the second approval is zero or more.",
    )

    def _marketplace_client_money(self, day, currency, run=None):
        """Return the money at hand on a day, and what is owed of it to vendors.

        Payouts on their way to the bank, and approved runs, are spent already.

        :param run: the payout run that asks; its own payouts are not spent.
        :return: dict of minor units of the currency: ``held`` on the accounts,
            ``transit`` and ``approved`` spent, ``available`` what is left of it,
            ``owed`` to vendors (pending, due and reserved).
        """
        self.ensure_one()
        company = self.sudo()
        minor = currency._marketplace_minor
        accounts = company.marketplace_client_account_ids or (
            company._marketplace_account("BANK")
            | company._marketplace_account("PSP_CLEARING")
        )
        transit = company._marketplace_account("PAYOUT_TRANSIT")
        # sudo: totals decide on a run, whoever prepares it may not read the books.
        Item = self.env["account.move.line"].sudo()
        domain = Domain("company_id", "=", self.id)
        domain &= Domain("parent_state", "=", "posted")
        domain &= Domain("currency_id", "=", currency.id)
        held, spent = (
            minor(Item._read_group(scope, [], ["amount_currency:sum"])[0][0] or 0.0)
            for scope in (
                domain
                & Domain("account_id", "in", accounts.ids)
                & Domain("date", "<=", day),
                domain & Domain("account_id", "=", transit.id),
            )
        )
        approved = (
            self.env["marketplace.payout.run"]
            .sudo()
            ._read_group(
                Domain("company_id", "=", self.id)
                & Domain("currency_id", "=", currency.id)
                & Domain("state", "=", "approved")
                & Domain("id", "not in", run.ids if run else []),
                [],
                ["amount_total:sum"],
            )
        )
        reserved = minor(approved[0][0] or 0.0)
        vendors = (
            self.env["res.partner"]
            .sudo()
            .search([("is_marketplace_vendor", "=", True)])
        )
        balances = (
            self.env["marketplace.ledger.line"]
            .sudo()
            ._vendor_balances(vendors, self, currency, date_to=day)
        )
        owed = sum(
            minor(buckets[bucket])
            for buckets in balances.values()
            for bucket in ("pending", "due", "reserved")
        )
        return {
            "held": held,
            "transit": -spent,
            "approved": reserved,
            "available": held + spent - reserved,
            "owed": owed,
        }


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_difference_factor = fields.Integer(
        related="company_id.marketplace_difference_factor", readonly=False
    )
    marketplace_second_approval_amount = fields.Monetary(
        related="company_id.marketplace_second_approval_amount",
        readonly=False,
        currency_field="marketplace_company_currency_id",
    )
    marketplace_company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the Company"
    )
    marketplace_client_money_control = fields.Selection(
        related="company_id.marketplace_client_money_control",
        readonly=False,
        required=True,
    )
    marketplace_client_account_ids = fields.Many2many(
        related="company_id.marketplace_client_account_ids", readonly=False
    )
