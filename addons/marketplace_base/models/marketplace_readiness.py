"""One screen that says whether every event could be posted, and what is missing."""

from odoo import api, fields, models
from odoo.fields import Command

from ..const import ROLES

AREAS = [("account", "Account"), ("journal", "Journal"), ("tax", "VAT on commission")]

BALANCE_SHEET = ("asset", "liability", "equity")
# Only items on these accounts have a partner in the statutory export.
PARTNER_TYPES = ("liability_payable", "asset_receivable")


class MarketplaceReadiness(models.TransientModel):
    _name = "marketplace.readiness"
    _description = "Marketplace Readiness"
    _rec_name = "company_id"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    line_ids = fields.One2many(
        "marketplace.readiness.line",
        "readiness_id",
        compute="_compute_line_ids",
        store=True,
    )
    problem_count = fields.Integer(string="Problems", compute="_compute_problem_count")

    @api.depends("company_id")
    def _compute_line_ids(self):
        for readiness in self:
            rows = readiness.company_id._marketplace_readiness()
            # what is wrong comes first
            rows.sort(key=lambda row: not row["problem"])
            readiness.line_ids = [Command.clear()] + [
                Command.create(row) for row in rows
            ]

    @api.depends("line_ids.problem")
    def _compute_problem_count(self):
        for readiness in self:
            readiness.problem_count = len(readiness.line_ids.filtered("problem"))

    def action_check(self):
        """Look again, after a change of the set-up."""
        self.ensure_one()
        fresh = self.create({"company_id": self.company_id.id})
        return {**fresh._get_records_action(), "target": "current"}

    def action_setup(self):
        """Create what can be created, and look again."""
        self.ensure_one()
        self.company_id.action_marketplace_setup()
        return self.action_check()


class MarketplaceReadinessLine(models.TransientModel):
    _name = "marketplace.readiness.line"
    _description = "Marketplace Readiness Check"

    readiness_id = fields.Many2one(
        "marketplace.readiness", required=True, ondelete="cascade"
    )
    area = fields.Selection(AREAS, required=True, readonly=True)
    name = fields.Char(string="Needed", readonly=True)
    value = fields.Char(string="Chosen", readonly=True)
    problem = fields.Char(string="What to Do", readonly=True)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _marketplace_readiness(self):
        """Return what events need and what is chosen for it; to extend.

        :return: [{area, name, value, problem}]; ``problem`` is empty when it works.
        """
        self.ensure_one()
        # sudo: whether the set-up is complete is no secret of those who read accounts
        company = self.sudo()
        names = self.env["marketplace.account.role"]._role_names()
        mapped = company.marketplace_role_ids.grouped("code")
        rows = []
        for code in ROLES:
            role = mapped.get(code)
            problems = (
                role._setup_problems()
                if role
                else [self.env._("Role “%(role)s” has no account.", role=names[code])]
            )
            rows.append(
                {
                    "area": "account",
                    "name": names[code],
                    "value": role.account_id.display_name if role else "",
                    "problem": " ".join(problems),
                }
            )
        journals = self.env["marketplace.ledger.line"]._journal_field_by_event()
        for name in dict.fromkeys(journals.values()):
            rows.append(
                {
                    "area": "journal",
                    "name": self._fields[name]._description_string(self.env),
                    "value": company[name].display_name or "",
                    "problem": " ".join(company._marketplace_journal_problems(name)),
                }
            )
        return rows

    def _marketplace_setup_problems(self):
        """Return, in words, what the set-up lacks for events to be posted."""
        return [
            row["problem"] for row in self._marketplace_readiness() if row["problem"]
        ]

    def _marketplace_journal_problems(self, field_name):
        """Return, in words, why events could not be posted in a chosen journal."""
        self.ensure_one()
        journal = self[field_name]
        words = {"journal": self._fields[field_name]._description_string(self.env)}
        if not journal.active:
            return [self.env._("“%(journal)s” is not chosen, or archived.", **words)]
        if journal.company_id != self:
            return [
                self.env._(
                    "“%(journal)s” belongs to %(company)s.",
                    company=journal.company_id.name,
                    **words,
                )
            ]
        if journal.type not in ("general", "sale"):
            return [
                self.env._(
                    "“%(journal)s” is a journal of the wrong type: choose another.",
                    **words,
                )
            ]
        return []


class MarketplaceAccountRole(models.Model):
    _inherit = "marketplace.account.role"

    def _setup_problems(self):
        problems = super()._setup_problems()
        role, account = ROLES[self.code], self.account_id
        words = {"role": self._role_names()[self.code], "account": account.display_name}
        if role.account_type in PARTNER_TYPES and (
            account.account_type not in PARTNER_TYPES
        ):
            problems.append(
                self.env._(
                    "Role “%(role)s”: account %(account)s must be a payable or "
                    "receivable account, or it has no partner in the statutory export.",
                    **words,
                )
            )
        wanted = role.account_type.split("_")[0] in BALANCE_SHEET
        if wanted != (account.internal_group in BALANCE_SHEET):
            problems.append(
                self.env._(
                    "Role “%(role)s”: account %(account)s is of the wrong kind, "
                    "balance sheet or profit and loss.",
                    **words,
                )
            )
        return problems
