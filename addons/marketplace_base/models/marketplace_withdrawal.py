"""The consumer's right to withdraw: until when, and what must not be paid before."""

import holidays

from odoo import api, fields, models
from odoo.tools import format_date

from ..const_returns import PARTIES, RETURN_REFUND_FROM, WITHDRAWAL_DAYS
from ..engine.returns import withdrawal_end
from ..exceptions import MarketplaceError


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    withdrawal_applies = fields.Boolean(
        string="EU Withdrawal Right",
        tracking=True,
        help="The vendor sells to consumers of the EU, who may withdraw within 14 days "
        "of delivery (directive 2011/83, article 9): nothing is due to him before.",
    )
    return_answer_days = fields.Integer(
        string="Answer Returns Within (days)",
        default=3,
        tracking=True,
        help="Days the vendor has to accept or refuse a return.",
    )
    return_label_payer = fields.Selection(
        PARTIES,
        string="Return Label Paid by",
        required=True,
        default="customer",
        tracking=True,
        help="Who pays the label when the customer is the one who changed his mind. "
        "Otherwise it is whoever caused the return.",
    )
    return_refund_from = fields.Selection(
        RETURN_REFUND_FROM,
        string="Refund Returns",
        required=True,
        default="compliant",
        tracking=True,
        help="The step of a return from which on its goods may be refunded. A consumer "
        "who withdrew may ask for it once he proves to have sent the goods (directive "
        "2011/83, article 13).",
    )

    _withdrawal_delay = models.Constraint(
        "CHECK (NOT withdrawal_applies"
        f" OR entitlement_delay_days >= {WITHDRAWAL_DAYS})",
        "With the EU withdrawal right, amounts are due 14 days after delivery at the "
        "earliest: raise “Due After Delivery”.",
    )
    _return_days_positive = models.Constraint(
        "CHECK (return_answer_days >= 0)", "The delays of a contract are zero or more."
    )

    @api.onchange("withdrawal_applies")
    def _onchange_withdrawal_applies(self):
        if self.withdrawal_applies:
            self.entitlement_delay_days = max(
                self.entitlement_delay_days, WITHDRAWAL_DAYS
            )

    def _frozen_fields(self):
        return super()._frozen_fields() | {
            "withdrawal_applies",
            "return_label_payer",
            "return_refund_from",
        }


class SaleOrder(models.Model):
    _inherit = "sale.order"

    marketplace_return_ids = fields.One2many(
        "marketplace.return", "sale_order_id", string="Returns"
    )
    marketplace_return_count = fields.Integer(
        string="Returns Count", compute="_compute_marketplace_return_count"
    )

    @api.depends("marketplace_return_ids")
    def _compute_marketplace_return_count(self):
        counts = dict(
            self.env["marketplace.return"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.marketplace_return_count = counts.get(order._origin, 0)

    def action_view_marketplace_returns(self):
        """Open the returns of the order."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Returns of %(order)s", order=self.name),
            "res_model": "marketplace.return",
            "view_mode": "list,form",
            "domain": [("sale_order_id", "=", self.id)],
            "context": {"default_sale_order_id": self.id},
        }

    def _marketplace_withdrawal_ends(self):
        """Return the last day to withdraw from each order, all of it being delivered.

        Counted from its last parcel, on the calendar of the country of delivery.

        :return: {order: date}; orders of which goods are under way are absent.
        """
        ends = {}
        left = self.order_line._marketplace_quantities_to_ship()
        # sudo: the customer's right must not depend on who records his request
        for order in self.sudo():
            parcels = order.marketplace_shipment_ids.grouped("state")
            under_way = "shipped" in parcels or any(
                left.get(line.id) for line in order.order_line
            )
            if under_way or "delivered" not in parcels:
                continue
            last = fields.Datetime.context_timestamp(
                order, max(parcels["delivered"].mapped("date_delivered"))
            ).date()
            country = order.partner_shipping_id.country_id.code
            ends[order] = withdrawal_end(
                last, WITHDRAWAL_DAYS, self._marketplace_calendar(country).__contains__
            )
        return ends

    @api.model
    def _marketplace_calendar(self, country_code):
        """Return the public holidays of a country; none where they are not known."""
        try:
            return holidays.country_holidays(country_code or "")
        except NotImplementedError:
            return {}


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def action_entitle_now(self):
        """Make delivered parcels due to their vendor before the contract's delay.

        :raises MarketplaceError: while the customer may withdraw, with the day on
            which the money becomes free; or when nothing waits.
        """
        for shipment in self:
            if not shipment.date_entitlement or shipment.is_entitled:
                raise MarketplaceError(
                    self.env._(
                        "%(shipment)s: nothing waits to become due. It does once the "
                        "parcel is delivered and its order paid.",
                        shipment=shipment.name,
                    )
                )
        for company, shipments in self.grouped("company_id").items():
            shipments._entitle(company._marketplace_today())
        return True

    @api.private
    def _entitle(self, date):
        """Refuse to make money due while its customer may still withdraw."""
        for shipment in self.sudo():
            waiting = (
                shipment.date_entitlement
                and not shipment.is_entitled
                and shipment.date_entitlement > date
            )
            if waiting and shipment.sale_order_id.contract_id.withdrawal_applies:
                raise MarketplaceError(
                    self.env._(
                        "%(shipment)s: the customer of %(order)s may still withdraw. "
                        "The money becomes free on %(date)s.",
                        shipment=shipment.name,
                        order=shipment.sale_order_id.name,
                        date=format_date(self.env, shipment.date_entitlement),
                    )
                )
        return super()._entitle(date)
