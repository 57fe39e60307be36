"""Guards of prices: floor, ceiling and largest change, whatever writes the price."""

from decimal import Decimal

from odoo import api, fields, models

from ..const_pricing import PRICE_LIMIT_POLICIES
from ..engine.pricing import Guard, breaches
from .marketplace_offer_price_change import APPROVING

# What the guards of a new offer look at.
GUARDED_FIELDS = {
    "vendor_id",
    "company_id",
    "currency_id",
    "price",
    "price_min",
    "price_max",
}


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    price_min = fields.Monetary(
        string="Lowest Price",
        tracking=True,
        help="A lower price waits for approval; no limit when zero.",
    )
    price_max = fields.Monetary(
        string="Highest Price",
        tracking=True,
        help="A higher price waits for approval; no limit when zero.",
    )
    price_change_ids = fields.One2many(
        "marketplace.offer.price.change",
        "offer_id",
        string="Prices to Approve",
        groups="marketplace_base.group_viewer",
    )
    price_pending = fields.Monetary(
        string="Price Waiting",
        compute="_compute_price_pending",
        help="Asked for, and live once the catalogue approves it.",
    )
    price_change_count = fields.Integer(compute="_compute_price_pending")

    _guards_ordered = models.Constraint(
        "CHECK (price_min >= 0 AND price_max >= 0"
        " AND (price_max = 0 OR price_max IS NULL OR price_max >= price_min))",
        "The highest price of an offer is not below its lowest price.",
    )

    @api.depends("price_change_ids.state")
    def _compute_price_pending(self):
        # sudo: the vendor sees what waits for his own offers
        waiting = (
            self.env["marketplace.offer.price.change"]
            .sudo()
            .search([("offer_id", "in", self.ids), ("state", "=", "pending")])
        )
        own = {c.offer_id.id: c.price for c in waiting if not c.line_id}
        by_offer = waiting.grouped("offer_id")
        for offer in self:
            offer.price_pending = own.get(offer._origin.id, 0.0)
            offer.price_change_count = len(by_offer.get(offer._origin, ()))

    def _get_price_asked(self):
        return self.price_pending or super()._get_price_asked()

    # -- the one write path -----------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Create offers without the first prices that the guards hold back."""
        if self.env.context.get("marketplace_price_approving") is APPROVING:
            return super().create(vals_list)
        ghosts = [
            self.new({name: vals[name] for name in GUARDED_FIELDS & vals.keys()})
            for vals in vals_list
        ]
        guards = self.browse().union(*ghosts)._price_guards()
        prepared, found = [], []
        for ghost, vals in zip(ghosts, vals_list, strict=True):
            price = ghost.currency_id._marketplace_minor(ghost.price)
            codes = price and breaches(guards[ghost.id], 0, price)
            prepared.append({**vals, "price": 0.0} if codes else vals)
            found.append(codes)
        offers = super().create(prepared)
        held = [
            offer._prepare_hold_vals(0.0, vals["price"], codes)
            for offer, vals, codes in zip(offers, vals_list, found, strict=True)
            if codes
        ]
        if held:
            self.env["marketplace.offer.price.change"]._hold(held)
        return offers

    def write(self, vals):
        """Write all but the prices that the guards hold back."""
        self.check_access("write")  # before a request is recorded beyond its rights
        approving = self.env.context.get("marketplace_price_approving") is APPROVING
        if approving or not self:
            return super().write(vals)
        if "price" not in vals:
            res = super().write(vals)
            if "currency_id" in vals:
                # What waits was asked for in the currency of then.
                self.env["marketplace.offer.price.change"]._replace(
                    [(offer.id, None) for offer in self]
                )
            return res
        held = self._held_by_guards(vals)
        if free := self - held:
            # A form that is saved with the live price takes no request back.
            changed = free.filtered(
                lambda offer: offer.currency_id.compare_amounts(
                    offer.price, vals["price"] or 0.0
                )
            )
            super(MarketplaceOffer, free).write(vals)
            self.env["marketplace.offer.price.change"]._replace(
                [(offer.id, None) for offer in changed]
            )
        if held:
            rest = {name: value for name, value in vals.items() if name != "price"}
            if rest:
                super(MarketplaceOffer, held).write(rest)
        return True

    def _held_by_guards(self, vals):
        """Return the offers whose new price goes too far; their request is recorded."""
        guards = self._price_guards(vals)
        last_prices = self._last_prices()
        vals_list = []
        for offer in self:
            currency = offer.currency_id
            if vals.get("currency_id"):
                currency = currency.browse(vals["currency_id"])
            last = currency._marketplace_minor(last_prices[offer.id])
            new = currency._marketplace_minor(vals["price"] or 0.0)
            # Zero takes the offer off sale: nobody buys too cheap by it.
            if last == new or not new:
                continue
            if codes := breaches(guards[offer.id], last, new):
                vals_list.append(
                    offer._prepare_hold_vals(
                        last_prices[offer.id], vals["price"], codes
                    )
                )
        if vals_list:
            self.env["marketplace.offer.price.change"]._hold(vals_list)
        return self.browse(item["offer_id"] for item in vals_list)

    def _last_prices(self):
        """Return {offer id: its price, or the last one above zero when it has none}.

        Taking an offer off sale for a moment must not let any price through.
        """
        prices = {offer.id: offer.price for offer in self}
        zero = [offer_id for offer_id, price in prices.items() if not price]
        if zero:
            # sudo: the limit holds whoever writes
            History = self.env["marketplace.offer.price.history"].sudo()
            rows = History.browse(
                row_id
                for _offer, row_id in History._read_group(
                    [
                        ("offer_id", "in", zero),
                        ("channel", "=", False),
                        ("min_quantity", "=", 0),
                        ("price", ">", 0),
                    ],
                    ["offer_id"],
                    ["id:max"],
                )
            )
            prices.update({row.offer_id.id: row.price for row in rows})
        return prices

    def _prepare_hold_vals(self, last, price, codes, line=None):
        self.ensure_one()
        return {
            "offer_id": self.id,
            "line_id": line and line.id,
            "currency_id": (line or self).currency_id.id,
            "price_from": last,
            "price": price,
            "breaches": " ".join(codes),
        }

    def _price_guards(self, vals=None):
        """Return the limits of each offer: its own, and the change its contract allows.

        :param vals: new limits written together with the price.
        :return: {offer id: Guard}.
        """
        vals = vals or {}
        guards = {}
        for company, offers in self.grouped("company_id").items():
            today = (company or self.env.company)._marketplace_today()
            # sudo: the limit holds whoever writes, contracts readable or not
            contracts = offers.vendor_id.sudo()._marketplace_contracts(today, company)
            for offer in offers:
                minor = offer.currency_id._marketplace_minor
                contract = contracts.get(offer.vendor_id.id)
                limit = (
                    contract._price_change_max()
                    if contract
                    else company.sudo().marketplace_price_change_max
                )
                guards[offer.id] = Guard(
                    floor=minor(vals.get("price_min", offer.price_min) or 0.0),
                    ceiling=minor(vals.get("price_max", offer.price_max) or 0.0),
                    change_max=Decimal(str(limit)),
                )
        return guards

    def _get_refused_price(self):
        """Return the last request for a price when it was refused, or none."""
        self.ensure_one()
        # sudo: the vendor sees what became of his own price
        last = (
            self.env["marketplace.offer.price.change"]
            .sudo()
            .search([("offer_id", "=", self.id), ("line_id", "=", False)], limit=1)
        )
        return last.filtered(lambda change: change.state == "refused")

    def action_view_price_changes(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_offer_price_change_action"
        )
        return {**action, "domain": [("offer_id", "=", self.id)]}


class MarketplaceOfferPrice(models.Model):
    _inherit = "marketplace.offer.price"

    def _hold_breaches(self):
        """Put prices that go too far in front of the catalogue; return them.

        They are compared with the offer's own price. One in another currency has
        nothing to be compared with: it waits when the offer has any limit.
        """
        guards = self.offer_id._price_guards()
        vals_list = []
        for line in self:
            offer, guard = line.offer_id, guards[line.offer_id.id]
            minor = line.currency_id._marketplace_minor
            if line.currency_id != offer.currency_id:
                codes = [] if guard == Guard() else ["currency"]
            else:
                codes = breaches(guard, minor(offer.price), minor(line.price))
            if codes:
                vals_list.append(
                    offer._prepare_hold_vals(offer.price, line.price, codes, line)
                )
        held = self.browse(vals["line_id"] for vals in vals_list)
        free = self - held
        if free:
            self.env["marketplace.offer.price.change"]._replace(
                [(line.offer_id.id, line.id) for line in free]
            )
        if held:
            self.env["marketplace.offer.price.change"]._hold(vals_list)
            held.filtered(lambda line: line.state != "pending")._transition("pending")
        return held


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    price_change_policy = fields.Selection(
        PRICE_LIMIT_POLICIES,
        string="Price Changes",
        required=True,
        default="company",
        tracking=True,
        help="Which limit holds for changes of this vendor's prices.",
    )
    price_change_max = fields.Float(
        string="Largest Price Change",
        tracking=True,
        help="Share of the last price. A larger change waits for approval.",
    )

    _price_change_max_positive = models.Constraint(
        "CHECK (price_change_max >= 0)", "The largest price change is zero or more."
    )

    def _price_change_max(self):
        """Return the largest change of a price as a fraction; zero for no limit."""
        self.ensure_one()
        if self.price_change_policy == "company":
            return self.company_id.sudo().marketplace_price_change_max
        return self.price_change_max if self.price_change_policy == "own" else 0.0


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_price_change_max = fields.Float(
        string="Largest Price Change",
        help="Share of the last price. A larger change of an offer's price waits for "
        "approval; no limit when zero. A vendor's contract may say otherwise.",
    )

    _price_change_max_positive = models.Constraint(
        "CHECK (marketplace_price_change_max >= 0)",
        "The largest price change is zero or more.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_price_change_max = fields.Float(
        related="company_id.marketplace_price_change_max", readonly=False
    )
