"""What a warehouse system reports: parcels that left or arrived, and stock.

The methods named ``wms_*`` are called from outside, through Odoo's JSON-2 API with the
key of an order-desk user (docs/integrations.md). Each may be called again with the same
event: it acts once.
"""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..const import WMS_ITEMS_MAX
from ..exceptions import MarketplaceError

GROUP_DESK = "marketplace_base.group_order_desk"


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    wms_event_ref = fields.Char(
        string="Warehouse Event",
        readonly=True,
        copy=False,
        help="Number of the event by which a warehouse system confirmed this parcel.",
    )

    _wms_event_uniq = models.UniqueIndex(
        "(company_id, wms_event_ref) WHERE wms_event_ref IS NOT NULL",
        "This warehouse event has made its parcel already.",
    )

    @api.model
    def wms_ship(self, event):
        """Take note of a parcel that left, once, and return it.

        :param event: dict with ``event_id``, unique per company; ``order``, number of
            a vendor order; ``lines``, [{``sku`` of the vendor, ``quantity``}], all
            that is left when absent; ``carrier``, ``tracking_ref``, ``tracking_url``.
        :return: dict with ``shipment``, its number, ``state`` and ``tracking_ref``.
        :raises MarketplaceError: naming what is unknown or more than is left.
        """
        self.env.user._check_wms_access()
        event_id = str(event.get("event_id") or "").strip()
        if not event_id:
            raise MarketplaceError(
                self.env._("A warehouse event needs a number (event_id).")
            )
        order = self._wms_order(event)
        # Two calls of one event at once: the second waits, then finds the first's.
        order._marketplace_take_turn()
        known = self.search(
            [
                ("wms_event_ref", "=", event_id),
                ("company_id", "=", order.company_id.id),
            ]
        )
        if known and known.sale_order_id != order:
            raise MarketplaceError(
                self.env._(
                    "The event %(event)s shipped %(known)s of %(other)s already: it "
                    "cannot ship %(order)s.",
                    event=event_id,
                    known=known.name,
                    other=known.sale_order_id.name,
                    order=order.name,
                )
            )
        shipment = known or self._wms_ship_order(order, event, event_id)
        return shipment._wms_answer()

    @api.model
    def wms_confirm_delivery(self, event):
        """Take note of a parcel that arrived, once; see :meth:`_confirm_delivery`.

        :return: as :meth:`wms_ship`.
        """
        self.env.user._check_wms_access()
        return self._confirm_delivery(event)._wms_answer()

    def _wms_answer(self):
        self.ensure_one()
        return {
            "shipment": self.name,
            "state": self.state,
            "tracking_ref": self.tracking_ref or "",
        }

    @api.model
    def _wms_order(self, event):
        """Return the vendor order that an event names, superuser record."""
        reference = str(event.get("order") or "").strip()
        # sudo: the order desk ships any vendor order of its companies, checked above
        order = (
            self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("name", "=", reference),
                    ("vendor_id", "!=", False),
                    ("company_id", "in", self.env.companies.ids),
                ],
                limit=1,
            )
        )
        if not order:
            raise MarketplaceError(
                self.env._(
                    "There is no vendor order “%(reference)s”: send the number that "
                    "the order has here, such as S00042.",
                    reference=reference,
                )
            )
        return order

    @api.model
    def _wms_ship_order(self, order, event, event_id):
        quantities = self._wms_quantities(order, event.get("lines"))
        lines = self.env["sale.order.line"].sudo().browse(quantities)
        kinds = set(lines.mapped("is_operator_fulfilled"))
        if len(kinds) > 1:
            raise MarketplaceError(
                self.env._(
                    "%(order)s: one parcel holds goods of the marketplace's warehouse "
                    "and of the vendor's. Send one event for each.",
                    order=order.name,
                )
            )
        if kinds == {True}:
            shipment = self._wms_ship_transfers(order, quantities, event)
        else:
            shipment = self._create_for_order(
                order,
                quantities,
                carrier_name=event.get("carrier"),
                tracking_ref=event.get("tracking_ref"),
            )
        shipment.write(
            {"wms_event_ref": event_id, "tracking_url": event.get("tracking_url")}
        )
        shipment.action_ship()
        return shipment

    @api.model
    def _wms_quantities(self, order, items):
        """Return {order line id: quantity} of the lines an event lists by SKU."""
        left = order.order_line._marketplace_quantities_to_ship()
        if items is None:
            return {line_id: quantity for line_id, quantity in left.items() if quantity}
        by_sku = defaultdict(order.order_line.browse)
        for line in order.order_line.filtered("offer_id"):
            by_sku[line.offer_id.vendor_sku] |= line
        quantities = defaultdict(float)
        for item in items:
            sku, quantity = str(item.get("sku") or ""), item.get("quantity")
            lines = by_sku.get(sku)
            if not lines:
                raise MarketplaceError(
                    self.env._(
                        "%(order)s has no line with the SKU “%(sku)s”.",
                        order=order.name,
                        sku=sku,
                    )
                )
            if not _is_quantity(quantity) or not quantity:
                raise MarketplaceError(
                    self.env._(
                        "%(order)s: “%(quantity)s” of %(sku)s is not a quantity.",
                        order=order.name,
                        quantity=quantity,
                        sku=sku,
                    )
                )
            # The last line takes what is too much: the refusal then names it.
            for line in lines:
                free = left[line.id] - quantities[line.id]
                part = quantity if line == lines[-1] else min(quantity, max(free, 0.0))
                quantities[line.id] += part
                quantity = line.product_uom_id.round(quantity - part)
        return {line_id: part for line_id, part in quantities.items() if part}

    @api.model
    def _wms_ship_transfers(self, order, quantities, event):
        """Validate the order's open transfer with these lines; return its parcel."""
        # sudo: the warehouse system does the warehouse's work, with the key's right
        picking = (
            order.sudo()
            .picking_ids.filtered(
                lambda transfer: transfer.is_marketplace_delivery
                and transfer.state not in ("done", "cancel")
            )
            .sorted("id")[:1]
        )
        if not picking:
            raise MarketplaceError(
                self.env._(
                    "%(order)s has no transfer left to validate.", order=order.name
                )
            )
        picking.write(
            {
                "marketplace_carrier": event.get("carrier"),
                "marketplace_tracking": event.get("tracking_ref"),
            }
        )
        for move in picking.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        ):
            line = move.sale_line_id
            move.quantity = line.product_uom_id._compute_quantity(
                quantities.get(line.id, 0.0), move.product_uom
            )
            move.picked = line.id in quantities
        picking.with_context(skip_backorder=True)._action_done()
        return picking.marketplace_shipment_ids.sudo(self.env.su)


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    @api.model
    def wms_set_stock(self, items):
        """Set counted stock, offer by offer, and say what became of each.

        What is on hand in the marketplace's warehouse for the offers it ships; what
        the vendor can ship for the others. Absolute figures: the same again changes
        nothing.

        :param items: [dict with ``vendor``, his code; ``sku``; ``quantity``].
        :return: one dict per item, in order: ``sku``, ``quantity`` now offered, and
            ``error``, in words, empty when done.
        """
        self.env.user._check_wms_access()
        if len(items) > WMS_ITEMS_MAX:
            raise MarketplaceError(
                self.env._(
                    "Send at most %(limit)s stock figures in one call.",
                    limit=WMS_ITEMS_MAX,
                )
            )
        # sudo: stock is the warehouse's to report, with the right checked above
        offers = self.sudo().search(
            Domain("vendor_sku", "in", [str(item.get("sku")) for item in items])
            & Domain("company_id", "in", self.env.companies.ids)
        )
        by_key = {(o.vendor_id.vendor_code, o.vendor_sku): o for o in offers}
        answers, counted, typed = [], {}, defaultdict(offers.browse)
        for item in items:
            offer = by_key.get((item.get("vendor"), str(item.get("sku"))))
            error = self._wms_stock_problem(item, offer)
            answers.append((item, offer, error))
            if error:
                continue
            if offer.is_operator_fulfilled:
                counted[offer] = item["quantity"]
            else:
                typed[item["quantity"]] |= offer
        for quantity, same in typed.items():
            same.quantity = quantity
        self._wms_count(counted)
        return [
            {
                "sku": item.get("sku"),
                "quantity": 0.0 if error else offer.quantity,
                "error": error,
            }
            for item, offer, error in answers
        ]

    @api.model
    def _wms_stock_problem(self, item, offer):
        if not offer:
            return self.env._(
                "The vendor “%(vendor)s” has no offer “%(sku)s”.",
                vendor=item.get("vendor"),
                sku=item.get("sku"),
            )
        if offer.is_operator_fulfilled and offer.product_id.tracking != "none":
            return self.env._(
                "%(offer)s has lots or serial numbers: count it in Inventory.",
                offer=offer.display_name,
            )
        if not _is_quantity(item.get("quantity")):
            return self.env._(
                "%(offer)s: “%(quantity)s” is not a quantity.",
                offer=offer.display_name,
                quantity=item.get("quantity"),
            )
        return ""

    @api.model
    def _wms_count(self, counted):
        """Adjust the inventory of what vendors own to what was counted."""
        if not counted:
            return
        warehouses = {
            warehouse.company_id: warehouse
            for warehouse in self.env["stock.warehouse"]
            .sudo()
            .search([], order="sequence desc, id desc")
        }
        # sudo: as above; the inventory is adjusted as a stock user would
        Quant = self.env["stock.quant"].sudo()
        shelves = {
            (
                offer.product_id,
                warehouses[offer.company_id].lot_stock_id,
                offer.vendor_id,
            ): quantity
            for offer, quantity in counted.items()
        }
        products, locations, owners = zip(*shelves, strict=True)
        found = Quant.search(
            [
                ("product_id", "in", [product.id for product in products]),
                ("location_id", "in", [location.id for location in locations]),
                ("owner_id", "in", [owner.id for owner in owners]),
                ("lot_id", "=", False),
                ("package_id", "=", False),
            ]
        ).grouped(lambda quant: (quant.product_id, quant.location_id, quant.owner_id))
        new = Quant.create(
            [
                {
                    "product_id": product.id,
                    "location_id": location.id,
                    "owner_id": owner.id,
                }
                for product, location, owner in shelves
                if (product, location, owner) not in found
            ]
        )
        found |= new.grouped(lambda q: (q.product_id, q.location_id, q.owner_id))
        to_apply = Quant.browse()
        for shelf, quantity in shelves.items():
            # Until Odoo merges them, a shelf may have several quants: all are counted.
            for number, quant in enumerate(found[shelf]):
                quant.inventory_quantity = 0.0 if number else quantity
                to_apply += quant
        to_apply._apply_inventory()


class ResUsers(models.Model):
    _inherit = "res.users"

    def _check_wms_access(self):
        """Refuse whoever is not of the order desk.

        :raises AccessError: saying which right is missing.
        """
        if not self.has_group(GROUP_DESK):
            raise AccessError(
                self.env._(
                    "Reports of a warehouse need the right “Order desk” of the "
                    "marketplace: use the key of such a user."
                )
            )


def _is_quantity(value):
    """Say whether JSON gave a number from zero on; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
