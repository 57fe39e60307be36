from odoo import api, fields, models

from ..const import ROLES
from ..exceptions import MarketplaceError


class MarketplaceAccountRole(models.Model):
    """Map a role of the ledger to an account of a company."""

    _name = "marketplace.account.role"
    _description = "Marketplace Account Role"
    _order = "company_id, code"
    _rec_name = "code"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    code = fields.Selection(
        [(code, role.label) for code, role in ROLES.items()],
        string="Role",
        required=True,
        help="What the ledger calls the account. Journal entries name roles, this "
        "table says which account plays each.",
    )
    account_id = fields.Many2one(
        "account.account", required=True, check_company=True, ondelete="restrict"
    )
    account_type = fields.Selection(related="account_id.account_type")

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "This role already has an account in this company."
    )

    def write(self, vals):
        self.filtered(
            lambda role: vals.get("account_id", role.account_id.id)
            != role.account_id.id
            or vals.get("company_id", role.company_id.id) != role.company_id.id
            or vals.get("code", role.code) != role.code
        )._check_not_posted()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unused(self):
        self._check_not_posted()

    def _check_not_posted(self):
        """Refuse to take its account from a role whose balance is tied out.

        :raises MarketplaceError: naming the role.
        """
        # sudo: whether there are postings counts, not who may read them
        Ledger = self.env["marketplace.ledger.line"].sudo()
        for role in self.filtered(lambda role: ROLES[role.code].tie_out):
            if Ledger.search_count(
                [
                    ("company_id", "=", role.company_id.id),
                    ("debit_move_line_id", "!=", False),
                    "|",
                    ("role_debit", "=", role.code),
                    ("role_credit", "=", role.code),
                ],
                limit=1,
            ):
                raise MarketplaceError(
                    self.env._(
                        "“%(role)s” has postings on %(account)s: the tie-out would no "
                        "longer find them. The account of this role stays.",
                        role=ROLES[role.code].label,
                        account=role.account_id.display_name,
                    )
                )

    @api.model
    def _role_names(self):
        """Return {role code: its name for the user}."""
        return dict(self._fields["code"]._description_selection(self.env))

    def _setup_problems(self):
        """Return, in words, why events could not be posted on the account of a role."""
        self.ensure_one()
        role, account = ROLES[self.code], self.account_id
        words = {"role": self._role_names()[self.code], "account": account.display_name}
        problems = []
        if not account.active:
            problems.append(
                self.env._("Role “%(role)s”: account %(account)s is archived.", **words)
            )
        if role.reconcile and not account.reconcile:
            problems.append(
                self.env._(
                    "Role “%(role)s”: account %(account)s must allow reconciliation.",
                    **words,
                )
            )
        sharing = self.company_id.marketplace_role_ids.filtered(
            lambda other: other.account_id == account and ROLES[other.code].tie_out
        )
        if role.tie_out and self != sharing[:1]:
            problems.append(
                self.env._(
                    "Role “%(role)s” must not share account %(account)s: nothing would "
                    "tell its balance apart.",
                    **words,
                )
            )
        return problems

    @api.model
    def _create_missing(self, company):
        """Create the roles a company lacks, and the accounts its chart lacks.

        Accounts are looked up by the code wanted for the chart (French or generic)
        and flagged reconcilable where the role needs it.
        """
        known = set(self.search([("company_id", "=", company.id)]).mapped("code"))
        missing = {code: role for code, role in ROLES.items() if code not in known}
        if not missing:
            return self.browse()
        chart = "fr" if company.chart_template.startswith("fr") else "generic"
        wanted = {code: getattr(role, chart) for code, role in missing.items()}
        Account = self.env["account.account"].with_company(company)
        found = {
            account.code: account
            for account in Account.search(
                [
                    *Account._check_company_domain(company),
                    ("code", "in", list(wanted.values())),
                ]
            )
        }
        created = Account.create(
            [
                {
                    "code": wanted[code],
                    "name": role.label,
                    "account_type": role.account_type,
                    "reconcile": role.reconcile,
                    "non_trade": role.non_trade,
                    "company_ids": [fields.Command.link(company.id)],
                }
                for code, role in missing.items()
                if wanted[code] not in found
            ]
        )
        found.update({account.code: account for account in created})
        bank = self.env["account.journal"].search(
            [
                ("company_id", "=", company.id),
                ("type", "=", "bank"),
                ("default_account_id", "!=", False),
            ],
            limit=1,
        )
        for code, role in missing.items():
            account = found[wanted[code]]
            if role.reconcile and not account.reconcile:
                account.reconcile = True
        return self.create(
            [
                {
                    "company_id": company.id,
                    "code": code,
                    "account_id": (
                        bank.default_account_id.id
                        if code == "BANK" and bank
                        else found[wanted[code]].id
                    ),
                }
                for code in missing
            ]
        )
