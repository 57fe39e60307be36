import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import RUN_STATES, RUN_TRANSITIONS
from ..engine import calendar, netting
from .res_users import APPROVER, PREPARER


class MarketplacePayoutRun(models.Model):
    """Pay the settlements of many vendors at once, with four eyes.

    One user checks the run, another approves it. The approval is bound to a
    fingerprint of amounts and accounts; whatever changes them voids it.
    """

    _name = "marketplace.payout.run"
    _description = "Payout Run"
    _inherit = ["mail.thread", "mail.activity.mixin", "marketplace.state.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"
    _state_transitions = RUN_TRANSITIONS

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank",
        readonly=True,
        check_company=True,
        help="Bank journal whose account the transfers are debited from.",
    )
    date = fields.Date(
        required=True, readonly=True, help="Date of the payout entry in the books."
    )
    date_execution = fields.Date(
        string="Execution Date",
        compute="_compute_date_execution",
        store=True,
        precompute=True,
        help="First day on which the euro payment system settles, from the run's date.",
    )
    state = fields.Selection(
        RUN_STATES, required=True, readonly=True, default="draft", tracking=True
    )
    prepared_by_id = fields.Many2one("res.users", string="Checked by", readonly=True)
    approved_by_id = fields.Many2one("res.users", string="Approved by", readonly=True)
    fingerprint = fields.Char(
        readonly=True,
        copy=False,
        help="Digest of every amount and account of the run when it was checked.",
    )
    is_changed = fields.Boolean(
        compute="_compute_is_changed",
        help="An amount, an account or a reason to hold back changed since the check.",
    )
    payout_ids = fields.One2many("marketplace.payout", "run_id", readonly=True)
    amount_total = fields.Monetary(
        string="Total", compute="_compute_totals", store=True, readonly=True
    )
    payout_count = fields.Integer(
        string="Payouts", compute="_compute_totals", store=True, readonly=True
    )
    excluded_count = fields.Integer(
        string="Not Paid", compute="_compute_totals", store=True, readonly=True
    )
    file_id = fields.Many2one("ir.attachment", string="Transfer File", readonly=True)

    _name_uniq = models.UniqueIndex(
        "(company_id, name)", "This payout run number is used already."
    )
    _four_eyes = models.Constraint(
        "CHECK (approved_by_id <> prepared_by_id)",
        "A payout run is approved by somebody else than the one who checked it.",
    )
    _approval_kept = models.Constraint(
        "CHECK (state IN ('draft', 'checked', 'cancelled')"
        " OR (approved_by_id IS NOT NULL AND prepared_by_id IS NOT NULL"
        " AND fingerprint IS NOT NULL))",
        "A payout run cannot be approved or sent without its two people.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("date")
    def _compute_date_execution(self):
        for run in self:
            run.date_execution = calendar.payment_day(run.date)

    @api.depends("payout_ids.state", "payout_ids.amount")
    def _compute_totals(self):
        for run in self:
            paid = run.payout_ids._paid()
            run.amount_total = sum(paid.mapped("amount"))
            run.payout_count = len(paid)
            run.excluded_count = len(run.payout_ids - paid)

    @api.depends("state", "fingerprint")
    def _compute_is_changed(self):
        for run in self:
            # sudo: the answer is yes or no; accounts stay hidden from the reader.
            run.is_changed = (
                run.state in ("checked", "approved") and run.sudo()._has_changed()
            )

    # -- preparation ----------------------------------------------------------------

    @api.model
    @api.private
    def _prepare(self, date, company, journal=None, vendors=None, **rail):
        """Make the draft run of every settlement to pay in one way.

        Vendors whose balance is carried forward are listed too, as not paid.

        :param rail: values that name the way; a bank transfer in euro without.
        :raises MarketplaceError: when nothing is to pay, or there is no bank account.
        """
        run = self._create_run(date, company, journal, **rail)
        run._list_payouts(vendors)
        return run.with_env(self.env)

    def _create_run(self, date, company, journal=None, **rail):
        """Return an empty draft, as superuser."""
        scoped = self.sudo().with_company(company)
        return scoped.create(
            {
                "name": scoped.env["ir.sequence"].next_by_code(
                    "marketplace.payout.run"
                ),
                "company_id": company.id,
                "date": date,
                **scoped._prepare_rail_vals(company, journal, **rail),
            }
        )

    def _list_payouts(self, vendors):
        """Make the payouts of a new run, those of who is not paid included.

        :raises MarketplaceError: when nothing is to pay.
        """
        settlements = self._settlements_to_list(vendors)
        if not settlements.filtered("amount_payout"):
            raise MarketplaceError(
                self.env._(
                    "No settlement of %(company)s waits for its payout. Settle the "
                    "vendors first.",
                    company=self.company_id.name,
                )
            )
        facts = self._current_facts(settlements)
        Payout = self.env["marketplace.payout"]
        # A payout just cancelled still occupies its settlement in the unique index.
        Payout.flush_model(["state"])
        Payout._state_unlocked().create(
            [
                {
                    "run_id": self.id,
                    "settlement_id": settlement.id,
                    "amount": settlement.amount_payout or settlement.amount_carried,
                    "end_to_end_id": self._end_to_end_id(number),
                    **self._prepare_payout_vals(*facts[settlement]),
                }
                for number, settlement in enumerate(settlements, 1)
            ]
        )

    def _settlements_to_list(self, vendors):
        """Return the settlements to pay and, after them, the balances carried.

        One that another live run pays is left out.
        """
        Settlement = self.env["marketplace.settlement"]
        domain = fields.Domain("company_id", "=", self.company_id.id)
        domain &= fields.Domain("currency_id", "=", self.currency_id.id)
        domain &= fields.Domain("vendor_id.payout_rail", "=", self.rail)
        if vendors is not None:
            domain &= fields.Domain("vendor_id", "in", vendors.ids)
        to_pay = Settlement.search(
            domain & fields.Domain("state", "=", "confirmed"), order="date_cutoff, id"
        ).filtered(
            lambda settlement: not settlement.payout_id
            or settlement.payout_id.run_id == self
        )
        last = Settlement._last_settlements(self.company_id, vendors).values()
        carried = Settlement.union(*last).filtered(
            lambda settlement: settlement.carry_reason
            and settlement.currency_id == self.currency_id
            and settlement.vendor_id.payout_rail == self.rail
        )
        return to_pay | carried.sorted("name")

    @api.model
    def _check_journal(self, journal, company):
        """Refuse a bank journal that the file or the ledger could not use.

        :raises MarketplaceError: saying what the journal lacks.
        """
        bank = company._marketplace_account("BANK")
        if journal.default_account_id != bank:
            raise MarketplaceError(
                self.env._(
                    "Payouts leave from %(account)s, the account of the role “Bank”. "
                    "Choose the bank journal of that account.",
                    account=bank.display_name,
                )
            )
        if journal.bank_account_id.acc_type != "iban":
            raise MarketplaceError(
                self.env._(
                    "The bank journal %(journal)s has no IBAN. Set its account number "
                    "under Accounting › Configuration › Journals.",
                    journal=journal.name,
                )
            )

    def _refresh_payouts(self):
        """Read accounts and reasons again; drop settlements that left the run.

        A settlement leaves when it was cancelled, or paid by another run, since.
        """
        settlements = self._settlements_to_list(self.payout_ids.vendor_id)
        self.payout_ids.filtered(
            lambda payout: payout.settlement_id not in settlements
        ).unlink()
        facts = self._current_facts(self.payout_ids.settlement_id)
        for payout in self.payout_ids:
            payout._state_unlocked().write(
                self._prepare_payout_vals(*facts[payout.settlement_id])
            )

    def _prepare_payout_vals(self, reason, account):
        return {
            "state": "excluded" if reason else "draft",
            "exclusion_reason": reason,
            "partner_bank_id": account.id,
            "iban": account.sanitized_acc_number,
        }

    def _current_facts(self, settlements):
        """Return, as of now, why settlements are held back and where they would go.

        A vendor with several settlements to pay needs them covered together.

        :return: {settlement: (reason or None, bank account)}
        """
        to_minor = self.currency_id._marketplace_minor
        balances = self.env["marketplace.ledger.line"]._vendor_balances(
            settlements.vendor_id, self.company_id, self.currency_id
        )
        amounts = {
            vendor: sum(to_minor(settlement.amount_payout) for settlement in own)
            for vendor, own in settlements.grouped("vendor_id").items()
        }
        facts = {}
        for settlement in settlements:
            vendor = settlement.vendor_id
            account = vendor.payout_bank_account_id
            balance = balances.get((vendor.id, self.currency_id.id), {"due": 0.0})
            payee = vendor._prepare_payee(amounts[vendor], to_minor(balance["due"]))
            reason = settlement.carry_reason or netting.exclusion_reason(payee)
            facts[settlement] = (reason, account)
        return facts

    # -- fingerprint ----------------------------------------------------------------

    def _has_changed(self):
        """Return whether anything differs from what the preparer checked."""
        return self._current_fingerprint() != self.fingerprint

    def _current_fingerprint(self):
        """Return the digest of what two people agree on: who gets how much, where.

        Taken from the lines and from the vendors' accounts as they are now.
        """
        self.ensure_one()
        facts = self._current_facts(self.payout_ids.settlement_id)
        content = [
            self.journal_id.bank_account_id.sanitized_acc_number,
            self.date_execution.isoformat(),
        ]
        for payout in self.payout_ids.sorted("id"):
            reason, account = facts[payout.settlement_id]
            content.append(
                [
                    payout.id,
                    payout.settlement_id.id,
                    payout.settlement_id.state,
                    self.currency_id._marketplace_minor(payout.amount),
                    payout.iban,
                    payout.partner_bank_id.sanitized_acc_number,
                    account.sanitized_acc_number,
                    payout.exclusion_reason,
                    reason,
                ]
            )
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    # -- actions --------------------------------------------------------------------

    def _check_role(self, *groups):
        """Let only the given payout roles act; runs have no write access at all.

        :return: the run as superuser, the right being checked.
        :raises AccessError: for anybody else.
        """
        if not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(
                self.env._(
                    "This needs one of the roles: %(roles)s.",
                    roles=", ".join(
                        self.env.ref(group).sudo().full_name for group in groups
                    ),
                )
            )
        self.check_access("read")
        return self.sudo()

    def action_check(self):
        """Read accounts and reasons again, and answer for the run as preparer."""
        run = self._check_role(PREPARER)
        if run.state == "draft":
            run._refresh_payouts()
        if not run.payout_count:
            raise MarketplaceError(
                self.env._(
                    "Nobody can be paid by %(run)s: see the reasons.", run=run.name
                )
            )
        run._transition(
            "checked",
            {
                "prepared_by_id": self.env.uid,
                "fingerprint": run._current_fingerprint(),
            },
        )
        return True

    def action_approve(self):
        """Approve what the preparer checked, as a second person."""
        run = self._check_role(APPROVER)
        if run.prepared_by_id == self.env.user:
            raise MarketplaceError(
                self.env._(
                    "You checked %(run)s yourself: somebody else must approve it.",
                    run=run.name,
                )
            )
        if run.state == "checked" and run._has_changed():
            return run._void_approval()
        run._transition("approved", {"approved_by_id": self.env.uid})
        return True

    def action_reset(self):
        """Take the run back to draft; the approval is gone."""
        run = self._check_role(PREPARER, APPROVER)
        run._reset()
        return True

    def action_cancel(self):
        """Cancel a run that has not been sent; its settlements wait for the next."""
        run = self._check_role(PREPARER, APPROVER)
        moved = run._transition("cancelled")
        moved.payout_ids._paid()._transition("cancelled")
        return True

    def _reset(self):
        self._transition(
            "draft",
            {"prepared_by_id": False, "approved_by_id": False, "fingerprint": False},
        )

    def _void_approval(self):
        """Take a changed run back to draft and tell the user why."""
        self._reset()
        message = self.env._(
            "An amount, an account or a reason to hold back changed since the check: "
            "the approval is void. Check the run again."
        )
        self.message_post(body=message)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
