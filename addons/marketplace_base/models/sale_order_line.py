from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command

from ..const import DISCOUNT_FUNDERS, LINE_KINDS, QUANTITY_DECIMALS, SHIPMENT_GONE
from ..engine.amend import without
from ..engine.money import to_minor
from ..engine.refund import line_money
from ..exceptions import MarketplaceError

# What a line of a confirmed purchase keeps for good.
FROZEN_FIELDS = {
    "order_id",
    "product_id",
    "offer_id",
    "product_uom_id",
    "product_uom_qty",
    "price_unit",
    "discount",
    "tax_ids",
    "vendor_id",
    "marketplace_kind",
    "shipping_vendor_id",
    "amount_discount_vendor",
    "amount_discount_marketplace",
    "amount_discount_operator",
    "amount_vendor",
    "amount_vendor_untaxed",
    "amount_eco",
    "amount_deposit",
    "amount_not_commissionable",
    "amendment_line_id",
    "is_supplement",
}
# Unforgeable by RPC: a client can send any context value, never this object.
FREEZING = object()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    offer_id = fields.Many2one(
        "marketplace.offer",
        compute="_compute_offer_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('product_id', '=', product_id)]",
        help="Who sells this line, at which price.",
    )
    vendor_id = fields.Many2one(
        "res.partner",
        compute="_compute_vendor_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    marketplace_kind = fields.Selection(
        LINE_KINDS, compute="_compute_marketplace_kind", store=True, precompute=True
    )
    discount_funder = fields.Selection(
        DISCOUNT_FUNDERS,
        string="Paid by",
        default="vendor",
        help="Who pays a discount shared between vendors: they, or the marketplace, "
        "which then credits them the full price.",
    )
    external_ref = fields.Char(
        string="Storefront Line", copy=False, index="btree_not_null"
    )
    amount_discount_vendor = fields.Monetary(
        string="Vendor Discount",
        copy=False,
        readonly=True,
        help="Share of the order's discounts paid by the seller, VAT included.",
    )
    amount_discount_marketplace = fields.Monetary(
        string="Marketplace Discount",
        copy=False,
        readonly=True,
        help="Share of the order's discounts paid by the marketplace, VAT included.",
    )
    amount_vendor = fields.Monetary(
        string="Vendor Credit",
        copy=False,
        readonly=True,
        help="What the seller is credited for this line: its price less the discounts "
        "he pays, VAT included. The lines add up to the total of the order.",
    )
    amount_vendor_untaxed = fields.Monetary(
        string="Vendor Credit, Untaxed",
        copy=False,
        readonly=True,
        help="Share of the line in the untaxed amount of the order.",
    )
    qty_delivered_method = fields.Selection(
        selection_add=[("marketplace", "Marketplace Shipments")]
    )
    marketplace_shipment_line_ids = fields.One2many(
        "marketplace.shipment.line", "sale_line_id", string="Shipment Lines"
    )
    marketplace_refund_line_ids = fields.One2many(
        "marketplace.refund.line", "sale_line_id", string="Refund Lines"
    )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_not_frozen()
        return lines

    def write(self, vals):
        freezing = self.env.context.get("marketplace_freezing") is FREEZING
        if FROZEN_FIELDS & vals.keys() and not freezing:
            self._check_not_frozen()
        return super().write(vals)

    def _check_not_frozen(self):
        """Refuse to change what a customer bought: the ledger rests on it."""
        for line in self:
            if line.state == "sale" and line.order_id.marketplace_order_id:
                raise MarketplaceError(
                    self.env._(
                        "%(order)s is a confirmed purchase: its lines cannot change. "
                        "Refund what the customer does not get.",
                        order=line.order_id.name,
                    )
                )

    # -- what the line is -----------------------------------------------------------

    @api.depends("product_id")
    def _compute_offer_id(self):
        by_setting = self.grouped(lambda line: (line.company_id, line.currency_id))
        for (company, currency), lines in by_setting.items():
            # sudo: whose offer a product is must not depend on who types the order
            offers = (
                self.env["marketplace.offer"]
                .sudo()
                ._default_for_products(
                    lines.product_id, company or self.env.company, currency
                )
            )
            for line in lines:
                if line.offer_id.product_id != line.product_id:
                    line.offer_id = offers.get(line.product_id.id)

    @api.depends("offer_id", "order_id.vendor_id")
    def _compute_vendor_id(self):
        for line in self:
            # sudo: the vendor's name is on the order, his offer may be out of reach
            line.vendor_id = line.offer_id.sudo().vendor_id or line.order_id.vendor_id

    @api.depends("product_id")
    def _compute_marketplace_kind(self):
        for line in self:
            kind = line.product_id.marketplace_kind
            if line._is_delivery():
                kind = "shipping"
            elif line._is_discount_line():
                kind = "discount"
            line.marketplace_kind = not line.display_type and (kind or "goods")

    @api.depends("offer_id")
    def _compute_tax_ids(self):
        res = super()._compute_tax_ids()
        for line in self.filtered("offer_id"):
            line.tax_ids = line._marketplace_offer_taxes()
        return res

    @api.depends("offer_id")
    def _compute_price_unit(self):
        return super()._compute_price_unit()

    def _reset_price_unit(self):
        """Take the price of the offer instead of the pricelist's."""
        if not self.offer_id:
            return super()._reset_price_unit()
        self.update(self._prepare_offer_price_vals())
        return None

    @api.depends("offer_id")
    def _compute_discount(self):
        res = super()._compute_discount()
        self.filtered("offer_id").discount = 0.0
        return res

    # -- delivery -------------------------------------------------------------------

    @api.depends("vendor_id", "marketplace_kind")
    def _compute_qty_delivered_method(self):
        res = super()._compute_qty_delivered_method()
        for line in self:
            if line.vendor_id and line.marketplace_kind == "goods":
                line.qty_delivered_method = "marketplace"
        return res

    @api.depends(
        "marketplace_shipment_line_ids.quantity",
        "marketplace_shipment_line_ids.shipment_id.state",
    )
    def _compute_qty_delivered(self):
        return super()._compute_qty_delivered()

    def _prepare_qty_delivered(self):
        quantities = super()._prepare_qty_delivered()
        for line in self:
            if line.qty_delivered_method == "marketplace":
                quantities[line] = sum(
                    item.quantity
                    for item in line.marketplace_shipment_line_ids
                    if item.shipment_id.state == "delivered"
                )
        return quantities

    def _action_launch_stock_rule(self, **kwargs):
        """Leave what vendors ship to their shipments."""
        own = self.filtered(lambda line: line._has_stock_rules())
        return super(SaleOrderLine, own)._action_launch_stock_rule(**kwargs)

    def _has_stock_rules(self):
        """Say whether the operator's warehouse ships the line."""
        return not self.vendor_id

    def _marketplace_quantities_to_ship(self):
        """Return what is still to be shipped of each line of goods.

        Ordered, less what live shipments hold, less what was refunded.

        :return: {line id: quantity}, 0 when nothing is left.
        """
        return {
            line_id: max(balance, 0.0)
            for line_id, balance in self._marketplace_quantity_balances().items()
        }

    def _marketplace_quantities_excess(self):
        """Return {line id: units in shipments above what was ordered}.

        A unit shipped and then returned is no excess.
        """
        return {
            line_id: -balance
            for line_id, balance in self._marketplace_quantity_balances(
                with_refunds=False
            ).items()
            if balance < 0
        }

    def _marketplace_quantity_balances(self, with_refunds=True):
        """Return {line id: ordered less shipped, and less refunded if asked}."""
        goods = self.filtered(lambda line: line._marketplace_ships())
        shipped = defaultdict(float)
        for line, quantity in self.env["marketplace.shipment.line"]._read_group(
            [
                ("sale_line_id", "in", goods.ids),
                ("shipment_id.state", "not in", SHIPMENT_GONE),
            ],
            ["sale_line_id"],
            ["quantity:sum"],
        ):
            shipped[line.id] = quantity
        refunded = goods._marketplace_quantities_refunded() if with_refunds else {}
        return {
            line.id: line.product_uom_id.round(
                line.product_uom_qty - shipped[line.id] - refunded.get(line.id, 0.0)
            )
            for line in goods
        }

    def _marketplace_quantities_refunded(self):
        """Return {line id: units refunded}; lines never refunded are absent."""
        quantities = defaultdict(float)
        for line, _before_capture, quantity, *_amounts in self._marketplace_refunded():
            quantities[line.id] += quantity
        return dict(quantities)

    def _marketplace_refunded(self):
        """Return (line, before the capture?, quantity, to the customer, seller's)."""
        # sudo: portal vendors read no refund, but must not ship what was cancelled
        return (
            self.env["marketplace.refund.line"]
            .sudo()
            ._read_group(
                [("sale_line_id", "in", self.ids), ("refund_id.state", "=", "done")],
                ["sale_line_id", "before_capture"],
                ["quantity:sum", "amount:sum", "amount_vendor:sum"],
            )
        )

    # -- invoicing: the operator never invoices what a vendor sells -------------------

    def _is_agent_sale(self):
        """Say whether invoicing leaves the line alone: sold by a vendor, or booked."""
        return self.order_id.posture == "agent" or bool(self.shipping_vendor_id)

    @api.depends("order_id.posture", "shipping_vendor_id")
    def _compute_qty_to_invoice(self):
        agent = self.filtered(SaleOrderLine._is_agent_sale)
        agent.qty_to_invoice = 0.0
        return super(SaleOrderLine, self - agent)._compute_qty_to_invoice()

    @api.depends("order_id.posture", "shipping_vendor_id")
    def _compute_invoice_status(self):
        agent = self.filtered(SaleOrderLine._is_agent_sale)
        agent.invoice_status = "no"
        return super(SaleOrderLine, self - agent)._compute_invoice_status()

    @api.depends("order_id.posture", "shipping_vendor_id")
    def _compute_untaxed_amount_to_invoice(self):
        agent = self.filtered(SaleOrderLine._is_agent_sale)
        agent.untaxed_amount_to_invoice = 0.0
        return super(SaleOrderLine, self - agent)._compute_untaxed_amount_to_invoice()

    @api.depends("order_id.posture", "shipping_vendor_id")
    def _compute_amount_to_invoice(self):
        agent = self.filtered(SaleOrderLine._is_agent_sale)
        agent.amount_to_invoice = 0.0
        return super(SaleOrderLine, self - agent)._compute_amount_to_invoice()

    # -- money ----------------------------------------------------------------------

    @api.model
    def _marketplace_line_vals(self, product, quantity, amount, tax_ids, **vals):
        """Return the values of a line that costs ``amount`` in all.

        Everything Odoo would look up is given: prices are facts of the storefront.
        """
        price = amount / quantity
        return {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "product_uom_qty": quantity,
            "price_unit": price,
            "technical_price_unit": price,
            "discount": 0.0,
            "tax_ids": [Command.set(tax_ids)],
            "offer_id": False,
            "analytic_distribution": False,
            **vals,
        }

    def _marketplace_face_minor(self):
        """Return what the line costs as typed: price × quantity, less its own rebate.

        VAT is in it or not, as its taxes say.
        """
        face = self.price_unit * self.product_uom_qty * (1 - self.discount / 100)
        return self.currency_id._marketplace_minor(self.currency_id.round(face))

    def _marketplace_net_minor(self):
        """Return what the line costs after the discounts its seller pays."""
        discount = self.currency_id._marketplace_minor(self.amount_discount_vendor)
        return max(self._marketplace_face_minor() - discount, 0)

    def _marketplace_charge_minor(self):
        """Return what the customer pays of the credit."""
        minor = self.currency_id._marketplace_minor
        return minor(self.amount_vendor) - minor(self.amount_discount_marketplace)

    def _marketplace_untaxed_ratio(self):
        """Return (untaxed, taxed) minor units of a large amount at the line's taxes."""
        currency = self.currency_id
        totals = self.tax_ids.compute_all(1_000_000.0, currency=currency)
        return (
            currency._marketplace_minor(totals["total_excluded"]),
            currency._marketplace_minor(totals["total_included"]),
        )

    def _marketplace_ledger_state(self):
        """Return what the ledger and the refunds say of each line.

        :return: {line: LineMoney}, for every line of self.
        """
        # sudo: what is left to refund must not depend on who may read the ledger
        Ledger = self.env["marketplace.ledger.line"].sudo()
        moves = defaultdict(list)
        for line, event, debit, credit, amount in Ledger._read_group(
            [("sale_line_id", "in", self.ids)],
            ["sale_line_id", "event", "role_debit", "role_credit"],
            ["amount:sum"],
        ):
            minor = line.currency_id._marketplace_minor(amount)
            moves[line.id].append((event, debit, credit, minor))
        refunded, cancelled = defaultdict(float), {}
        for (
            line,
            before_capture,
            quantity,
            charged,
            credit,
        ) in self._marketplace_refunded():
            refunded[line.id] += quantity
            if before_capture:
                cancelled[line.id] = (charged, credit)
        states = {
            line: line_money(
                moves[line.id],
                to_minor(line.product_uom_qty, QUANTITY_DECIMALS),
                to_minor(refunded[line.id], QUANTITY_DECIMALS),
            )
            for line in self
        }
        for line in self.browse(cancelled):
            charged, credit = map(
                line.currency_id._marketplace_minor, cancelled[line.id]
            )
            states[line] = without(
                states[line],
                charged,
                credit,
                line._marketplace_tax_minor() if line._marketplace_tax_role() else 0,
                line.currency_id._marketplace_minor(line.amount_vendor),
            )
        return states
