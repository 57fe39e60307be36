from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from .portal_orders import MarketplaceOrderPortal

URL = "/my/marketplace/parcels/<int:shipment_id>"


class MarketplaceShipmentPortal(MarketplaceOrderPortal):
    @http.route(f"{URL}/delivery-note", type="http", auth="user", readonly=True)
    def marketplace_delivery_note(self, shipment_id, **_query):
        """Download the delivery note that goes into the parcel."""
        return self._shipment_document(shipment_id, "delivery")

    @http.route(f"{URL}/return-note", type="http", auth="user", readonly=True)
    def marketplace_return_note(self, shipment_id, **_query):
        """Download the note a customer sends goods back with."""
        return self._shipment_document(shipment_id, "return")

    @http.route(
        f"{URL}/tracking", type="http", auth="user", website=True, methods=["POST"]
    )
    def marketplace_shipment_tracking(
        self, shipment_id, carrier_name="", tracking_ref="", **_post
    ):
        """Correct the carrier and the tracking number of a parcel."""
        shipment = self._get_owned("marketplace.shipment", shipment_id)
        errors = []
        try:
            with request.env.cr.savepoint():
                shipment._vendor_correct_tracking(carrier_name, tracking_ref)
        except UserError as error:
            errors.append(str(error))
        order = shipment.sale_order_id
        if errors:
            response = self._render_order(order, tracking_errors={shipment.id: errors})
            response.status_code = 422
            return response
        return request.redirect(
            f"/my/marketplace/orders/{order.id}#marketplace_shipments"
        )

    def _shipment_document(self, shipment_id, kind):
        shipment = self._get_owned("marketplace.shipment", shipment_id)
        content = shipment._render_document(kind)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                (
                    "Content-Disposition",
                    content_disposition(f"{shipment._document_name(kind)}.pdf"),
                ),
            ],
        )
