from datetime import timedelta

from odoo import api, fields, models

from ..const import (
    SHIPMENT_BATCH,
    SHIPMENT_STATES,
    SHIPMENT_TRANSITIONS,
    VENDORS_TOGETHER,
)
from ..exceptions import MarketplaceError
from ..formatting import format_quantity


class MarketplaceShipment(models.Model):
    """A parcel that a vendor sends to the customer."""

    _name = "marketplace.shipment"
    _description = "Vendor Shipment"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_names_search = ["name", "tracking_ref", "sale_order_id.name"]
    _state_transitions = SHIPMENT_TRANSITIONS

    name = fields.Char(string="Number", readonly=True, copy=False, index="trigram")
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('vendor_id', '!=', False), ('state', '=', 'sale')]",
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        string="Order Group",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id",
        string="Vendor",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        related="sale_order_id.company_id", store=True, precompute=True
    )
    partner_shipping_id = fields.Many2one(
        related="sale_order_id.partner_shipping_id", string="Delivery Address"
    )
    carrier_name = fields.Char(string="Carrier", tracking=True)
    tracking_ref = fields.Char(string="Tracking Number", tracking=True, index="trigram")
    tracking_url = fields.Char(string="Tracking Link")
    external_ref = fields.Char(
        string="Storefront Reference", copy=False, index="btree_not_null"
    )
    line_ids = fields.One2many(
        "marketplace.shipment.line", "shipment_id", string="Contents"
    )
    state = fields.Selection(
        SHIPMENT_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    date_shipped = fields.Datetime(string="Shipped on", readonly=True, copy=False)
    date_delivered = fields.Datetime(string="Delivered on", readonly=True, copy=False)
    date_auto_delivery = fields.Date(
        string="Assumed Delivered on",
        readonly=True,
        copy=False,
        help="Without proof of delivery the shipment counts as delivered that day.",
    )
    date_entitlement = fields.Date(
        string="Due to the Vendor on",
        readonly=True,
        copy=False,
        help="Set once the shipment is delivered and the order paid.",
    )
    is_entitled = fields.Boolean(string="Due to the Vendor", readonly=True, copy=False)

    _auto_delivery_idx = models.Index("(date_auto_delivery) WHERE state = 'shipped'")
    _entitlement_idx = models.Index(
        "(date_entitlement) WHERE date_entitlement IS NOT NULL AND NOT is_entitled"
    )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        names = (
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(self._name, self.env.company, len(vals_list))
        )
        return super().create(
            [
                {**vals, "name": vals.get("name") or name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        for shipment in self:
            if shipment.state not in ("draft", "cancelled"):
                raise MarketplaceError(
                    self.env._("%(shipment)s has left already.", shipment=shipment.name)
                )

    @api.model
    def _create_for_order(
        self, order, quantities=None, carrier_name=None, tracking_ref=None
    ):
        """Return a draft shipment of a vendor order.

        :param quantities: {order line id: quantity}; all that is left when not given.
        :raises MarketplaceError: when there is nothing to ship, or not so much.
        """
        if quantities is None:
            quantities = order.order_line._marketplace_quantities_shippable()
        lines = [
            {"sale_line_id": line_id, "quantity": quantity}
            for line_id, quantity in quantities.items()
            if quantity
        ]
        if stops := not lines and order.order_line._marketplace_shipping_stops():
            raise MarketplaceError(
                self.env._(
                    "%(order)s cannot be shipped: %(reason)s.",
                    order=order.name,
                    reason=next(iter(stops.values())),
                )
            )
        if not lines or order.state != "sale":
            raise MarketplaceError(
                self.env._("%(order)s has nothing left to ship.", order=order.name)
            )
        return self.create(
            {
                "sale_order_id": order.id,
                "carrier_name": carrier_name,
                "tracking_ref": tracking_ref,
                "line_ids": [fields.Command.create(line) for line in lines],
            }
        )

    # -- gate -----------------------------------------------------------------------

    def action_ship(self):
        """Hand the parcels to the carrier."""
        for shipment in self:
            if not shipment.line_ids:
                raise MarketplaceError(
                    self.env._("%(shipment)s is empty.", shipment=shipment.name)
                )
        now = fields.Datetime.now()
        shipped = self._transition("shipped", {"date_shipped": now})
        for shipment in shipped:
            # sudo: terms of the contract apply, whoever ships may not read them
            days = shipment.sale_order_id.sudo().contract_id.auto_delivery_days
            if days:
                day = shipment.company_id._marketplace_day(now)
                shipment.date_auto_delivery = day + timedelta(days=days)
        shipped._after_ship()
        return True

    def action_deliver(self, date=None):
        """Take note that the parcels arrived, on a day given or now."""
        day = fields.Date.to_date(date)
        for company, shipments in self.grouped("company_id").items():
            moment = company._marketplace_day_start(day) if day else None
            shipments._deliver("operator", moment)
        return True

    @api.private
    def _deliver(self, source, moment=None, event_ref=False):
        """Move parcels to delivered, and make the money due when its day comes.

        :param source: who says so, a code of DELIVERY_SOURCES.
        :param moment: UTC, now by default.
        :param event_ref: number of the event that confirms one shipment.
        """
        delivered = self._transition(
            "delivered",
            {
                "date_delivered": moment or fields.Datetime.now(),
                "delivery_source": source,
                "delivery_event_ref": event_ref,
            },
        )
        delivered._after_deliver()
        delivered._schedule_entitlement()

    def action_cancel(self):
        self._transition("cancelled")
        return True

    def _after_ship(self):
        """Act on parcels that just left, in batch; to extend."""

    def _after_deliver(self):
        """Act on parcels that just arrived, in batch; to extend."""

    # -- crons ----------------------------------------------------------------------

    @api.model
    def _cron_auto_deliver(self):
        """Deliver what was shipped so long ago that it must have arrived."""
        self._run_due(
            [("state", "=", "shipped")],
            "date_auto_delivery",
            lambda shipments, today: shipments._deliver("assumed"),
        )

    @api.model
    def _cron_entitle(self):
        """Make due to the vendors what was delivered long enough ago."""
        self._run_due(
            [("is_entitled", "=", False)],
            "date_entitlement",
            lambda shipments, today: shipments._entitle(today),
        )

    @api.model
    def _run_due(self, domain, date_field, act):
        """Act on the shipments whose day has come, and commit batches.

        Company by company, by its own calendar. What stops one company is told to its
        accountants and leaves the others alone.

        :param date_field: the day they wait for.
        :param act: called with shipments and the company's day.
        """
        cron = self.env["ir.cron"]
        # Nowhere is it later than a day after UTC.
        tomorrow = fields.Date.today() + timedelta(days=1)
        waiting = fields.Domain(domain) & fields.Domain(date_field, "<=", tomorrow)
        cron._commit_progress(remaining=self.search_count(waiting))
        for (company,) in self._read_group(waiting, ["company_id"]):
            today = company._marketplace_today()
            own = (
                fields.Domain(domain)
                & fields.Domain(date_field, "<=", today)
                & fields.Domain("company_id", "=", company.id)
            )
            while True:
                shipments = self.search(
                    own, limit=SHIPMENT_BATCH, order=VENDORS_TOGETHER
                )
                # Shipments someone else is changing wait for the next run.
                shipments = shipments.try_lock_for_update(allow_referencing=True)
                shipments = shipments.filtered_domain(own)
                if not shipments or not company._marketplace_attempt(
                    self.env._("Delivery of vendor orders"), act, shipments, today
                ):
                    break
                if not cron._commit_progress(len(shipments)):
                    return


class MarketplaceShipmentLine(models.Model):
    _name = "marketplace.shipment.line"
    _description = "Vendor Shipment Line"
    _order = "shipment_id, id"
    _rec_name = "product_id"

    shipment_id = fields.Many2one(
        "marketplace.shipment", required=True, index=True, ondelete="cascade"
    )
    sale_order_id = fields.Many2one(related="shipment_id.sale_order_id")
    company_id = fields.Many2one(
        related="shipment_id.company_id", store=True, precompute=True
    )
    vendor_id = fields.Many2one(
        related="shipment_id.vendor_id",
        string="Vendor",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('order_id', '=', sale_order_id), ('marketplace_kind', '=', 'goods'),"
        " ('is_supplement', '=', False)]",
    )
    product_id = fields.Many2one(related="sale_line_id.product_id")
    product_uom_id = fields.Many2one(related="sale_line_id.product_uom_id")
    quantity = fields.Float(digits="Product Unit", required=True, default=1.0)

    _sale_line_uniq = models.UniqueIndex(
        "(shipment_id, sale_line_id)", "An order line is in a parcel once."
    )
    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "Ship a positive quantity."
    )

    @api.constrains("quantity", "sale_line_id", "shipment_id")
    def _check_quantity(self):
        """Refuse to ship more than was ordered, or lines of another order.

        :raises MarketplaceError: naming the product and what is left.
        """
        wrong = self.filtered(
            lambda line: line.sale_line_id.order_id != line.shipment_id.sale_order_id
            or not line.sale_line_id._marketplace_ships()
        )
        if wrong:
            raise MarketplaceError(
                self.env._(
                    "%(line)s is not a line of goods of %(order)s.",
                    line=wrong[0].sale_line_id.display_name,
                    order=wrong[0].shipment_id.sale_order_id.name,
                )
            )
        # Of two people shipping the same lines, the later must see the other's parcel.
        self.sale_line_id.order_id._marketplace_take_turn()
        excess = self.sale_line_id._marketplace_quantities_excess()
        for line in self.sale_line_id:
            if excess.get(line.id):
                raise MarketplaceError(
                    self.env._(
                        "%(product)s: %(excess)s more than was ordered.",
                        product=line.product_id.display_name,
                        excess=format_quantity(
                            self.env, line.product_uom_id.round(excess[line.id])
                        ),
                    )
                )

    def write(self, vals):
        self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._check_draft()

    def _check_draft(self):
        for shipment in self.shipment_id:
            if shipment.state != "draft":
                raise MarketplaceError(
                    self.env._(
                        "%(shipment)s has left or is cancelled: its contents stay.",
                        shipment=shipment.name,
                    )
                )
