"""Vendor orders that the operator's warehouse ships: order line, transfer, parcel."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ..exceptions import MarketplaceError
from .operator_fulfilment import COUNTING


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_after_confirm(self):
        res = super()._marketplace_after_confirm()
        self._count_operator_stock()
        return res

    def _action_cancel(self):
        res = super()._action_cancel()
        self._count_operator_stock()
        return res

    def _count_operator_stock(self):
        lines = self.order_line.filtered("is_operator_fulfilled")
        lines.offer_id._count_operator_stock()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    is_operator_fulfilled = fields.Boolean(
        string="Shipped by the Marketplace",
        compute="_compute_is_operator_fulfilled",
        store=True,
        precompute=True,
        help="The marketplace's warehouse ships the vendor's own stock.",
    )

    @api.depends("offer_id")
    def _compute_is_operator_fulfilled(self):
        """Keep what the offer said when the line was made."""
        for line in self:
            # sudo: how a line is shipped must not depend on who types it
            line.is_operator_fulfilled = line.offer_id.sudo().is_operator_fulfilled

    def _marketplace_vendor_ships(self):
        """Return the lines of goods that the vendors ship themselves."""
        return self.filtered(
            lambda line: line.vendor_id
            and line.marketplace_kind == "goods"
            and not line.is_operator_fulfilled
        )

    def _has_stock_rules(self):
        return super()._has_stock_rules() or self.is_operator_fulfilled

    def _prepare_procurement_values(self):
        """Ship from the warehouse's shelf what the vendor owns, nothing else.

        The routes of the product are the operator's: he must not buy or make what a
        vendor sells.
        """
        values = super()._prepare_procurement_values()
        if self.is_operator_fulfilled:
            values["restrict_partner_id"] = self.vendor_id.id
            values["route_ids"] = self.warehouse_id.delivery_route_id
        return values

    def _trim_operator_moves(self):
        """Take out of open transfers what was refunded before it left, in batch."""
        lines = self.filtered("is_operator_fulfilled")
        left = lines._marketplace_quantities_to_ship()
        # sudo: a refund stops the warehouse, whoever refunds
        for line in lines.sudo():
            waiting = line.move_ids.filtered(
                lambda move: move.state not in ("done", "cancel")
            )
            # Each step of a delivery moves the whole quantity.
            for moves in waiting.grouped("location_dest_id").values():
                moves._trim_to(left[line.id], line.product_uom_id)


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_apply(self):
        res = super()._after_apply()
        lines = self.line_ids.sale_line_id.filtered("is_operator_fulfilled")
        lines._trim_operator_moves()
        lines.offer_id._count_operator_stock()
        return res


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_custom_move_fields(self):
        return [*super()._get_custom_move_fields(), "restrict_partner_id"]


class StockMove(models.Model):
    _inherit = "stock.move"

    def _trim_to(self, quantity, uom):
        """Lower the demand of open moves to a quantity in all; cancel what is left."""
        for move in self:
            wanted = min(
                quantity, move.product_uom._compute_quantity(move.product_uom_qty, uom)
            )
            quantity -= wanted
            if uom.is_zero(wanted):
                move._action_cancel()
                continue
            demand = uom._compute_quantity(wanted, move.product_uom)
            if move.product_uom.compare(demand, move.product_uom_qty):
                move._do_unreserve()
                move.product_uom_qty = demand
                move._action_assign()

    def _prepare_procurement_values(self):
        """Keep the owner along the steps of a delivery."""
        values = super()._prepare_procurement_values()
        if self.restrict_partner_id:
            values["restrict_partner_id"] = self.restrict_partner_id.id
        return values


class StockPicking(models.Model):
    _inherit = "stock.picking"

    marketplace_shipment_ids = fields.One2many(
        "marketplace.shipment", "picking_id", string="Vendor Shipment"
    )
    is_marketplace_delivery = fields.Boolean(
        compute="_compute_is_marketplace_delivery",
        search="_search_is_marketplace_delivery",
        string="Ships Vendor Orders",
    )
    marketplace_carrier = fields.Char(
        string="Parcel Carrier", copy=False, help="Told to the customer and the vendor."
    )
    marketplace_tracking = fields.Char(string="Parcel Tracking Number", copy=False)

    @api.depends("move_ids.sale_line_id", "location_dest_id.usage")
    def _compute_is_marketplace_delivery(self):
        for picking in self:
            picking.is_marketplace_delivery = (
                picking.location_dest_id.usage == "customer"
                and any(picking.move_ids.sale_line_id.mapped("is_operator_fulfilled"))
            )

    def _search_is_marketplace_delivery(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return Domain("location_dest_id.usage", "=", "customer") & Domain(
            "move_ids.sale_line_id.is_operator_fulfilled", "=", True
        )

    def _action_done(self):
        # Until its parcel is written, what left still looks promised: count after it.
        counting = self.with_context(marketplace_counting=COUNTING)
        res = super(StockPicking, counting)._action_done()
        self._create_marketplace_shipments()
        self.move_ids._count_operator_stock()
        return res

    def _create_marketplace_shipments(self):
        """Make a parcel, on its way, of each transfer that left for a customer.

        One per transfer, whatever happens: the database allows no second.

        :raises MarketplaceError: when more left than was ordered.
        """
        # sudo: the warehouse reports what left and may not write shipments
        todo = self.sudo().filtered(
            lambda picking: picking.state == "done"
            and picking.is_marketplace_delivery
            and not picking.marketplace_shipment_ids
        )
        vals_list = []
        for picking in todo:
            quantities = defaultdict(float)
            for move in picking.move_ids:
                line = move.sale_line_id
                if move.state == "done" and line.is_operator_fulfilled:
                    quantities[line] += move.product_uom._compute_quantity(
                        move.quantity, line.product_uom_id
                    )
            by_order = defaultdict(list)
            for line, quantity in quantities.items():
                by_order[line.order_id].append(
                    {"sale_line_id": line.id, "quantity": quantity}
                )
            for order, items in by_order.items():
                vals_list.append(
                    {
                        "sale_order_id": order.id,
                        "picking_id": picking.id,
                        "carrier_name": picking.marketplace_carrier,
                        "tracking_ref": picking.marketplace_tracking,
                        "line_ids": [Command.create(item) for item in items],
                    }
                )
        if vals_list:
            self.env["marketplace.shipment"].sudo().create(vals_list).action_ship()


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    picking_id = fields.Many2one(
        "stock.picking",
        string="Transfer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="marketplace_base.group_viewer,stock.group_stock_user",
        help="The transfer of the marketplace's warehouse that sent this parcel.",
    )

    _picking_uniq = models.UniqueIndex(
        "(picking_id, sale_order_id) WHERE picking_id IS NOT NULL",
        "This transfer has its parcel already.",
    )

    @api.model
    def _create_for_order(
        self, order, quantities=None, carrier_name=None, tracking_ref=None
    ):
        """Leave to the warehouse what it ships, and out of parcels what needs none."""
        if quantities is None:
            own = order.order_line._marketplace_vendor_ships()
            own -= own._marketplace_performed()
            quantities = own._marketplace_quantities_shippable()
        return super()._create_for_order(order, quantities, carrier_name, tracking_ref)

    def _return_address(self):
        """Send what the warehouse shipped back to it."""
        # sudo: the address of the warehouse is printed for the customer
        warehouse = self.sudo().picking_id.picking_type_id.warehouse_id
        return warehouse.partner_id or super()._return_address()


class MarketplaceShipmentLine(models.Model):
    _inherit = "marketplace.shipment.line"

    @api.constrains("sale_line_id", "shipment_id")
    def _check_who_ships(self):
        """Refuse by hand what leaves with a transfer of the warehouse.

        :raises MarketplaceError: naming the transfers that wait.
        """
        # sudo: the transfer of a parcel is for the back office to see
        for item in self.sudo():
            line = item.sale_line_id
            if line.is_operator_fulfilled and not item.shipment_id.picking_id:
                waiting = line.order_id.picking_ids.filtered(
                    lambda picking: picking.state not in ("done", "cancel")
                )
                raise MarketplaceError(
                    self.env._(
                        "%(product)s of %(order)s is shipped by the marketplace's "
                        "warehouse: validate its transfer (%(transfers)s) instead.",
                        product=line.product_id.display_name,
                        order=line.order_id.name,
                        transfers=", ".join(waiting.mapped("name"))
                        or self.env._("none is open"),
                    )
                )
