from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..const import KYC_FILE_MAX_BYTES
from .portal import MarketplacePortal


class MarketplaceCompliancePortal(MarketplacePortal):
    @http.route(
        "/my/marketplace/offers/<int:offer_id>/compliance",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_offer_compliance(self, offer_id, sent=None, **post):
        """Show what the law asks for a product; on POST, hand some of it in."""
        offer = self._get_owned("marketplace.offer", offer_id)
        if request.httprequest.method != "POST":
            return self._render_compliance(offer, sent=sent)
        upload = post.get("file")
        content = upload.read(KYC_FILE_MAX_BYTES + 1) if upload else b""
        try:
            with request.env.cr.savepoint():
                offer._vendor_hand_in_compliance(
                    post, upload.filename if upload else "", content
                )
        except UserError as error:
            response = self._render_compliance(offer, str(error).splitlines(), post)
            response.status_code = 422
            return response
        return request.redirect(f"/my/marketplace/offers/{offer.id}/compliance?sent=1")

    def _render_compliance(self, offer, errors=(), form=None, sent=None):
        items, domain = self._search_owned(
            "marketplace.compliance.item",
            [("product_tmpl_id", "=", offer.product_id.product_tmpl_id.id)],
        )
        gaps = offer._compliance_gaps().get(offer)
        kinds = items._fields["kind"]._description_selection(request.env)
        return request.render(
            "marketplace_base.portal_offer_compliance",
            self._prepare_marketplace_values(
                "marketplace_offers",
                breadcrumbs=[
                    (request.env._("Offers"), "/my/marketplace/offers"),
                    (offer.vendor_sku, f"/my/marketplace/offers/{offer.id}"),
                    (request.env._("Compliance"), None),
                ],
                offer=offer,
                requirements=gaps,
                items=items.search(domain),
                kinds=kinds,
                errors=errors,
                form=form or {"kind": gaps[0].kind if gaps else ""},
                sent=sent,
            ),
        )
