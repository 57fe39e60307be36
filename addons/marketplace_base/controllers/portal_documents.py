import base64

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

from ..const import KYC_FILE_MAX_BYTES, KYC_FILE_TYPES
from .forms import TEXT_MAX_CHARS
from .portal import MarketplacePortal

URL = "/my/marketplace/documents"


class MarketplaceDocumentPortal(MarketplacePortal):
    @http.route(URL, type="http", auth="user", website=True, methods=["GET", "POST"])
    def marketplace_documents(self, sent=None, **post):
        """List the vendor's KYC documents; on POST, hand a new one in."""
        vendor = self._marketplace_vendor()
        if request.httprequest.method != "POST":
            return self._render_documents(vendor, sent=sent)
        values, errors = self._parse_document(vendor, post)
        if not errors:
            try:
                with request.env.cr.savepoint():
                    request.env["marketplace.kyc.document"].sudo().create(values)
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render_documents(vendor, errors, post)
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

    def _document_types(self, vendor):
        # sudo: the names of the papers we ask for
        types = request.env["marketplace.kyc.document.type"].sudo().search([])
        return types._for_vendor(vendor)

    def _parse_document(self, vendor, post):
        """Return the values of the document of the form, and what is wrong with it."""
        errors = []
        wanted = post.get("type_id", "")
        kind = self._document_types(vendor).filtered(lambda k: str(k.id) == wanted)
        if not kind:
            errors.append(request.env._("Choose what the document is."))
        upload = post.get("file")
        content = upload.read(KYC_FILE_MAX_BYTES + 1) if upload else b""
        if not content:
            errors.append(request.env._("Choose a file."))
        elif len(content) > KYC_FILE_MAX_BYTES:
            errors.append(
                request.env._(
                    "The file is larger than %(limit)s MB.",
                    limit=KYC_FILE_MAX_BYTES >> 20,
                )
            )
        elif guess_mimetype(content) not in KYC_FILE_TYPES:
            errors.append(request.env._("Send a PDF, JPEG or PNG file."))
        dates = {}
        for name in ("date_issued", "date_expiry"):
            try:
                dates[name] = fields.Date.to_date(post.get(name) or None)
            except ValueError:
                errors.append(request.env._("Type dates as year-month-day."))
        return {
            "vendor_id": vendor.id,
            "type_id": kind.id,
            "file": base64.b64encode(content),
            "file_name": upload.filename[-TEXT_MAX_CHARS:] if upload else False,
            "number": post.get("number", "").strip()[:TEXT_MAX_CHARS] or False,
            **dates,
        }, errors

    def _render_documents(self, vendor, errors=(), form=None, sent=None):
        model, domain = self._search_owned("marketplace.kyc.document", [])
        return request.render(
            "marketplace_base.portal_documents",
            self._prepare_marketplace_values(
                "marketplace_documents",
                breadcrumbs=[(request.env._("Documents"), URL)],
                documents=model.search(domain),
                document_types=self._document_types(vendor),
                missing_types=vendor._kyc_missing(("to_review", "accepted")).get(
                    vendor
                ),
                form=form or {},
                errors=errors,
                sent=sent,
            ),
        )
