import logging
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import POSTING_MODES, ROLES
from ..exceptions import MarketplaceError, MissingRoleError

_logger = logging.getLogger(__name__)


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_posting_mode = fields.Selection(
        POSTING_MODES,
        string="Ledger Posting",
        default="event",
        required=True,
        help="One journal entry per business event, or one recap per day and vendor "
        "posted by the nightly job. The vendor ledger keeps every line either way.",
    )
    marketplace_psp_partner_id = fields.Many2one(
        "res.partner",
        string="Payment Service Provider",
        help="Partner on the journal items of the PSP clearing account when a payment "
        "does not name its own provider.",
    )
    marketplace_journal_order_id = fields.Many2one(
        "account.journal",
        string="Orders and Refunds Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
    )
    marketplace_journal_correction_id = fields.Many2one(
        "account.journal",
        string="PSP and Corrections Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
    )
    marketplace_role_ids = fields.One2many(
        "marketplace.account.role", "company_id", string="Account Roles"
    )

    # -- reading the set-up ---------------------------------------------------------

    def _marketplace_accounts(self, codes):
        """Return the account mapped to each role code, in one query.

        :raises MissingRoleError: naming every role that has no account.
        """
        self.ensure_one()
        roles = (
            self.env["marketplace.account.role"]
            .sudo()
            .search([("company_id", "=", self.id), ("code", "in", list(codes))])
        )
        accounts = {
            role.code: role.account_id for role in roles if role.account_id.active
        }
        if missing := sorted(set(codes) - set(accounts)):
            raise MissingRoleError(
                self.env._(
                    "%(company)s has no account in use for: %(roles)s. Map them under "
                    "Marketplace › Configuration › Account Roles, or run the set-up "
                    "of the marketplace settings.",
                    company=self.display_name,
                    roles=", ".join(ROLES[code].label for code in missing),
                )
            )
        return accounts

    def _marketplace_account(self, code):
        """Return the account of one role; see :meth:`_marketplace_accounts`."""
        return self._marketplace_accounts([code])[code]

    def _marketplace_journal(self, field_name):
        """Return the journal set in a company field.

        :raises MarketplaceError: when the journal is not chosen yet, or archived.
        """
        self.ensure_one()
        journal = self.sudo()[field_name]
        if not journal.active:
            raise MarketplaceError(
                self.env._(
                    "%(company)s has no %(journal)s. Choose it in the marketplace "
                    "settings, or run their set-up.",
                    company=self.display_name,
                    journal=self._fields[field_name]._description_string(self.env),
                )
            )
        return journal

    def _marketplace_open_date(self, date, has_tax=False):
        """Return the date itself, or the first open one when a lock covers it.

        Odoo would move a locked date by itself and without a word; the ledger moves
        it on purpose and keeps the event date beside it.
        """
        self.ensure_one()
        violated = self._get_lock_date_violations(
            date,
            fiscalyear=True,
            sale=False,
            purchase=False,
            tax=has_tax,
            hard=True,
        )
        if not violated:
            return date
        last_lock = max(lock_date for lock_date, _field in violated)
        return fields.Date.add(last_lock, days=1)

    def _marketplace_tax(self, rate, included=True):
        """Return the company's sale tax of a rate, price included or excluded.

        Charts ship rarely used rates archived: the tax found is activated. When the
        chart has no included one, it is made from the excluded tax, with the same
        accounts and tags.

        :param rate: percentage, 20 for 20 %.
        :raises MarketplaceError: when the company has no sale tax of that rate.
        """
        self.ensure_one()
        taxes = (
            self.env["account.tax"]
            .with_context(active_test=False)
            .search(
                [
                    *self.env["account.tax"]._check_company_domain(self),
                    ("type_tax_use", "=", "sale"),
                    ("amount_type", "=", "percent"),
                    ("amount", "=", float(Decimal(str(rate)))),
                    ("tax_exigibility", "=", "on_invoice"),
                ],
                order="active DESC, sequence, id",
            )
        )
        fitting = taxes.filtered(lambda tax: tax.price_include == included)[:1]
        if fitting:
            fitting.active = True
            return fitting
        if not taxes:
            raise MarketplaceError(
                self.env._(
                    "%(company)s has no sale tax of %(rate)s %%. Create it under "
                    "Accounting › Configuration › Taxes.",
                    company=self.display_name,
                    rate=rate,
                )
            )
        return taxes[0].copy(
            {
                "name": self.env._("%(tax)s included", tax=taxes[0].name),
                "price_include_override": "tax_included"
                if included
                else "tax_excluded",
                "active": True,
            }
        )

    # -- jobs -----------------------------------------------------------------------

    def _marketplace_attempt(self, job, function, *args):
        """Do one company's part of a job; tell its accountants what stops it.

        A set-up problem of one company leaves the others alone. Only business errors
        are told: anything else is a bug and stops the job.

        :param job: name of the job, for people.
        :return: whether it succeeded; if not, nothing of it is kept.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                function(*args)
        except UserError as error:
            _logger.warning("%s stopped for %s: %s", job, self.name, error)
            accountants = self.env.ref("marketplace_base.group_accountant").sudo()
            self.partner_id.sudo().message_notify(
                partner_ids=accountants.all_user_ids.filtered(
                    lambda user: self in user.company_ids
                ).partner_id.ids,
                subject=self.env._(
                    "%(job)s stopped for %(company)s", job=job, company=self.name
                ),
                body=str(error),
            )
            return False
        return True

    # -- set-up ---------------------------------------------------------------------

    def _marketplace_setup(self):
        """Create the accounts, roles and journals the marketplace lacks.

        Idempotent: what exists is kept. Other addons add their own part after
        ``super()``.

        :raises MarketplaceError: when the company has no chart of accounts.
        """
        for company in self:
            if not company.chart_template:
                raise MarketplaceError(
                    company.env._(
                        "%(company)s has no chart of accounts. Install one under "
                        "Accounting › Configuration › Settings first.",
                        company=company.display_name,
                    )
                )
            scoped = company.with_company(company).sudo()
            scoped.env["marketplace.account.role"]._create_missing(scoped)
            scoped._marketplace_create_journals(
                {
                    "marketplace_journal_order_id": (
                        "MKO",
                        self.env._("Marketplace orders"),
                    ),
                    "marketplace_journal_correction_id": (
                        "MKD",
                        self.env._("Marketplace PSP and corrections"),
                    ),
                }
            )

    def _marketplace_create_journals(self, wanted, **values):
        """Create and set the general journals that are not chosen yet.

        :param wanted: {company field: (code, name)}.
        """
        self.ensure_one()
        missing = {field: spec for field, spec in wanted.items() if not self[field]}
        codes = [code for code, _name in missing.values()]
        existing = {
            journal.code: journal
            for journal in self.env["account.journal"].search(
                [("company_id", "=", self.id), ("code", "in", codes)]
            )
        }
        to_create = {
            field: spec for field, spec in missing.items() if spec[0] not in existing
        }
        created = self.env["account.journal"].create(
            [
                {
                    "type": "general",
                    "code": code,
                    "name": name,
                    "company_id": self.id,
                    "show_on_dashboard": False,
                    # French law wants entries that nobody can change afterwards; all
                    # our corrections are reversals, so nothing is lost by it.
                    "restrict_mode_hash_table": (
                        self.account_fiscal_country_id.code == "FR"
                    ),
                    **values,
                }
                for code, name in to_create.values()
            ]
        )
        existing.update({journal.code: journal for journal in created})
        self.write({field: existing[code].id for field, (code, _n) in missing.items()})

    def action_marketplace_setup(self):
        """Run the set-up from the settings page."""
        self.check_access("write")
        self._marketplace_setup()
        return True

    @api.model
    def _marketplace_companies(self):
        """Return the companies whose marketplace set-up has been run."""
        return self.sudo().search([("marketplace_journal_order_id", "!=", False)])
