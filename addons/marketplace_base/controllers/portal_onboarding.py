from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .gate import HOME
from .portal_documents import MarketplaceDocumentPortal


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
