"""Goods of a vendor in the operator's warehouse: who may take them, and how many."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ..exceptions import MarketplaceError

# Unforgeable by RPC: a client can send any context value, never this object.
COUNTING = object()


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    is_operator_fulfilled = fields.Boolean(
        string="Shipped by the Marketplace",
        tracking=True,
        help="The vendor keeps stock in the marketplace's warehouse, as its owner: the "
        "warehouse ships it, and the stock offered is counted there.",
    )

    @api.constrains("is_operator_fulfilled", "product_id")
    def _check_operator_fulfilled(self):
        for offer in self.filtered("is_operator_fulfilled"):
            if not offer.product_id.is_storable:
                raise MarketplaceError(
                    self.env._(
                        "%(offer)s: the warehouse ships only products whose inventory "
                        "is tracked.",
                        offer=offer.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        offers = super().create(vals_list)
        counted = offers.filtered("is_operator_fulfilled")
        counted._after_fulfilment_chosen()
        return offers

    def write(self, vals):
        if "quantity" in vals:
            self._check_quantity_not_counted(vals)
        res = super().write(vals)
        if vals.get("is_operator_fulfilled"):
            self._after_fulfilment_chosen()
        return res

    def _check_quantity_not_counted(self, vals):
        """Refuse a stock typed for goods that are counted in the warehouse."""
        if (
            self.env.context.get("marketplace_counting") is COUNTING
            or vals.get("is_operator_fulfilled") is False
        ):
            return
        for offer in self.filtered("is_operator_fulfilled"):
            if offer.product_uom_id.compare(offer.quantity, vals["quantity"]):
                raise MarketplaceError(
                    self.env._(
                        "%(offer)s is shipped from the marketplace's warehouse: its "
                        "stock is what is counted there. Receive goods, or adjust the "
                        "inventory.",
                        offer=offer.display_name,
                    )
                )

    def _after_fulfilment_chosen(self):
        if not self:
            return
        # sudo: owners of stock must be seen in the warehouse, as the setting
        # "Consignment" does; whoever manages offers may not change settings.
        self.env.ref("base.group_user").sudo()._apply_group(
            self.env.ref("stock.group_tracking_owner")
        )
        self._count_operator_stock()

    def _count_operator_stock(self):
        """Bring the stock offered to what the vendors still own unsold, in batch.

        On hand in the company's warehouses, less what confirmed orders wait for. Two
        queries, whatever the number of offers.
        """
        # sudo: stock and orders are counted, whoever moved them
        offers = self.sudo().filtered("is_operator_fulfilled")
        if not offers:
            return
        owned = defaultdict(float)
        for company, owner, product, quantity in (
            self.env["stock.quant"]
            .sudo()
            ._read_group(
                [
                    ("product_id", "in", offers.product_id.ids),
                    ("owner_id", "in", offers.vendor_id.ids),
                    ("location_id.usage", "=", "internal"),
                ],
                ["company_id", "owner_id", "product_id"],
                ["quantity:sum"],
            )
        ):
            owned[company.id, owner.id, product.id] = quantity
        waiting = offers._operator_stock_promised()
        counted = offers.with_context(marketplace_counting=COUNTING)
        by_quantity = defaultdict(counted.browse)
        for offer in counted:
            key = (offer.company_id.id, offer.vendor_id.id, offer.product_id.id)
            free = offer.product_uom_id.round(max(owned[key] - waiting[offer.id], 0.0))
            if offer.product_uom_id.compare(offer.quantity, free):
                by_quantity[free] += offer
        for free, changed in by_quantity.items():
            changed.quantity = free

    def _operator_stock_promised(self):
        """Return {offer id: units sold that have not left the warehouse}."""
        lines = self.env["sale.order.line"].search(
            [
                ("offer_id", "in", self.ids),
                ("is_operator_fulfilled", "=", True),
                ("state", "=", "sale"),
                ("order_id.marketplace_shipping_state", "=", "to_ship"),
            ]
        )
        left = lines._marketplace_quantities_to_ship()
        promised = defaultdict(float)
        for line in lines:
            promised[line.offer_id.id] += line.product_uom_id._compute_quantity(
                left[line.id], line.product_id.uom_id
            )
        return promised

    def action_receive_stock(self):
        """Prepare one receipt per vendor of the goods of these offers, and open them.

        The vendor owns what comes in: it adds nothing to the operator's inventory.
        """
        offers = self.filtered("is_operator_fulfilled")
        if not offers:
            raise MarketplaceError(
                self.env._(
                    "None of these offers is shipped by the marketplace: tick “Shipped "
                    "by the Marketplace” first."
                )
            )
        vals_list = []
        by_owner = offers.grouped(lambda offer: (offer.company_id, offer.vendor_id))
        for (company, vendor), own in by_owner.items():
            warehouse = self.env["stock.warehouse"].search(
                [("company_id", "=", company.id)], limit=1
            )
            if not warehouse:
                raise MarketplaceError(
                    self.env._(
                        "%(company)s has no warehouse: create one in Inventory.",
                        company=company.name,
                    )
                )
            picking_type = warehouse.in_type_id
            vals_list.append(
                {
                    "picking_type_id": picking_type.id,
                    "partner_id": vendor.id,
                    "owner_id": vendor.id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom": product.uom_id.id,
                                "product_uom_qty": 0.0,
                                "restrict_partner_id": vendor.id,
                                "location_id": vendor.property_stock_supplier.id,
                                "location_dest_id": (
                                    picking_type.default_location_dest_id.id
                                ),
                            }
                        )
                        for product in own.product_id
                    ],
                    "location_id": vendor.property_stock_supplier.id,
                    "location_dest_id": picking_type.default_location_dest_id.id,
                }
            )
        return self.env["stock.picking"].create(vals_list)._get_records_action()


class StockMove(models.Model):
    """What a vendor owns leaves for his own sales only."""

    _inherit = "stock.move"

    def _marketplace_owner(self):
        """Return the vendor whose stock the move is about; empty for others' stock."""
        owner = self.restrict_partner_id or self.picking_id.owner_id
        return owner.filtered("is_marketplace_vendor")

    def _get_available_quantity(
        self,
        location_id,
        lot_id=None,
        package_id=None,
        owner_id=None,
        strict=False,
        allow_negative=False,
    ):
        move = self._marketplace_guard(owner_id)
        return super(StockMove, move)._get_available_quantity(
            location_id,
            lot_id=lot_id,
            package_id=package_id,
            owner_id=owner_id or self._marketplace_owner() or None,
            strict=strict,
            allow_negative=allow_negative,
        )

    def _update_reserved_quantity_vals(
        self,
        need,
        location_id,
        lot_id=None,
        package_id=None,
        owner_id=None,
        strict=True,
    ):
        move = self._marketplace_guard(owner_id)
        return super(StockMove, move)._update_reserved_quantity_vals(
            need,
            location_id,
            lot_id=lot_id,
            package_id=package_id,
            owner_id=owner_id or self._marketplace_owner() or None,
            strict=strict,
        )

    def _marketplace_guard(self, owner):
        """Return the move unable to see the stock of vendors, unless it is theirs."""
        if owner or self._marketplace_owner():
            return self
        return self.with_context(marketplace_hide_vendor_stock=True)

    def _prepare_move_line_vals(self, quantity=None, reserved_quant=None):
        """Take what was not reserved from the owner too, never from the operator."""
        vals = super()._prepare_move_line_vals(quantity, reserved_quant)
        owner = self._marketplace_owner()
        if owner and not vals.get("owner_id"):
            vals["owner_id"] = owner.id
        return vals

    def _get_new_picking_values(self):
        vals = super()._get_new_picking_values()
        owner = self.restrict_partner_id.filtered("is_marketplace_vendor")
        if len(owner) == 1:
            vals["owner_id"] = owner.id
        return vals

    def _key_assign_picking(self):
        return (*super()._key_assign_picking(), self.restrict_partner_id)

    def _search_picking_for_assignation_domain(self):
        domain = super()._search_picking_for_assignation_domain()
        return Domain(domain) & Domain("owner_id", "=", self.restrict_partner_id.id)

    def _action_done(self, cancel_backorder=False):
        """Take from the vendor what is his, whatever was picked by hand."""
        for move in self:
            vendor = move.restrict_partner_id.filtered("is_marketplace_vendor")
            wrong = move.move_line_ids.filtered(
                lambda line, vendor=vendor: vendor and line.owner_id != vendor
            )
            if wrong:
                wrong.owner_id = vendor
        done = super()._action_done(cancel_backorder=cancel_backorder)
        if self.env.context.get("marketplace_counting") is not COUNTING:
            done._count_operator_stock()
        return done

    def _count_operator_stock(self):
        """Count again the offers of the vendors whose stock these moves moved."""
        # sudo: which offers a movement of stock is about, whoever moves it
        moves = self.sudo()
        owners = moves.move_line_ids.owner_id.filtered("is_marketplace_vendor")
        if owners:
            self.env["marketplace.offer"].sudo().search(
                [
                    ("is_operator_fulfilled", "=", True),
                    ("vendor_id", "in", owners.ids),
                    ("product_id", "in", moves.product_id.ids),
                ]
            )._count_operator_stock()


class StockQuant(models.Model):
    _inherit = "stock.quant"

    def _get_gather_domain(
        self,
        product_id,
        location_id,
        lot_id=None,
        package_id=None,
        owner_id=None,
        strict=False,
    ):
        """Keep the operator's own moves away from the stock of vendors."""
        domain = super()._get_gather_domain(
            product_id, location_id, lot_id, package_id, owner_id, strict
        )
        if self.env.context.get("marketplace_hide_vendor_stock"):
            domain &= Domain("owner_id", "=", False) | Domain(
                "owner_id.is_marketplace_vendor", "!=", True
            )
        return domain
