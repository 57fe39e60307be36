"""One direct debit of a run, and what banks say of it."""

from odoo import api, fields, models
from odoo.tools import formatLang

from ..const_debit import (
    DEBIT_STATES,
    DEBIT_TRANSITIONS,
    MANDATE_ENDING_CODES,
)
from ..engine import direct_debit
from ..engine.answers import Answer
from .payout_cause import debit_cause_of
from .res_users import APPROVER, GROUPS_PAYOUT, PREPARER


class MarketplaceDebit(models.Model):
    """The order to collect one debt: what was announced, sent and answered."""

    _name = "marketplace.debit"
    _description = "Direct Debit"
    _inherit = ["marketplace.state.mixin"]
    _order = "id desc"
    _rec_name = "end_to_end_id"
    _state_transitions = DEBIT_TRANSITIONS

    run_id = fields.Many2one(
        "marketplace.debit.run", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        related="run_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="run_id.currency_id", store=True, precompute=True
    )
    date_collection = fields.Date(related="run_id.date_collection")
    debt_id = fields.Many2one(
        "marketplace.debt",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    vendor_id = fields.Many2one(
        related="debt_id.vendor_id", store=True, precompute=True, index=True
    )
    mandate_id = fields.Many2one(
        "marketplace.debit.mandate",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        groups=GROUPS_PAYOUT,
    )
    account_digest = fields.Char(
        readonly=True,
        groups=GROUPS_PAYOUT,
        help="Of the number that was approved: another one voids the approval.",
    )
    sequence_type = fields.Selection(
        [("FRST", "First"), ("RCUR", "Recurrent")],
        string="Sequence",
        required=True,
        readonly=True,
        help="First under the mandate, or a later one. One that the bank refused "
        "before the day is no use of the mandate.",
    )
    amount = fields.Monetary(required=True, readonly=True)
    end_to_end_id = fields.Char(
        string="Reference", required=True, readonly=True, index="trigram"
    )
    state = fields.Selection(
        DEBIT_STATES, required=True, readonly=True, default="draft", index=True
    )
    date_announced = fields.Date(string="Announced On", readonly=True)
    date_collected = fields.Date(string="Collected On", readonly=True)
    date_returned = fields.Date(string="Refused or Returned On", readonly=True)
    failure_code = fields.Char(string="Code", readonly=True)
    failure_cause = fields.Char(
        string="Cause",
        compute="_compute_failure_cause",
        help="The code in plain words.",
    )
    amount_fee = fields.Monetary(
        string="Bank's Fee",
        readonly=True,
        help="What the bank charged for the return; borne by the operator.",
    )

    _reference_uniq = models.UniqueIndex(
        "(company_id, end_to_end_id)", "Another direct debit has this reference."
    )
    _live_uniq = models.UniqueIndex(
        "(debt_id) WHERE state IN ('draft', 'sent')",
        "A direct debit of this debt is on its way already.",
    )
    _live_mandate_uniq = models.UniqueIndex(
        "(mandate_id) WHERE state IN ('draft', 'sent')",
        "A direct debit under this mandate is on its way already.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount > 0 AND amount_fee >= 0)", "A direct debit collects an amount."
    )

    @api.depends("failure_code", "state")
    @api.depends_context("lang")
    def _compute_failure_cause(self):
        for debit in self:
            failed = debit.state in ("failed", "returned")
            debit.failure_cause = failed and self.env._(
                debit_cause_of(debit.failure_code)
            )

    def _cancel(self):
        """Give debits up that were not sent; the others are left alone."""
        self.filtered(lambda debit: debit.state == "draft")._transition("cancelled")

    def _is_stale(self):
        """Tell whether a debit says something else than its debt does now."""
        self.ensure_one()
        case, mandate = self.debt_id, self.mandate_id
        if case.state != "open" or mandate._problem():
            return True
        figures = case._debit_figures(mandate)
        return (
            bool(self.currency_id.compare_amounts(self.amount, figures["amount"]))
            or self.account_digest != figures["account_digest"]
            or self.sequence_type != figures["sequence_type"]
        )

    def action_answer(self):
        """Record by hand what the bank said of a debit."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer of the Bank"),
            "res_model": "marketplace.debit.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_debit_id": self.id},
        }

    def action_view_ledger(self):
        """Open the movements that the debit made on the vendor's account."""
        self.ensure_one()
        keys = [f"debt:{self.debt_id.id}:{name}" for name in self._ledger_keys()]
        return (
            self.env["marketplace.ledger.line"]
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("source_key", "in", keys),
                ]
            )
            ._get_records_action(name=self.env._("Ledger Lines"))
        )

    def _ledger_keys(self):
        """Return how the facts of a debit are named: collected, returned, fee."""
        self.ensure_one()
        return [
            f"debit:{self.id}",
            f"debit_return:{self.id}",
            f"debit_fee:{self.id}",
        ]

    # -- answers ----------------------------------------------------------------------

    @api.private
    def _answer(self, answers):
        """Apply one answer to each debit, whatever came before.

        :param answers: {debit: (what, engine.answers.Answer)}.
        :return: {debit: steps taken, or the problem}.
        """
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        steps, outcome = {}, {}
        for debit in self:
            what, answer = answers[debit]
            todo, problem = direct_debit.decide(
                debit.state,
                what,
                answer.amount,
                debit.currency_id._marketplace_minor(debit.amount),
            )
            steps[debit] = todo
            outcome[debit] = problem or todo
        self._answer_steps(
            steps, {debit: answer for debit, (_what, answer) in answers.items()}
        )
        return outcome

    def _answer_steps(self, steps, answers, day=None):
        """Take steps on debits: ``collect``, ``fail``, ``return``; each once.

        :param day: of what has no day in its answer; today when not given.
        """
        for debit in self:
            answer = answers.get(debit)
            date = (
                (answer and answer.date) or day or debit.company_id._marketplace_today()
            )
            for step in steps[debit]:
                getattr(debit, f"_{step}")(date, answer)
        self.run_id._follow_debits()

    def _collect(self, date, _answer=None):
        """Record that the money came: the vendor owes that much less."""
        if not self._transition("collected", {"date_collected": date}):
            return
        self._record("debit_collected", 0, ("BANK", "VENDOR_DUE"), self.amount, date)
        self.debt_id._refresh()

    def _fail(self, date, answer=None):
        """Record that the bank refused before the day: no money moved."""
        values = {"date_returned": date, "failure_code": answer and answer.code}
        if self._transition("failed", values):
            self._after_failure()

    def _return(self, date, answer=None):
        """Record that the money went back: the vendor owes it again."""
        minor = self.currency_id._marketplace_minor
        fee = 0
        if answer:
            # Told apart, or in what was taken above the amount.
            fee = max(answer.fee, (answer.amount or 0) - minor(self.amount))
        values = {
            "date_returned": date,
            "failure_code": (answer and answer.code) or self.failure_code,
            "amount_fee": self.currency_id._marketplace_amount(fee),
        }
        if not self._transition("returned", values):
            return
        self._record("debit_returned", 1, ("VENDOR_DUE", "BANK"), self.amount, date)
        self._record("debit_fee", 2, ("PSP_FEES", "BANK"), self.amount_fee, date)
        self.debt_id._reopen()
        self._after_failure()

    def _record(self, event, rank, roles, amount, date):
        self.debt_id._record_event(
            event,
            self._ledger_keys()[rank],
            roles,
            self.currency_id._marketplace_minor(amount),
            date,
        )

    def _after_failure(self):
        """Tell the accountant why, and end a mandate that is of no use any more."""
        if self.failure_code in MANDATE_ENDING_CODES:
            self.mandate_id._revoke()
        amount = formatLang(self.env, self.amount, currency_obj=self.currency_id)
        self.debt_id.message_post(
            body=self.env._(
                "The direct debit %(reference)s of %(amount)s did not succeed: "
                "%(cause)s (%(code)s)",
                reference=self.end_to_end_id,
                amount=amount,
                cause=self.failure_cause,
                code=self.failure_code or "?",
            )
        )
        self.debt_id.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("A direct debit did not succeed"),
            note=self.failure_cause,
            user_id=self.run_id.prepared_by_id.id,
        )


class MarketplaceDebitAnswer(models.TransientModel):
    """Ask what the bank said of one direct debit, where it sends no file."""

    _name = "marketplace.debit.answer"
    _description = "Record a Bank's Answer to a Direct Debit"

    debit_id = fields.Many2one("marketplace.debit", required=True, readonly=True)
    currency_id = fields.Many2one(related="debit_id.currency_id")
    what = fields.Selection(
        [
            ("collected", "Collected"),
            ("rejected", "Refused before the day"),
            ("returned", "Returned"),
        ],
        string="Answer",
        required=True,
        default="collected",
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    code = fields.Char(help="Reason as the bank codes it, such as AM04 or MD06.")
    fee = fields.Monetary(help="What the bank charged for the return.")

    def action_apply(self):
        """Apply the answer, as whoever answers for payouts."""
        self.ensure_one()
        runs = self.debit_id.run_id
        runs._as_role(PREPARER, APPROVER, "marketplace_base.group_accountant")
        # sudo: the role is checked above; debits are written by no other way
        debit = self.debit_id.sudo()
        debit._answer({debit: (self.what, self._prepare_answer())})
        return {"type": "ir.actions.act_window_close"}

    def _prepare_answer(self):
        fee = self.currency_id._marketplace_minor(self.fee)
        return Answer("", self.date, fee=fee, code=(self.code or "").strip().upper())
