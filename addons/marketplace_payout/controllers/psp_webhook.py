import logging

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..const_rails import WEBHOOK_BYTES_MAX
from ..engine.psp import SignatureRefusedError

_logger = logging.getLogger(__name__)


class PspWebhookController(http.Controller):
    @http.route(
        "/marketplace/psp/<string:key>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def receive(self, key):
        """Take a signed call of a payment provider about our transfers.

        A call that is refused writes nothing but a line in the log, without its body.

        :return: 200 taken or known already, 401 not from the provider or too old, 404
            no such account, 413 too large.
        """
        # superuser: the caller is no user; the signature is what lets it in
        env = request.env(user=SUPERUSER_ID, su=True)
        account = env["marketplace.payout.provider"].search([("webhook_key", "=", key)])
        if not account:
            return self._refuse(404, "no such account", "?")
        length = request.httprequest.content_length
        if length is None or length > WEBHOOK_BYTES_MAX:
            return self._refuse(413, "too large", account.name)
        body = request.httprequest.get_data(cache=False)
        try:
            with env.cr.savepoint():
                is_new = account._receive(request.httprequest.headers, body)
        except SignatureRefusedError as error:
            return self._refuse(401, str(error), account.name)
        except UniqueViolation:
            is_new = False
        return request.make_response("taken" if is_new else "nothing new")

    def _refuse(self, status, why, label):
        _logger.warning("Call of provider %s refused (%s): %s", label, status, why)
        return request.make_response(why, status=status)
