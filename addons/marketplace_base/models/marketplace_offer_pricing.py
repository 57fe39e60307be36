"""The price of an offer: which one applies, and when it was another."""

from decimal import Decimal

from odoo import api, fields, models

from ..engine.pricing import pick_price

# What of an offer makes its price; the price itself is judged by the guards first.
PRICE_FIELDS = {"price", "currency_id", "active", "product_id"}


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    price_line_ids = fields.One2many(
        "marketplace.offer.price",
        "offer_id",
        string="Special Prices",
        groups="marketplace_base.group_viewer",
    )
    price_current = fields.Monetary(
        string="Price Today",
        compute="_compute_price_current",
        compute_sudo=True,
        help="What one unit costs now where no channel has a price of its own.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends(
        "price",
        "currency_id",
        "price_line_ids.price",
        "price_line_ids.state",
        "price_line_ids.channel",
        "price_line_ids.min_quantity",
        "price_line_ids.date_start",
        "price_line_ids.date_end",
    )
    def _compute_price_current(self):
        for currency, offers in self.grouped("currency_id").items():
            prices = offers._prices_for(currency=currency)
            for offer in offers:
                offer.price_current = prices[offer.id] or 0.0

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        offers = super().create(vals_list)
        offers._record_prices()
        return offers

    def write(self, vals):
        res = super().write(vals)
        if PRICE_FIELDS & vals.keys():
            self._record_prices()
        return res

    # -- price ----------------------------------------------------------------------

    def _price_for(self, channel="", currency=None, date=None, quantity=1.0):
        """Return what one unit of an offer costs; see :meth:`_prices_for`."""
        self.ensure_one()
        return self._prices_for(channel, currency, date, quantity)[self.id]

    def _prices_for(self, channel="", currency=None, date=None, quantity=1.0):
        """Return what one unit of each offer costs, taxes included.

        The one place where prices are decided, for quotations, storefronts and the
        choice of the winning offer. Nothing is converted.

        :param channel: code of the sales channel; its own prices win.
        :param currency: the offer's own by default.
        :param date: moment in UTC, now by default.
        :param quantity: units bought, in the unit of the product.
        :return: {offer id: amount in the currency, None when it has no price in it}.
        """
        at = fields.Datetime.to_datetime(date) or fields.Datetime.now()
        quantity = Decimal(str(quantity))
        prices = {}
        for offer in self:
            target = currency or offer.currency_id
            price = pick_price(
                offer.currency_id._marketplace_minor(offer.price),
                offer.currency_id.name,
                offer._engine_tiers(),
                channel=channel or "",
                currency=target.name,
                at=at,
                quantity=quantity,
            )
            prices[offer.id] = (
                None if price is None else target._marketplace_amount(price.amount)
            )
        return prices

    def _engine_tiers(self):
        """Return the special prices that nobody refused nor has yet to approve."""
        return [
            line._engine_tier()
            for line in self.price_line_ids
            if line.state not in ("pending", "refused")
        ]

    def _price_cells(self):
        """Return where an offer has a price: [(channel, currency, from quantity)]."""
        self.ensure_one()
        cells = {("", self.currency_id, 0.0): None}
        for line in self.price_line_ids:
            if line.state not in ("pending", "refused"):
                cells[line.channel or "", line.currency_id, line.min_quantity] = None
        return list(cells)

    def _price_cause(self):
        """Return where the change at hand comes from: a code of ``PRICE_CAUSES``."""
        cause = self.env.context.get("marketplace_price_cause")
        if not cause and self.env.context.get("import_file"):
            cause = "import"
        known = (
            self.env["marketplace.offer.price.history"]
            ._fields["cause"]
            .get_values(self.env)
        )
        return cause if cause in known else "manual"

    def _refresh_prices(self):
        """Act on special prices that changed: the history, and who shows prices."""
        offers = self.exists()
        offers._record_prices()
        offers._after_offer_change({"price"})

    def _record_prices(self):
        """Write down, in one batch, the prices and taxes that are new."""
        self.env["marketplace.offer.price.history"]._record(self)

    # -- past -----------------------------------------------------------------------

    def _price_at(self, date, channel="", currency=None, quantity=1.0):
        """Return the history row in force at a moment of the past, or none.

        :param date: moment in UTC.
        """
        self.ensure_one()
        return self.env["marketplace.offer.price.history"]._in_force(
            self, date, channel, currency or self.currency_id, quantity
        )

    def action_view_price_history(self):
        """Open what the offer cost and was taxed at any time."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_offer_price_history_action"
        )
        return {
            **action,
            "domain": [("offer_id", "=", self.id)],
            "context": {},
        }
