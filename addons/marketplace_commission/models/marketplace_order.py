from odoo import fields, models


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    amount_commission = fields.Monetary(
        string="Commission",
        compute="_compute_amount_commission",
        help="VAT excluded, over all vendors, after what refunds gave back.",
    )

    def _compute_amount_commission(self):
        totals = dict(
            self.env["marketplace.commission.line"]._read_group(
                [("marketplace_order_id", "in", self.ids)],
                ["marketplace_order_id"],
                ["amount:sum"],
            )
        )
        for group in self:
            group.amount_commission = totals.get(group._origin, 0.0)

    def action_view_commission_lines(self):
        """Open the commission of all vendor orders of the purchase."""
        return self.env["marketplace.commission.line"]._action_open(
            self.env._("Commission of %(order)s", order=self.name),
            [("marketplace_order_id", "=", self.id)],
        )
