import logging
from datetime import UTC, datetime

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..adapters.errors import DocumentError, SignatureError
from ..adapters.registry import ADAPTERS
from ..const import WEBHOOK_BYTES_MAX

_logger = logging.getLogger(__name__)


class WebhookController(http.Controller):
    @http.route(
        "/marketplace/webhook/<string:key>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def receive(self, key):
        """Store a verified call of a shop and answer at once; the work comes later.

        A call that is refused writes nothing but a line in the log, without its body.

        :return: 200 taken or known already, 401 not from the shop or too old, 404 no
            such storefront, 400 unreadable, 413 too large.
        """
        # superuser: the caller is no user; the signature is what lets it in.
        env = request.env(user=SUPERUSER_ID, su=True)
        storefront = env["marketplace.storefront"].search([("webhook_key", "=", key)])
        if not storefront:
            return self._refuse(404, "no such storefront", key)
        length = request.httprequest.content_length
        if length is None or length > WEBHOOK_BYTES_MAX:
            return self._refuse(413, "too large", storefront.code)
        body = request.httprequest.get_data(cache=False)
        try:
            event = self._parse(storefront, body)
        except SignatureError as error:
            return self._refuse(401, str(error), storefront.code)
        except DocumentError as error:
            return self._refuse(400, str(error), storefront.code)
        return self._store(storefront, event, body)

    def _parse(self, storefront, body):
        """Return the event of a call signed with one of the secrets that hold now.

        :raises SignatureError: when none of them signed it.
        """
        *others, last = reversed(storefront._get_webhook_secrets())
        parse = ADAPTERS[storefront.adapter].parse_event
        headers, now = request.httprequest.headers, datetime.now(UTC)
        for secret in others:
            try:
                return parse(headers, body, secret, now)
            except SignatureError:
                continue
        return parse(headers, body, last, now)

    def _store(self, storefront, event, body):
        if event.kind == "bulk":  # it says nothing that a look would not find out
            storefront._delay_bulks(hint=event.ref)
            return request.make_response("taken")
        Inbox = storefront.env["marketplace.inbox"]
        if Inbox.search_count(
            [
                ("storefront_id", "=", storefront.id),
                ("delivery_id", "=", event.delivery_id),
            ]
        ):
            return request.make_response("known already")
        try:
            with storefront.env.cr.savepoint():
                Inbox._store_event(storefront, event, body)
        except UniqueViolation:
            return request.make_response("known already")
        storefront._delay()._job_process_inbox()
        return request.make_response("taken")

    def _refuse(self, status, why, label):
        _logger.warning("Webhook of %s refused (%s): %s", label, status, why)
        return request.make_response(why, status=status)
