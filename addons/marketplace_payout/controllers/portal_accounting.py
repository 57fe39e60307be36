from odoo import fields, http
from odoo.http import request

from odoo.addons.marketplace_base.controllers.gate import HOME

from .portal import MarketplaceStatementPortal


class MarketplaceAccountingPortal(MarketplaceStatementPortal):
    @http.route(
        f"{HOME}/statements/accounting", type="http", auth="user", readonly=True
    )
    def marketplace_accounting_export(self, month="", **_query):
        """Download one month as entries of the vendor's own books.

        :param month: ``2026-03``; the present one when it is none.
        """
        vendor = self._marketplace_vendor()
        company = vendor.vendor_contract_ids.company_id[:1] or request.env.company
        company = company.sudo()
        try:
            day = fields.Date.to_date(f"{month}-01")
        except ValueError:
            day = company._marketplace_today()
        return self._download(
            vendor._vendor_accounting_csv(company, company.currency_id, day),
            "text/csv; charset=utf-8",
            f"accounting-{day:%Y-%m}.csv",
        )
