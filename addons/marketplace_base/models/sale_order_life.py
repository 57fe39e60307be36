"""Where each line of a vendor order is in its life, derived from facts."""

from odoo import api, fields, models

# Least advanced first: an order is where the last of its live lines is.
LINE_LIFE = [
    ("ordered", "Ordered"),
    ("accepted", "Accepted"),
    ("shipped", "Shipped"),
    ("delivered", "Delivered"),
    ("cancelled", "Cancelled"),
    ("refunded", "Refunded"),
    ("disputed", "In Dispute"),
]
LIVE_STATES = ("ordered", "accepted", "shipped", "delivered")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    marketplace_state = fields.Selection(
        LINE_LIFE,
        string="Line Status",
        compute="_compute_marketplace_state",
        store=True,
        index="btree_not_null",
        help="Derived from parcels, refusals and refunds. Cancelled: nobody delivers "
        "it and no money went back (yet). Refunded: the money went back.",
    )
    date_ordered = fields.Datetime(related="order_id.date_order", string="Ordered on")
    date_accepted = fields.Datetime(
        string="Accepted on", compute="_compute_marketplace_state", store=True
    )
    date_shipped = fields.Datetime(
        string="Shipped on",
        compute="_compute_marketplace_state",
        store=True,
        help="When the last parcel left.",
    )
    date_delivered = fields.Datetime(
        string="Delivered on",
        compute="_compute_marketplace_state",
        store=True,
        help="When the last parcel arrived.",
    )
    date_cancelled = fields.Datetime(
        string="Refused on", compute="_compute_marketplace_state", store=True
    )
    date_refunded = fields.Date(
        string="Refunded on", compute="_compute_marketplace_state", store=True
    )

    @api.depends(
        "state",
        "vendor_id",
        "marketplace_kind",
        "product_uom_qty",
        "acceptance_state",
        "decision_ids.date",
        "decision_ids.quantity",
        "decision_ids.refund_line_id.refund_id.state",
        "marketplace_shipment_line_ids.quantity",
        "marketplace_shipment_line_ids.shipment_id.state",
        "marketplace_refund_line_ids.quantity",
        "marketplace_refund_line_ids.refund_id.state",
    )
    def _compute_marketplace_state(self):
        disputed = self._marketplace_line_in_dispute()
        for line in self:
            if (
                not line.vendor_id
                or line.marketplace_kind != "goods"
                or line.state not in ("sale", "cancel")
            ):
                line.marketplace_state = False
                line.date_accepted = line.date_shipped = line.date_delivered = False
                line.date_cancelled = line.date_refunded = False
                continue
            life = line._marketplace_life()
            line.marketplace_state = (
                "disputed" if line.id in disputed else life.pop("state")
            )
            for name in (
                "date_accepted",
                "date_shipped",
                "date_delivered",
                "date_cancelled",
                "date_refunded",
            ):
                line[name] = max(life[name], default=False)

    def _marketplace_line_in_dispute(self):
        """Return the ids of the lines that an open incident freezes; to extend.

        Who extends it adds what the answer depends on to the dependencies of
        ``_compute_marketplace_state``.
        """
        return set()

    def _marketplace_life(self):
        """Return the state that follows from the facts of a line, and their dates."""
        self.ensure_one()
        compare = self.product_uom_id.compare
        parcels = self.marketplace_shipment_line_ids.filtered(
            lambda item: item.shipment_id.state in ("shipped", "delivered")
        )
        arrived = parcels.filtered(lambda item: item.shipment_id.state == "delivered")
        refunds = self.marketplace_refund_line_ids.filtered(
            lambda item: item.refund_id.state == "done"
        )
        money_back = refunds.filtered(
            lambda item: not item.before_capture
            and not item.currency_id.is_zero(item.amount)
        )
        refusals = self.decision_ids.filtered(lambda item: item.kind == "refused")
        pending = refusals.filtered(
            lambda item: item.refund_line_id.refund_id.state != "done"
        )
        back = sum(refunds.mapped("quantity")) + sum(pending.mapped("quantity"))
        shipped = sum(parcels.mapped("quantity"))
        if self.state == "cancel":
            state = "cancelled"
        elif compare(back, self.product_uom_qty) >= 0:
            state = "refunded" if money_back else "cancelled"
        elif parcels and compare(shipped + back, self.product_uom_qty) >= 0:
            state = "delivered" if parcels == arrived else "shipped"
        elif self.acceptance_state in ("accepted", "partial"):
            state = "accepted"
        else:
            state = "ordered"
        accepted = self.decision_ids - refusals
        return {
            "state": state,
            "date_accepted": accepted.mapped("date"),
            "date_shipped": list(
                filter(None, parcels.shipment_id.mapped("date_shipped"))
            ),
            "date_delivered": list(
                filter(None, arrived.shipment_id.mapped("date_delivered"))
            ),
            "date_cancelled": refusals.mapped("date"),
            "date_refunded": money_back.refund_id.mapped("date"),
        }


class SaleOrder(models.Model):
    _inherit = "sale.order"

    marketplace_state = fields.Selection(
        LINE_LIFE,
        string="Vendor Order Status",
        compute="_compute_marketplace_state",
        store=True,
        index="btree_not_null",
        help="Where the last of its live lines is.",
    )

    @api.depends("order_line.marketplace_state")
    def _compute_marketplace_state(self):
        for order in self:
            states = set(order.order_line.mapped("marketplace_state")) - {False}
            order.marketplace_state = next(
                (
                    state
                    for state in ("disputed", *LIVE_STATES, "refunded", "cancelled")
                    if state in states
                ),
                False,
            )
