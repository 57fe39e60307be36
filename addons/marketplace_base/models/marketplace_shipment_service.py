"""Services: delivered without a parcel, when they are performed."""

from odoo import api, fields, models
from odoo.fields import Command

from ..const import SHIPMENT_BATCH
from ..exceptions import MarketplaceError

SHIPMENT_KINDS = [("parcel", "Parcel"), ("service", "Service Performed")]


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    kind = fields.Selection(
        SHIPMENT_KINDS,
        required=True,
        readonly=True,
        default="parcel",
        copy=False,
        index=True,
        help="A service has no carrier: it is delivered when it is performed.",
    )

    @api.model
    @api.private
    def _perform(self, lines, date=None):
        """Deliver what is left of order lines that need no parcel, once.

        :param lines: lines of vendor orders; those performed or in a parcel already are
            left alone.
        :param date: day on which it was done, today when not given.
        :return: the shipments of kind "service" made, one per vendor order.
        """
        lines.order_id._marketplace_take_turn()
        lines = lines._marketplace_performed()
        left = lines._marketplace_quantities_to_ship()
        todo = lines.filtered(
            lambda line: line.order_id.state == "sale" and left[line.id]
        )
        shipments = self.create(
            [
                {
                    "sale_order_id": order.id,
                    "kind": "service",
                    "line_ids": [
                        Command.create(
                            {"sale_line_id": line.id, "quantity": left[line.id]}
                        )
                        for line in own
                    ],
                }
                for order, own in todo.grouped("order_id").items()
            ]
        )
        shipments.action_ship()
        shipments.action_deliver(date=date)
        return shipments

    def _after_ship(self):
        result = super()._after_ship()
        self._settle_weighed()
        return result

    def _settle_weighed(self):
        """Take off the orders what weighed goods weigh less than was ordered.

        The parcel says the final quantity: the customer pays that, and the vendor's
        commission follows.
        """
        weighed = self.line_ids.sale_line_id.filtered("is_marketplace_weighed")
        left = weighed._marketplace_quantities_to_ship()
        lines = weighed.filtered(lambda line: left[line.id])
        if not lines:
            return
        # sudo: a vendor declares the weight; that less is charged is no choice of his
        amendments = (
            self.env["marketplace.order.amendment"]
            .sudo()
            .create(
                [
                    {
                        "order_id": group.id,
                        "reason_code": "other",
                        "reason": self.env._(
                            "Final quantity of weighed goods, as shipped."
                        ),
                        "line_ids": [
                            Command.create(
                                {
                                    "sale_line_id": line.id,
                                    "quantity_new": line._marketplace_quantity_kept()
                                    - left[line.id],
                                }
                            )
                            for line in own
                        ],
                    }
                    for group, own in lines.grouped(
                        lambda line: line.order_id.sudo().marketplace_order_id
                    ).items()
                ]
            )
        )
        amendments._apply()

    @api.model
    def _cron_perform(self):
        """Perform the services whose date has come, and commit batches."""
        today = fields.Date.today()
        domain = [
            ("order_id.marketplace_shipping_state", "=", "to_ship"),
            ("marketplace_fulfilment", "=", "date"),
            ("date_service", "<=", today),
        ]
        cron = self.env["ir.cron"]
        todo = self.env["sale.order.line"].search(domain, order="order_id, id")
        # What is on hold or not accepted yet waits for the next night.
        left = todo._marketplace_quantities_shippable()
        todo = todo.filtered(lambda line: left.get(line.id))
        orders = todo.order_id
        cron._commit_progress(remaining=len(orders))
        for company, own in orders.grouped("company_id").items():
            for start in range(0, len(own), SHIPMENT_BATCH):
                batch = own[start : start + SHIPMENT_BATCH]
                company._marketplace_attempt(
                    self.env._("Services performed on their date"),
                    self._perform_dated,
                    todo.filtered(lambda line, batch=batch: line.order_id in batch),
                )
                if not cron._commit_progress(len(batch)):
                    return

    @api.model
    def _perform_dated(self, lines):
        """Perform lines, each on its own date."""
        for date, own in lines.grouped("date_service").items():
            self._perform(own, date)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    has_marketplace_service = fields.Boolean(
        compute="_compute_has_marketplace_service",
        help="Something is left to perform that needs no parcel.",
    )

    @api.depends("marketplace_shipping_state", "order_line.marketplace_fulfilment")
    def _compute_has_marketplace_service(self):
        lines = self.order_line._marketplace_performed()
        left = lines._marketplace_quantities_to_ship()
        for order in self:
            order.has_marketplace_service = order.state == "sale" and any(
                left[line.id] for line in lines if line.order_id == order
            )

    def _action_confirm(self):
        """Fulfil at once what is done with the order; its payment makes it due."""
        result = super()._action_confirm()
        lines = self.filtered("marketplace_order_id").order_line.filtered(
            lambda line: line.marketplace_fulfilment == "confirmation"
        )
        stops = lines._marketplace_shipping_stops()
        lines = lines.filtered(lambda line: line.id not in stops)
        if lines := lines._marketplace_performed():
            # sudo: the order itself fulfils it, not who confirms it
            self.env["marketplace.shipment"].sudo()._perform(lines)
        return result

    def action_perform_services(self):
        """Note that the services of the order were performed today."""
        return self._marketplace_perform() and True

    @api.private
    def _marketplace_perform(self, date=None):
        """Perform all that needs no parcel; callers check who may say so.

        :raises MarketplaceError: when nothing is left to perform, or on a day to come.
        """
        self.ensure_one()
        if date and date > fields.Date.context_today(self):
            raise MarketplaceError(
                self.env._(
                    "%(order)s: a service is performed today or was before, not on "
                    "%(date)s.",
                    order=self.name,
                    date=date,
                )
            )
        shipments = self.env["marketplace.shipment"]._perform(self.order_line, date)
        if not shipments:
            raise MarketplaceError(
                self.env._("%(order)s has no service left to perform.", order=self.name)
            )
        return shipments


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_quantity_kept(self):
        """Return what was ordered less what was cancelled or refunded."""
        self.ensure_one()
        refunded = self._marketplace_quantities_refunded()
        return self.product_uom_id.round(
            self.product_uom_qty - refunded.get(self.id, 0.0)
        )
