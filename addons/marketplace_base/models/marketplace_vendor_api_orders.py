from odoo import fields, models

from ..engine.numbers import TEXT_MAX_CHARS
from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action

NUMBER_MAX = 10**9
SHIPPING_STATES = ("to_ship", "shipped", "delivered")


class MarketplaceVendorApi(models.AbstractModel):
    """Orders and shipments in the vendor API."""

    _inherit = "marketplace.vendor.api"

    @vendor_action("orders")
    def list_orders(self, member, shipping_state=None, since=None, limit=80, offset=0):
        """Return the vendor's orders, the oldest first.

        :param shipping_state: to_ship, shipped or delivered.
        :param since: moment in UTC; orders placed at or after it.
        """
        domain = []
        if shipping_state is not None:
            if shipping_state not in SHIPPING_STATES:
                raise MarketplaceError(
                    self.env._(
                        "“shipping_state” is one of %(states)s.",
                        states=", ".join(SHIPPING_STATES),
                    )
                )
            domain.append(("marketplace_shipping_state", "=", shipping_state))
        if since is not None:
            domain.append(("date_order", ">=", self._api_moment("since", since)))
        orders, total = self._api_page(
            member, "sale.order", domain, "date_order, id", limit, offset
        )
        return {
            "total": total,
            "orders": [self._api_order_summary(order) for order in orders],
        }

    @vendor_action("orders")
    def get_order(self, member, order_id):
        """Return one order: lines, delivery address, shipments."""
        return self._api_order(self._api_get(member, "sale.order", order_id))

    @vendor_action("orders")
    def ship_order(
        self, member, order_id, carrier_name, tracking_ref="", quantities=None
    ):
        """Ship an order, whole or in part, and return the shipment.

        :param quantities: {line id as text: quantity}; all that is left when not given.
        """
        order = self._api_get(member, "sale.order", order_id)
        if quantities is not None:
            quantities = self._api_quantities(order, quantities)
        shipment = order._vendor_ship(
            quantities,
            self._api_text("carrier_name", carrier_name),
            self._api_text("tracking_ref", tracking_ref),
        )
        return self._api_shipment(shipment)

    @vendor_action("orders")
    def perform_order(self, member, order_id, date=None):
        """Note that the services of an order were performed, and return the order.

        :param date: day as 2026-03-31; today when not given.
        """
        order = self._api_get(member, "sale.order", order_id)
        order._marketplace_perform(self._api_day("date", date) if date else None)
        return self._api_order(order)

    @vendor_action("orders")
    def update_tracking(self, member, shipment_id, carrier_name, tracking_ref=""):
        """Correct carrier and tracking number of a shipment, and return it."""
        shipment = self._api_get(member, "marketplace.shipment", shipment_id)
        shipment._vendor_correct_tracking(
            self._api_text("carrier_name", carrier_name),
            self._api_text("tracking_ref", tracking_ref),
        )
        return self._api_shipment(shipment)

    # -- read what a client sent ----------------------------------------------------

    def _api_moment(self, name, value):
        try:
            return fields.Datetime.to_datetime(value)
        except (TypeError, ValueError) as error:
            raise MarketplaceError(
                self.env._(
                    "“%(name)s” is a moment in UTC such as 2026-03-01 08:00:00.",
                    name=name,
                )
            ) from error

    def _api_day(self, name, value):
        try:
            return fields.Date.to_date(value)
        except (TypeError, ValueError) as error:
            raise MarketplaceError(
                self.env._("“%(name)s” is a day such as 2026-03-31.", name=name)
            ) from error

    def _api_quantities(self, order, quantities):
        """Return {line id: quantity} of the order, as a client sent them.

        :raises MarketplaceError: naming every line that is wrong.
        """
        if not isinstance(quantities, dict):
            raise MarketplaceError(
                self.env._("“quantities” maps line ids to quantities.")
            )
        lines = {str(line.id): line.id for line in order.order_line}
        parsed, problems = {}, []
        for key, number in quantities.items():
            if key not in lines:
                problems.append(
                    self.env._(
                        "%(order)s has no line %(line)s.",
                        order=order.name,
                        line=key[:TEXT_MAX_CHARS],
                    )
                )
            elif not self._api_is_number(number):
                problems.append(
                    self.env._("Line %(line)s: send a quantity from 0.", line=key)
                )
            elif number:
                parsed[lines[key]] = number
        if problems:
            raise MarketplaceError("\n".join(problems))
        return parsed

    def _api_is_number(self, value):
        """Tell whether a client sent a plain number from 0."""
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and 0 <= value < NUMBER_MAX
        )

    # -- answers --------------------------------------------------------------------

    def _api_order_summary(self, order):
        return {
            "id": order.id,
            "name": order.name,
            "reference": order.client_order_ref or None,
            "date": self._api_date(order.date_order),
            "state": order.state,
            "acceptance_state": order.acceptance_state or None,
            "accept_until": self._api_date(order.date_accept_by),
            "shipping_state": order.marketplace_shipping_state or None,
            "currency": order.currency_id.name,
            "amount_total": self._api_amount(order.amount_total, order.currency_id),
        }

    def _api_order(self, order):
        """Return an order; of the customer, only where the parcel goes."""
        address = order.partner_shipping_id
        to_ship = order.order_line._marketplace_quantities_to_ship()
        return {
            **self._api_order_summary(order),
            "delivery_address": {
                "name": address.name or None,
                "street": address.street or None,
                "street2": address.street2 or None,
                "zip": address.zip or None,
                "city": address.city or None,
                "state": address.state_id.code or None,
                "country": address.country_id.code or None,
                "phone": address.phone or None,
            },
            "lines": [
                {
                    "id": line.id,
                    "kind": line.marketplace_kind,
                    "sku": line.offer_id.vendor_sku or None,
                    "name": line.name,
                    "quantity": line.product_uom_qty,
                    "acceptance_state": line.acceptance_state or None,
                    "to_ship": to_ship.get(line.id, 0.0),
                    "amount": self._api_amount(line.amount_vendor, order.currency_id),
                }
                for line in order.order_line
                if line.marketplace_kind in ("goods", "shipping")
            ],
            "shipments": [
                self._api_shipment(shipment)
                for shipment in order.marketplace_shipment_ids
            ],
        }

    def _api_shipment(self, shipment):
        return {
            "id": shipment.id,
            "name": shipment.name,
            "order_id": shipment.sale_order_id.id,
            "state": shipment.state,
            "carrier_name": shipment.carrier_name or None,
            "tracking_ref": shipment.tracking_ref or None,
            "shipped": self._api_date(shipment.date_shipped),
            "delivered": self._api_date(shipment.date_delivered),
            "amount_to_collect": self._api_amount(
                shipment.amount_to_collect, shipment.currency_id
            ),
            "lines": [
                {"line_id": line.sale_line_id.id, "quantity": line.quantity}
                for line in shipment.line_ids
            ],
        }
