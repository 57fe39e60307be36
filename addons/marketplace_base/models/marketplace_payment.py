from odoo import api, fields, models

from ..const import PAYMENT_STATES, PAYMENT_TRANSITIONS
from ..exceptions import MarketplaceError


class MarketplacePayment(models.Model):
    """A payment of an order, as its payment service provider tells it.

    Money is counted when it is captured; an authorization moves nothing.
    """

    _name = "marketplace.payment"
    _description = "Order Payment"
    _inherit = ["marketplace.state.mixin"]
    _order = "date desc, id desc"
    _rec_name = "external_ref"
    _state_transitions = PAYMENT_TRANSITIONS

    order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        required=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True
    )
    channel = fields.Char(related="order_id.channel", store=True, precompute=True)
    external_ref = fields.Char(
        string="Reference", help="Reference of the payment at the provider."
    )
    provider = fields.Char(help="Code of the payment method in the storefront.")
    psp_partner_id = fields.Many2one(
        "res.partner",
        string="Payment Service Provider",
        compute="_compute_psp_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Who holds the money until it reaches the bank.",
    )
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one(
        related="order_id.currency_id", store=True, precompute=True
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    state = fields.Selection(
        PAYMENT_STATES, required=True, readonly=True, default="authorized", copy=False
    )
    amount_refunded = fields.Monetary(
        string="Refunded", compute="_compute_amount_refunded"
    )
    amount_disputed = fields.Monetary(
        string="Disputed",
        compute="_compute_amount_refunded",
        help="Chargebacks that are still open.",
    )
    amount_left = fields.Monetary(
        string="Left",
        compute="_compute_amount_refunded",
        help="Captured, less refunds and open chargebacks.",
    )

    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref) WHERE external_ref IS NOT NULL",
        "This payment is already recorded.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)",
        "A payment is a positive amount; give money back by a refund.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("order_id")
    def _compute_psp_partner_id(self):
        for payment in self:
            payment.psp_partner_id = payment.company_id.marketplace_psp_partner_id

    def _compute_amount_refunded(self):
        refunded = dict(
            self.env["marketplace.refund"]._read_group(
                [("payment_id", "in", self.ids), ("state", "=", "done")],
                ["payment_id"],
                ["amount:sum"],
            )
        )
        disputed = dict(
            self.env["marketplace.dispute"]._read_group(
                [("payment_id", "in", self.ids), ("state", "=", "open")],
                ["payment_id"],
                ["amount:sum"],
            )
        )
        for payment in self:
            payment.amount_refunded = refunded.get(payment._origin, 0.0)
            payment.amount_disputed = disputed.get(payment._origin, 0.0)
            payment.amount_left = payment.currency_id.round(
                payment.amount - payment.amount_refunded - payment.amount_disputed
            )

    @api.depends("external_ref", "provider")
    def _compute_display_name(self):
        for payment in self:
            payment.display_name = " · ".join(
                filter(None, (payment.provider, payment.external_ref))
            ) or self.env._("Payment %(number)s", number=payment.id or "")

    # -- CRUD -----------------------------------------------------------------------

    def write(self, vals):
        """Keep what the ledger says of captured payments."""
        frozen = {"order_id", "amount", "date", "psp_partner_id"} & vals.keys()
        if frozen and any(payment.state == "captured" for payment in self):
            raise MarketplaceError(
                self.env._("A captured payment cannot be changed; refund it instead.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_captured(self):
        if any(payment.state == "captured" for payment in self):
            raise MarketplaceError(
                self.env._("A captured payment cannot be deleted; refund it instead.")
            )

    # -- recording ------------------------------------------------------------------

    @api.model
    @api.private
    def _record_batch(self, order, payments):
        """Record what a provider says of the payments of one order group.

        A payment already known moves to its new state, or is left alone.

        :param payments: [{ref, provider, state, amount_minor, date, kind (of
            PAYMENT_KINDS, optional), psp_ref (optional)}].
        :return: the payments, in the order given.
        """
        return self._record_for_orders([(order, payments)])

    @api.model
    @api.private
    def _record_for_orders(self, batches):
        """Do :meth:`_record_batch` for many orders: [(order group, payments)].

        :raises MarketplaceError: when payments exceed what the customer was charged,
            or a state cannot follow the one known.
        """
        refs = [item["ref"] for _order, items in batches for item in items]
        if not refs:
            return self.browse()
        known = {
            (payment.company_id, payment.channel, payment.external_ref): payment
            for payment in self.search([("external_ref", "in", refs)])
        }
        result, wanted, fresh = [], {}, []
        for order, items in batches:
            for item in items:
                key = (order.company_id, order.channel, item["ref"])
                if key not in known:
                    fresh.append((key, self._prepare_vals(order, item)))
                    known[key] = None
                elif known[key]:
                    known[key]._agree(order, item)
                wanted[key] = item["state"]
                result.append(key)
        created = self.create([vals for _key, vals in fresh])
        known.update(zip((key for key, _vals in fresh), created, strict=True))
        for state in PAYMENT_TRANSITIONS:
            moving = self.browse(
                known[key].id
                for key, target in wanted.items()
                if target == state and known[key].state != state
            )
            if moving:
                moving._change_state(state)
        return self.browse(known[key].id for key in result)

    @api.model
    def _prepare_vals(self, order, item):
        return {
            "order_id": order.id,
            "external_ref": item["ref"],
            "provider": item.get("provider"),
            "amount": order.currency_id._marketplace_amount(item["amount_minor"]),
            "date": item["date"],
        }

    def _agree(self, order, item):
        """Take the amount told of a known payment, unless it is in the ledger.

        Less may be captured than was authorized.

        :raises MarketplaceError: when the payment is another order's, or was captured
            with another amount.
        """
        self.ensure_one()
        if self.order_id != order:
            raise MarketplaceError(
                self.env._(
                    "%(payment)s of %(order)s is recorded as a payment of %(other)s.",
                    payment=self.display_name,
                    order=order.display_name,
                    other=self.order_id.display_name,
                )
            )
        amount = self.currency_id._marketplace_amount(item["amount_minor"])
        if not self.currency_id.compare_amounts(self.amount, amount):
            return
        if self.state == "captured":
            raise MarketplaceError(
                self.env._(
                    "%(payment)s of %(order)s was captured with %(known)s and is now "
                    "told to be %(told)s.",
                    payment=self.display_name,
                    order=order.display_name,
                    known=self.currency_id.format(self.amount),
                    told=self.currency_id.format(amount),
                )
            )
        self.amount = amount

    def _change_state(self, target):
        """Move payments to a state, once, and account for those that got captured."""
        moved = self._transition(target)
        if target == "captured" and moved:
            groups = moved.order_id
            # Captures of an order share what is left to pay.
            groups.sale_order_ids._marketplace_take_turn()
            groups._record_captures(moved)
            groups.sale_order_ids.marketplace_shipment_ids._schedule_entitlement()
            groups._entitle_supplements(
                {pay.order_id: pay._ledger_date() for pay in moved.sorted("date")}
            )
        return moved

    def _check_ceiling(self):
        """Refuse to give back more than a payment brought: refunds and open claims.

        :raises MarketplaceError: naming the payment.
        """
        self.invalidate_recordset(["amount_refunded", "amount_disputed", "amount_left"])
        for payment in self:
            if payment.currency_id.compare_amounts(payment.amount_left, 0.0) < 0:
                raise MarketplaceError(
                    self.env._(
                        "%(payment)s of %(order)s was %(amount)s; refunds of %(back)s "
                        "exceed it.",
                        payment=payment.display_name,
                        order=payment.order_id.display_name,
                        amount=payment.currency_id.format(payment.amount),
                        back=payment.currency_id.format(
                            payment.amount_refunded + payment.amount_disputed
                        ),
                    )
                )

    def _ledger_date(self):
        """Return the day of the payment for the ledger, where the company is."""
        self.ensure_one()
        return self.company_id._marketplace_day(self.date)

    # -- actions --------------------------------------------------------------------

    def action_capture(self):
        self._change_state("captured")
        return True

    def action_fail(self):
        self._change_state("failed")
        return True
