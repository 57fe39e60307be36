from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.vendor_refund_request import NOTE_MAX_CHARS, request_reasons
from .gate import HOME
from .portal_orders import MarketplaceOrderPortal


class MarketplaceRefundRequestPortal(MarketplaceOrderPortal):
    @http.route(
        f"{HOME}/orders/<int:order_id>/refund",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_order_refund(self, order_id, reason="", note="", sent="", **post):
        """Show the request of a refund; on POST, ask the marketplace for it."""
        order = self._get_owned("sale.order", order_id)
        if request.httprequest.method != "POST":
            return self._render_refund(order, sent=sent)
        quantities, errors = self._parse_quantities(order, post)
        if not errors:
            try:
                with request.env.cr.savepoint():
                    order._vendor_request_refund(
                        quantities, reason, note, request.env.user
                    )
            except UserError as error:
                errors.append(str(error))
        if errors:
            form = {"reason": reason, "note": note, **post}
            response = self._render_refund(order, errors, form)
            response.status_code = 422
            return response
        return request.redirect(f"{HOME}/orders/{order.id}/refund?sent=1")

    def _render_refund(self, order, errors=(), form=None, sent=""):
        return request.render(
            "marketplace_base.portal_order_refund",
            self._prepare_marketplace_values(
                "marketplace_orders",
                breadcrumbs=[
                    (request.env._("Orders"), f"{HOME}/orders"),
                    (order.name, f"{HOME}/orders/{order.id}"),
                    (request.env._("Refund"), None),
                ],
                vendor_order=order,
                goods=order.order_line.filtered(
                    lambda line: line.marketplace_kind == "goods"
                ),
                waiting=order._vendor_open_requests(),
                reasons=request_reasons(request.env(su=True)),
                note_max=NOTE_MAX_CHARS,
                form=form or {},
                errors=errors,
                sent=sent,
            ),
        )
