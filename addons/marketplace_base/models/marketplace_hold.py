"""Keep an order from its vendor while somebody checks it."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError
from .marketplace_line_decision import DECIDING

HOLD_REASONS = [
    ("fraud", "Suspected fraud"),
    ("payment", "Payment to check"),
    ("address", "Address to check"),
    ("customer", "Asked for by the customer"),
    ("other", "Other"),
]
HOLD_OUTCOMES = [("released", "Released"), ("cancelled", "Order cancelled")]
# Unforgeable by RPC: a client can send any context value, never this object.
HOLDING = object()


class MarketplaceHold(models.Model):
    """One time a vendor order was on hold: why, who, from when to when.

    A fact but for its end. The vendor sees nothing of the order meanwhile, and the time
    does not count in his figures.
    """

    _name = "marketplace.hold"
    _description = "Hold on a Vendor Order"
    _order = "date_start desc, id desc"
    _rec_name = "sale_order_id"

    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        index=True,
        ondelete="restrict",
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        string="Order Group",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="sale_order_id.company_id", store=True, precompute=True, index=True
    )
    reason_code = fields.Selection(HOLD_REASONS, string="Reason", required=True)
    note = fields.Text(string="Details")
    user_id = fields.Many2one("res.users", string="Held by", required=True)
    date_start = fields.Datetime(string="Since", required=True)
    date_end = fields.Datetime(string="Until")
    outcome = fields.Selection(HOLD_OUTCOMES)
    released_by_id = fields.Many2one("res.users", string="Ended by")
    outcome_note = fields.Text(string="Why It Ended")

    _open_uniq = models.UniqueIndex(
        "(sale_order_id) WHERE date_end IS NULL", "This order is on hold already."
    )
    _end_complete = models.Constraint(
        "CHECK ((date_end IS NULL) = (outcome IS NULL))",
        "A hold ends with its outcome.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        self._check_holding()
        return super().create(vals_list)

    def write(self, vals):
        self._check_holding()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_holding()

    def _check_holding(self):
        if self.env.context.get("marketplace_holding") is not HOLDING:
            raise MarketplaceError(
                self.env._("Hold and release orders on the order itself.")
            )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    hold_ids = fields.One2many("marketplace.hold", "sale_order_id", string="Holds")
    hold_id = fields.Many2one(
        "marketplace.hold", string="On Hold", compute="_compute_is_on_hold", store=True
    )
    is_on_hold = fields.Boolean(
        string="Held",
        compute="_compute_is_on_hold",
        store=True,
        help="The vendor does not see the order and nothing of it can ship.",
    )

    _on_hold_idx = models.Index("(company_id) WHERE is_on_hold")

    @api.depends("hold_ids.date_end")
    def _compute_is_on_hold(self):
        for order in self:
            order.hold_id = order.hold_ids.filtered(lambda hold: not hold.date_end)[:1]
            order.is_on_hold = bool(order.hold_id)

    # -- hold, release, cancel ------------------------------------------------------

    @api.private
    def _marketplace_hold(self, reason_code, note=None):
        """Hide these vendor orders from their vendors until somebody decides.

        Orders on hold already, cancelled ones and the operator's own are left alone.

        :return: the holds.
        :raises MarketplaceError: when parcels of an order have left.
        """
        self._marketplace_take_turn()
        todo = self.filtered(
            lambda order: order.vendor_id
            and order.state != "cancel"
            and not order.is_on_hold
        )
        if gone := todo.marketplace_shipment_ids.filtered(
            lambda shipment: shipment.state in ("shipped", "delivered")
        ):
            raise MarketplaceError(
                self.env._(
                    "%(orders)s: parcels have left, there is nothing to hold any more.",
                    orders=", ".join(gone.sale_order_id.mapped("name")),
                )
            )
        now = fields.Datetime.now()
        holds = self._marketplace_holds().create(
            [
                {
                    "sale_order_id": order.id,
                    "reason_code": reason_code,
                    "note": note,
                    "user_id": self.env.uid,
                    "date_start": now,
                }
                for order in todo
            ]
        )
        return holds.with_env(self.env)

    @api.private
    def _marketplace_release(self, note=None):
        """Show held orders to their vendors, who get the time of the hold back."""
        self._marketplace_take_turn()
        held = self.filtered("is_on_hold")
        seen = {
            order: order.hold_id.date_start for order in held if order.date_accept_by
        }
        held._marketplace_end_holds("released", note)
        now = fields.Datetime.now()
        for order, start in seen.items():
            order.with_context(marketplace_deciding=DECIDING).date_accept_by += (
                now - start
            )
        held.filtered(
            lambda order: order.state == "sale"
        )._marketplace_show_to_vendors()
        return held

    @api.private
    def _marketplace_cancel_held(self, reason_code, note):
        """Give held orders up: all that is left to ship is refused by the operator."""
        held = self.filtered("is_on_hold")
        left = held.order_line._marketplace_quantities_to_ship()
        quantities = {
            line: left[line.id] for line in held.order_line if left.get(line.id)
        }
        if quantities:
            held._marketplace_refuse("operator", quantities, reason_code, note)
        held._marketplace_end_holds("cancelled", note)
        return held

    def _marketplace_end_holds(self, outcome, note):
        self._marketplace_holds().browse(self.hold_id.ids).write(
            {
                "date_end": fields.Datetime.now(),
                "outcome": outcome,
                "released_by_id": self.env.uid,
                "outcome_note": note,
            }
        )

    def _marketplace_holds(self):
        # sudo: holds are written by this file only; the wizard checks who may
        return (
            self.env["marketplace.hold"]
            .sudo()
            .with_context(marketplace_holding=HOLDING)
        )

    def action_marketplace_hold(self):
        return self._action_hold_wizard("hold", self.env._("Hold"))

    def action_marketplace_release(self):
        return self._action_hold_wizard("release", self.env._("Release"))

    def action_marketplace_cancel_held(self):
        return self._action_hold_wizard("cancel", self.env._("Cancel Held Orders"))

    def _action_hold_wizard(self, decision, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "marketplace.hold.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_decision": decision,
                "default_sale_order_ids": self.ids,
            },
        }


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_shipping_stops(self):
        stops = super()._marketplace_shipping_stops()
        for line in self:
            if line.order_id.is_on_hold:
                stops[line.id] = self.env._("the order is on hold")
        return stops


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    hold_count = fields.Integer(string="Held Orders", compute="_compute_hold_count")

    @api.depends("sale_order_ids.is_on_hold")
    def _compute_hold_count(self):
        for group in self:
            group.hold_count = len(group.sale_order_ids.filtered("is_on_hold"))

    def action_hold(self):
        """Hold every vendor order of the purchase."""
        return self.sale_order_ids.filtered("vendor_id").action_marketplace_hold()

    def action_release(self):
        held = self.sale_order_ids.filtered("is_on_hold")
        return held.action_marketplace_release()

    def action_cancel_held(self):
        held = self.sale_order_ids.filtered("is_on_hold")
        return held.action_marketplace_cancel_held()

    @api.model
    def _import_before_confirm(self, groups, purchases):
        """Hold the purchases whose storefront asks for it, before anybody sees them."""
        result = super()._import_before_confirm(groups, purchases)
        reasons = dict(HOLD_REASONS)
        for group, purchase in zip(groups, purchases, strict=True):
            if hold := purchase.payload.get("hold"):
                reason = hold.get("reason_code")
                group.sale_order_ids._marketplace_hold(
                    reason if reason in reasons else "other", hold.get("note") or reason
                )
        return result
