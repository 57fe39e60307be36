from odoo import fields, models

from ..const import EXCLUSION_REASONS, PAYOUT_STATES, PAYOUT_TRANSITIONS
from .res_users import GROUPS_PAYOUT

# A settlement is in one such payout at most; excluded and cancelled ones do not count.
LIVE_STATES = ("draft", "sent", "unresolved", "confirmed")


class MarketplacePayout(models.Model):
    """Pay one settlement in one run, or say why it is not paid."""

    _name = "marketplace.payout"
    _description = "Vendor Payout"
    _inherit = ["marketplace.state.mixin"]
    _order = "run_id desc, id"
    _rec_name = "end_to_end_id"
    _state_transitions = PAYOUT_TRANSITIONS

    run_id = fields.Many2one(
        "marketplace.payout.run", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        related="run_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="run_id.currency_id", store=True, precompute=True
    )
    settlement_id = fields.Many2one(
        "marketplace.settlement", required=True, readonly=True, index=True
    )
    vendor_id = fields.Many2one(
        related="settlement_id.vendor_id", store=True, precompute=True, index=True
    )
    amount = fields.Monetary(
        readonly=True,
        help="What the settlement pays; for a balance carried forward, that balance.",
    )
    partner_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Account",
        readonly=True,
        groups=GROUPS_PAYOUT,
    )
    iban = fields.Char(
        string="IBAN",
        readonly=True,
        groups=GROUPS_PAYOUT,
        help="Account number at the time of the check; the file uses this one.",
    )
    end_to_end_id = fields.Char(
        string="Reference",
        required=True,
        readonly=True,
        help="Reference that the bank gives back on its statement.",
    )
    state = fields.Selection(
        PAYOUT_STATES, required=True, readonly=True, default="draft", index=True
    )
    exclusion_reason = fields.Selection(
        EXCLUSION_REASONS, string="Not Paid Because", readonly=True
    )
    date = fields.Date(related="run_id.date")

    _settlement_uniq = models.UniqueIndex(
        "(settlement_id) WHERE state IN ('draft', 'sent', 'unresolved', 'confirmed')",
        "This settlement is in another payout run already.",
    )
    _reference_uniq = models.UniqueIndex(
        "(company_id, end_to_end_id)",
        "This payout reference is used already.",
    )
    _reason_given = models.Constraint(
        "CHECK ((state = 'excluded') = (exclusion_reason IS NOT NULL))",
        "A vendor who is not paid needs a reason, a payout has none.",
    )

    def _paid(self):
        """Return the payouts that are not excluded."""
        return self.filtered(lambda payout: payout.state != "excluded")
