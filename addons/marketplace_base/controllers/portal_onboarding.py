import logging
from datetime import UTC, datetime

from psycopg2.errors import UniqueViolation
from werkzeug.exceptions import NotFound

from odoo import SUPERUSER_ID, http
from odoo.exceptions import UserError
from odoo.http import request

from ..onboarding import OnboardingError, SignatureError
from .gate import HOME
from .portal_documents import MarketplaceDocumentPortal

_logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 64 * 1024


class MarketplaceOnboardingPortal(MarketplaceDocumentPortal):
    @http.route(
        f"{HOME}/verify", type="http", auth="user", website=True, methods=["POST"]
    )
    def marketplace_verify(self, **_post):
        """Send the vendor to the page where the provider checks who he is."""
        vendor = self._marketplace_vendor()
        company = vendor._vendor_onboarding_company()
        if not company:
            raise NotFound()
        base = request.env["ir.config_parameter"].sudo().get_param("web.base.url")
        try:
            with request.env.cr.savepoint():
                url = vendor._vendor_onboarding_link(company, f"{base}{HOME}/documents")
        except UserError as error:
            response = self._render_documents(vendor, [str(error)])
            response.status_code = 422
            return response
        return request.redirect(url, local=False)

    def _render_documents(self, vendor, errors=(), form=None, sent=None):
        response = super()._render_documents(vendor, errors, form, sent)
        response.qcontext["to_verify"] = bool(vendor._vendor_onboarding_company())
        response.qcontext["psp_accounts"] = vendor.psp_account_ids
        return response


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
