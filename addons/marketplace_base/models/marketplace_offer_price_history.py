"""What each offer cost and how it was taxed, at any past moment."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..const_pricing import PRICE_CAUSES
from ..exceptions import MarketplaceError

# A caller can send any context value over RPC, but never this very object.
_HISTORY_TOKEN = object()


class MarketplaceOfferPriceHistory(models.Model):
    """Keep prices and taxes with the time they held; offers write it, nobody else.

    A row is inserted once; only the end of its validity is written, once, when the
    next row starts.
    """

    _name = "marketplace.offer.price.history"
    _description = "Offer Price History"
    _order = "date_from desc, id desc"
    _rec_name = "offer_id"

    offer_id = fields.Many2one(
        "marketplace.offer", required=True, index=True, ondelete="cascade"
    )
    vendor_id = fields.Many2one(
        related="offer_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="offer_id.company_id", store=True, precompute=True, index=True
    )
    channel = fields.Char(help="Empty: every channel without a price of its own.")
    min_quantity = fields.Float(
        string="From Quantity", digits="Product Unit", default=0.0, required=True
    )
    currency_id = fields.Many2one("res.currency", required=True)
    price = fields.Monetary(help="For one unit, taxes included.")
    price_from = fields.Monetary(string="Before", help="The price that it replaced.")
    is_sold = fields.Boolean(
        string="Had a Price",
        help="No when the special price ended and nothing replaced it.",
    )
    tax_ids = fields.Many2many(
        "account.tax", "marketplace_price_history_tax_rel", string="Taxes"
    )
    tax_names = fields.Char(
        string="Taxes Then", help="As they were called and how high they were."
    )
    date_from = fields.Datetime(string="From", required=True)
    date_to = fields.Datetime(string="Until", help="Empty: in force.")
    cause = fields.Selection(PRICE_CAUSES, required=True)
    user_id = fields.Many2one("res.users", string="By", required=True)

    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (offer_id WITH =, (COALESCE(channel, '')) WITH =, "
        "currency_id WITH =, min_quantity WITH =, "
        "tsrange(date_from, date_to) WITH &&)",
        "Two prices of one offer cannot be in force at the same time.",
    )
    _open_idx = models.Index("(offer_id) WHERE date_to IS NULL")

    # -- insert only ----------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_history_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_history_token()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_history_token()

    def _check_history_token(self):
        if self.env.context.get("marketplace_history_token") is not _HISTORY_TOKEN:
            raise AccessError(
                self.env._(
                    "The price history only grows: it is written when a price or a tax "
                    "changes. Change the offer instead."
                )
            )

    # -- writing --------------------------------------------------------------------

    @api.model
    @api.private
    def _record(self, offers):
        """Insert the prices and taxes of offers that differ from the rows in force.

        :return: the new rows.
        """
        # sudo: the history follows from the change, whoever makes it
        offers = offers.sudo()
        model = self.sudo().with_context(marketplace_history_token=_HISTORY_TOKEN)
        now = fields.Datetime.now()
        current = {
            (row.offer_id.id, row.channel or "", row.currency_id, row.min_quantity): row
            for row in model.search(
                [("offer_id", "in", offers.ids), ("date_to", "=", False)]
            )
        }
        taxes = offers._get_taxes_in_force()
        closing, vals_list = model.browse(), []
        for offer in offers:
            cells = {(offer.id, *cell): cell for cell in offer._price_cells()}
            cells.update((key, key[1:]) for key in current if key[0] == offer.id)
            for key, cell in cells.items():
                row = current.get(key, model.browse())
                vals = model._prepare_vals(offer, cell, taxes[offer.id], row, now)
                if vals:
                    closing |= row
                    vals_list.append(vals)
        for date, rows in closing.grouped(lambda row: max(now, row.date_from)).items():
            rows.write({"date_to": date})
        closing.flush_recordset(["date_to"])
        return model.create(vals_list)

    @api.model
    def _prepare_vals(self, offer, cell, taxes, row, now):
        """Return the values of the next row of a cell, None when nothing changed."""
        channel, currency, quantity = cell
        price = offer._price_for(channel, currency, now, quantity or 1.0)
        names = ", ".join(f"{tax.name} ({tax.amount:g} %)" for tax in taxes)
        if row:
            same = row.is_sold == (price is not None) and not currency.compare_amounts(
                row.price, price or 0.0
            )
            if same and row.tax_ids == taxes and (row.tax_names or "") == names:
                return None
        return {
            "offer_id": offer.id,
            "channel": channel or False,
            "min_quantity": quantity,
            "currency_id": currency.id,
            "price": price or 0.0,
            "price_from": row.price,
            "is_sold": price is not None,
            "tax_ids": [fields.Command.set(taxes.ids)],
            "tax_names": names,
            "date_from": max(now, row.date_from) if row else now,
            "cause": offer._price_cause(),
            "user_id": self.env.uid,
        }

    # -- reading --------------------------------------------------------------------

    @api.model
    def _domain_in_force(self, date):
        """Return the domain of the rows in force at a moment (UTC)."""
        return Domain("date_from", "<=", date) & (
            Domain("date_to", "=", False) | Domain("date_to", ">", date)
        )

    @api.model
    def _in_force(self, offer, date, channel, currency, quantity):
        """Return the row that answers what an offer cost at a moment of the past.

        The channel's own row first, then that of every channel; the lowest price that
        the quantity reached.
        """
        rows = self.search(
            self._domain_in_force(date)
            & Domain("offer_id", "=", offer.id)
            & Domain("currency_id", "=", currency.id)
            & Domain("is_sold", "=", True)
            & Domain("channel", "in", [channel, False] if channel else [False])
            & Domain("min_quantity", "<=", quantity)
        )
        own = rows.filtered(lambda row: (row.channel or "") == (channel or ""))
        return (own or rows).sorted(lambda row: (row.price, row.id))[:1]


class MarketplacePriceAsOf(models.TransientModel):
    """Ask what an offer cost at a moment, to answer a customer or a vendor."""

    _name = "marketplace.price.as.of"
    _description = "Price as of a Date"

    offer_id = fields.Many2one("marketplace.offer", required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    channel = fields.Char(help="Code of the sales channel; empty: no channel.")
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    history_id = fields.Many2one(
        "marketplace.offer.price.history", compute="_compute_history_id"
    )
    price = fields.Monetary(related="history_id.price")
    tax_names = fields.Char(related="history_id.tax_names")
    date_from = fields.Datetime(related="history_id.date_from")
    date_to = fields.Datetime(related="history_id.date_to")
    cause = fields.Selection(related="history_id.cause")
    user_id = fields.Many2one(related="history_id.user_id")

    @api.depends("offer_id")
    def _compute_currency_id(self):
        for query in self:
            query.currency_id = query.offer_id.currency_id

    @api.depends("offer_id", "date", "channel", "quantity", "currency_id")
    def _compute_history_id(self):
        for query in self:
            query.history_id = (
                query.offer_id
                and query.date
                and query.offer_id._origin._price_at(
                    query.date, query.channel, query.currency_id, query.quantity
                )
            )

    def action_ask(self):
        """Show the answer in the same dialog."""
        self.ensure_one()
        if not self.history_id:
            raise MarketplaceError(
                self.env._(
                    "%(offer)s had no price in %(currency)s at that moment.",
                    offer=self.offer_id.display_name,
                    currency=self.currency_id.name,
                )
            )
        return self.history_id._get_records_action()
