from odoo import api, fields, models
from odoo.fields import Command

from ..const import REFUND_REASONS
from ..exceptions import MarketplaceError


class MarketplaceCancelUnits(models.TransientModel):
    """Take units that are not shipped off a vendor order, after a look at the cost."""

    _name = "marketplace.cancel.units"
    _description = "Cancel Units"

    sale_order_id = fields.Many2one("sale.order", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="sale_order_id.currency_id")
    reason_code = fields.Selection(
        REFUND_REASONS, string="Kind", required=True, default="out_of_stock"
    )
    reason = fields.Text(required=True)
    line_ids = fields.One2many(
        "marketplace.cancel.units.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    amount = fields.Monetary(
        string="Back to the Customer",
        compute="_compute_amount",
        help="Refunded, or no longer charged when the payment is not captured yet.",
    )

    @api.depends("sale_order_id")
    def _compute_line_ids(self):
        for wizard in self:
            left = wizard.sale_order_id.order_line._marketplace_quantities_to_ship()
            wizard.line_ids = [Command.clear()] + [
                Command.create({"sale_line_id": line_id, "quantity_left": quantity})
                for line_id, quantity in left.items()
                if quantity
            ]

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = sum(wizard.line_ids.mapped("amount"))

    def action_cancel_units(self):
        """Amend the purchase and show the amendment."""
        self.ensure_one()
        wanted = self.line_ids.filtered("quantity")
        for line in wanted:
            line._check_left()
        if not wanted:
            raise MarketplaceError(
                self.env._(
                    "%(order)s: enter how many units to cancel.",
                    order=self.sale_order_id.name,
                )
            )
        kept = {line: line.sale_line_id._marketplace_quantity_kept() for line in wanted}
        amendment = self.env["marketplace.order.amendment"].create(
            {
                "order_id": self.sale_order_id.marketplace_order_id.id,
                "reason_code": self.reason_code,
                "reason": self.reason,
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": line.sale_line_id.id,
                            "quantity_new": kept[line] - line.quantity,
                        }
                    )
                    for line in wanted
                ],
            }
        )
        amendment._apply()
        return amendment._get_records_action()


class MarketplaceCancelUnitsLine(models.TransientModel):
    _name = "marketplace.cancel.units.line"
    _description = "Cancel Units of a Line"

    wizard_id = fields.Many2one(
        "marketplace.cancel.units", required=True, ondelete="cascade"
    )
    sale_line_id = fields.Many2one("sale.order.line", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="sale_line_id.currency_id")
    quantity_left = fields.Float(
        string="Not Shipped", digits="Product Unit", readonly=True
    )
    quantity = fields.Float(string="Cancel", digits="Product Unit")
    amount = fields.Monetary(
        string="Back to the Customer",
        compute="_compute_amount",
        currency_field="currency_id",
    )
    amount_vendor = fields.Monetary(
        string="Less for the Vendor",
        compute="_compute_amount",
        help="Before commission: the customer's part, and what the marketplace pays.",
    )

    @api.depends("quantity", "sale_line_id")
    def _compute_amount(self):
        """Look ahead: what the amendment will do, at the frozen terms."""
        money = self.sale_line_id._marketplace_ledger_state()
        for line in self:
            charged, credit = line.sale_line_id._marketplace_preview_less(
                money.get(line.sale_line_id), line.quantity
            )
            line.amount = line.currency_id._marketplace_amount(charged)
            line.amount_vendor = line.currency_id._marketplace_amount(credit)

    def _check_left(self):
        """Refuse to cancel more than is not shipped, naming the product."""
        self.ensure_one()
        unit = self.sale_line_id.product_uom_id
        left = self.sale_line_id._marketplace_quantities_to_ship()
        if (
            self.quantity < 0
            or unit.compare(self.quantity, left.get(self.sale_line_id.id, 0.0)) > 0
        ):
            raise MarketplaceError(
                self.env._(
                    "%(line)s: %(left)s units are not shipped. Cancel as many at most; "
                    "what is shipped is returned and refunded.",
                    line=self.sale_line_id.display_name,
                    left=left.get(self.sale_line_id.id, 0.0),
                )
            )
