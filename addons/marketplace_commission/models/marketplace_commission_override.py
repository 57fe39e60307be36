from collections import defaultdict

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

OVERRIDE_STATES = [
    ("draft", "To Approve"),
    ("approved", "Approved"),
    ("refused", "Refused"),
]
# target -> states it may be reached from
OVERRIDE_TRANSITIONS = {"approved": {"draft"}, "refused": {"draft"}, "draft": set()}


class MarketplaceCommissionOverride(models.Model):
    """Correct the commission of one order line by hand, once somebody else agrees.

    The line stays as it was computed: the difference is a line of its own while the
    commission is not invoiced, and an adjustment on the next invoice afterwards.
    """

    _name = "marketplace.commission.override"
    _description = "Commission Correction"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "id desc"
    _rec_name = "line_id"
    _state_transitions = OVERRIDE_TRANSITIONS

    line_id = fields.Many2one(
        "marketplace.commission.line",
        string="Commission",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("kind", "=", "commission")],
    )
    company_id = fields.Many2one(related="line_id.company_id", store=True)
    vendor_id = fields.Many2one(related="line_id.vendor_id", store=True)
    currency_id = fields.Many2one(related="line_id.currency_id")
    amount_kept = fields.Monetary(
        string="Now",
        compute="_compute_amount_kept",
        help="What the line charges today, after refunds and corrections.",
    )
    amount = fields.Monetary(
        string="Corrected to",
        required=True,
        tracking=True,
        help="VAT excluded: what the line shall charge in all.",
    )
    reason = fields.Text(
        required=True,
        tracking=True,
        help="The vendor reads it where his commission is explained.",
    )
    state = fields.Selection(
        OVERRIDE_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    fee_id = fields.Many2one(
        "marketplace.fee",
        string="Adjustment",
        readonly=True,
        copy=False,
        help="Set when the commission was invoiced before the correction.",
    )

    _open_uniq = models.UniqueIndex(
        "(line_id) WHERE state = 'draft'",
        "A correction of this commission waits for approval already.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "Commission is corrected to zero or more."
    )

    @api.depends("line_id", "state")
    def _compute_amount_kept(self):
        for override in self:
            override.amount_kept = override.line_id._kept_after_all()

    def write(self, vals):
        if {"line_id", "amount", "reason"} & vals.keys() and any(
            override.state != "draft" for override in self
        ):
            raise MarketplaceError(
                self.env._("This correction was decided: make another one.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if any(override.state == "approved" for override in self):
            raise MarketplaceError(
                self.env._("An approved correction is a fact: make another one.")
            )

    def action_approve(self):
        """Correct the commission; the one who asked for it cannot agree to it."""
        if own := self.filtered(
            lambda override: override.state == "draft"
            and override.create_uid == self.env.user
        ):
            raise MarketplaceError(
                self.env._(
                    "%(lines)s: you asked for this correction, so somebody else "
                    "approves it.",
                    lines=", ".join(own.mapped("display_name")),
                )
            )
        # Refunds and invoicing of the same commission wait for their turn.
        self.sudo().line_id.lock_for_update(allow_referencing=True)
        done = self._transition("approved", {"approved_by_id": self.env.uid})
        for override in done:
            override._correct()
        return True

    def action_refuse(self):
        self._transition("refused")
        return True

    @api.model
    def _adjusted_minor(self, lines):
        """Return {commission line: what adjustments added once it was invoiced}."""
        adjusted = defaultdict(int)
        # sudo: what is given back does not depend on who refunds.
        for override in self.sudo().search(
            [
                ("line_id", "in", lines.ids),
                ("fee_id", "!=", False),
                ("fee_id.state", "=", "approved"),
            ]
        ):
            minor = override.currency_id._marketplace_minor
            adjusted[override.line_id] += minor(override.fee_id.amount)
        return adjusted

    def _correct(self):
        """Record the difference: on the line, or as an adjustment once invoiced."""
        self.ensure_one()
        line = self.line_id
        before = line._kept_after_all()
        difference = self.currency_id.round(self.amount - before)
        if self.currency_id.is_zero(difference):
            return
        if line.move_line_id:
            self.fee_id = self.env["marketplace.fee"]._charge_once(
                [
                    {
                        "kind": "adjustment",
                        "name": self.env._(
                            "Correction of the commission on %(order)s",
                            order=line.sale_order_id.name,
                        ),
                        "company_id": self.company_id.id,
                        "vendor_id": self.vendor_id.id,
                        "currency_id": self.currency_id.id,
                        "date": fields.Date.context_today(self),
                        "amount": difference,
                        "calculation": self.reason,
                        # sudo: the order of a commission the user reads.
                        "sale_order_id": line.sudo().sale_order_id.id,
                        "source_key": f"override:{self.id}",
                    }
                ]
            )
            return
        minor = self.currency_id._marketplace_minor
        line._unlocked().create(
            {
                "kind": "override",
                "company_id": line.company_id.id,
                "vendor_id": line.vendor_id.id,
                "marketplace_order_id": line.marketplace_order_id.id,
                "sale_order_id": line.sale_order_id.id,
                "sale_line_id": line.sale_line_id.id,
                "date": fields.Date.context_today(self),
                "rule_id": line.rule_id.id,
                "rule_version": line.rule_version,
                "currency_id": line.currency_id.id,
                "rate": line.rate,
                "amount": difference,
                "is_shipping": line.is_shipping,
                "reversed_line_id": line.id,
                "override_id": self.id,
                "trace_steps": [
                    {
                        "step": "override",
                        "before": minor(before),
                        "after": minor(self.amount),
                        "reason": self.reason,
                    }
                ],
            }
        )


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    def _kept_after_all(self):
        """Return what one commission charges after its refunds and corrections."""
        if not self:
            return 0.0
        # sudo: all of the commission counts, whoever reads it.
        own = self.sudo()
        lines = own | own.reversal_line_ids
        adjusted = self.env["marketplace.commission.override"]._adjusted_minor(own)
        return self.currency_id.round(
            sum(lines.mapped("amount"))
            + self.currency_id._marketplace_amount(adjusted[own])
        )

    def action_override(self):
        """Open a correction of the commission, for somebody else to approve."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct the Commission"),
            "res_model": "marketplace.commission.override",
            "view_mode": "form",
            "context": {
                "default_line_id": self.id,
                "default_amount": self._kept_after_all(),
            },
        }
