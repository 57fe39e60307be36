"""Whether a vendor order, not only its purchase, is paid, invoiced and fulfilled."""

from odoo import api, fields, models

from .marketplace_order import PAYMENT_SUMMARY

INVOICE_SUMMARY = [
    ("vendor", "By the Vendor"),
    ("to_invoice", "To Invoice"),
    ("invoiced", "Invoiced"),
    ("none", "Nothing to Invoice"),
]
PAYOUT_SUMMARY = [
    ("waiting", "Not Paid by the Customer"),
    ("pending", "Pending"),
    ("due", "Payable"),
    ("nothing", "Nothing Left"),
]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    marketplace_ledger_line_ids = fields.One2many(
        "marketplace.ledger.line", "sale_order_id", string="Ledger Lines"
    )
    amount_captured = fields.Monetary(
        string="Paid by the Customer",
        compute="_compute_marketplace_payment",
        store=True,
        help="What of the captured payments belongs to the lines of this order.",
    )
    amount_given_back = fields.Monetary(
        string="Refunded to the Customer",
        compute="_compute_marketplace_payment",
        store=True,
    )
    marketplace_payment_state = fields.Selection(
        PAYMENT_SUMMARY,
        string="Customer Payment",
        compute="_compute_marketplace_payment",
        store=True,
        index="btree_not_null",
    )
    marketplace_invoice_state = fields.Selection(
        INVOICE_SUMMARY, string="Invoice", compute="_compute_marketplace_invoice_state"
    )
    is_fulfilled = fields.Boolean(
        string="Fulfilled",
        compute="_compute_is_fulfilled",
        store=True,
        help="Every unit is delivered, refunded or refused.",
    )
    marketplace_payout_state = fields.Selection(
        PAYOUT_SUMMARY, string="Payout", compute="_compute_marketplace_payout_state"
    )

    @api.depends(
        "state",
        "marketplace_ledger_line_ids",
        "order_line.marketplace_refund_line_ids.refund_id.state",
        "marketplace_order_id.payment_ids.state",
    )
    def _compute_marketplace_payment(self):
        parts = self.filtered("marketplace_order_id")
        rest = self - parts
        rest.amount_captured = rest.amount_given_back = 0.0
        rest.marketplace_payment_state = False
        money = parts.order_line._marketplace_ledger_state()
        for order in parts:
            lines = order.order_line
            # What the customer never has to pay is neither paid nor given back.
            never = sum(
                money[line].cancelled + money[line].off_account for line in lines
            )
            owed = sum(money[line].collect for line in lines)
            charged = sum(money[line].state.charged for line in lines) - never - owed
            back = sum(money[line].state.charged_back for line in lines) - never
            amount = order.currency_id._marketplace_amount
            order.amount_captured = amount(charged)
            order.amount_given_back = amount(back)
            order.marketplace_payment_state = order._marketplace_payment_summary(
                charged, back, never
            )

    def _marketplace_payment_summary(self, charged, back, never):
        """Return the payment state of an order, from minor units of its lines.

        :param never: what was cancelled before it was paid.
        """
        self.ensure_one()
        group = self.marketplace_order_id
        if back:
            return "refunded" if back >= charged else "partially_refunded"
        expected = sum(line._marketplace_charge_minor() for line in self.order_line)
        if charged:
            # What the operator bore of a complete purchase was paid too.
            paid = charged >= expected - never or group._is_paid()
            return "paid" if paid else "partial"
        if never and never >= expected:
            return "not_paid"
        if not expected and group._is_paid():
            return "paid"
        if "authorized" in group.payment_ids.mapped("state"):
            return "authorized"
        return "not_paid"

    @api.depends("posture", "invoice_status")
    def _compute_marketplace_invoice_state(self):
        known = {"invoiced": "invoiced", "upselling": "invoiced"}
        known["to invoice"] = "to_invoice"
        for order in self:
            if order.posture == "agent":
                order.marketplace_invoice_state = "vendor"
            else:
                order.marketplace_invoice_state = known.get(
                    order.invoice_status, "none"
                )

    @api.depends("state", "vendor_id", "marketplace_shipping_state", "delivery_status")
    def _compute_is_fulfilled(self):
        for order in self:
            if order.state != "sale":
                order.is_fulfilled = False
            elif order.vendor_id:
                order.is_fulfilled = order.marketplace_shipping_state in (
                    "delivered",
                    False,
                )
            else:
                # The operator's own goods: Odoo's pickings, where there are any.
                order.is_fulfilled = order.delivery_status in ("full", False)

    @api.depends_context("uid")
    def _compute_marketplace_payout_state(self):
        states = self._marketplace_payout_states()
        for order in self:
            order.marketplace_payout_state = states.get(order, False)

    def _marketplace_payout_states(self):
        """Return {vendor order: where its money is}; payout addons say more."""
        vendor_orders = self.filtered("vendor_id")
        money = vendor_orders.order_line._marketplace_ledger_state()
        result = {}
        for order in vendor_orders:
            states = [money[line] for line in order.order_line]
            credit = sum(
                item.state.credit - item.cancelled - item.cancelled_funded
                for item in states
            )
            back = sum(
                item.state.credit_back - item.cancelled - item.cancelled_funded
                for item in states
            )
            if not credit:
                result[order] = "waiting"
            elif any(item.pending for item in states):
                result[order] = "pending"
            elif credit > back:
                result[order] = "due"
            else:
                result[order] = "nothing"
        return result

    def action_view_marketplace_ledger(self):
        """Open the ledger lines behind the figures of the order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ledger of %(order)s", order=self.name),
            "res_model": "marketplace.ledger.line",
            "view_mode": "list,form",
            "domain": [("sale_order_id", "=", self.id)],
            "context": {"create": False},
        }


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    invoice_state = fields.Selection(
        INVOICE_SUMMARY, string="Invoice", compute="_compute_invoice_state"
    )
    is_fulfilled = fields.Boolean(
        string="Fulfilled",
        compute="_compute_is_fulfilled",
        help="Every unit of every order is delivered, refunded or refused.",
    )
    refund_count = fields.Integer(
        string="Number of Refunds", compute="_compute_related_counts"
    )
    payment_count = fields.Integer(
        string="Number of Payments", compute="_compute_related_counts"
    )
    sale_order_count = fields.Integer(
        string="Number of Orders", compute="_compute_related_counts"
    )

    @api.depends("sale_order_ids.marketplace_invoice_state")
    def _compute_invoice_state(self):
        for group in self:
            states = set(group.sale_order_ids.mapped("marketplace_invoice_state"))
            group.invoice_state = next(
                (s for s in ("to_invoice", "invoiced", "vendor") if s in states), "none"
            )

    @api.depends("sale_order_ids.is_fulfilled", "sale_order_ids.state")
    def _compute_is_fulfilled(self):
        for group in self:
            live = group.sale_order_ids.filtered(lambda order: order.state != "cancel")
            group.is_fulfilled = bool(live) and all(live.mapped("is_fulfilled"))

    @api.depends("sale_order_ids", "payment_ids", "refund_ids")
    def _compute_related_counts(self):
        for group in self:
            group.sale_order_count = len(group.sale_order_ids)
            group.payment_count = len(group.payment_ids)
            group.refund_count = len(group.refund_ids)

    def action_view_sale_orders(self):
        self.ensure_one()
        return self._related_action(self.env._("Vendor Orders"), "sale.order")

    def action_view_refunds(self):
        self.ensure_one()
        return {
            **self._related_action(self.env._("Refunds"), "marketplace.refund"),
            "domain": [("order_id", "=", self.id)],
        }

    def action_view_payments(self):
        self.ensure_one()
        return {
            **self._related_action(self.env._("Payments"), "marketplace.payment"),
            "domain": [("order_id", "=", self.id)],
        }

    def action_view_sold(self):
        """Open the lines that make the total of the vendors."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Lines of %(order)s", order=self.display_name),
            "res_model": "sale.order.line",
            "views": [
                (
                    self.env.ref(
                        "marketplace_base.sale_order_line_view_list_vendor"
                    ).id,
                    "list",
                )
            ],
            "domain": [
                ("order_id.marketplace_order_id", "=", self.id),
                ("display_type", "=", False),
            ],
            "context": {"create": False},
        }
