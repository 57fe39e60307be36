from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.marketplace_base.controllers.gate import HOME

from .portal import MarketplaceStatementPortal


class MarketplacePayoutRequestPortal(MarketplaceStatementPortal):
    @http.route(
        f"{HOME}/statements/request",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_payout_request(self, **_post):
        """Show what can be asked for; on POST, settle the vendor at once."""
        vendor = self._marketplace_vendor()
        company = vendor.vendor_contract_ids.company_id[:1] or request.env.company
        company = company.sudo()
        problem = vendor._vendor_request_problem(company)
        if request.httprequest.method == "POST" and not problem:
            try:
                with request.env.cr.savepoint():
                    settlement = vendor._vendor_request_payout(
                        company, request.env.user
                    )
                return request.redirect(f"{HOME}/statements/{settlement.id}")
            except UserError as error:
                problem = str(error)
        balances = [
            row
            for row in vendor._vendor_portal_balances()
            if row["company"] == company and row["currency"] == company.currency_id
        ]
        response = request.render(
            "marketplace_payout.portal_payout_request",
            self._prepare_marketplace_values(
                "marketplace_statements",
                breadcrumbs=[
                    (request.env._("Statements"), f"{HOME}/statements"),
                    (request.env._("Payout on demand"), None),
                ],
                problem=problem,
                fee=vendor._vendor_request_fee(company),
                rail_charge=vendor._vendor_rail_charge(company),
                balance=balances[0] if balances else None,
            ),
        )
        if problem and request.httprequest.method == "POST":
            response.status_code = 422
        return response
