"""Purchases paid at the door: on which terms, and whom the cash pays."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError

CASH_TERMS = [
    ("remitted", "Once the carrier has remitted"),
    ("collected", "Once collected at the door"),
    ("guaranteed", "From the shipment: we guarantee it"),
]
# Days from the door to the bank, unless the company says else.
CASH_DAYS = 14


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_cash_carrier_id = fields.Many2one(
        "res.partner",
        string="Cash on Delivery Carrier",
        help="Who collects cash at the door, unless a parcel says else.",
    )
    marketplace_cash_days = fields.Integer(
        string="Remittance Within (days)",
        default=CASH_DAYS,
        help="Cash that is not remitted so many days after it was collected is "
        "missing.",
    )

    _cash_days_positive = models.Constraint(
        "CHECK (marketplace_cash_days >= 0)",
        "Cash is remitted within zero or more days.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_cash_carrier_id = fields.Many2one(
        related="company_id.marketplace_cash_carrier_id", readonly=False
    )
    marketplace_cash_days = fields.Integer(
        related="company_id.marketplace_cash_days", readonly=False
    )


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    cash_terms = fields.Selection(
        CASH_TERMS,
        string="Cash on Delivery",
        required=True,
        default="remitted",
        tracking=True,
        help="When cash that a carrier collects is the vendor's, at the earliest. "
        "Guaranteed: even when the carrier never remits it.",
    )

    def _frozen_fields(self):
        return super()._frozen_fields() | {"cash_terms"}


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    cash_on_delivery = fields.Boolean(
        copy=False,
        help="The customer pays at the door, parcel by parcel: the carrier, or the "
        "vendor. Set it before the first parcel leaves.",
    )
    cash_collection_ids = fields.One2many(
        "marketplace.cash.collection", "marketplace_order_id", string="Cash"
    )
    cash_collection_count = fields.Integer(compute="_compute_cash_collection_count")

    _cash_not_on_account = models.Constraint(
        "CHECK (cash_on_delivery IS NOT TRUE OR on_account IS NOT TRUE)",
        "A purchase is paid at the door or on account, not both.",
    )

    @api.depends("cash_collection_ids")
    def _compute_cash_collection_count(self):
        for group in self:
            group.cash_collection_count = len(group.cash_collection_ids)

    def write(self, vals):
        """Keep how a purchase is paid once a parcel of it has left."""
        if "cash_on_delivery" in vals:
            for group in self:
                shipped = group.sale_order_ids.marketplace_shipment_ids.filtered(
                    "date_shipped"
                )
                if shipped and group.cash_on_delivery != vals["cash_on_delivery"]:
                    raise MarketplaceError(
                        self.env._(
                            "%(order)s: %(parcel)s has left, how it is paid cannot "
                            "change.",
                            order=group.display_name,
                            parcel=shipped[0].name,
                        )
                    )
        return super().write(vals)

    def action_view_cash(self):
        self.ensure_one()
        return self._related_action(
            self.env._("Cash on Delivery"), "marketplace.cash.collection"
        )

    def _payment_weights(self, payment, lines, lefts):
        """Give cash to the lines of its parcel: it pays nobody else."""
        lefts = super()._payment_weights(payment, lines, lefts)
        collection = payment.cash_collection_id
        if not collection:
            return lefts
        minor = self.currency_id._marketplace_minor
        parts = {item.sale_line_id: minor(item.amount) for item in collection.line_ids}
        return [
            min(left, parts.get(line, 0))
            for line, left in zip(lines, lefts, strict=True)
        ]

    def _capture_entries(self, payment, line, minor, credited):
        """Credit with the cash of a parcel what the marketplace pays of it."""
        entries = super()._capture_entries(payment, line, minor, credited)
        part = payment.cash_collection_id.line_ids.filtered(
            lambda item: item.sale_line_id == line
        )
        if part and not line.order_id._marketplace_is_guaranteed():
            minor_of = self.currency_id._marketplace_minor
            shipping = line.marketplace_kind == "shipping"
            event = "shipping_funding" if shipping else "discount_funding"
            whole = minor_of(line.amount_vendor)
            funded = min(minor_of(part.amount_funded), whole - credited[line])
            entries += self._credit_entries(
                line,
                funded,
                credited,
                event=event,
                event_key=f"capture:{payment.id}",
                source_key=f"{event}:cash:{payment.id}:{line.id}",
                role_debit="DISCOUNT_MKT",
                date_event=payment._ledger_date(),
                counterparty_id=payment.psp_partner_id.id,
            )
        return entries


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    cash_collection_ids = fields.One2many(
        "marketplace.cash.collection", "payment_id", string="Cash on Delivery"
    )
    cash_collection_id = fields.Many2one(
        "marketplace.cash.collection", compute="_compute_cash_collection_id"
    )

    @api.depends("cash_collection_ids")
    def _compute_cash_collection_id(self):
        # sudo: which lines cash pays must not depend on who records it
        for payment in self.sudo():
            payment.cash_collection_id = payment.cash_collection_ids[:1]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cash_terms = fields.Selection(
        CASH_TERMS,
        string="Paid for Cash on Delivery",
        readonly=True,
        copy=False,
        help="Frozen from the contract.",
    )
    is_cash_on_delivery = fields.Boolean(
        string="Cash on Delivery",
        copy=False,
        help="The customer pays at the door: the carrier, or the vendor.",
    )

    @api.model
    def _marketplace_account_vals(self, order):
        if order.is_cash_on_delivery:
            return {"cash_on_delivery": True}
        return super()._marketplace_account_vals(order)


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _apply(self):
        """Refuse to cancel what a carrier is about to collect.

        :raises MarketplaceError: naming the line and what to do first.
        """
        unpaid = self.filtered(
            lambda one: one.state == "draft"
            and one._is_unpaid()
            and one.order_id.cash_on_delivery
        )
        lines = unpaid.line_ids.sale_line_id
        if lines:
            lines.order_id._marketplace_take_turn()
            money = lines._marketplace_ledger_state()
            waiting = lines._marketplace_cash_waiting()
            for item in unpaid.line_ids:
                line = item.sale_line_id
                settled = money[line].state.charged - money[line].collect
                free = line._marketplace_charge_minor() - settled - waiting[line]
                if waiting[line] and self.currency_id._marketplace_minor(
                    item.amount
                ) > max(free, 0):
                    raise MarketplaceError(
                        self.env._(
                            "%(line)s: a carrier is about to collect cash for it. Note "
                            "its parcel as collected or refused first.",
                            line=line.display_name,
                        )
                    )
        return super()._apply()

    def _customer_role(self):
        """Give cash back by a transfer of ours: the carrier gives none back."""
        if not self._is_unpaid() and self.payment_id.cash_collection_id:
            return "CUST_REFUND"
        return super()._customer_role()


class MarketplaceDispute(models.Model):
    _inherit = "marketplace.dispute"

    def action_open(self):
        """Refuse chargebacks of cash: no bank can take it back."""
        for dispute in self:
            if dispute.payment_id.cash_collection_id:
                raise MarketplaceError(
                    self.env._(
                        "%(dispute)s: %(payment)s was paid in cash, no bank claims it "
                        "back. Refund it instead.",
                        dispute=dispute.name,
                        payment=dispute.payment_id.display_name,
                    )
                )
        return super().action_open()
