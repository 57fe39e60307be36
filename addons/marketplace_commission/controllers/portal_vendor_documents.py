import re
from datetime import date

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request

from odoo.addons.marketplace_base.controllers.gate import HOME, SECTION_ROLES
from odoo.addons.marketplace_base.controllers.portal import MarketplacePortal

SECTION_ROLES["invoices"] = "finance"
URL = f"{HOME}/invoices"
MONTH = re.compile(r"(\d{4})-(\d{2})")


def month_domain(text):
    """Return the domain of a month such as 2026-03; of everything for other texts."""
    match = MONTH.fullmatch(text or "")
    if not match:
        return Domain.TRUE
    try:
        first = date(int(match[1]), int(match[2]), 1)
    except ValueError:
        return Domain.TRUE
    after = fields.Date.add(first, months=1)
    return Domain("date", ">=", first) & Domain("date", "<", after)


class MarketplaceVendorDocumentPortal(MarketplacePortal):
    """What was issued to customers in the vendor's name: read, download, contest."""

    def _vendor_document_filters(self, month):
        in_month = month_domain(month)
        kinds = {
            "all": (request.env._("All"), Domain.TRUE),
            "invoice": (request.env._("Invoices"), Domain("kind", "=", "invoice")),
            "credit_note": (
                request.env._("Credit notes"),
                Domain("kind", "=", "credit_note"),
            ),
            "contested": (
                request.env._("Contested"),
                Domain("is_contested", "=", True),
            ),
        }
        return {
            code: {"label": label, "domain": domain & in_month}
            for code, (label, domain) in kinds.items()
        }

    @http.route(
        [URL, f"{URL}/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_vendor_documents(self, **query):
        """List the documents issued in the vendor's name."""
        self._marketplace_vendor()
        month = query.get("month", "")
        month = month if MONTH.fullmatch(month) else ""
        return self._render_list(
            "marketplace.vendor.document",
            "marketplace_commission.portal_vendor_documents",
            url=URL,
            title=request.env._("Invoices to customers"),
            page_name="marketplace_vendor_documents",
            sortings={
                "newest": {
                    "label": request.env._("Newest"),
                    "order": "date desc, id desc",
                },
                "oldest": {"label": request.env._("Oldest"), "order": "date, id"},
            },
            filters=self._vendor_document_filters(month),
            search_fields=("name", "sale_order_id.name"),
            search_label=request.env._("Number of the document or the order"),
            query=query,
            url_args={"month": month},
            month=month,
        )

    @http.route(
        f"{URL}/<int:document_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_vendor_document(self, document_id, **_query):
        """Show one document."""
        document = self._get_owned("marketplace.vendor.document", document_id)
        return self._render_vendor_document(document)

    def _render_vendor_document(self, document, errors=(), form=None):
        return request.render(
            "marketplace_commission.portal_vendor_document",
            self._prepare_marketplace_values(
                "marketplace_vendor_documents",
                breadcrumbs=[
                    (request.env._("Invoices to customers"), URL),
                    (document.name, None),
                ],
                document=document,
                errors=errors,
                form=form or {},
            ),
        )

    # No readonly routes: the files are made at the first download.
    @http.route(f"{URL}/<int:document_id>/pdf", type="http", auth="user")
    def marketplace_vendor_document_pdf(self, document_id, **_query):
        """Download one document, with its XML inside."""
        return self._send_vendor_document(document_id, "pdf", "application/pdf")

    @http.route(f"{URL}/<int:document_id>/xml", type="http", auth="user")
    def marketplace_vendor_document_xml(self, document_id, **_query):
        """Download the XML of one document."""
        return self._send_vendor_document(document_id, "xml", "application/xml")

    def _send_vendor_document(self, document_id, kind, mimetype):
        document = self._get_owned("marketplace.vendor.document", document_id)
        name, content = document._file(kind)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", mimetype),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    @http.route(
        f"{URL}/<int:document_id>/contest",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_vendor_document_contest(self, document_id, **post):
        """Object to one document, within the period of the mandate."""
        member = self._marketplace_member()
        document = self._get_owned("marketplace.vendor.document", document_id)
        try:
            member._contest_mandate_document("sale", document.id, post.get("reason"))
        except UserError as error:
            response = self._render_vendor_document(document, [str(error)], post)
            response.status_code = 422
            return response
        return request.redirect(f"{URL}/{document.id}")

    @http.route(
        f"{URL}/<int:document_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_vendor_document_accept(self, document_id, **_post):
        """Agree to one document."""
        member = self._marketplace_member()
        document = self._get_owned("marketplace.vendor.document", document_id)
        try:
            member._accept_mandate_document("sale", document.id)
        except UserError as error:
            response = self._render_vendor_document(document, [str(error)])
            response.status_code = 422
            return response
        return request.redirect(f"{URL}/{document.id}")
