from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..const import KYC_FILE_MAX_BYTES
from .portal import MarketplacePortal

URL = "/my/marketplace/documents"


class MarketplaceDocumentPortal(MarketplacePortal):
    @http.route(URL, type="http", auth="user", website=True, methods=["GET", "POST"])
    def marketplace_documents(self, sent=None, **post):
        """List the vendor's KYC documents; on POST, hand a new one in."""
        vendor = self._marketplace_vendor()
        if request.httprequest.method != "POST":
            return self._render_documents(vendor, sent=sent)
        upload = post.get("file")
        content = upload.read(KYC_FILE_MAX_BYTES + 1) if upload else b""
        try:
            with request.env.cr.savepoint():
                vendor._vendor_hand_in_document(
                    post, upload.filename if upload else "", content
                )
        except UserError as error:
            response = self._render_documents(vendor, str(error).splitlines(), post)
            response.status_code = 422
            return response
        return request.redirect(f"{URL}?sent=1")

    @http.route(
        f"{URL}/<int:document_id>/file", type="http", auth="user", readonly=True
    )
    def marketplace_document_file(self, document_id, **_query):
        """Download a document of the vendor."""
        document = self._get_owned("marketplace.kyc.document", document_id)
        stream = request.env["ir.binary"]._get_stream_from(
            document, "file", filename_field="file_name"
        )
        return stream.get_response(as_attachment=True)

    def _render_documents(self, vendor, errors=(), form=None, sent=None):
        model, domain = self._search_owned("marketplace.kyc.document", [])
        return request.render(
            "marketplace_base.portal_documents",
            self._prepare_marketplace_values(
                "marketplace_documents",
                breadcrumbs=[(request.env._("Documents"), URL)],
                documents=model.search(domain),
                document_types=vendor._vendor_document_types(),
                missing_types=vendor._kyc_missing(("to_review", "accepted")).get(
                    vendor
                ),
                form=form or {},
                errors=errors,
                sent=sent,
            ),
        )
