import base64

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

from ..const import KYC_FILE_MAX_BYTES, KYC_FILE_TYPES
from ..const_catalogue import COMPLIANCE_KINDS, COMPLIANCE_PAPERS
from ..engine.numbers import has_decimals, parse_number
from .forms import TEXT_MAX_CHARS
from .portal import MarketplacePortal

REFERENCE_MAX_CHARS = 256


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
        values, errors = self._parse_compliance(offer, post)
        if not errors:
            try:
                with request.env.cr.savepoint():
                    # sudo: the gate named the offer, whose product this is about; it
                    # counts only once the marketplace accepts it
                    request.env["marketplace.compliance.item"].sudo().create(values)
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render_compliance(offer, errors, post)
            response.status_code = 422
            return response
        return request.redirect(f"/my/marketplace/offers/{offer.id}/compliance?sent=1")

    def _parse_compliance(self, offer, post):
        """Return the values of the data handed in, and what is wrong with the form."""
        errors = []
        kind = post.get("kind", "")
        currency = offer.currency_id
        if kind not in dict(COMPLIANCE_KINDS):
            errors.append(request.env._("Choose what you hand in."))
        values = {
            "product_tmpl_id": offer.product_id.product_tmpl_id.id,
            "vendor_id": offer.vendor_id.id,
            "kind": kind,
            "country_id": offer.company_id.country_id.id,
            "reference": post.get("reference", "").strip()[:REFERENCE_MAX_CHARS],
            "currency_id": currency.id,
        }
        if kind == "eco":
            amount = parse_number(post.get("amount", ""))
            if amount is None or not has_decimals(amount, currency.decimal_places):
                errors.append(
                    request.env._(
                        "Type the eco-contribution in %(currency)s.",
                        currency=currency.name,
                    )
                )
            else:
                values["amount"] = float(amount)
        upload = post.get("file")
        content = upload.read(KYC_FILE_MAX_BYTES + 1) if upload else b""
        if content:
            if len(content) > KYC_FILE_MAX_BYTES:
                errors.append(
                    request.env._(
                        "The file is larger than %(limit)s MB.",
                        limit=KYC_FILE_MAX_BYTES >> 20,
                    )
                )
            elif guess_mimetype(content) not in KYC_FILE_TYPES:
                errors.append(request.env._("Send a PDF, JPEG or PNG file."))
            values["file"] = base64.b64encode(content)
            values["file_name"] = upload.filename[-TEXT_MAX_CHARS:]
        elif kind in COMPLIANCE_PAPERS:
            errors.append(request.env._("Choose a file."))
        try:
            values["date_expiry"] = fields.Date.to_date(post.get("date_expiry") or None)
        except ValueError:
            errors.append(request.env._("Type dates as year-month-day."))
        return values, errors

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
