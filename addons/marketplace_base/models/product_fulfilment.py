"""Goods that travel in a parcel, and what is done without one."""

from odoo import api, fields, models

FULFILMENTS = [
    ("parcel", "Sent in a parcel"),
    ("vendor", "Performed: the vendor says when"),
    ("date", "Performed on its date"),
    ("confirmation", "Done with the order"),
]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_fulfilment = fields.Selection(
        FULFILMENTS,
        string="Fulfilment",
        compute="_compute_marketplace_fulfilment",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="How a vendor fulfils it. Without a parcel it is performed: when the "
        "vendor says so, on the date of the order line, or with the order itself, as a "
        "download is.",
    )
    is_marketplace_weighed = fields.Boolean(
        string="Weighed",
        help="The quantity shipped is the final one: what is missing of the ordered "
        "quantity is taken off the order, and the customer pays that much less.",
    )

    @api.depends("type")
    def _compute_marketplace_fulfilment(self):
        for product in self:
            service = product.type == "service"
            product.marketplace_fulfilment = "vendor" if service else "parcel"


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    marketplace_fulfilment = fields.Selection(
        FULFILMENTS,
        string="Fulfilment",
        compute="_compute_marketplace_fulfilment",
        store=True,
        precompute=True,
    )
    is_marketplace_weighed = fields.Boolean(
        string="Weighed",
        compute="_compute_marketplace_fulfilment",
        store=True,
        precompute=True,
    )
    date_service = fields.Date(
        string="Service Date",
        copy=False,
        help="Day on which the service is performed, and counts as delivered.",
    )

    @api.depends("product_id")
    def _compute_marketplace_fulfilment(self):
        for line in self:
            product = line.product_id
            line.marketplace_fulfilment = product.marketplace_fulfilment or "parcel"
            line.is_marketplace_weighed = product.is_marketplace_weighed

    def _marketplace_performed(self):
        """Return which of these lines are fulfilled without a parcel."""
        return self.filtered(
            lambda line: line._marketplace_ships()
            and line.marketplace_fulfilment != "parcel"
        )
