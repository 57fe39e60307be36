from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from .portal_orders import MarketplaceOrderPortal


class MarketplaceServicePortal(MarketplaceOrderPortal):
    @http.route(
        "/my/marketplace/orders/<int:order_id>/perform",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_order_perform(self, order_id, date="", **_post):
        """Note that the services of an order were performed on a day."""
        order = self._get_owned("sale.order", order_id)
        try:
            day = fields.Date.to_date(date.strip() or None)
        except ValueError:
            day, errors = (
                None,
                [
                    request.env._(
                        "“%(text)s” is not a date. Type it as 2026-03-31.",
                        text=date[:32],
                    )
                ],
            )
        else:
            errors = []
        if not errors:
            try:
                with request.env.cr.savepoint():
                    shipment = order._marketplace_perform(day)
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render_order(order, errors=errors)
            response.status_code = 422
            return response
        return request.redirect(
            f"/my/marketplace/orders/{order.id}?shipped={shipment.id}#wrap"
        )
