from functools import partial

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..formatting import format_quantity
from .gate import VendorGate

RECORDS_PER_PAGE = 40
ORDERS_TO_ACCEPT = [("acceptance_state", "=", "waiting")]
ORDERS_TO_SHIP = [
    ("state", "=", "sale"),
    ("marketplace_shipping_state", "=", "to_ship"),
]
OFFERS_OFF_SALE = [("is_sellable", "=", False)]


class MarketplacePortal(VendorGate, CustomerPortal):
    # -- my account -----------------------------------------------------------------

    def _prepare_portal_layout_values(self):
        values = super()._prepare_portal_layout_values()
        values["marketplace_vendor"] = self._marketplace_vendor_or_empty()
        return values

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "marketplace_to_ship_count" in counters:
            model, domain = self._search_owned("sale.order", ORDERS_TO_SHIP)
            values["marketplace_to_ship_count"] = model.search_count(domain)
        return values

    def _prepare_marketplace_values(self, page_name, breadcrumbs=(), **values):
        """Return the values every vendor page needs.

        :param page_name: name of the tab to mark.
        :param breadcrumbs: (title, URL) pairs after "Your shop", the page itself last.
        """
        return {
            **self._prepare_portal_layout_values(),
            "page_name": page_name,
            "vendor": self._marketplace_vendor(),
            "format_quantity": partial(format_quantity, request.env),
            "marketplace_breadcrumbs": [
                (request.env._("Your shop"), "/my/marketplace"),
                *breadcrumbs,
            ],
            **values,
        }

    # -- overview -------------------------------------------------------------------

    @http.route(
        "/my/marketplace", type="http", auth="user", website=True, readonly=True
    )
    def marketplace_home(self, **_query):
        """Show what to do next and the money owed to the vendor."""
        vendor = self._marketplace_vendor()
        orders, to_ship = self._search_owned("sale.order", ORDERS_TO_SHIP)
        offers, off_sale = self._search_owned("marketplace.offer", OFFERS_OFF_SALE)
        oldest = orders.search(to_ship, order="date_order, id", limit=1)
        return request.render(
            "marketplace_base.portal_home",
            self._prepare_marketplace_values(
                "marketplace_home",
                balances=self._get_balances(vendor),
                to_ship_count=orders.search_count(to_ship),
                oldest_to_ship=oldest.date_order,
                inactive_offer_count=offers.search_count(off_sale),
            ),
        )

    def _get_balances(self, vendor):
        """Return one dict of buckets per company and currency of the vendor.

        The figures are those of the back office: the ledger's own sums.
        """
        # sudo: sums of the vendor's own lines, named by the gate.
        ledger = request.env["marketplace.ledger.line"].sudo()
        rows = []
        for company in vendor.vendor_contract_ids.company_id or request.env.company:
            balances = ledger._vendor_balances(vendor, company=company)
            # A vendor without movement sees zeros, not a hole.
            balances.setdefault(
                (vendor.id, company.currency_id.id), ledger._buckets({})
            )
            for (_vendor_id, currency_id), buckets in balances.items():
                currency = request.env["res.currency"].browse(currency_id)
                rows.append({**buckets, "company": company, "currency": currency})
        return rows

    # -- lists ----------------------------------------------------------------------

    def _render_list(
        self,
        model_name,
        template,
        *,
        url,
        title,
        page_name,
        sortings,
        filters,
        search_fields,
        query,
        search_label=None,
        **values,
    ):
        """Render a searchable, sorted and paged list of the vendor's records.

        :param query: parameters of the URL; an unknown sort or filter counts as the
            first one.
        :param search_label: says what the search looks at, the title when not given.
        """
        sortby, filterby = query.get("sortby"), query.get("filterby")
        sortby = sortby if sortby in sortings else next(iter(sortings))
        filterby = filterby if filterby in filters else next(iter(filters))
        search = query.get("search", "").strip()
        domain = Domain(filters[filterby]["domain"])
        if search:
            domain &= Domain.OR(
                Domain(field, "ilike", search) for field in search_fields
            )
        model, domain = self._search_owned(model_name, domain)
        pager = portal_pager(
            url=url,
            url_args={"sortby": sortby, "filterby": filterby, "search": search},
            total=model.search_count(domain),
            page=query.get("page", 1),
            step=RECORDS_PER_PAGE,
        )
        return request.render(
            template,
            self._prepare_marketplace_values(
                page_name,
                breadcrumbs=[(title, url)],
                records=model.search(
                    domain,
                    order=sortings[sortby]["order"],
                    limit=RECORDS_PER_PAGE,
                    offset=pager["offset"],
                ),
                pager=pager,
                default_url=url,
                searchbar_sortings=sortings,
                sortby=sortby,
                searchbar_filters=filters,
                filterby=filterby,
                searchbar_inputs={
                    "all": {"input": "all", "label": search_label or title}
                },
                search_in="all",
                search=search,
                **values,
            ),
        )
