from odoo import api, fields, models
from odoo.fields import Command

from ..models.marketplace_line_decision import REFUSAL_REASONS


class MarketplaceLineRefusal(models.TransientModel):
    _name = "marketplace.line.refusal"
    _description = "Refuse Units of a Vendor Order"

    sale_order_id = fields.Many2one(
        "sale.order", string="Vendor Order", required=True, readonly=True
    )
    reason_code = fields.Selection(REFUSAL_REASONS, string="Reason", required=True)
    note = fields.Char(string="Details", help="Kept with the decision and the refund.")
    line_ids = fields.One2many(
        "marketplace.line.refusal.line",
        "refusal_id",
        string="Units",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("sale_order_id")
    def _compute_line_ids(self):
        """Propose all that is left to ship."""
        for refusal in self:
            left = refusal.sale_order_id.order_line._marketplace_quantities_to_ship()
            refusal.line_ids = [
                Command.clear(),
                *(
                    Command.create({"sale_line_id": line_id, "quantity": quantity})
                    for line_id, quantity in left.items()
                    if quantity
                ),
            ]

    def action_apply(self):
        """Refuse the units for the vendor."""
        self.ensure_one()
        # What is done as superuser below is what this right stands for.
        self.sale_order_id.check_access("write")
        self.sale_order_id._marketplace_refuse(
            "operator",
            {item.sale_line_id: item.quantity for item in self.line_ids},
            self.reason_code,
            self.note,
        )
        return True


class MarketplaceLineRefusalLine(models.TransientModel):
    _name = "marketplace.line.refusal.line"
    _description = "Units to Refuse"

    refusal_id = fields.Many2one(
        "marketplace.line.refusal", required=True, ondelete="cascade"
    )
    sale_line_id = fields.Many2one(
        "sale.order.line", string="Order Line", required=True, ondelete="cascade"
    )
    quantity = fields.Float(digits="Product Unit", required=True)
