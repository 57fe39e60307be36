"""Calls of a provider that checks vendors' identity."""

import logging
from datetime import UTC, datetime

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..onboarding import OnboardingError, SignatureError

_logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 64 * 1024


class OnboardingWebhook(http.Controller):
    @http.route(
        "/marketplace/onboarding/<string:key>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def receive(self, key):
        """Take a verified call of the provider about an account.

        :return: 200 taken or taken before, 401 not the provider's or not of now, 404 no
            such address or account, 400 unreadable, 413 too large.
        """
        # superuser: the caller is no user; the signature is what lets it in.
        env = request.env(user=SUPERUSER_ID, su=True)
        company = env["res.company"].search([("marketplace_onboarding_key", "=", key)])
        provider = company and company._marketplace_onboarding()
        if not provider:
            return self._refuse(404, "no such address")
        length = request.httprequest.content_length
        if length is None or length > BODY_BYTES_MAX:
            return self._refuse(413, "too large")
        try:
            delivery, said = provider.parse_event(
                request.httprequest.headers,
                request.httprequest.get_data(cache=False),
                company.marketplace_onboarding_webhook_secret or "",
                datetime.now(UTC),
            )
        except SignatureError as error:
            return self._refuse(401, str(error))
        except OnboardingError as error:
            return self._refuse(400, str(error))
        account = env["marketplace.psp.account"].search(
            [("company_id", "=", company.id), ("account_ref", "=", said.account_ref)]
        )
        if not account:
            return self._refuse(404, "no such account")
        try:
            with env.cr.savepoint():
                account._take_event(delivery, said)
        except UniqueViolation:
            return request.make_response("known already")
        return request.make_response("taken")

    def _refuse(self, status, why):
        _logger.warning("Call of the onboarding provider refused: %s", why)
        return request.make_response(why, status=status)
