from odoo import api, fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import to_minor
from ..engine.refund import unit_amount


class MarketplaceRefundLine(models.Model):
    _name = "marketplace.refund.line"
    _description = "Order Refund Line"
    _order = "refund_id, id"
    _rec_name = "sale_line_id"

    refund_id = fields.Many2one(
        "marketplace.refund", required=True, index=True, ondelete="cascade"
    )
    order_id = fields.Many2one(related="refund_id.order_id")
    company_id = fields.Many2one(
        related="refund_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="refund_id.currency_id", store=True, precompute=True
    )
    date = fields.Date(related="refund_id.date")
    state = fields.Selection(related="refund_id.state")
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('order_id.marketplace_order_id', '=', order_id),"
        " ('marketplace_kind', 'in', ('goods', 'shipping'))]",
    )
    sale_order_id = fields.Many2one(
        related="sale_line_id.order_id", string="Vendor Order"
    )
    vendor_id = fields.Many2one(
        related="sale_line_id.vendor_id", store=True, precompute=True
    )
    quantity = fields.Float(
        digits="Product Unit",
        help="Units given back; 0 for an amount without any goods.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="What the customer gets back for the line, VAT included.",
    )
    amount_vendor = fields.Monetary(
        string="Borne by the Vendor",
        readonly=True,
        copy=False,
        help="What the seller gives up: the customer's part and, in proportion, the "
        "discount that the marketplace had paid.",
    )
    amount_left = fields.Monetary(
        string="Left to Refund", compute="_compute_amount_left"
    )

    _positive = models.Constraint(
        "CHECK (quantity >= 0 AND amount >= 0)",
        "Refund positive quantities and amounts.",
    )

    @api.depends("quantity", "sale_line_id")
    def _compute_amount(self):
        """Propose the price of the units, by cumulative difference."""
        states = self.sale_line_id._marketplace_ledger_state()
        for item in self:
            line = item.sale_line_id
            if not line:
                item.amount = 0.0
                continue
            state = states[line].state
            left = max(state.quantity - state.quantity_back, 0)
            units = min(to_minor(item.quantity, QUANTITY_DECIMALS), left)
            item.amount = line.currency_id._marketplace_amount(
                unit_amount(state, units)
            )

    @api.depends("sale_line_id")
    def _compute_amount_left(self):
        states = self.sale_line_id._marketplace_ledger_state()
        for item in self:
            line = item.sale_line_id
            item.amount_left = (
                line.currency_id._marketplace_amount(states[line].state.left)
                if line
                else 0.0
            )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._check_draft()

    def _check_draft(self):
        """Keep what a done refund says: it is in the ledger."""
        self.refund_id.filtered(lambda record: record.state != "draft")._refuse_done()
