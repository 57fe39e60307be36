from odoo import http
from odoo.tools.translate import LazyTranslate

from odoo.addons.marketplace_base.controllers.gate import HOME, SECTION_ROLES
from odoo.addons.marketplace_base.controllers.portal import MarketplacePortal

from .mandate_documents import MandateDocumentPages, Pages

_lt = LazyTranslate(__name__)

SECTION_ROLES["bills"] = "finance"
URL = f"{HOME}/bills"
PAGES = Pages(
    model="marketplace.self.bill",
    kind="self_bill",
    url=URL,
    title=_lt("Invoices to the marketplace"),
    page_name="marketplace_self_bills",
    list_template="marketplace_commission.portal_self_bills",
    template="marketplace_commission.portal_self_bill",
)


class MarketplaceSelfBillPortal(MandateDocumentPages, MarketplacePortal):
    """Bills of what the marketplace buys, made in the vendor's name: read, answer."""

    @http.route(
        [URL, f"{URL}/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_self_bills(self, **query):
        """List the bills made in the vendor's name."""
        self._marketplace_vendor()
        return self._list_mandate_documents(PAGES, query)

    @http.route(
        f"{URL}/<int:bill_id>", type="http", auth="user", website=True, readonly=True
    )
    def marketplace_self_bill(self, bill_id, **_query):
        """Show one bill."""
        return self._show_mandate_document(PAGES, bill_id)

    # No readonly routes: the files are made at the first download.
    @http.route(f"{URL}/<int:bill_id>/pdf", type="http", auth="user")
    def marketplace_self_bill_pdf(self, bill_id, **_query):
        """Download one bill, with its XML inside."""
        return self._send_mandate_document(PAGES, bill_id, "pdf")

    @http.route(f"{URL}/<int:bill_id>/xml", type="http", auth="user")
    def marketplace_self_bill_xml(self, bill_id, **_query):
        """Download the XML of one bill."""
        return self._send_mandate_document(PAGES, bill_id, "xml")

    @http.route(
        f"{URL}/<int:bill_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_self_bill_accept(self, bill_id, **_post):
        """Agree to one bill."""
        return self._take_consent(PAGES, bill_id)

    @http.route(
        f"{URL}/<int:bill_id>/contest",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_self_bill_contest(self, bill_id, **post):
        """Object to one bill, within the period of the mandate."""
        return self._take_objection(PAGES, bill_id, post)
