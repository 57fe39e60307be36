from odoo import http
from odoo.http import content_disposition, request

from .portal import MarketplacePortal

URL = "/my/marketplace/shipments/<int:shipment_id>"


class MarketplaceShipmentPortal(MarketplacePortal):
    @http.route(f"{URL}/delivery-note", type="http", auth="user", readonly=True)
    def marketplace_delivery_note(self, shipment_id, **_query):
        """Download the delivery note that goes into the parcel."""
        return self._shipment_document(shipment_id, "delivery")

    @http.route(f"{URL}/return-note", type="http", auth="user", readonly=True)
    def marketplace_return_note(self, shipment_id, **_query):
        """Download the note a customer sends goods back with."""
        return self._shipment_document(shipment_id, "return")

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
