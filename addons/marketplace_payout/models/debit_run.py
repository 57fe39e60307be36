"""Collect vendors' debts by direct debit: prepared, approved, announced, sent."""

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_debit import DEBIT_RUN_STATES, DEBIT_RUN_TRANSITIONS, DEBIT_SCHEMES
from ..engine import direct_debit, pain008
from ..engine.pain001 import clean_identifier
from .res_users import APPROVER, PREPARER

ACCOUNTANT = "marketplace_base.group_accountant"


class MarketplaceDebitRun(models.Model):
    """One file of direct debits, of one scheme; four eyes as for payouts."""

    _name = "marketplace.debit.run"
    _description = "Direct Debit Run"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_collection desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"
    _state_transitions = DEBIT_RUN_TRANSITIONS

    name = fields.Char(string="Number", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank",
        required=True,
        readonly=True,
        help="The money is collected on its account.",
    )
    scheme = fields.Selection(DEBIT_SCHEMES, required=True, readonly=True)
    date_collection = fields.Date(
        string="Collection Day",
        required=True,
        readonly=True,
        tracking=True,
        help="A day on which banks work, after the notice that vendors have.",
    )
    date_limit = fields.Date(
        string="To the Bank by",
        compute="_compute_date_limit",
        help="Last day on which the bank takes the file for that day.",
    )
    state = fields.Selection(
        DEBIT_RUN_STATES, required=True, readonly=True, default="draft", tracking=True
    )
    prepared_by_id = fields.Many2one("res.users", required=True, readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    debit_ids = fields.One2many(
        "marketplace.debit", "run_id", string="Direct Debits", readonly=True
    )
    debit_count = fields.Integer(compute="_compute_amount", store=True)
    amount = fields.Monetary(string="Total", compute="_compute_amount", store=True)
    file_id = fields.Many2one("ir.attachment", readonly=True)

    _name_uniq = models.UniqueIndex(
        "(company_id, name)", "This number is used by another run."
    )
    _four_eyes = models.Constraint(
        "CHECK (approved_by_id <> prepared_by_id)",
        "A run is approved by somebody else than the one who prepared it.",
    )
    _approval_kept = models.Constraint(
        "CHECK (state NOT IN ('approved', 'sent', 'closed')"
        " OR approved_by_id IS NOT NULL)",
        "A run needs its approval.",
    )

    @api.depends("date_collection")
    def _compute_date_limit(self):
        for run in self:
            run.date_limit = run.date_collection and direct_debit.last_file_day(
                run.date_collection
            )

    @api.depends("debit_ids.amount", "debit_ids.state")
    def _compute_amount(self):
        for run in self:
            debits = run.debit_ids.filtered(lambda debit: debit.state != "cancelled")
            run.debit_count = len(debits)
            run.amount = sum(debits.mapped("amount"))

    # -- preparing --------------------------------------------------------------------

    @api.model
    @api.private
    def _prepare(self, debts):
        """Prepare one run per scheme for debts that can be collected.

        :return: the runs; each names in its chatter what was left out of all.
        :raises MarketplaceError: saying why, when nothing can be collected.
        """
        company = debts.company_id
        company.ensure_one()
        self._check_setup(company)
        debts._refresh()
        mandates, problems = debts._debit_mandates()
        if not mandates:
            raise MarketplaceError("\n".join(problems))
        runs = self.browse()
        # Debits given up in this transaction are no longer on their way.
        self.env["marketplace.debit"].flush_model(["state"])
        by_scheme = {}
        for debt, mandate in mandates.items():
            by_scheme.setdefault(mandate.scheme, []).append((debt, mandate))
        names = self.env["ir.sequence"]._marketplace_next_many(
            self._name, company, len(by_scheme)
        )
        for name, (scheme, pairs) in zip(names, by_scheme.items(), strict=True):
            runs |= self.create(
                {
                    "name": name,
                    "company_id": company.id,
                    "currency_id": pairs[0][0].currency_id.id,
                    "journal_id": company._marketplace_bank_journal().id,
                    "scheme": scheme,
                    "date_collection": self._next_day(company),
                    "prepared_by_id": self.env.uid,
                    "debit_ids": [
                        Command.create(
                            {
                                "debt_id": debt.id,
                                "mandate_id": mandate.id,
                                "end_to_end_id": clean_identifier(f"{name}-{number}"),
                                **debt._debit_figures(mandate),
                            }
                        )
                        for number, (debt, mandate) in enumerate(pairs, 1)
                    ],
                }
            )
        if problems:
            for run in runs:
                run.message_post(
                    body=self.env._(
                        "Left out: %(problems)s", problems="; ".join(problems)
                    )
                )
        return runs

    @api.model
    def _next_day(self, company):
        return direct_debit.collection_day(
            company._marketplace_today(), company.marketplace_debit_notice_days
        )

    @api.model
    def _check_setup(self, company):
        """Refuse to collect without an account and a creditor identifier."""
        journal = company._marketplace_bank_journal()
        missing = []
        if not company.marketplace_creditor_ref:
            missing.append(self.env._("the creditor identifier (settings, payouts)"))
        if journal.bank_account_id.acc_type != "iban":
            missing.append(
                self.env._("the IBAN of the journal %(name)s", name=journal.name)
            )
        if missing:
            raise MarketplaceError(
                self.env._(
                    "Before direct debits, %(company)s needs %(missing)s.",
                    company=company.name,
                    missing=", ".join(missing),
                )
            )

    # -- rights -----------------------------------------------------------------------

    def _as_role(self, *groups):
        """Return the runs in sudo for who has one of the roles.

        :raises AccessError: for anybody else.
        """
        self.env["marketplace.payout.run"]._check_role(*groups)
        self.check_access("read")
        # sudo: the role is checked above; nobody writes runs by hand
        return self.sudo()

    # -- approval, announcement, file -------------------------------------------------

    def action_approve(self):
        """Answer for the run as a second person, and announce it to the vendors.

        The day moves on when the notice would be too short.
        """
        for run in self._as_role(APPROVER):
            if run.prepared_by_id == self.env.user:
                raise MarketplaceError(
                    self.env._(
                        "You prepared %(run)s yourself: somebody else must approve it.",
                        run=run.name,
                    )
                )
            if run.state == "draft":
                run._recompute()
            if run.state != "draft":
                continue
            run._transition(
                "approved",
                {
                    "approved_by_id": self.env.uid,
                    "date_collection": max(
                        run.date_collection, run._next_day(run.company_id)
                    ),
                },
            )
            run._announce()
        return True

    def _announce(self):
        """Tell each vendor what will be collected, when and under which mandate."""
        debits = self.debit_ids.filtered(lambda debit: debit.state == "draft")
        debits.date_announced = self.company_id._marketplace_today()
        template = self.env.ref("marketplace_payout.mail_template_debit_notice")
        template.sudo().send_mail_batch(
            debits.ids, email_layout_xmlid="mail.mail_notification_light"
        )

    def action_send(self):
        """Write the file for the bank, if nothing changed since it was announced.

        A run whose debts, accounts or mandates changed goes back to draft instead.

        :raises MarketplaceError: when the bank would take it for a later day only.
        """
        for run in self._as_role(PREPARER, APPROVER):
            run.lock_for_update(allow_referencing=True)
            if run.state == "approved" and run._has_changed():
                run._void_approval()
                continue
            if (
                run.state == "approved"
                and run.date_limit < run.company_id._marketplace_today()
            ):
                raise MarketplaceError(
                    self.env._(
                        "The bank took %(run)s until %(limit)s. Cancel it and prepare "
                        "a new one.",
                        run=run.name,
                        limit=format_date(self.env, run.date_limit),
                    )
                )
            if run._transition("sent"):
                debits = run.debit_ids.filtered(lambda debit: debit.state == "draft")
                run.file_id = run._create_file(debits)
                debits._transition("sent")
        return True

    def action_cancel(self):
        """Give the run up before it is sent."""
        for run in self._as_role(PREPARER, APPROVER, ACCOUNTANT):
            run._transition("cancelled")
            run.debit_ids._cancel()
        return True

    def action_collected(self):
        """Record that the bank credited all debits without an answer yet."""
        for run in self._as_role(PREPARER, APPROVER, ACCOUNTANT):
            waiting = run.debit_ids.filtered(lambda debit: debit.state == "sent")
            waiting._answer_steps(
                dict.fromkeys(waiting, ["collect"]), {}, run.date_collection
            )
        return True

    def _has_changed(self):
        """Tell whether what was approved is no longer what would be prepared."""
        debits = self.debit_ids.filtered(lambda debit: debit.state == "draft")
        debits.debt_id._refresh()
        return any(debit._is_stale() for debit in debits)

    def _void_approval(self):
        self._transition("draft", {"approved_by_id": False})
        self.message_post(
            body=self.env._(
                "Debts, accounts or mandates changed since the approval: the run is to "
                "be approved, and announced to vendors, again."
            )
        )
        self._recompute()

    def _recompute(self):
        """Read debts and mandates again; leave out what cannot be collected now."""
        debits = self.debit_ids.filtered(lambda debit: debit.state == "draft")
        debits.debt_id._refresh()
        for debit in debits:
            problem = debit.mandate_id._problem()
            if debit.debt_id.state != "open" or problem:
                debit._cancel()
                self.message_post(
                    body=self.env._(
                        "Left out: %(problems)s",
                        problems=f"{debit.debt_id.name}: "
                        + (problem or self.env._("nothing is owed to us")),
                    )
                )
            else:
                debit.write(debit.debt_id._debit_figures(debit.mandate_id))
        if not self.debit_count:
            self._transition("cancelled")

    def _create_file(self, debits):
        """Return the attachment that holds the pain.008 file of the run.

        :raises MarketplaceError: when the bank's version needs a BIC that is missing.
        """
        party = self.env["marketplace.payout.run"]._party
        account = self.journal_id.bank_account_id
        schema = pain008.SCHEMA_BY_TRANSFERS[self.journal_id.marketplace_pain_schema]
        try:
            content = pain008.direct_debit_file(
                party(self.company_id.partner_id, account),
                self.company_id.marketplace_creditor_ref,
                [
                    pain008.Debit(
                        debtor=party(debit.vendor_id, debit.mandate_id.partner_bank_id),
                        amount=debit.currency_id._marketplace_minor(debit.amount),
                        end_to_end_id=debit.end_to_end_id,
                        remittance=debit.debt_id.name,
                        mandate=debit.mandate_id.reference,
                        mandate_date=debit.mandate_id.date_signed,
                        sequence=debit.sequence_type,
                    )
                    for debit in debits
                ],
                scheme=self.scheme,
                message_id=self.name,
                created=fields.Datetime.context_timestamp(self, fields.Datetime.now()),
                collection_date=self.date_collection,
                schema=schema,
            )
        except pain008.NoBankCodeError as error:
            raise MarketplaceError(
                self.env._(
                    "%(version)s needs the bank (BIC) of %(journal)s. Enter it on the "
                    "account, or choose the newer version on the journal.",
                    version=schema,
                    journal=self.journal_id.name,
                )
            ) from error
        return self.env["ir.attachment"].create(
            {
                "name": f"{self.name.replace('/', '-')}.xml",
                "raw": content,
                "mimetype": "application/xml",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def action_download_file(self):
        """Download the file, for the bank."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.file_id.id}?download=true",
            "target": "download",
        }

    def _follow_debits(self):
        """Close runs whose debits all have an answer."""
        over = self.filtered(
            lambda run: (
                run.state == "sent" and "sent" not in run.debit_ids.mapped("state")
            )
        )
        over._transition("closed")
