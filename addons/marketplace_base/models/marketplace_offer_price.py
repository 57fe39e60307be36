"""Prices of an offer that hold in a channel, from a quantity or for a time."""

from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain

from ..const_pricing import PRICE_BATCH, PRICE_LINE_STATES, PRICE_LINE_TRANSITIONS
from ..engine.pricing import Tier
from ..exceptions import MarketplaceError

# What makes a price line another price.
TERM_FIELDS = {
    "price",
    "currency_id",
    "channel",
    "min_quantity",
    "date_start",
    "date_end",
}


class MarketplaceOfferPrice(models.Model):
    _name = "marketplace.offer.price"
    _description = "Offer Price"
    _inherit = ["marketplace.state.mixin"]
    _order = "offer_id, channel, currency_id, min_quantity, date_start, id"
    _check_company_auto = True
    _state_transitions = PRICE_LINE_TRANSITIONS

    name = fields.Char(
        string="Occasion", help="What the price is for, e.g. Summer sale; optional."
    )
    offer_id = fields.Many2one(
        "marketplace.offer",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    vendor_id = fields.Many2one(
        related="offer_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="offer_id.company_id", store=True, precompute=True
    )
    channel = fields.Char(
        help="Code of the sales channel, as on its orders; empty: every channel. A "
        "price of the channel wins over those of every channel."
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    price = fields.Monetary(
        required=True, help="What the consumer pays for one unit, taxes included."
    )
    min_quantity = fields.Float(
        string="From Quantity",
        digits="Product Unit",
        default=0.0,
        required=True,
        help="The price holds for every unit when at least so many are bought. Of the "
        "prices that hold, the lowest applies.",
    )
    date_start = fields.Datetime(string="From", help="Open when empty.")
    date_end = fields.Datetime(
        string="Until", help="The price ends at this moment; open when empty."
    )
    state = fields.Selection(
        PRICE_LINE_STATES,
        required=True,
        readonly=True,
        default="planned",
        copy=False,
        index=True,
    )

    _dates_ordered = models.Constraint(
        "CHECK (date_end > date_start)", "A price cannot end before it starts."
    )
    _figures_positive = models.Constraint(
        "CHECK (price > 0 AND min_quantity >= 0)",
        "A price is above zero and its quantity is zero or more.",
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (offer_id WITH =, (COALESCE(channel, '')) WITH =, "
        "currency_id WITH =, min_quantity WITH =, "
        "tsrange(date_start, date_end) WITH &&) WHERE (state <> 'refused')",
        "The offer has a price for this channel, quantity and currency in this period "
        "already: end the earlier one before this one starts.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("offer_id")
    def _compute_currency_id(self):
        for line in self:
            line.currency_id = line.currency_id or line.offer_id.currency_id

    @api.depends("name", "channel", "price", "min_quantity", "currency_id")
    def _compute_display_name(self):
        for line in self:
            parts = [line.name, line.channel]
            if line.currency_id:
                parts.append(line.currency_id.format(line.price))
            line.display_name = " · ".join(part for part in parts if part)

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [
            {**vals, "channel": (vals.get("channel") or "").strip() or False}
            for vals in vals_list
        ]
        lines = super().create(vals_list)
        lines._after_change()
        return lines

    def write(self, vals):
        if "offer_id" in vals and any(
            line.offer_id.id != vals["offer_id"] for line in self
        ):
            raise MarketplaceError(
                self.env._("A price stays on its offer: add another one instead.")
            )
        if "channel" in vals:
            vals = {**vals, "channel": (vals["channel"] or "").strip() or False}
        res = super().write(vals)
        if TERM_FIELDS & vals.keys():
            self._after_change()
        return res

    def unlink(self):
        offers = self.offer_id
        res = super().unlink()
        offers._refresh_prices()
        return res

    def _after_change(self):
        """Judge prices just typed, and let those that may hold be known."""
        held = self._hold_breaches()
        (self - held)._update_phase()
        self.offer_id._refresh_prices()

    # -- phase ----------------------------------------------------------------------

    def _update_phase(self):
        """Say of each price whether its time is to come, now, or over."""
        now = fields.Datetime.now()
        by_phase = self.grouped(lambda line: line._phase(now))
        for phase, lines in by_phase.items():
            lines.filtered(lambda line, phase=phase: line.state != phase)._transition(
                phase
            )

    def _phase(self, now):
        if self.date_end and self.date_end <= now:
            return "over"
        if self.date_start and self.date_start > now:
            return "planned"
        return "running"

    @api.model
    def _domain_out_of_phase(self, now):
        """Return the domain of prices whose period began or ended unnoticed."""
        started = Domain("state", "=", "planned") & (
            Domain("date_start", "=", False) | Domain("date_start", "<=", now)
        )
        ended = Domain("state", "=", "running") & Domain("date_end", "<=", now)
        return started | ended

    @api.model
    def _cron_refresh(self):
        """Let prices start and end with the passing time."""
        lines = self.search(
            self._domain_out_of_phase(fields.Datetime.now()),
            limit=PRICE_BATCH,
            order="id",
        )
        lines._update_phase()
        lines.offer_id.with_context(
            marketplace_price_cause="schedule"
        )._refresh_prices()
        if len(lines) == PRICE_BATCH:
            self.env.ref("marketplace_base.ir_cron_refresh_prices")._trigger()

    # -- engine ---------------------------------------------------------------------

    def _engine_tier(self):
        """Return the price as the engine reads it."""
        self.ensure_one()
        return Tier(
            ref=self.id,
            price=self.currency_id._marketplace_minor(self.price),
            currency=self.currency_id.name,
            channel=self.channel or "",
            min_quantity=Decimal(str(self.min_quantity)),
            start=self.date_start or None,
            end=self.date_end or None,
        )
