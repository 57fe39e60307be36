from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..formatting import format_number
from ..models.vendor_orders import VENDOR_REFUSAL_REASONS
from .forms import TEXT_MAX_CHARS, parse_number
from .portal import ORDERS_TO_ACCEPT
from .portal_orders import MarketplaceOrderPortal


class MarketplaceAcceptancePortal(MarketplaceOrderPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "marketplace_to_accept_count" in counters:
            model, domain = self._search_owned("sale.order", ORDERS_TO_ACCEPT)
            values["marketplace_to_accept_count"] = model.search_count(domain)
        return values

    def _prepare_marketplace_values(self, page_name, breadcrumbs=(), **values):
        values = super()._prepare_marketplace_values(page_name, breadcrumbs, **values)
        if page_name == "marketplace_home":
            orders, to_accept = self._search_owned("sale.order", ORDERS_TO_ACCEPT)
            first = orders.search(to_accept, order="date_accept_by, id", limit=1)
            values["to_accept_count"] = orders.search_count(to_accept)
            values["first_accept_by"] = first.date_accept_by
        elif page_name == "marketplace_orders" and values.get("vendor_order"):
            values.update(self._prepare_acceptance_values(values["vendor_order"]))
        return values

    def _prepare_acceptance_values(self, order):
        """Return what the acceptance part of an order page shows."""
        lines = order.order_line.filtered(
            lambda line: order.state == "sale" and line.acceptance_state == "waiting"
        )
        left = order.order_line._marketplace_quantities_to_ship()
        reasons = order.env["marketplace.line.decision"]._fields["reason_code"]
        return {
            "lines_to_accept": lines,
            "lines_to_refuse": order.order_line.filtered(
                lambda line: order.state == "sale" and left.get(line.id)
            ),
            "refusable": {line_id: format_number(q) for line_id, q in left.items()},
            "refusal_reasons": [
                (code, label)
                for code, label in reasons._description_selection(request.env)
                if code in VENDOR_REFUSAL_REASONS
            ],
        }

    def _get_order_filters(self):
        filters = super()._get_order_filters()
        to_accept = {
            "label": request.env._("To accept"),
            "domain": ORDERS_TO_ACCEPT,
        }
        return {"all": filters.pop("all"), "to_accept": to_accept, **filters}

    @http.route(
        "/my/marketplace/orders/<int:order_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_order_accept(self, order_id, line_id=None, **_post):
        """Accept one line of the order, or all that waits."""
        order = self._get_owned("sale.order", order_id)
        lines = None
        if line_id:
            lines = order.order_line.filtered(lambda line: str(line.id) == line_id)
        return self._decide(
            order, lambda: order._marketplace_accept("vendor", lines), "accepted"
        )

    @http.route(
        "/my/marketplace/orders/<int:order_id>/refuse",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_order_refuse(self, order_id, reason_code="", note="", **post):
        """Refuse the units of the form, with a reason."""
        order = self._get_owned("sale.order", order_id)
        values = self._prepare_acceptance_values(order)
        quantities, errors = {}, []
        for line in values["lines_to_refuse"]:
            text = post.get(f"refuse_{line.id}", "").strip()
            number = parse_number(text) if text else 0
            if number is None:
                errors.append(
                    request.env._(
                        "%(product)s: “%(text)s” is not a quantity. Type a number "
                        "such as 2, or nothing to keep it.",
                        product=line.product_id.display_name,
                        text=text[:TEXT_MAX_CHARS],
                    )
                )
            elif number:
                quantities[line] = float(number)
        if errors:
            return self._render_refused(order, errors)
        return self._decide(
            order,
            lambda: order._vendor_refuse_units(quantities, reason_code, note),
            "refused",
        )

    def _decide(self, order, function, decided):
        """Run a decision of the vendor; show the order again with what is wrong."""
        try:
            with request.env.cr.savepoint():
                function()
        except UserError as error:
            return self._render_refused(order, [str(error)])
        return request.redirect(
            f"/my/marketplace/orders/{order.id}?decided={decided}#wrap"
        )

    def _render_refused(self, order, errors):
        response = self._render_order(order)
        response.qcontext["acceptance_errors"] = errors
        response.status_code = 422
        return response

    @http.route()
    def marketplace_order(self, order_id, shipped=None, decided=None, **query):
        response = super().marketplace_order(order_id, shipped=shipped, **query)
        response.qcontext["decided"] = decided
        return response
