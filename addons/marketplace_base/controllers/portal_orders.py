from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from ..formatting import format_number
from .forms import TEXT_MAX_CHARS, parse_number
from .portal import ORDERS_TO_SHIP, MarketplacePortal


class MarketplaceOrderPortal(MarketplacePortal):
    def _get_order_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": []},
            "to_ship": {"label": request.env._("To ship"), "domain": ORDERS_TO_SHIP},
            "shipped": {
                "label": request.env._("Shipped"),
                "domain": [("marketplace_shipping_state", "=", "shipped")],
            },
            "delivered": {
                "label": request.env._("Delivered"),
                "domain": [("marketplace_shipping_state", "=", "delivered")],
            },
        }

    def _get_order_sortings(self):
        return {
            "newest": {
                "label": request.env._("Newest"),
                "order": "date_order desc, id desc",
            },
            "oldest": {"label": request.env._("Oldest"), "order": "date_order, id"},
            "amount": {
                "label": request.env._("Amount"),
                "order": "amount_total desc, id desc",
            },
        }

    @http.route(
        ["/my/marketplace/orders", "/my/marketplace/orders/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_orders(self, **query):
        """List the orders of the vendor."""
        self._marketplace_vendor()
        return self._render_list(
            "sale.order",
            "marketplace_base.portal_orders",
            url="/my/marketplace/orders",
            title=request.env._("Orders"),
            page_name="marketplace_orders",
            sortings=self._get_order_sortings(),
            filters=self._get_order_filters(),
            search_fields=(
                "name",
                "client_order_ref",
                "partner_id.name",
                "partner_shipping_id.name",
            ),
            search_label=request.env._("Number, reference or customer"),
            query=query,
        )

    @http.route(
        "/my/marketplace/orders/<int:order_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_order(self, order_id, shipped=None, **_query):
        """Show one order with its shipments and what is left to ship."""
        order = self._get_owned("sale.order", order_id)
        shipment = order.marketplace_shipment_ids.filtered(
            lambda shipment: str(shipment.id) == shipped
        )
        return self._render_order(order, shipped=shipment)

    @http.route(
        "/my/marketplace/orders/<int:order_id>/ship",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_order_ship(
        self, order_id, carrier_name="", tracking_ref="", **post
    ):
        """Ship the quantities of the form; show it again with what is wrong."""
        order = self._get_owned("sale.order", order_id)
        carrier_name = carrier_name.strip()
        tracking_ref = tracking_ref.strip()
        quantities, errors = self._parse_quantities(order, post)
        errors += order.marketplace_shipment_ids._vendor_parcel_problems(
            carrier_name, tracking_ref
        )
        if not errors:
            try:
                # All or nothing: a refusal of the second step undoes the first.
                with request.env.cr.savepoint():
                    shipment = order._vendor_ship(
                        quantities, carrier_name, tracking_ref
                    )
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render_order(
                order,
                errors=errors,
                typed={
                    **post,
                    "carrier_name": carrier_name,
                    "tracking_ref": tracking_ref,
                },
            )
            response.status_code = 422
            return response
        # The fragment replaces the form's: the message is at the top of the page.
        return request.redirect(
            f"/my/marketplace/orders/{order.id}?shipped={shipment.id}#wrap"
        )

    def _parse_quantities(self, order, post):
        """Return {line id: quantity} typed for the order's lines, and what is wrong."""
        quantities, errors = {}, []
        for line in order.order_line:
            text = post.get(f"quantity_{line.id}", "").strip()
            if not text:
                continue
            number = parse_number(text)
            if number is None:
                errors.append(
                    request.env._(
                        "%(product)s: “%(text)s” is not a quantity. Type a number "
                        "such as 2, or 0 to ship it later.",
                        product=line.product_id.display_name,
                        text=text[:TEXT_MAX_CHARS],
                    )
                )
            elif number:
                quantities[line.id] = float(number)
        if not quantities and not errors:
            errors.append(
                request.env._("Nothing to ship: type a quantity for one product.")
            )
        return quantities, errors

    def _refunded(self, lines):
        """Return {line id: (units, what the seller gives up)} of paid-back lines."""
        refunded = lines._marketplace_refunded()
        return {
            line.id: (quantity, amount)
            for line, before_capture, quantity, _paid_back, amount in refunded
            if not before_capture
        }

    def _render_order(
        self, order, errors=(), typed=None, shipped=None, tracking_errors=None
    ):
        """Render an order page.

        :param typed: fields of a refused form, shown again as they were typed.
        :param tracking_errors: {shipment id: what is wrong with its new tracking}.
        """
        typed = typed or {}
        to_ship = order.order_line._marketplace_quantities_to_ship()
        shippable = order.order_line._marketplace_quantities_shippable()
        lines_left = order.order_line._marketplace_vendor_ships().filtered(
            lambda line: order.state == "sale"
            and line.product_uom_id.compare(shippable.get(line.id, 0.0), 0.0) > 0
        )
        lines_to_perform = lines_left._marketplace_performed()
        lines_to_ship = lines_left - lines_to_perform
        left = {line.id: format_number(to_ship[line.id]) for line in lines_to_ship}
        return request.render(
            "marketplace_base.portal_order",
            self._prepare_marketplace_values(
                "marketplace_orders",
                breadcrumbs=[
                    (request.env._("Orders"), "/my/marketplace/orders"),
                    (order.name, None),
                ],
                vendor_order=order,
                lines=order.order_line.filtered(
                    lambda line: line.marketplace_kind in ("goods", "shipping")
                ),
                lines_to_ship=lines_to_ship,
                lines_to_perform=lines_to_perform,
                today=fields.Date.context_today(order),
                to_ship=to_ship,
                refunded=self._refunded(order.order_line),
                shipments=order.marketplace_shipment_ids,
                shipped=shipped,
                errors=errors,
                tracking_errors=tracking_errors or {},
                form={
                    "max": left,
                    "quantities": {
                        line_id: typed.get(f"quantity_{line_id}", maximum)
                        for line_id, maximum in left.items()
                    },
                    "carrier_name": typed.get("carrier_name", ""),
                    "tracking_ref": typed.get("tracking_ref", ""),
                },
            ),
        )
