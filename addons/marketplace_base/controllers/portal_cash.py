from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal_orders import MarketplaceOrderPortal


class MarketplaceCashPortal(MarketplaceOrderPortal):
    @http.route(
        "/my/marketplace/parcels/<int:shipment_id>/cash",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_shipment_cash(self, shipment_id, outcome="", **_post):
        """Say what happened at the door with cash the vendor keeps."""
        shipment = self._get_owned("marketplace.shipment", shipment_id)
        order = shipment.sale_order_id
        try:
            with request.env.cr.savepoint():
                shipment._vendor_report_cash(outcome)
        except UserError as error:
            response = self._render_order(order)
            response.qcontext["cash_errors"] = {shipment.id: [str(error)]}
            response.status_code = 422
            return response
        return request.redirect(
            f"/my/marketplace/orders/{order.id}#marketplace_shipments"
        )
