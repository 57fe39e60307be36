from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request


class DeliveryConfirmation(http.Controller):
    @http.route(
        "/marketplace/delivery/<int:shipment_id>/<string:token>",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
    )
    def confirm_delivery(self, shipment_id, token, **_post):
        """Ask the customer whether the parcel arrived; on POST, take note that it did.

        Opening the link changes nothing: mail programs open links by themselves.
        """
        shipments = request.env["marketplace.shipment"]
        shipment = shipments._by_customer_token(shipment_id, token)
        if not shipment:
            raise NotFound()
        error = None
        if request.httprequest.method == "POST":
            try:
                shipment._deliver("customer")
            except UserError as refusal:
                error = str(refusal)
        response = request.render(
            "marketplace_base.delivery_confirmation",
            {"shipment": shipment, "error": error},
        )
        if error:
            response.status_code = 422
        # The address is a key: no other site may learn it from a link on this page.
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
