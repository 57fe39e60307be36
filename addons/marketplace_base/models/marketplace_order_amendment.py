from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import float_compare

from ..const import QUANTITY_DECIMALS, REFUND_REASONS
from ..engine.amend import change, unit_credit
from ..engine.money import from_minor, to_minor
from ..engine.refund import LineState, RefundError
from ..exceptions import MarketplaceError

# Decimals within which two prices of a unit are one: prices are kept unrounded.
PRICE_DECIMALS = 6

AMENDMENT_STATES = [("draft", "Draft"), ("applied", "Applied")]
AMENDMENT_TRANSITIONS = {"applied": {"draft"}}

# What an applied amendment says for good.
FROZEN_FIELDS = {"order_id", "number", "external_ref", "date", "line_ids", "reason"}
LINE_FROZEN_FIELDS = {
    "amendment_id",
    "sale_line_id",
    "offer_id",
    "product_id",
    "name",
    "tax_ids",
    "quantity_old",
    "quantity_new",
    "price_old",
    "price_new",
    "amount_old",
    "amount_delta",
}


class MarketplaceOrderAmendment(models.Model):
    """A numbered change of a purchase after its confirmation.

    It never rewrites what was confirmed: what the customer gets less is cancelled or
    refunded, what he gets more is a further vendor order. Both are dated on the day of
    the change, so what was invoiced, paid out or locked before stays as it is.
    """

    _name = "marketplace.order.amendment"
    _description = "Order Amendment"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "external_ref", "order_id.external_number"]
    _state_transitions = AMENDMENT_TRANSITIONS

    name = fields.Char(
        compute="_compute_name", store=True, precompute=True, index="trigram"
    )
    order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    number = fields.Integer(
        readonly=True, copy=False, help="1, 2, 3… within the order."
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    channel = fields.Char(related="order_id.channel", store=True, precompute=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    currency_id = fields.Many2one(
        related="order_id.currency_id", store=True, precompute=True
    )
    external_ref = fields.Char(
        string="Reference",
        copy=False,
        help="Reference of the change at the storefront: each is applied once.",
    )
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        copy=False,
        tracking=True,
        help="Day of the change, on which its movements are booked: the period after "
        "what is closed already.",
    )
    reason = fields.Text(required=True, help="Why the purchase changes, for the file.")
    reason_code = fields.Selection(
        REFUND_REASONS, string="Kind", required=True, default="other", tracking=True
    )
    state = fields.Selection(
        AMENDMENT_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Applied by", readonly=True, copy=False
    )
    date_applied = fields.Datetime(string="Applied on", readonly=True, copy=False)
    line_ids = fields.One2many(
        "marketplace.order.amendment.line", "amendment_id", string="Changes"
    )
    amount_delta = fields.Monetary(
        string="Change",
        compute="_compute_amount_delta",
        store=True,
        tracking=True,
        help="What the customer pays more in all, negative when less; VAT included.",
    )
    refund_ids = fields.One2many(
        "marketplace.refund", "amendment_id", string="Refunds", readonly=True
    )
    sale_order_ids = fields.One2many(
        "sale.order", "amendment_id", string="Further Vendor Orders", readonly=True
    )
    amount_to_capture = fields.Monetary(related="order_id.amount_to_capture")

    _number_uniq = models.UniqueIndex(
        "(order_id, number)", "This order already has an amendment of that number."
    )
    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref) WHERE external_ref IS NOT NULL",
        "This change of the storefront is already recorded.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("order_id.name", "number")
    def _compute_name(self):
        for amendment in self:
            amendment.name = f"{amendment.order_id.name}/A{amendment.number}"

    @api.depends("line_ids.amount_delta")
    def _compute_amount_delta(self):
        for amendment in self:
            amendment.amount_delta = amendment.currency_id.round(
                sum(amendment.line_ids.mapped("amount_delta"))
            )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Number the amendments of each order: 1, 2, 3…"""
        orders = self.env["marketplace.order"].browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        # Two changes of an order follow one another, or they get one number.
        orders.sudo().sale_order_ids._marketplace_take_turn()
        last = {
            order.id: number
            for order, number in self.sudo()._read_group(
                [("order_id", "in", orders.ids)], ["order_id"], ["number:max"]
            )
        }
        numbered = []
        for vals in vals_list:
            number = last.get(vals.get("order_id"), 0) + 1
            last[vals.get("order_id")] = number
            numbered.append({**vals, "number": number})
        return super().create(numbered)

    def write(self, vals):
        """Keep what an applied amendment says: orders and ledger rest on it."""
        if FROZEN_FIELDS & vals.keys():
            self.check_access("write")
            self.filtered(lambda record: record.state == "applied")._refuse_applied()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_last_draft(self):
        """Keep the numbers of an order without gaps."""
        self.filtered(lambda record: record.state == "applied")._refuse_applied()
        kept = self.search(
            [("order_id", "in", self.order_id.ids), ("id", "not in", self.ids)]
        )
        for amendment in self:
            later = kept.filtered(
                lambda record, amendment=amendment: (
                    record.order_id == amendment.order_id
                    and record.number > amendment.number
                )
            )
            if later:
                raise MarketplaceError(
                    self.env._(
                        "%(amendment)s has later amendments: change it instead of "
                        "deleting it, numbers have no gaps.",
                        amendment=amendment.name,
                    )
                )

    def _refuse_applied(self):
        """Refuse to change amendments that are applied; nothing to say about none."""
        if self:
            raise MarketplaceError(
                self.env._(
                    "%(amendments)s: an applied amendment cannot change. Make another "
                    "one.",
                    amendments=", ".join(self.mapped("name")),
                )
            )

    # -- actions --------------------------------------------------------------------

    def action_load_lines(self):
        """Add every line of the purchase, unchanged, for the user to edit."""
        self.ensure_one()
        lines = self.order_id.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind in ("goods", "shipping")
            and not line.is_supplement
        )
        self.line_ids = [
            Command.create({"sale_line_id": line.id})
            for line in lines - self.line_ids.sale_line_id
        ]
        return True

    def action_apply(self):
        self._apply()
        return True

    def action_view_refunds(self):
        """Open what the amendment cancelled and refunded."""
        return self.refund_ids._get_records_action(name=self.env._("Refunds"))

    def action_view_sale_orders(self):
        """Open the vendor orders that the amendment added."""
        return self.sale_order_ids._get_records_action(
            name=self.env._("Further Vendor Orders")
        )


class MarketplaceOrderAmendmentLine(models.Model):
    _name = "marketplace.order.amendment.line"
    _description = "Order Amendment Line"
    _order = "amendment_id, id"
    _rec_name = "name"

    amendment_id = fields.Many2one(
        "marketplace.order.amendment", required=True, index=True, ondelete="cascade"
    )
    order_id = fields.Many2one(related="amendment_id.order_id")
    company_id = fields.Many2one(
        related="amendment_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="amendment_id.currency_id", store=True, precompute=True
    )
    state = fields.Selection(related="amendment_id.state")
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('order_id.marketplace_order_id', '=', order_id),"
        " ('marketplace_kind', 'in', ('goods', 'shipping')),"
        " ('is_supplement', '=', False)]",
        help="The line that changes; empty for one that is added.",
    )
    offer_id = fields.Many2one(
        "marketplace.offer",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="What is added, and who sells it.",
    )
    product_id = fields.Many2one(
        "product.product",
        ondelete="restrict",
        compute="_compute_product_id",
        store=True,
        readonly=False,
        precompute=True,
        help="The operator's own goods when no offer is chosen.",
    )
    name = fields.Char(
        string="Description",
        compute="_compute_line_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    vendor_id = fields.Many2one(
        "res.partner",
        compute="_compute_vendor_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('type_tax_use', '=', 'sale'), ('company_id', '=', company_id)]",
    )
    external_ref = fields.Char(
        string="Storefront Line", help="Reference of an added line at the storefront."
    )
    quantity_old = fields.Float(
        string="Quantity before",
        digits="Product Unit",
        compute="_compute_old",
        store=True,
        help="Ordered, less what was cancelled or refunded.",
    )
    quantity_new = fields.Float(
        string="New Quantity",
        digits="Product Unit",
        compute="_compute_quantity_new",
        store=True,
        readonly=False,
    )
    price_old = fields.Float(
        string="Price before",
        min_display_digits="Product Price",
        compute="_compute_old",
        store=True,
        help="What the customer pays for one unit, VAT included.",
    )
    price_new = fields.Float(
        string="New Price",
        min_display_digits="Product Price",
        compute="_compute_price_new",
        store=True,
        readonly=False,
        help="What the customer pays for one unit, VAT included. Left as it is, units "
        "taken away cost what they cost, and further ones what the vendor sold the "
        "first for, without discounts of the marketplace.",
    )
    amount_old = fields.Monetary(
        string="Amount before", compute="_compute_old", store=True
    )
    amount_delta = fields.Monetary(
        string="Change",
        compute="_compute_amount_delta",
        store=True,
        help="What the customer pays more for the line, negative when less.",
    )

    _sale_line_uniq = models.UniqueIndex(
        "(amendment_id, sale_line_id) WHERE sale_line_id IS NOT NULL",
        "An order line is in an amendment once.",
    )
    _positive = models.Constraint(
        "CHECK (quantity_new >= 0 AND price_new >= 0)",
        "The new quantity and price are zero or more.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("sale_line_id", "offer_id")
    def _compute_product_id(self):
        for line in self:
            sale_line, offer = line.sale_line_id, line.offer_id
            if sale_line or offer:
                line.product_id = sale_line.product_id or offer.product_id

    @api.depends("sale_line_id", "product_id")
    def _compute_line_name(self):
        for line in self:
            line.name = line.sale_line_id.name or line.product_id.display_name

    @api.depends("sale_line_id", "offer_id")
    def _compute_vendor_id(self):
        for line in self:
            line.vendor_id = line.sale_line_id.vendor_id or line.offer_id.vendor_id

    @api.depends("sale_line_id", "offer_id", "product_id")
    def _compute_tax_ids(self):
        for line in self:
            taxes = line.sale_line_id.tax_ids
            if not taxes and line.offer_id:
                taxes = line.offer_id._get_sale_taxes()
            elif not line.sale_line_id:
                taxes = line.product_id.taxes_id.filtered(
                    lambda tax, line=line: tax.company_id == line.company_id
                )
            line.tax_ids = taxes

    @api.depends("sale_line_id")
    def _compute_old(self):
        """Read what is there today; an applied line keeps what it read."""
        todo = self.filtered(lambda line: line.state != "applied")
        money = todo.sale_line_id._marketplace_ledger_state()
        for line in todo:
            sale_line = line.sale_line_id
            if not sale_line:
                line.quantity_old = line.price_old = line.amount_old = 0.0
                continue
            state = sale_line._marketplace_sold_state(money[sale_line])
            quantity = from_minor(
                state.quantity - state.quantity_back, QUANTITY_DECIMALS
            )
            amount = from_minor(state.left, line.currency_id.decimal_places)
            line.quantity_old = float(quantity)
            line.amount_old = line.currency_id._marketplace_amount(state.left)
            line.price_old = float(amount / quantity) if quantity else 0.0

    # Two methods: Odoo would take both as given when one is.
    @api.depends("sale_line_id", "offer_id")
    def _compute_quantity_new(self):
        for line in self:
            line.quantity_new = line.quantity_old if line.sale_line_id else 1.0

    @api.depends("sale_line_id", "offer_id")
    def _compute_price_new(self):
        for line in self:
            line.price_new = (
                line.price_old if line.sale_line_id else line.offer_id.price
            )

    @api.depends("quantity_new", "price_new", "sale_line_id")
    def _compute_amount_delta(self):
        todo = self.filtered(lambda line: line.state != "applied")
        money = todo.sale_line_id._marketplace_ledger_state()
        for line in todo:
            try:
                minor = line._change(money).delta
            except RefundError:
                minor = 0
            line.amount_delta = line.currency_id._marketplace_amount(minor)

    def _change(self, money):
        """Return what the line changes, for the engine: an ``engine.amend.Change``.

        :param money: {order line: LineMoney} of today.
        :raises RefundError: when it takes more units away than there are.
        """
        self.ensure_one()
        sale_line, decimals = self.sale_line_id, self.currency_id.decimal_places
        unit = 10**QUANTITY_DECIMALS
        quantity = to_minor(self.quantity_new, QUANTITY_DECIMALS)
        price = self._price_minor(self.price_new, decimals)
        if not sale_line:
            return change(LineState(0, 0, 0), quantity, price, unit, 0)
        state = sale_line._marketplace_sold_state(money[sale_line])
        if not self._is_repriced():
            price = None
        extra = unit_credit(state, unit)
        return change(state, quantity, price, unit, extra)

    def _is_repriced(self):
        """Say whether somebody typed another price than the line has."""
        return bool(float_compare(self.price_new, self.price_old, PRICE_DECIMALS))

    @api.model
    def _price_minor(self, price, decimals):
        return Decimal(str(price)).scaleb(decimals)

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.amendment_id.filtered(
            lambda record: record.state == "applied"
        )._refuse_applied()
        return lines

    def write(self, vals):
        if LINE_FROZEN_FIELDS & vals.keys():
            self._refuse_applied()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._refuse_applied()

    def _refuse_applied(self):
        self.amendment_id.filtered(
            lambda record: record.state == "applied"
        )._refuse_applied()
