"""Vendors object to a line of a statement; the operator answers in time."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

from ..engine import calendar

QUESTION_STATES = [
    ("open", "To Answer"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
]
QUESTION_TRANSITIONS = {
    "accepted": {"open"},
    "refused": {"open"},
    "withdrawn": {"open"},
}
QUESTION_REASONS = [
    ("missing", "Something is missing"),
    ("amount", "The amount is wrong"),
    ("commission", "The commission is wrong"),
    ("refund", "I do not agree with the refund"),
    ("unknown", "I do not know this movement"),
    ("other", "Other"),
]
# Days the operator has to answer.
ANSWER_DAYS = 10


class MarketplaceStatementQuestion(models.Model):
    """One line of a statement that its vendor disputes: the line is not frozen.

    Accepted, a credit follows as a movement of a later statement; the line itself is a
    fact and stays.
    """

    _name = "marketplace.statement.question"
    _description = "Disputed Statement Line"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_deadline, id"
    _rec_name = "label"
    _state_transitions = QUESTION_TRANSITIONS

    settlement_id = fields.Many2one(
        "marketplace.settlement", required=True, readonly=True, index=True
    )
    ledger_line_id = fields.Many2one(
        "marketplace.ledger.line",
        string="First Ledger Line",
        required=True,
        readonly=True,
        index=True,
        help="The line of the statement sums ledger lines; this is the first.",
    )
    vendor_id = fields.Many2one(
        related="settlement_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="settlement_id.currency_id", store=True, precompute=True
    )
    label = fields.Char(string="Line", required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="As the statement shows it.")
    sale_order_id = fields.Many2one(related="ledger_line_id.sale_order_id")
    reason_code = fields.Selection(
        QUESTION_REASONS, string="Reason", required=True, readonly=True
    )
    note = fields.Text(string="What the Vendor Says", required=True, readonly=True)
    file = fields.Binary(readonly=True)
    file_name = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked by", readonly=True)
    state = fields.Selection(
        QUESTION_STATES, required=True, readonly=True, default="open", tracking=True
    )
    date_deadline = fields.Date(
        string="To Answer by", required=True, readonly=True, index=True
    )
    answer = fields.Text(tracking=True, help="The vendor reads it in his portal.")
    amount_credit = fields.Monetary(
        string="Credited",
        tracking=True,
        help="Accepted with an amount, it is credited to the vendor at the operator's "
        "cost and shows on the next statement. Zero when the correction is booked "
        "elsewhere: a refund, a commission override.",
    )
    answered_by_id = fields.Many2one("res.users", readonly=True)
    date_answered = fields.Date(readonly=True)

    _open_uniq = models.UniqueIndex(
        "(settlement_id, ledger_line_id) WHERE state = 'open'",
        "This line is disputed already and waits for an answer.",
    )
    _credit_positive = models.Constraint(
        "CHECK (amount_credit >= 0)", "What is credited is zero or more."
    )
    _answered = models.Constraint(
        "CHECK (state NOT IN ('accepted', 'refused') OR answered_by_id IS NOT NULL)",
        "An answer needs somebody who gave it.",
    )

    def _answer(self, target):
        """Close the questions with the answer typed, and mail it to the vendor.

        :raises MarketplaceError: naming a question without answer.
        """
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(
                self.env._("Only marketplace accountants answer about statements.")
            )
        self.check_access("write")
        for question in self:
            if not (question.answer or "").strip():
                raise MarketplaceError(
                    self.env._(
                        "Type the answer to “%(line)s” of %(settlement)s first.",
                        line=question.label,
                        settlement=question.settlement_id.name,
                    )
                )
        moved = self.env[self._name]
        for company, own in self.grouped("company_id").items():
            moved |= own._transition(
                target,
                {
                    "answered_by_id": self.env.uid,
                    "date_answered": company._marketplace_today(),
                },
            )
        if target == "accepted":
            moved.sudo()._credit()  # the accountant's right is checked above
        template = self.env.ref("marketplace_payout.mail_template_question_answered")
        if moved:
            template.sudo().send_mail_batch(
                moved.ids, email_layout_xmlid="mail.mail_notification_light"
            )
        return True

    def _credit(self):
        """Credit what was agreed on to the vendors, at the operator's cost."""
        self.env["marketplace.ledger.line"]._record(
            [
                {
                    "company_id": question.company_id.id,
                    "vendor_id": question.vendor_id.id,
                    "sale_order_id": question.sale_order_id.id,
                    "event": "statement_correction",
                    "event_key": f"question:{question.id}",
                    "source_key": f"question:{question.id}",
                    "role_debit": "OPERATOR_COST",
                    "role_credit": "VENDOR_DUE",
                    "amount": question.amount_credit,
                    "currency_id": question.currency_id.id,
                    "date_event": question.date_answered,
                    "date_available": question.date_answered,
                }
                for question in self
            ]
        )

    def action_accept(self):
        """Agree with the vendor; what is credited follows on the next statement."""
        return self._answer("accepted")

    def action_refuse(self):
        """Tell the vendor why the line stays as it is."""
        return self._answer("refused")


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[("statement_correction", "Correction of a statement")],
        ondelete={"statement_correction": keep_facts},
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "statement_correction": "marketplace_journal_correction_id",
        }


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    question_ids = fields.One2many(
        "marketplace.statement.question",
        "settlement_id",
        string="Disputed Lines",
        readonly=True,
        groups="marketplace_base.group_viewer",
    )

    def _statement_row(self, number):
        """Return a row of the statement by its rank from one, or None."""
        self.ensure_one()
        rows = self._statement_rows()
        return rows[number - 1] if 0 < number <= len(rows) else None

    @api.private
    def _ask_about(self, row, reason, note, user, file=None, file_name=None):
        """Dispute one row of the statement.

        :param row: of :meth:`_statement_rows`.
        :param file: base64 content, already checked.
        :raises MarketplaceError: when it is disputed already, or nothing is said.
        """
        self.ensure_one()
        if reason not in dict(QUESTION_REASONS) or not (note or "").strip():
            raise MarketplaceError(
                self.env._("Choose a reason and say what is wrong with the line.")
            )
        # sudo: the gate has checked that the statement is the vendor's
        Question = self.env["marketplace.statement.question"].sudo()
        self.sudo().vendor_id._vendor_users_take_turn()
        if Question.search_count(
            [
                ("settlement_id", "=", self.id),
                ("ledger_line_id", "=", row["key"]),
                ("state", "=", "open"),
            ]
        ):
            raise MarketplaceError(
                self.env._("This line is disputed already and waits for an answer.")
            )
        today = self.company_id._marketplace_today()
        return Question.create(
            {
                "settlement_id": self.id,
                "ledger_line_id": row["key"],
                "label": row["label"],
                "amount": row["amount"],
                "reason_code": reason,
                "note": note.strip(),
                "file": file,
                "file_name": file_name,
                "user_id": user.id,
                "date_deadline": calendar.payment_day(
                    fields.Date.add(today, days=ANSWER_DAYS)
                ),
            }
        )
