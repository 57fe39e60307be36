from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    commission_line_ids = fields.One2many(
        "marketplace.commission.line", "sale_order_id", string="Commission Lines"
    )
    amount_commission = fields.Monetary(
        string="Commission",
        compute="_compute_amount_commission",
        groups="marketplace_base.group_viewer",
        help="VAT excluded, after what refunds gave back.",
    )

    def _compute_amount_commission(self):
        totals = dict(
            self.env["marketplace.commission.line"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["amount:sum"]
            )
        )
        for order in self:
            order.amount_commission = totals.get(order._origin, 0.0)

    def _marketplace_after_confirm(self):
        result = super()._marketplace_after_confirm()
        agent = self.filtered(lambda order: order.posture == "agent")
        self.env["marketplace.commission.line"]._charge(
            agent.order_line.filtered(
                lambda line: line.marketplace_kind in ("goods", "shipping")
            )
        )
        return result

    def action_view_commission_lines(self):
        """Open the commission of the vendor order."""
        return self.env["marketplace.commission.line"]._action_open(
            self.env._("Commission of %(order)s", order=self.name),
            [("sale_order_id", "=", self.id)],
        )
