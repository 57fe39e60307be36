from odoo import api, fields, models

from ..const import DISPUTE_STATES, DISPUTE_TRANSITIONS, REFUND_BEARERS
from ..exceptions import MarketplaceError


class MarketplaceDispute(models.Model):
    """A chargeback: the customer's bank takes a payment back and we answer.

    The money waits on the disputes account while the claim is open. Won, it returns to
    the payment service provider; lost, it was refunded: by the vendors, as any refund,
    or by the operator. Won after it was lost, it returns to whom it had cost it. The
    provider's fee is the operator's, but for what the provider returns of it.
    """

    _name = "marketplace.dispute"
    _description = "Chargeback"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "external_ref", "order_id.name"]
    _state_transitions = DISPUTE_TRANSITIONS

    # never empty: create() numbers; `required` would stop the form before that
    name = fields.Char(string="Number", readonly=True, copy=False, index="trigram")
    payment_id = fields.Many2one(
        "marketplace.payment",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("state", "=", "captured")],
        tracking=True,
    )
    order_id = fields.Many2one(
        related="payment_id.order_id",
        string="Order Group",
        store=True,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="payment_id.company_id", store=True, precompute=True, index=True
    )
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    currency_id = fields.Many2one(
        related="payment_id.currency_id", store=True, precompute=True
    )
    external_ref = fields.Char(
        string="Reference",
        copy=False,
        help="Reference of the claim at the payment service provider.",
    )
    date = fields.Date(
        string="Opened On",
        required=True,
        default=lambda self: self.env.company._marketplace_today(),
        tracking=True,
    )
    date_evidence = fields.Date(
        string="Evidence Until",
        tracking=True,
        help="Last day on which the provider takes our evidence.",
    )
    date_closed = fields.Date(string="Closed On", copy=False, tracking=True)
    date_recovered = fields.Date(
        string="Won Later On",
        copy=False,
        tracking=True,
        help="Day on which a claim that was booked as lost was won after all, in "
        "arbitration or by a second presentment.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        help="What the customer's bank took back.",
    )
    amount_fee = fields.Monetary(
        string="Fee", help="What the provider charges us for the claim, won or lost."
    )
    amount_fee_back = fields.Monetary(
        string="Fee Returned",
        copy=False,
        tracking=True,
        help="What the provider gives back of its fee when the claim is won; most "
        "providers keep it.",
    )
    borne_by = fields.Selection(
        REFUND_BEARERS,
        required=True,
        default="vendor",
        tracking=True,
        help="Who pays when the claim is lost: the vendors of the order, as for a "
        "refund, or we.",
    )
    note = fields.Text(string="Evidence")
    state = fields.Selection(
        DISPUTE_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    refund_ids = fields.One2many("marketplace.refund", "dispute_id", readonly=True)

    _external_uniq = models.UniqueIndex(
        "(company_id, external_ref) WHERE external_ref IS NOT NULL",
        "This chargeback is already recorded.",
    )
    _amounts_positive = models.Constraint(
        "CHECK (amount > 0 AND amount_fee >= 0)",
        "A chargeback takes a positive amount back; its fee is zero or more.",
    )
    _fee_back = models.Constraint(
        "CHECK (amount_fee_back >= 0 AND amount_fee_back <= amount_fee)",
        "The provider returns no more than the fee of the chargeback.",
    )

    @api.depends("payment_id")
    def _compute_amount(self):
        for dispute in self:
            dispute.amount = dispute.payment_id.amount_left

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        names = (
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(self._name, self.env.company, len(vals_list))
        )
        return super().create(
            [
                {**vals, "name": vals.get("name") or name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )

    def write(self, vals):
        """Keep what the ledger says of claims."""
        facts = {"payment_id", "date", "amount", "amount_fee"} & vals.keys()
        end = {"amount_fee_back", "date_recovered"} & vals.keys()
        frozen = self.filtered(
            lambda dispute: facts
            and dispute.state != "draft"
            or end
            and dispute.state == "won"
        )
        if frozen:
            raise MarketplaceError(
                self.env._(
                    "%(disputes)s: a chargeback in the ledger cannot change.",
                    disputes=", ".join(frozen.mapped("name")),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if any(dispute.state != "draft" for dispute in self):
            raise MarketplaceError(
                self.env._("A chargeback in the ledger cannot be deleted.")
            )

    # -- life -----------------------------------------------------------------------

    def action_open(self):
        """Take the money out of the payment, and pay the fee; once.

        :raises MarketplaceError: above what refunds and other claims left of it.
        """
        self.order_id.sale_order_ids._marketplace_take_turn()
        for dispute in self:
            if dispute.payment_id.state != "captured":
                raise MarketplaceError(
                    self.env._(
                        "%(dispute)s: only a captured payment can be claimed back.",
                        dispute=dispute.name,
                    )
                )
        opened = self._transition("open")
        opened.payment_id._check_ceiling()
        opened._record(
            [
                ("dispute_opened", "DISPUTES", "PSP_CLEARING", "amount"),
                ("dispute_fee", "PSP_FEES", "PSP_CLEARING", "amount_fee"),
            ],
            "open",
            "date",
        )
        opened._remind_of_evidence()
        return True

    def action_win(self):
        """Give the money back to the payment: the claim was refused.

        A claim that was booked as lost gives it to whom it had cost it.
        """
        self.order_id.sale_order_ids._marketplace_take_turn()
        late = self.filtered(lambda dispute: dispute.state == "lost")
        for company, disputes in late.grouped("company_id").items():
            undated = disputes.filtered(lambda dispute: not dispute.date_recovered)
            undated.date_recovered = company._marketplace_today()
        won = self._close("won")
        fee = ("dispute_fee_back", "PSP_CLEARING", "PSP_FEES", "amount_fee_back")
        (won - late)._record(
            [("dispute_won", "PSP_CLEARING", "DISPUTES", "amount"), fee],
            "won",
            "date_closed",
        )
        late._recover(late._prepare_entries([fee], "won", "date_recovered"))
        return True

    def action_lose(self):
        """Let vendors or operator pay: the customer keeps what his bank took."""
        self.order_id.sale_order_ids._marketplace_take_turn()
        lost = self._close("lost")
        refunds = self.env["marketplace.refund"].create(
            [dispute._prepare_refund_vals() for dispute in lost]
        )
        refunds._apply()
        return True

    def _close(self, target):
        """Move open claims to their end, dated today when no day was given."""
        closed = self._transition(target)
        undated = closed.filtered(lambda dispute: not dispute.date_closed)
        for company, disputes in undated.grouped("company_id").items():
            disputes.date_closed = company._marketplace_today()
        # sudo: the reminder is the operator's own
        closed.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        return closed

    def _remind_of_evidence(self):
        """Remind the order desk of the last day for the evidence of claims."""
        for dispute in self.filtered("date_evidence"):
            # sudo: the reminder is the operator's own, whoever opens the claim
            dispute.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=dispute.date_evidence,
                summary=self.env._("Send the evidence of the chargeback"),
                user_id=self.env.uid,
            )

    def _prepare_refund_vals(self):
        """Return the refund that a lost claim is."""
        self.ensure_one()
        return {
            "order_id": self.order_id.id,
            "payment_id": self.payment_id.id,
            "dispute_id": self.id,
            "date": self.date_closed,
            "amount": self.amount,
            "reason_code": "chargeback",
            "borne_by": self.borne_by,
        }

    def _record(self, moves, step, date_field):
        """Record movements of the operator: [(event, debit, credit, amount field)]."""
        self.env["marketplace.ledger.line"].sudo()._record(
            self._prepare_entries(moves, step, date_field)
        )

    def _prepare_entries(self, moves, step, date_field):
        """Return the ledger entries of movements of the operator."""
        return [
            {
                "company_id": dispute.company_id.id,
                "marketplace_order_id": dispute.order_id.id,
                "event": event,
                "event_key": f"dispute:{dispute.id}:{step}",
                "source_key": f"{event}:{dispute.id}",
                "role_debit": debit,
                "role_credit": credit,
                "amount": dispute[amount],
                "currency_id": dispute.currency_id.id,
                "date_event": dispute[date_field],
                "counterparty_id": dispute.payment_id.psp_partner_id.id,
            }
            for dispute in self
            for event, debit, credit, amount in moves
        ]

    def action_view_refund(self):
        """Open the refund that the lost claim is."""
        return self.refund_ids._get_records_action(name=self.env._("Refund"))


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    dispute_ids = fields.One2many(
        "marketplace.dispute", "order_id", string="Chargebacks"
    )
