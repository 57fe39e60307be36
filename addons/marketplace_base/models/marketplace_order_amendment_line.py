from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import float_compare

from ..const import QUANTITY_DECIMALS
from ..engine.amend import change, unit_credit
from ..engine.money import from_minor, to_minor
from ..engine.refund import LineState, RefundError

# Decimals within which two prices of a unit are one: prices are kept unrounded.
PRICE_DECIMALS = 6

# What a line of an applied amendment says for good.
FROZEN_FIELDS = {
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
        if FROZEN_FIELDS & vals.keys():
            self._refuse_applied()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._refuse_applied()

    def _refuse_applied(self):
        self.amendment_id.filtered(
            lambda record: record.state == "applied"
        )._refuse_applied()
