from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.marketplace_base.controllers.gate import SECTION_ROLES
from odoo.addons.marketplace_base.controllers.portal import MarketplacePortal

SECTION_ROLES["statements"] = "finance"

REPORT = "marketplace_payout.report_settlement"


class MarketplaceStatementPortal(MarketplacePortal):
    def _get_statement_filters(self):
        return {
            "all": {"label": request.env._("All"), "domain": []},
            "to_pay": {
                "label": request.env._("To be paid"),
                "domain": [("state", "=", "confirmed")],
            },
            "transferred": {
                "label": request.env._("Transferred"),
                "domain": [("state", "=", "closed"), ("amount_payout", ">", 0)],
            },
            "carried": {
                "label": request.env._("Carried forward"),
                "domain": [("carry_reason", "!=", False)],
            },
        }

    def _get_statement_sortings(self):
        return {
            "newest": {
                "label": request.env._("Newest"),
                "order": "date_cutoff desc, id desc",
            },
            "oldest": {"label": request.env._("Oldest"), "order": "date_cutoff, id"},
            "amount": {
                "label": request.env._("Payout"),
                "order": "amount_payout desc, id desc",
            },
        }

    @http.route(
        ["/my/marketplace/statements", "/my/marketplace/statements/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_statements(self, **query):
        """List the statements of the vendor."""
        self._marketplace_vendor()
        return self._render_list(
            "marketplace.settlement",
            "marketplace_payout.portal_statements",
            url="/my/marketplace/statements",
            title=request.env._("Statements"),
            page_name="marketplace_statements",
            sortings=self._get_statement_sortings(),
            filters=self._get_statement_filters(),
            search_fields=("name",),
            search_label=request.env._("Statement number"),
            query=query,
        )

    @http.route(
        "/my/marketplace/statements/<int:settlement_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_statement(self, settlement_id, **_query):
        """Show one statement."""
        settlement = self._get_owned("marketplace.settlement", settlement_id)
        return request.render(
            "marketplace_payout.portal_statement",
            self._prepare_marketplace_values(
                "marketplace_statements",
                breadcrumbs=[
                    (request.env._("Statements"), "/my/marketplace/statements"),
                    (settlement.name, None),
                ],
                settlement=settlement,
                rows=settlement._statement_rows(),
                documents=settlement.invoice_ids.sudo().sorted("name"),
            ),
        )

    @http.route(
        "/my/marketplace/statements/<int:settlement_id>/pdf",
        type="http",
        auth="user",
        readonly=True,
    )
    def marketplace_statement_pdf(self, settlement_id, **_query):
        """Download one statement as PDF."""
        settlement = self._get_owned("marketplace.settlement", settlement_id)
        # sudo: the gate has checked that the statement is the vendor's.
        content, _type = (
            request.env["ir.actions.report"]
            .sudo()
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(REPORT, settlement.ids)
        )
        return self._download(
            content, "application/pdf", f"{settlement._get_report_base_filename()}.pdf"
        )

    @http.route(
        "/my/marketplace/statements/<int:settlement_id>/csv",
        type="http",
        auth="user",
        readonly=True,
    )
    def marketplace_statement_csv(self, settlement_id, **_query):
        """Download one statement as CSV."""
        settlement = self._get_owned("marketplace.settlement", settlement_id)
        return self._download(
            settlement._statement_csv(),
            "text/csv; charset=utf-8",
            f"{settlement._get_report_base_filename()}.csv",
        )

    def _download(self, content, mimetype, filename):
        return request.make_response(
            content,
            headers=[
                ("Content-Type", mimetype),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(filename)),
            ],
        )
