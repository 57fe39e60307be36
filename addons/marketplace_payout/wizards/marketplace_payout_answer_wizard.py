import base64

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.answers import Answer
from ..models.payout_cause import CAUSES
from ..models.res_users import APPROVER


class MarketplacePayoutAnswerWizard(models.TransientModel):
    """Record with proof what became of a payout, when no message says it."""

    _name = "marketplace.payout.answer.wizard"
    _description = "Record the Answer of a Bank or Provider"

    payout_id = fields.Many2one("marketplace.payout", required=True, readonly=True)
    currency_id = fields.Many2one(related="payout_id.currency_id")
    amount = fields.Monetary(related="payout_id.amount")
    state = fields.Selection(related="payout_id.state")
    kind = fields.Selection(
        [
            ("booked", "The money left"),
            ("rejected", "The money never left"),
            ("returned", "The money came back"),
        ],
        string="What Happened",
        required=True,
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    cause = fields.Selection(
        "_selection_cause", help="Why, as the bank or the provider codes it."
    )
    amount_returned = fields.Monetary(
        compute="_compute_amount_returned",
        store=True,
        readonly=False,
        help="What arrived on our account; the rest is the fee of the return.",
    )
    reason = fields.Text(
        string="How Do You Know",
        required=True,
        help="Who said so and when; kept with the proof on the payout.",
    )
    proof = fields.Binary(
        required=True, help="Letter, screen or mail of the bank or the provider."
    )
    proof_name = fields.Char()

    @api.model
    def _selection_cause(self):
        return [
            (code, f"{code}: {self.env._(cause.text)}")
            for code, cause in CAUSES.items()
            if code.isupper()
        ]

    @api.depends("payout_id")
    def _compute_amount_returned(self):
        for wizard in self:
            wizard.amount_returned = wizard.amount

    def action_record(self):
        """Apply the answer and keep its proof on the payout.

        :raises MarketplaceError: when it does not fit what is known already.
        """
        self.ensure_one()
        payout = self.payout_id._check_payout_role(
            APPROVER, "marketplace_base.group_accountant"
        )
        to_minor = payout.currency_id._marketplace_minor
        returned = self.kind == "returned"
        answer = Answer(
            self.kind,
            self.date,
            to_minor(self.amount_returned) if returned else to_minor(payout.amount),
            code=self.cause or "",
            text=self.reason,
        )
        action = payout._answer({payout: answer})[payout]
        if action == "known":
            raise MarketplaceError(
                self.env._(
                    "%(payout)s has this answer already.", payout=payout.end_to_end_id
                )
            )
        if action not in ("confirm", "fail", "return"):
            raise MarketplaceError(
                payout._answer_problem(
                    action, payout.end_to_end_id, self.amount_returned
                )
            )
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        payout.message_post(
            body=self.env._(
                "%(what)s, says %(user)s: %(reason)s",
                what=kinds[self.kind],
                user=self.env.user.name,
                reason=self.reason,
            ),
            attachments=[
                (self.proof_name or "proof", base64.b64decode(self.proof)),
            ],
            author_id=self.env.user.partner_id.id,
        )
        return {"type": "ir.actions.act_window_close"}
