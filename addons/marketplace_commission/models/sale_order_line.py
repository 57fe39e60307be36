from odoo import fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    commission_line_ids = fields.One2many(
        "marketplace.commission.line", "sale_line_id", string="Commission"
    )
