from werkzeug.exceptions import NotFound

from odoo import models

from ..const import SHIPMENT_STATES
from .marketplace_vendor_api import vendor_action


class MarketplaceVendorApi(models.AbstractModel):
    """Answers to orders, parcels and messages in the vendor API."""

    _inherit = "marketplace.vendor.api"

    @vendor_action("orders")
    def accept_order(self, member, order_id, line_ids=None):
        """Accept lines of an order, and return it.

        :param line_ids: ids of lines; all that wait when not given.
        """
        order = self._api_get(member, "sale.order", order_id)
        lines = None if line_ids is None else self._api_lines(order, line_ids)
        order._marketplace_accept("vendor", lines)
        return self._api_order(order)

    @vendor_action("orders")
    def refuse_order(self, member, order_id, quantities, reason, note=""):
        """Refuse units of an order, and return it.

        :param quantities: {line id as text: units}.
        """
        order = self._api_get(member, "sale.order", order_id)
        units = self._api_quantities(order, quantities)
        order._vendor_refuse_units(
            {line: units[line.id] for line in order.order_line if line.id in units},
            self._api_text("reason", reason),
            self._api_text("note", note),
        )
        return self._api_order(order)

    @vendor_action("orders")
    def request_refund(self, member, order_id, quantities, reason, note=""):
        """Refund units of an order, or ask the operator for it.

        :param quantities: {line id as text: units}.
        """
        order = self._api_get(member, "sale.order", order_id)
        refund = order._vendor_request_refund(
            self._api_quantities(order, quantities),
            self._api_text("reason", reason),
            self._api_text("note", note),
        )
        return {
            "name": refund.name,
            "state": refund.state,
            "amount": self._api_amount(refund.amount, refund.currency_id),
        }

    # -- parcels --------------------------------------------------------------------

    @vendor_action("orders")
    def list_shipments(self, member, state=None, limit=80, offset=0):
        """Return the vendor's parcels, the newest first.

        :param state: of ``SHIPMENT_STATES``.
        """
        domain = []
        if state is not None:
            self._api_choice("state", state, dict(SHIPMENT_STATES))
            domain.append(("state", "=", state))
        shipments, total = self._api_page(
            member, "marketplace.shipment", domain, "id desc", limit, offset
        )
        return {
            "total": total,
            "shipments": [self._api_shipment(shipment) for shipment in shipments],
        }

    @vendor_action("orders")
    def get_delivery_note(self, member, shipment_id):
        """Return the delivery note of a parcel: name, and PDF in base 64."""
        return self._api_note(member, shipment_id, "delivery")

    @vendor_action("orders")
    def get_return_note(self, member, shipment_id):
        """Return the note a customer sends goods back with, in the same way."""
        return self._api_note(member, shipment_id, "return")

    def _api_note(self, member, shipment_id, kind):
        shipment = self._api_get(member, "marketplace.shipment", shipment_id)
        return {
            "name": f"{shipment._document_name(kind)}.pdf",
            "content": self._api_encoded(shipment._render_document(kind)),
        }

    # -- messages -------------------------------------------------------------------

    @vendor_action("orders")
    def list_messages(self, member, order_id):
        """Return the messages about an order that the vendor reads, oldest first."""
        order = self._api_get(member, "sale.order", order_id)
        model, domain = member._search_owned(
            "marketplace.message", [("sale_order_id", "=", order.id)]
        )
        messages = model.search(domain, order="id")
        messages.conversation_id._vendor_reads()
        return [self._api_message(message) for message in messages]

    @vendor_action("orders")
    def post_message(self, member, order_id, body, audience="operator", files=()):
        """Write to the operator, or to the customer as well, and return the message.

        :param audience: operator or customer.
        :param files: [{"name": "a.pdf", "content": base 64}].
        """
        order = self._api_get(member, "sale.order", order_id)
        self._api_choice("audience", audience, ("operator", "customer"))
        uploads = []
        for row in list(files) if isinstance(files, list | tuple) else [files]:
            names = row if isinstance(row, dict) else {}
            uploads.append(
                (
                    self._api_text("name", names.get("name")) or "file",
                    self._api_file("content", names.get("content")),
                )
            )
        message = order._marketplace_conversation()._post(
            "vendor",
            "all" if audience == "customer" else "vendor",
            self._api_text("body", body),
            uploads,
        )
        return self._api_message(message)

    @vendor_action("orders")
    def get_message_file(self, member, message_id, number=1):
        """Return a file of a message: name, and content in base 64.

        :param number: which of its files, from 1.
        """
        message = self._api_get(member, "marketplace.message", message_id)
        files = message.attachment_ids
        if isinstance(number, bool) or not isinstance(number, int):
            raise NotFound()
        file = files[max(number - 1, 0) : number]
        if not file:
            raise NotFound()
        return {"name": file.name, "content": self._api_encoded(file.raw)}

    def _api_message(self, message):
        own = message.author_kind == "vendor"
        return {
            "id": message.id,
            "from": message.author_kind,
            "to_customer": message.audience == "all",
            "state": message.state if own else "published",
            "date": self._api_date(message.date),
            "body": message.body if own else message.body_public,
            "files": message.attachment_ids.mapped("name"),
        }
