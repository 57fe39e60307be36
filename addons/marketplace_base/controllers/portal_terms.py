from odoo import http
from odoo.http import request

from .portal import MarketplacePortal

URL = "/my/marketplace/terms"


class MarketplaceTermsPortal(MarketplacePortal):
    @http.route(URL, type="http", auth="user", website=True, methods=["GET", "POST"])
    def marketplace_terms(self, terms_id="", agree="", **_post):
        """Show what the vendor is asked to agree to; on POST, record that he does."""
        vendor = self._marketplace_vendor()
        asked = vendor._terms_to_accept()
        errors = []
        if request.httprequest.method == "POST":
            terms = asked.filtered(lambda terms: str(terms.id) == terms_id)
            if not agree:
                errors.append(request.env._("Tick the box to agree."))
            elif terms:
                terms._accept(vendor, request.httprequest.remote_addr)
                return request.redirect(URL)
        model, domain = self._search_owned("marketplace.terms.acceptance", [])
        response = request.render(
            "marketplace_base.portal_terms",
            self._prepare_marketplace_values(
                "marketplace_terms",
                breadcrumbs=[(request.env._("Terms"), URL)],
                asked=asked,
                acceptances=model.search(domain),
                errors=errors,
            ),
        )
        if errors:
            response.status_code = 422
        return response

    @http.route(
        f"{URL}/<int:acceptance_id>/pdf", type="http", auth="user", readonly=True
    )
    def marketplace_terms_pdf(self, acceptance_id, **_query):
        """Download the copy of what the vendor agreed to."""
        acceptance = self._get_owned("marketplace.terms.acceptance", acceptance_id)
        stream = request.env["ir.binary"]._get_stream_from(
            acceptance, "pdf", filename=acceptance._pdf_name()
        )
        return stream.get_response(as_attachment=True)
