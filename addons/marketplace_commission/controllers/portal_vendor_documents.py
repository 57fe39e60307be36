import re
from datetime import date

from odoo import fields, http
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from odoo.addons.marketplace_base.controllers.gate import HOME, SECTION_ROLES
from odoo.addons.marketplace_base.controllers.portal import MarketplacePortal

from .mandate_documents import MandateDocumentPages, Pages

_lt = LazyTranslate(__name__)

SECTION_ROLES["invoices"] = "finance"
URL = f"{HOME}/invoices"
PAGES = Pages(
    model="marketplace.vendor.document",
    kind="sale",
    url=URL,
    title=_lt("Invoices to customers"),
    page_name="marketplace_vendor_documents",
    list_template="marketplace_commission.portal_vendor_documents",
    template="marketplace_commission.portal_vendor_document",
)
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


class MarketplaceVendorDocumentPortal(MandateDocumentPages, MarketplacePortal):
    """What was issued to customers in the vendor's name: read, download, contest."""

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
        return self._list_mandate_documents(
            PAGES, query, month_domain(month), url_args={"month": month}, month=month
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
        return self._show_mandate_document(PAGES, document_id)

    # No readonly routes: the files are made at the first download.
    @http.route(f"{URL}/<int:document_id>/pdf", type="http", auth="user")
    def marketplace_vendor_document_pdf(self, document_id, **_query):
        """Download one document, with its XML inside."""
        return self._send_mandate_document(PAGES, document_id, "pdf")

    @http.route(f"{URL}/<int:document_id>/xml", type="http", auth="user")
    def marketplace_vendor_document_xml(self, document_id, **_query):
        """Download the XML of one document."""
        return self._send_mandate_document(PAGES, document_id, "xml")

    @http.route(
        f"{URL}/<int:document_id>/contest",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_vendor_document_contest(self, document_id, **post):
        """Object to one document, within the period of the mandate."""
        return self._take_objection(PAGES, document_id, post)

    @http.route(
        f"{URL}/<int:document_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_vendor_document_accept(self, document_id, **_post):
        """Agree to one document."""
        return self._take_consent(PAGES, document_id)
