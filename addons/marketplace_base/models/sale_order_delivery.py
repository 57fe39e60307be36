"""Price the delivery of a quotation that holds the goods of several vendors."""

from odoo import fields, models

from ..engine.shipping import Part
from ..exceptions import MarketplaceError
from .marketplace_shipping_method import shipping_grams


class SaleOrder(models.Model):
    _inherit = "sale.order"

    can_add_marketplace_delivery = fields.Boolean(
        compute="_compute_can_add_marketplace_delivery"
    )

    def _compute_can_add_marketplace_delivery(self):
        for order in self:
            order.can_add_marketplace_delivery = (
                order.state in ("draft", "sent")
                and not order.marketplace_order_id
                and any(order.order_line.mapped("vendor_id"))
            )

    def action_add_marketplace_delivery(self):
        """Add one line of delivery per vendor, at his cheapest price.

        Lines added before are made anew; those typed by hand are left alone.

        :raises MarketplaceError: naming every vendor who does not deliver there.
        """
        for order in self:
            if not order.can_add_marketplace_delivery:
                raise MarketplaceError(
                    self.env._(
                        "%(order)s is no quotation of vendors' goods: there is no "
                        "delivery to price.",
                        order=order.name,
                    )
                )
            order._add_marketplace_delivery()
        return True

    def _add_marketplace_delivery(self):
        country = self.partner_shipping_id.country_id
        if not country:
            raise MarketplaceError(
                self.env._(
                    "The delivery address of %(order)s has no country: enter it, "
                    "deliveries are priced by country.",
                    order=self.name,
                )
            )
        if self.currency_id != self.company_id.currency_id:
            raise MarketplaceError(
                self.env._(
                    "%(order)s is in %(currency)s and vendors price their deliveries "
                    "in %(own)s: add the delivery by hand.",
                    order=self.name,
                    currency=self.currency_id.name,
                    own=self.company_id.currency_id.name,
                )
            )
        quotes = self.env["marketplace.shipping.method"]._quote(
            self.company_id, country, self._marketplace_delivery_parts()
        )
        vendors = self.env["res.partner"].browse(quotes)
        silent = vendors.filtered(lambda vendor: not quotes[vendor.id])
        if silent:
            raise MarketplaceError(
                self.env._(
                    "No shipping method of %(vendors)s delivers this to %(country)s: "
                    "add one in Catalogue > Shipping Methods, or type the delivery.",
                    vendors=", ".join(silent.mapped("name")),
                    country=country.name,
                )
            )
        self.order_line.filtered("delivery_method_id").unlink()
        product = self.env.ref("marketplace_base.product_shipping")
        Line = self.env["sale.order.line"]
        vals_list = []
        for vendor in vendors:
            method, minor = quotes[vendor.id][0]
            vals_list.append(
                Line._marketplace_line_vals(
                    product,
                    1.0,
                    self.currency_id._marketplace_amount(minor),
                    method._get_sale_tax(self).ids,
                    order_id=self.id,
                    name=self.env._(
                        "Delivery by %(vendor)s: %(method)s",
                        vendor=vendor.name,
                        method=method.name,
                    ),
                    delivery_method_id=method.id,
                )
            )
        Line.create(vals_list)

    def _marketplace_delivery_parts(self):
        """Return {vendor id: engine Part} of the goods of a quotation."""
        minor = self.currency_id._marketplace_minor
        goods = self.order_line.filtered(
            lambda line: line.vendor_id and line.marketplace_kind == "goods"
        )
        return {
            vendor.id: Part(
                minor(self.currency_id.round(sum(lines.mapped("price_total")))),
                sum(
                    shipping_grams(
                        line.product_id.weight
                        * line.product_uom_id._compute_quantity(
                            line.product_uom_qty, line.product_id.uom_id
                        )
                    )
                    for line in lines
                ),
            )
            for vendor, lines in goods.grouped("vendor_id").items()
        }


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    delivery_method_id = fields.Many2one(
        "marketplace.shipping.method",
        string="Shipping Method",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The vendor's shipping method that this line is the price of.",
    )

    def _marketplace_delivers_for(self):
        # sudo: whose delivery a line is must not depend on who confirms
        vendor = self.delivery_method_id.sudo().vendor_id
        return vendor.id or super()._marketplace_delivers_for()
