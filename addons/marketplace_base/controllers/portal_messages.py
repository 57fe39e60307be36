from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.marketplace_conversation import (
    MESSAGE_FILE_MAX_BYTES,
    MESSAGE_FILES,
    MESSAGE_MAX_CHARS,
)
from .forms import TEXT_MAX_CHARS
from .portal import MarketplacePortal

UNREAD = [("is_unread_by_vendor", "=", True)]


class MarketplaceMessagePortal(MarketplacePortal):
    def _prepare_marketplace_values(self, page_name, breadcrumbs=(), **values):
        values = super()._prepare_marketplace_values(page_name, breadcrumbs, **values)
        if page_name == "marketplace_home":
            model, domain = self._search_owned("marketplace.conversation", UNREAD)
            values["unread_conversations"] = model.search(domain)
        return values

    @http.route(
        "/my/marketplace/orders/<int:order_id>/messages",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_order_messages(self, order_id, sent=None, **post):
        """Show the thread of an order; on POST, add a message of the vendor."""
        order = self._get_owned("sale.order", order_id)
        if request.httprequest.method != "POST":
            return self._render_messages(order, sent=sent)
        files = [
            # One byte above the limit is enough to know that a file is too large.
            (upload.filename[-TEXT_MAX_CHARS:], upload.read(MESSAGE_FILE_MAX_BYTES + 1))
            for upload in request.httprequest.files.getlist("files")[
                : MESSAGE_FILES + 1
            ]
            if upload.filename
        ]
        audience = "all" if post.get("audience") == "customer" else "vendor"
        try:
            with request.env.cr.savepoint():
                order._marketplace_conversation()._post(
                    "vendor", audience, post.get("body", ""), files
                )
        except UserError as error:
            response = self._render_messages(order, [str(error)], post)
            response.status_code = 422
            return response
        return request.redirect(
            f"/my/marketplace/orders/{order.id}/messages?sent=1#wrap"
        )

    @http.route(
        "/my/marketplace/messages/<int:message_id>/files/<int:number>",
        type="http",
        auth="user",
        readonly=True,
    )
    def marketplace_message_file(self, message_id, number, **_query):
        """Download a file of a message the vendor may read; never shown inline.

        :param number: which of its files, from 1.
        """
        message = self._get_owned("marketplace.message", message_id)
        attachment = message.attachment_ids[max(number - 1, 0) : number]
        if not attachment:
            raise NotFound()
        stream = request.env["ir.binary"]._get_stream_from(attachment)
        return stream.get_response(as_attachment=True)

    def _render_messages(self, order, errors=(), form=None, sent=None):
        model, domain = self._search_owned(
            "marketplace.message", [("sale_order_id", "=", order.id)]
        )
        messages = model.search(domain, order="id")
        messages.conversation_id._vendor_reads()
        return request.render(
            "marketplace_base.portal_messages",
            self._prepare_marketplace_values(
                "marketplace_orders",
                breadcrumbs=[
                    (request.env._("Orders"), "/my/marketplace/orders"),
                    (order.name, f"/my/marketplace/orders/{order.id}"),
                    (request.env._("Messages"), None),
                ],
                message_order=order,
                messages=messages,
                max_chars=MESSAGE_MAX_CHARS,
                form=form or {},
                errors=errors,
                sent=sent,
            ),
        )
