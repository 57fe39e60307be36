from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request

from odoo.addons.marketplace_base.controllers.gate import HOME, SECTION_ROLES
from odoo.addons.marketplace_base.controllers.portal import MarketplacePortal

SECTION_ROLES["bills"] = "finance"
URL = f"{HOME}/bills"
MODEL = "marketplace.self.bill"


class MarketplaceSelfBillPortal(MarketplacePortal):
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
        return self._render_list(
            MODEL,
            "marketplace_commission.portal_self_bills",
            url=URL,
            title=request.env._("Invoices to the marketplace"),
            page_name="marketplace_self_bills",
            sortings={
                "newest": {
                    "label": request.env._("Newest"),
                    "order": "date desc, id desc",
                },
                "oldest": {"label": request.env._("Oldest"), "order": "date, id"},
            },
            filters={
                "all": {"label": request.env._("All"), "domain": Domain.TRUE},
                "invoice": {
                    "label": request.env._("Invoices"),
                    "domain": Domain("kind", "=", "invoice"),
                },
                "credit_note": {
                    "label": request.env._("Credit notes"),
                    "domain": Domain("kind", "=", "credit_note"),
                },
                "contested": {
                    "label": request.env._("Contested"),
                    "domain": Domain("is_contested", "=", True),
                },
            },
            search_fields=("name", "sale_order_id.name"),
            search_label=request.env._("Number of the document or the order"),
            query=query,
        )

    @http.route(
        f"{URL}/<int:bill_id>", type="http", auth="user", website=True, readonly=True
    )
    def marketplace_self_bill(self, bill_id, **_query):
        """Show one bill."""
        return self._render_self_bill(self._get_owned(MODEL, bill_id))

    def _render_self_bill(self, bill, errors=(), form=None):
        return request.render(
            "marketplace_commission.portal_self_bill",
            self._prepare_marketplace_values(
                "marketplace_self_bills",
                breadcrumbs=[
                    (request.env._("Invoices to the marketplace"), URL),
                    (bill.name, None),
                ],
                document=bill,
                document_url=f"{URL}/{bill.id}",
                errors=errors,
                form=form or {},
            ),
        )

    # No readonly routes: the files are made at the first download.
    @http.route(f"{URL}/<int:bill_id>/pdf", type="http", auth="user")
    def marketplace_self_bill_pdf(self, bill_id, **_query):
        """Download one bill, with its XML inside."""
        return self._send_self_bill(bill_id, "pdf", "application/pdf")

    @http.route(f"{URL}/<int:bill_id>/xml", type="http", auth="user")
    def marketplace_self_bill_xml(self, bill_id, **_query):
        """Download the XML of one bill."""
        return self._send_self_bill(bill_id, "xml", "application/xml")

    def _send_self_bill(self, bill_id, kind, mimetype):
        name, content = self._get_owned(MODEL, bill_id)._file(kind)
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
        f"{URL}/<int:bill_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_self_bill_accept(self, bill_id, **_post):
        """Agree to one bill."""
        member = self._marketplace_member()
        return self._answer_self_bill(
            bill_id, lambda bill: member._accept_mandate_document("self_bill", bill.id)
        )

    @http.route(
        f"{URL}/<int:bill_id>/contest",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_self_bill_contest(self, bill_id, **post):
        """Object to one bill, within the period of the mandate."""
        member = self._marketplace_member()
        return self._answer_self_bill(
            bill_id,
            lambda bill: member._contest_mandate_document(
                "self_bill", bill.id, post.get("reason")
            ),
            post,
        )

    def _answer_self_bill(self, bill_id, answer, form=None):
        """Give the vendor's answer, or show the page again with what is wrong."""
        bill = self._get_owned(MODEL, bill_id)
        try:
            answer(bill)
        except UserError as error:
            response = self._render_self_bill(bill, [str(error)], form)
            response.status_code = 422
            return response
        return request.redirect(f"{URL}/{bill.id}")
