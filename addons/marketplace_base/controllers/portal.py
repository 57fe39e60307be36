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
        member = self._marketplace_member_or_empty()
        values["marketplace_member"] = member
        values["marketplace_vendor"] = member.vendor_id
        return values

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "marketplace_to_ship_count" in counters:
            member = self._marketplace_member_or_empty()
            model, domain = member._search_owned("sale.order", ORDERS_TO_SHIP)
            values["marketplace_to_ship_count"] = (
                model.search_count(domain) if member._has_role("orders") else 0
            )
        return values

    def _prepare_marketplace_values(self, page_name, breadcrumbs=(), **values):
        """Return the values every vendor page needs.

        :param page_name: name of the tab to mark.
        :param breadcrumbs: (title, URL) pairs after "Your shop", the page itself last.
        """
        member = self._marketplace_member()
        return {
            **self._prepare_portal_layout_values(),
            "page_name": page_name,
            "vendor": member.vendor_id,
            "member": member,
            "may_open": partial(self._may_open, member=member),
            "marketplace_vendors": member._of_user(request.env.user).vendor_id,
            "format_quantity": partial(format_quantity, request.env),
            "marketplace_breadcrumbs": [
                (request.env._("Your shop"), "/my/marketplace"),
                *breadcrumbs,
            ],
            **values,
        }

    def _settings_breadcrumbs(self, title):
        """Return the breadcrumbs of a page below the settings."""
        return [(request.env._("Settings"), "/my/marketplace/account"), (title, None)]

    # -- overview -------------------------------------------------------------------

    @http.route(
        "/my/marketplace", type="http", auth="user", website=True, readonly=True
    )
    def marketplace_home(self, **_query):
        """Show what to do next and the money owed to the vendor."""
        member = self._marketplace_member()
        values = {
            "to_ship_count": 0,
            "inactive_offer_count": 0,
            "documents_to_renew": 0,
            "balances": [],
        }
        if member._has_role("orders"):
            orders, to_ship = member._search_owned("sale.order", ORDERS_TO_SHIP)
            oldest = orders.search(to_ship, order="date_order, id", limit=1)
            values["to_ship_count"] = orders.search_count(to_ship)
            values["oldest_to_ship"] = oldest.date_order
        if member._has_role("catalogue"):
            offers, off_sale = member._search_owned(
                "marketplace.offer", OFFERS_OFF_SALE
            )
            values["inactive_offer_count"] = offers.search_count(off_sale)
        if member._has_role("owner"):
            values["documents_to_renew"] = len(member.vendor_id._kyc_to_send())
        values["all_done"] = (
            member._has_role("orders")
            and member._has_role("catalogue")
            and not values["to_ship_count"]
            and not values["inactive_offer_count"]
        )
        if member._has_role("finance"):
            values["balances"] = member.vendor_id._vendor_portal_balances()
        return request.render(
            "marketplace_base.portal_home",
            self._prepare_marketplace_values("marketplace_home", **values),
        )

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
        url_args=None,
        **values,
    ):
        """Render a searchable, sorted and paged list of the vendor's records.

        :param query: parameters of the URL; an unknown sort or filter counts as the
            first one.
        :param search_label: says what the search looks at, the title when not given.
        :param url_args: more parameters that the other pages of the list keep.
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
            url_args={
                "sortby": sortby,
                "filterby": filterby,
                "search": search,
                **(url_args or {}),
            },
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
