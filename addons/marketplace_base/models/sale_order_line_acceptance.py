"""Which units of a line its vendor accepted, which he refused, which may ship."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError
from ..formatting import format_quantity

LINE_ACCEPTANCE = [
    ("waiting", "To Accept"),
    ("accepted", "Accepted"),
    ("partial", "Accepted in Part"),
    ("refused", "Refused"),
]


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    decision_ids = fields.One2many(
        "marketplace.line.decision", "sale_line_id", string="Decisions"
    )
    qty_refused = fields.Float(
        string="Refused",
        digits="Product Unit",
        compute="_compute_qty_refused",
        store=True,
        help="Units that nobody will deliver; their money goes back to the customer.",
    )
    acceptance_state = fields.Selection(
        LINE_ACCEPTANCE,
        string="Acceptance",
        compute="_compute_acceptance_state",
        store=True,
    )

    @api.depends("decision_ids.quantity", "decision_ids.kind")
    def _compute_qty_refused(self):
        for line in self:
            line.qty_refused = sum(
                decision.quantity
                for decision in line.decision_ids
                if decision.kind == "refused"
            )

    @api.depends(
        "state",
        "order_id.acceptance_required",
        "marketplace_kind",
        "is_supplement",
        "marketplace_fulfilment",
        "decision_ids.kind",
        "qty_refused",
        "marketplace_refund_line_ids.refund_id.state",
    )
    def _compute_acceptance_state(self):
        asked = self.filtered(
            lambda line: line.state == "sale"
            and line._marketplace_ships()
            # Done with the order: nobody could refuse it any more.
            and line.marketplace_fulfilment != "confirmation"
            and (line.order_id.acceptance_required or line.qty_refused)
        )
        (self - asked).acceptance_state = False
        if not asked:
            return
        back = asked._marketplace_quantities_back()
        for line in asked:
            accepted = "accepted" in line.decision_ids.mapped("kind")
            whole = line.product_uom_id.compare(
                back.get(line.id, 0.0), line.product_uom_qty
            )
            if whole >= 0 and not accepted:
                # Refunded before any answer, it needs none.
                line.acceptance_state = "refused" if line.qty_refused else False
            elif not accepted and line.order_id.acceptance_required:
                line.acceptance_state = "waiting"
            elif whole >= 0 and line.qty_refused:
                line.acceptance_state = "refused"
            else:
                line.acceptance_state = "partial" if line.qty_refused else "accepted"

    def _marketplace_quantities_pending_refusal(self):
        """Return {line id: units refused whose refund is not done yet}."""
        # sudo: portal vendors read no refund, but must not ship what is refused
        return {
            line.id: quantity
            for line, quantity in self.env["marketplace.line.decision"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("kind", "=", "refused"),
                    "|",
                    ("refund_line_id", "=", False),
                    ("refund_line_id.refund_id.state", "!=", "done"),
                ],
                ["sale_line_id"],
                ["quantity:sum"],
            )
        }

    def _marketplace_quantities_back(self):
        """Return {line id: units refunded or refused}: nobody delivers them."""
        back = self._marketplace_quantities_refunded()
        for line_id, quantity in self._marketplace_quantities_pending_refusal().items():
            back[line_id] = back.get(line_id, 0.0) + quantity
        return back

    def _marketplace_quantity_balances(self, with_refunds=True):
        balances = super()._marketplace_quantity_balances(with_refunds)
        if with_refunds:
            pending = self._marketplace_quantities_pending_refusal()
            for line in self.filtered(lambda line: line.id in pending):
                balances[line.id] = line.product_uom_id.round(
                    balances[line.id] - pending[line.id]
                )
        return balances

    def _marketplace_shipping_stops(self):
        """Return {line id: why it may not ship now, in words}; to extend."""
        return {
            line.id: self.env._(
                "%(vendor)s has not accepted it yet", vendor=line.vendor_id.name
            )
            for line in self
            if line.acceptance_state == "waiting"
        }

    def _marketplace_quantities_shippable(self):
        """Return {line id: units left to ship that may leave now}."""
        left = self._marketplace_quantities_to_ship()
        return {**left, **dict.fromkeys(self._marketplace_shipping_stops(), 0.0)}


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def action_ship(self):
        """Refuse to ship what the vendor may not, or has refused."""
        self.filtered(lambda shipment: shipment.state == "draft")._check_may_ship()
        return super().action_ship()

    def _check_may_ship(self):
        lines = self.line_ids.sale_line_id
        # Of a refusal and a parcel at once, the later must see the other.
        lines.order_id._marketplace_take_turn()
        for line_id, reason in lines._marketplace_shipping_stops().items():
            line = lines.browse(line_id)
            raise MarketplaceError(
                self.env._(
                    "%(line)s cannot be shipped: %(reason)s.",
                    line=line.display_name,
                    reason=reason,
                )
            )
        for line_id, balance in lines._marketplace_quantity_balances().items():
            line = lines.browse(line_id)
            if line.qty_refused and line.product_uom_id.compare(balance, 0.0) < 0:
                raise MarketplaceError(
                    self.env._(
                        "%(line)s: %(quantity)s refused, they cannot be shipped.",
                        line=line.display_name,
                        quantity=format_quantity(self.env, line.qty_refused),
                    )
                )
