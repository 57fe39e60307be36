"""What happens to payouts after they were sent: paid, refused, returned."""

from odoo import api, fields, models
from odoo.tools import formatLang

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_rails import WAITING_STATES
from ..engine import answers
from .payout_cause import cause_of
from .res_users import APPROVER, GROUPS_PAYOUT, PREPARER


class MarketplacePayout(models.Model):
    _name = "marketplace.payout"
    _inherit = ["marketplace.payout", "mail.thread", "mail.activity.mixin"]
    _mail_post_access = "read"

    date_answer = fields.Date(
        string="Answered On",
        readonly=True,
        copy=False,
        help="Day on which the money left, was refused, or came back.",
    )
    failure_code = fields.Char(
        readonly=True, copy=False, help="Reason code of the bank or the provider."
    )
    failure_text = fields.Char(
        string="Sender's Words", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    failure_cause = fields.Char(
        string="Cause",
        compute="_compute_failure_cause",
        help="The code in plain words.",
    )
    amount_fee = fields.Monetary(
        string="Return Fee",
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="What the bank kept when the money came back; borne by the operator.",
    )

    _waiting_idx = models.Index("(company_id, id) WHERE state IN ('sent','unresolved')")

    @api.depends("failure_code", "state")
    @api.depends_context("lang")
    def _compute_failure_cause(self):
        for payout in self:
            failed = payout.state in ("failed", "returned")
            payout.failure_cause = failed and self.env._(
                cause_of(payout.failure_code).text
            )

    @api.model_create_multi
    def create(self, vals_list):
        # A message per payout of a run of thousands would say nothing.
        quiet = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        return super(MarketplacePayout, quiet).create(vals_list)

    def _waiting(self):
        """Return the payouts whose bank or provider has not given a last answer."""
        return self.filtered(lambda payout: payout.state in WAITING_STATES)

    # -- answers --------------------------------------------------------------------

    @api.private
    def _answer(self, answer_by_payout):
        """Apply one answer to each payout, once, whatever came before.

        :param answer_by_payout: {payout: engine.answers.Answer}
        :return: {payout: ``confirm``, ``fail``, ``return``, ``known`` or a problem}
        """
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        actions = {
            payout: answers.decide(
                payout.state,
                answer_by_payout[payout],
                payout.currency_id._marketplace_minor(payout.amount),
            )
            for payout in self
        }
        today = fields.Date.context_today(self)
        for action, method in (
            ("confirm", "_set_paid"),
            ("fail", "_set_failed"),
            ("return", "_set_returned"),
        ):
            chosen = self.filtered(lambda p, action=action: actions[p] == action)
            by_day = chosen.grouped(lambda p: answer_by_payout[p].date or today)
            for day, payouts in by_day.items():
                getattr(payouts, method)(day, answer_by_payout)
        return actions

    def _set_paid(self, date, answer_by_payout=None):
        """Record that the money left on a day."""
        moved = self._transition("confirmed", {"date_answer": date})
        moved._post_arrival(date)
        moved.run_id._follow_payouts()
        return moved

    def _set_failed(self, date, answer_by_payout):
        """Record that the money never left: it is due again."""
        moved = self._transition("failed", {"date_answer": date})
        moved._note_failure(answer_by_payout)
        orders = moved._order_lines()
        moved._post_return(
            [
                (payout, orders[payout].role_credit, payout.amount, "")
                for payout in moved
            ],
            date,
        )
        moved._reopen()
        return moved

    def _set_returned(self, date, answer_by_payout):
        """Record that the money left and came back, less what the bank kept."""
        # The return tells of a debit that its own message has not announced yet.
        self._waiting()._set_paid(date)
        moved = self._transition("returned", {"date_answer": date})
        moved._note_failure(answer_by_payout)
        entries = []
        for payout in moved:
            currency = payout.currency_id
            minor = currency._marketplace_minor(payout.amount)
            fee = answers.return_fee(answer_by_payout[payout], minor)
            payout.amount_fee = currency._marketplace_amount(fee)
            role = payout.run_id._source_role()
            net = currency._marketplace_amount(minor - fee)
            entries += [
                (payout, role, net, ""),
                (payout, "PSP_FEES", payout.amount_fee, "_fee"),
            ]
        moved._post_return(entries, date)
        moved._reopen()
        return moved

    def _note_failure(self, answer_by_payout):
        for payout in self:
            answer = answer_by_payout[payout]
            payout.failure_code = answer.code
            payout.failure_text = answer.text

    def _reopen(self):
        """Let the settlements be paid again, and tell everybody why they were not."""
        self.settlement_id._transition("confirmed")
        self.run_id._follow_payouts()
        self._after_failure()

    @api.model
    def _answer_problem(self, problem, reference, stated):
        """Return in words why an answer was not applied, and what to do.

        :param stated: amount in the answer, currency units.
        """
        states = dict(self._fields["state"]._description_selection(self.env))
        values = {
            "reference": reference,
            "state": states.get(self.state, ""),
            "amount": formatLang(self.env, self.amount, currency_obj=self.currency_id),
            "stated": formatLang(self.env, stated, currency_obj=self.currency_id),
        }
        words = {
            "unknown": self.env._(
                "No payout has the reference %(reference)s. Look for it in another "
                "company, or for a payment made outside.",
                **values,
            ),
            "not_sent": self.env._(
                "%(reference)s was never sent (%(state)s). Ask the bank who ordered "
                "it.",
                **values,
            ),
            "other_amount": self.env._(
                "The answer says %(stated)s, the payout %(reference)s is of "
                "%(amount)s. Nothing was changed: ask the sender.",
                **values,
            ),
            "other_currency": self.env._(
                "The answer is not in the currency of %(reference)s (%(amount)s). "
                "Nothing was changed: ask the sender.",
                **values,
            ),
            "partial_return": self.env._(
                "The provider took back %(stated)s of the %(amount)s of "
                "%(reference)s. Take back the rest there, or record the part as an "
                "adjustment of the vendor.",
                **values,
            ),
            "booked_after_failure": self.env._(
                "%(reference)s was recorded as refused and is due again, but the "
                "money left. Stop its next payout and ask the bank.",
                **values,
            ),
            "rejected_after_booking": self.env._(
                "%(reference)s was debited, so it cannot be refused now. Wait for the "
                "money to come back.",
                **values,
            ),
            "returned_after_failure": self.env._(
                "%(reference)s was recorded as refused, so its money cannot come back. "
                "Ask the bank what it returned.",
                **values,
            ),
        }
        return words[problem]

    # -- ledger ---------------------------------------------------------------------

    def _order_lines(self):
        """Return the ledger line that ordered each payout: {payout: line}."""
        by_key = {(p.company_id, f"payout:{p.id}"): p for p in self}
        lines = (
            self.env["marketplace.ledger.line"]
            .sudo()  # the right to answer for payouts was checked by the caller
            .search(
                [
                    ("company_id", "in", self.company_id.ids),
                    ("source_key", "in", [key for _company, key in by_key]),
                ]
            )
        )
        return {by_key[line.company_id, line.source_key]: line for line in lines}

    def _prepare_ledger_vals(self, **values):
        """Return the facts of a payout's ledger line."""
        return {
            "company_id": self.company_id.id,
            "vendor_id": self.vendor_id.id,
            "settlement_id": self.settlement_id.id,
            "currency_id": self.currency_id.id,
            **values,
        }

    def _post_arrival(self, date):
        """Clear the transit account of payouts that went through it."""
        orders = {
            payout: line
            for payout, line in self._order_lines().items()
            if line.role_credit == "PAYOUT_TRANSIT"
        }
        entries = []
        for payout in orders:
            run = payout.run_id
            event = "payout_psp" if run.rail == "psp" else "payout_bank"
            entries.append(
                payout._prepare_ledger_vals(
                    event=event,
                    event_key=f"{event}:{run.id}",
                    source_key=f"payout_bank:{payout.id}",
                    role_debit="PAYOUT_TRANSIT",
                    role_credit=run._source_role(),
                    amount=payout.amount,
                    date_event=date,
                )
            )
        lines = self._post_lines(entries)
        self._match_transit(zip(orders.values(), lines, strict=True))

    def _post_return(self, debits, date):
        """Owe the amounts to the vendors again, as new facts.

        :param debits: (payout, debited role, amount, suffix of the source key)
        """
        orders = self._order_lines()
        lines = self._post_lines(
            [
                payout._prepare_ledger_vals(
                    event="payout_return",
                    event_key=f"payout_return:{payout.run_id.id}",
                    source_key=f"payout_return{suffix}:{payout.id}",
                    role_debit=role,
                    role_credit="VENDOR_DUE",
                    amount=amount,
                    date_event=date,
                    reversed_line_id=orders[payout].id,
                )
                for payout, role, amount, suffix in debits
            ]
        )
        self._match_transit((line.reversed_line_id, line) for line in lines)

    @api.model
    def _post_lines(self, entries):
        # sudo: the right to answer for payouts was checked by the caller
        lines = self.env["marketplace.ledger.line"].sudo()._record(entries)
        lines._post()
        return lines

    @api.model
    def _match_transit(self, pairs):
        """Match the transit items of orders with those that clear them.

        :param pairs: (line that credited the account, line that debits it)
        """
        items = {}
        for order, line in pairs:
            if line.role_debit == order.role_credit == "PAYOUT_TRANSIT":
                credit = order.credit_move_line_id
                items[credit] = items.get(credit, credit) | line.debit_move_line_id
        # sudo: as the entries themselves
        self.env["account.move.line"].sudo()._reconcile_plan(list(items.values()))


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    amount_confirmed = fields.Monetary(
        string="Paid", compute="_compute_answers", store=True
    )
    waiting_count = fields.Integer(
        string="Waiting", compute="_compute_answers", store=True
    )
    failed_count = fields.Integer(
        string="Failed or Returned", compute="_compute_answers", store=True
    )

    @api.depends("payout_ids.state", "payout_ids.amount")
    def _compute_answers(self):
        for run in self:
            by_state = run.payout_ids.grouped("state")
            none = self.env["marketplace.payout"]
            paid = by_state.get("confirmed", none)
            run.amount_confirmed = sum(paid.mapped("amount"))
            run.waiting_count = len(run.payout_ids._waiting())
            run.failed_count = len(
                by_state.get("failed", none) | by_state.get("returned", none)
            )

    def _source_role(self):
        """Return the account role that payouts of the run leave in the end."""
        self.ensure_one()
        return "PSP_CLEARING" if self.rail == "psp" else "BANK"

    def _follow_payouts(self):
        """Bring the state of runs up to what became of their payouts."""
        for run in self:
            states = set(run.payout_ids._paid().mapped("state"))
            if states & {"failed", "returned"}:
                target = "partly_failed"
            elif states == {"confirmed"}:
                target = "confirmed"
            else:
                continue
            if run.state in run._state_transitions[target]:
                run._transition(target)

    def action_close(self):
        """Close runs whose payouts all have their last answer."""
        run = self._check_role(*PREPARER, APPROVER, "marketplace_base.group_accountant")
        run._close()
        return True

    def _close(self):
        """Close runs.

        :raises MarketplaceError: naming the runs whose payouts still wait.
        """
        if waiting := self.filtered("waiting_count"):
            raise MarketplaceError(
                self.env._(
                    "Payouts of %(runs)s wait for an answer. Import the bank's "
                    "message, or resolve them, before you close.",
                    runs=", ".join(waiting.mapped("name")),
                )
            )
        self._transition("closed")

    @api.model
    def _cron_close(self):
        """Close the runs that are finished."""
        runs = self.search(
            [
                ("state", "in", ("confirmed", "partly_failed")),
                ("waiting_count", "=", 0),
            ]
        )
        runs._close()
