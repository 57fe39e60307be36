"""Prices that go too far: they wait for the catalogue's approval."""

from odoo import api, fields, models

from ..const_pricing import (
    PRICE_CAUSES,
    PRICE_CHANGE_STATES,
    PRICE_CHANGE_TRANSITIONS,
)
from ..exceptions import MarketplaceError

# What is written of a request: all the rest is as it was asked for.
WRITABLE_FIELDS = {"state", "decided_by_id", "date_decision", "refusal_reason"}
# Unforgeable by RPC: a client can send any context value, never this object.
APPROVING = object()


class MarketplaceOfferPriceChange(models.Model):
    """A price that a guard holds back: live only once somebody approves it."""

    _name = "marketplace.offer.price.change"
    _description = "Price Change to Approve"
    _inherit = ["marketplace.state.mixin"]
    _order = "id desc"
    _rec_name = "offer_id"
    _state_transitions = PRICE_CHANGE_TRANSITIONS

    offer_id = fields.Many2one(
        "marketplace.offer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    line_id = fields.Many2one(
        "marketplace.offer.price",
        string="Special Price",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: the offer's own price.",
    )
    vendor_id = fields.Many2one(
        related="offer_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="offer_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    price_from = fields.Monetary(
        string="Last Price", readonly=True, help="The price that stays live meanwhile."
    )
    price = fields.Monetary(string="Asked For", required=True, readonly=True)
    rate_change = fields.Float(
        string="Change",
        compute="_compute_rate_change",
        store=True,
        aggregator="avg",
        help="Against the last price.",
    )
    breaches = fields.Char(readonly=True, help="Codes of the limits not respected.")
    reason = fields.Char(string="Why It Waits", compute="_compute_reason")
    cause = fields.Selection(PRICE_CAUSES, required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Asked by", required=True, readonly=True
    )
    state = fields.Selection(
        PRICE_CHANGE_STATES,
        required=True,
        readonly=True,
        default="pending",
        index=True,
        copy=False,
    )
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    date_decision = fields.Datetime(string="Decided on", readonly=True)
    refusal_reason = fields.Char(
        string="Reason of the Refusal", help="The vendor reads it in his portal."
    )

    _pending_uniq = models.UniqueIndex(
        "(offer_id, COALESCE(line_id, 0)) WHERE state = 'pending'",
        "Another price of this offer waits for approval already.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("price", "price_from")
    def _compute_rate_change(self):
        for change in self:
            last = change.price_from
            change.rate_change = (change.price - last) / last if last else 0.0

    @api.depends("breaches")
    @api.depends_context("lang")
    def _compute_reason(self):
        words = {
            "floor": self.env._("below the lowest price of the offer"),
            "ceiling": self.env._("above the highest price of the offer"),
            "change": self.env._("too far from the last price"),
            "currency": self.env._("in another currency than the offer's limits"),
        }
        for change in self:
            codes = (change.breaches or "").split()
            change.reason = ", ".join(words[code] for code in codes)

    # -- recording ------------------------------------------------------------------

    @api.model
    @api.private
    def _hold(self, vals_list):
        """Replace what waits for these prices by new requests, in one batch."""
        # sudo: a price waits whoever asked for it; only the guards call this
        model = self.sudo()
        model._replace([(vals["offer_id"], vals.get("line_id")) for vals in vals_list])
        cause = self.env["marketplace.offer"]._price_cause()
        return model.create(
            [{**vals, "cause": cause, "user_id": self.env.uid} for vals in vals_list]
        )

    @api.model
    @api.private
    def _replace(self, keys):
        """Close what waits for prices: [(offer id, line id or None)]."""
        # sudo: as in _hold
        waiting = self.sudo().search(
            [
                ("state", "=", "pending"),
                ("offer_id", "in", [offer_id for offer_id, _line_id in keys]),
            ]
        )
        wanted = {(offer_id, line_id or False) for offer_id, line_id in keys}
        replaced = waiting.filtered(lambda c: (c.offer_id.id, c.line_id.id) in wanted)
        if replaced:
            replaced._transition("replaced")
            # Their place is taken at once, by a row that is inserted first.
            replaced.flush_recordset(["state"])

    # -- actions --------------------------------------------------------------------

    def action_approve(self):
        """Make the prices live."""
        self.check_access("write")
        moved = self._transition("approved", self._decision_vals())
        unlocked = moved.with_context(
            marketplace_price_approving=APPROVING, marketplace_price_cause="approval"
        )
        own = unlocked.filtered(lambda change: not change.line_id)
        for price, changes in own.grouped("price").items():
            changes.offer_id.write({"price": price})
        lines = (unlocked - own).line_id
        lines._update_phase()
        lines.offer_id._refresh_prices()
        return True

    def action_refuse(self):
        """Keep the prices as they are; the reason must be given.

        :raises MarketplaceError: naming the offers without a reason.
        """
        self.check_access("write")
        if silent := self.filtered(
            lambda c: c.state == "pending" and not (c.refusal_reason or "").strip()
        ):
            raise MarketplaceError(
                self.env._(
                    "Say why the price is refused, the vendor reads it: %(offers)s.",
                    offers=", ".join(silent.offer_id.mapped("display_name")),
                )
            )
        moved = self._transition("refused", self._decision_vals())
        lines = moved.line_id
        if lines:
            lines._transition("refused")
            lines.offer_id._refresh_prices()
        return True

    def _decision_vals(self):
        return {"decided_by_id": self.env.uid, "date_decision": fields.Datetime.now()}

    def write(self, vals):
        """Keep what was asked for, and what was decided, as it was."""
        if vals.keys() - WRITABLE_FIELDS:
            raise MarketplaceError(
                self.env._(
                    "A price that was asked for stays as it is: change the price of "
                    "the offer, which asks anew."
                )
            )
        if "refusal_reason" in vals and any(c.state != "pending" for c in self):
            raise MarketplaceError(self.env._("This price is decided already."))
        return super().write(vals)
