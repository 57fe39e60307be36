from collections import defaultdict

from odoo import api, fields, models

from ..exceptions import MarketplaceError

# What a purchase keeps for good once it has orders.
FROZEN_FIELDS = {
    "company_id",
    "channel",
    "external_ref",
    "partner_id",
    "currency_id",
    "date_order",
    "amount_charged",
    "on_account",
    "date_due",
    "allocations",
}

PAYMENT_SUMMARY = [
    ("not_paid", "Not Paid"),
    ("authorized", "Authorized"),
    ("partial", "Partly Paid"),
    ("paid", "Paid"),
    ("partially_refunded", "Partly Refunded"),
    ("refunded", "Refunded"),
]
ORDER_SUMMARY = [
    ("to_ship", "To Ship"),
    ("shipped", "Shipped"),
    ("delivered", "Delivered"),
    ("own", "Own Goods"),
    ("cancelled", "Cancelled"),
]


class MarketplaceOrder(models.Model):
    """One purchase of one customer: what ties the orders of its sellers together.

    It stores no total: vendors who act at the same time never write the same row.
    """

    _name = "marketplace.order"
    _description = "Order Group"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _check_company_auto = True
    _order = "date_order desc, id desc"
    _rec_names_search = ["name", "external_ref", "external_number", "partner_id.name"]

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    channel = fields.Char(
        required=True,
        readonly=True,
        default="odoo",
        help="Where the customer bought: the code of a storefront, or odoo.",
    )
    external_ref = fields.Char(
        string="Storefront Reference", readonly=True, copy=False, index="trigram"
    )
    external_number = fields.Char(
        string="Storefront Number",
        readonly=True,
        copy=False,
        index="trigram",
        help="Order number the customer knows.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, readonly=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date_order = fields.Datetime(
        string="Order Date",
        required=True,
        readonly=True,
        default=fields.Datetime.now,
        index=True,
    )
    amount_charged = fields.Monetary(
        string="Charged to the Customer", readonly=True, copy=False
    )
    sale_order_ids = fields.One2many(
        "sale.order", "marketplace_order_id", string="Vendor Orders"
    )
    payment_ids = fields.One2many("marketplace.payment", "order_id", string="Payments")
    refund_ids = fields.One2many("marketplace.refund", "order_id", string="Refunds")
    ledger_line_ids = fields.One2many(
        "marketplace.ledger.line", "marketplace_order_id", string="Ledger"
    )

    amount_vendor_total = fields.Monetary(
        string="Sold by Vendors", compute="_compute_amounts"
    )
    amount_funded = fields.Monetary(
        string="Paid by the Marketplace",
        compute="_compute_amounts",
        help="Discounts that the marketplace pays and the vendors do not.",
    )
    amount_rounding = fields.Monetary(
        string="Rounding",
        compute="_compute_amounts",
        help="What the vendors are credited and the marketplace pays above the amount "
        "charged: a difference within the storefront's tolerance.",
    )
    amount_captured = fields.Monetary(string="Captured", compute="_compute_payment")
    amount_refunded = fields.Monetary(string="Refunded", compute="_compute_payment")
    payment_state = fields.Selection(
        PAYMENT_SUMMARY, string="Payment", compute="_compute_payment"
    )
    state = fields.Selection(ORDER_SUMMARY, compute="_compute_state")
    vendor_count = fields.Integer(string="Vendors", compute="_compute_state")
    shipment_count = fields.Integer(string="Shipments", compute="_compute_counts")
    ledger_count = fields.Integer(string="Ledger Lines", compute="_compute_counts")

    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref) WHERE external_ref IS NOT NULL",
        "This order of the storefront is already imported.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends(
        "amount_charged",
        "sale_order_ids.amount_total",
        "sale_order_ids.order_line.amount_discount_marketplace",
    )
    def _compute_amounts(self):
        for group in self:
            currency = group.currency_id
            orders = group.sale_order_ids
            group.amount_vendor_total = currency.round(
                sum(orders.mapped("amount_total"))
            )
            group.amount_funded = currency.round(
                sum(orders.order_line.mapped("amount_discount_marketplace"))
            )
            group.amount_rounding = currency.round(
                group.amount_vendor_total
                - group.amount_funded
                - group.amount_charged
                - group.amount_added
            )

    @api.depends(
        "amount_charged",
        "payment_ids.state",
        "payment_ids.amount",
        "refund_ids.state",
        "refund_ids.amount",
        "refund_ids.before_capture",
        "amount_payable",
    )
    def _compute_payment(self):
        for group in self:
            by_state = group.payment_ids.grouped("state")
            captured = by_state.get("captured", group.payment_ids.browse())
            done = group.refund_ids.filtered(
                lambda refund: refund.state == "done" and not refund._is_unpaid()
            )
            group.amount_captured = sum(captured.mapped("amount"))
            group.amount_refunded = sum(done.mapped("amount"))
            compare = group.currency_id.compare_amounts
            missing = not group._is_paid()
            if done:
                whole = compare(group.amount_refunded, group.amount_captured) >= 0
                group.payment_state = "refunded" if whole else "partially_refunded"
            elif captured:
                group.payment_state = "partial" if missing else "paid"
            elif "authorized" in by_state:
                group.payment_state = "authorized"
            else:
                free = group.currency_id.is_zero(group.amount_charged)
                group.payment_state = "paid" if free else "not_paid"

    @api.depends(
        "sale_order_ids.state",
        "sale_order_ids.vendor_id",
        "sale_order_ids.marketplace_shipping_state",
    )
    def _compute_state(self):
        for group in self:
            # A vendor order without shipping state: all of it was refused or refunded.
            live = group.sale_order_ids.filtered(
                lambda order: order.state != "cancel"
                and (order.marketplace_shipping_state or not order.vendor_id)
            )
            states = set(live.mapped("marketplace_shipping_state")) - {False}
            group.vendor_count = len(group.sale_order_ids.vendor_id)
            if not live:
                group.state = "cancelled"
            else:
                group.state = next(
                    (s for s in ("to_ship", "shipped", "delivered") if s in states),
                    "own",
                )

    def _compute_counts(self):
        shipments = self.env["marketplace.shipment"]._read_group(
            [("marketplace_order_id", "in", self.ids)],
            ["marketplace_order_id"],
            ["__count"],
        )
        ledger = self.env["marketplace.ledger.line"]._read_group(
            [("marketplace_order_id", "in", self.ids)],
            ["marketplace_order_id"],
            ["__count"],
        )
        shipments, ledger = dict(shipments), dict(ledger)
        for group in self:
            group.shipment_count = shipments.get(group, 0)
            group.ledger_count = ledger.get(group, 0)

    @api.depends("name", "external_number")
    def _compute_display_name(self):
        for group in self:
            group.display_name = (
                f"{group.name} · {group.external_number}"
                if group.external_number
                else group.name
            )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        by_company = defaultdict(list)
        for vals in vals_list:
            if not vals.get("name"):
                company_id = vals.get("company_id") or self.env.company.id
                by_company[company_id].append(vals)
        for company_id, unnamed in by_company.items():
            names = self.env["ir.sequence"]._marketplace_next_many(
                self._name, self.env["res.company"].browse(company_id), len(unnamed)
            )
            for vals, name in zip(unnamed, names, strict=True):
                vals["name"] = name
        return super().create(vals_list)

    def write(self, vals):
        """Keep what the customer bought and was charged: the ledger rests on it."""
        changed = [
            group
            for group in self
            if FROZEN_FIELDS & vals.keys() and group.sale_order_ids
        ]
        if changed:
            raise MarketplaceError(
                self.env._(
                    "%(order)s is a confirmed purchase: it cannot change. Refund what "
                    "the customer does not get.",
                    order=changed[0].display_name,
                )
            )
        return super().write(vals)

    # -- actions --------------------------------------------------------------------

    def action_view_shipments(self):
        self.ensure_one()
        return self._related_action(self.env._("Shipments"), "marketplace.shipment")

    def action_view_ledger(self):
        self.ensure_one()
        return self._related_action(self.env._("Ledger"), "marketplace.ledger.line")

    def _related_action(self, name, model):
        return {
            "type": "ir.actions.act_window",
            "name": f"{name} · {self.name}",
            "res_model": model,
            "view_mode": "list,form",
            "domain": [("marketplace_order_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_refund(self):
        """Open a draft refund of this order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund of %(order)s", order=self.name),
            "res_model": "marketplace.refund",
            "view_mode": "form",
            "context": {"default_order_id": self.id},
        }
