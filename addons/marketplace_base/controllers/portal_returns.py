from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..formatting import format_number
from .forms import TEXT_MAX_CHARS, parse_number
from .portal import MarketplacePortal

RETURNS_TO_DO = [("state", "in", ("requested", "accepted", "in_transit", "received"))]


class MarketplaceReturnPortal(MarketplacePortal):
    @http.route()
    def marketplace_home(self, **query):
        response = super().marketplace_home(**query)
        model, domain = self._search_owned("marketplace.return", RETURNS_TO_DO)
        response.qcontext["return_count"] = model.search_count(domain)
        return response

    def _get_return_filters(self):
        return {
            "to_do": {"label": request.env._("To do"), "domain": RETURNS_TO_DO},
            "to_answer": {
                "label": request.env._("To answer"),
                "domain": [("state", "=", "requested")],
            },
            "to_check": {
                "label": request.env._("To check"),
                "domain": [("state", "=", "received")],
            },
            "all": {"label": request.env._("All"), "domain": []},
        }

    def _get_return_sortings(self):
        return {
            "newest": {"label": request.env._("Newest"), "order": "date desc, id desc"},
            "answer": {
                "label": request.env._("To answer first"),
                "order": "date_answer, id",
            },
        }

    @http.route(
        ["/my/marketplace/returns", "/my/marketplace/returns/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_returns(self, **query):
        """List the returns of the vendor's customers."""
        self._marketplace_vendor()
        return self._render_list(
            "marketplace.return",
            "marketplace_base.portal_returns",
            url="/my/marketplace/returns",
            title=request.env._("Returns"),
            page_name="marketplace_returns",
            sortings=self._get_return_sortings(),
            filters=self._get_return_filters(),
            search_fields=("name", "sale_order_id.name", "tracking_ref"),
            search_label=request.env._("Return, order or tracking number"),
            query=query,
        )

    @http.route(
        "/my/marketplace/returns/<int:return_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_return(self, return_id, **_query):
        """Show one return and what the vendor may do with it."""
        return self._render_return(self._get_owned("marketplace.return", return_id))

    @http.route(
        "/my/marketplace/returns/<int:return_id>/accept",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_return_accept(self, return_id, **post):
        """Accept a return."""
        return self._do_step(return_id, self._return_accept, post)

    @http.route(
        "/my/marketplace/returns/<int:return_id>/refuse",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_return_refuse(self, return_id, **post):
        """Refuse a return, with a reason."""
        return self._do_step(return_id, self._return_refuse, post)

    @http.route(
        "/my/marketplace/returns/<int:return_id>/receive",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_return_receive(self, return_id, **post):
        """Take note that the goods are with the vendor."""
        return self._do_step(
            return_id, lambda record, _post: record.action_receive(), post
        )

    @http.route(
        "/my/marketplace/returns/<int:return_id>/check",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_return_check(self, return_id, **post):
        """Take the result of the vendor's check."""
        return self._do_step(return_id, self._return_check, post)

    def _do_step(self, return_id, step, post):
        """Do one step of a return; show the page again with what is wrong.

        :param step: takes the return and the fields of the form.
        """
        record = self._get_owned("marketplace.return", return_id)
        try:
            # All or nothing: a refused step leaves nothing behind.
            with request.env.cr.savepoint():
                step(record, post)
        except UserError as error:
            response = self._render_return(record, errors=[str(error)], typed=post)
            response.status_code = 422
            return response
        return request.redirect(f"/my/marketplace/returns/{record.id}")

    def _return_accept(self, record, post):
        """Accept a request, with the cost of the label when the vendor gives one."""
        text = post.get("label_cost", "").strip()
        cost = parse_number(text) if text else None
        if text and cost is None:
            raise UserError(
                request.env._(
                    "“%(text)s” is not an amount. Type the cost of the label, such "
                    "as 5.90, or leave it empty.",
                    text=text[:TEXT_MAX_CHARS],
                )
            )
        record._vendor_accept(None if cost is None else float(cost))

    def _return_refuse(self, record, post):
        record._vendor_refuse(post.get("refusal_reason", ""))

    def _return_check(self, record, post):
        """Check the goods: what is compliant of each line, and what becomes of it."""
        checks = {}
        for line in record.line_ids:
            quantity = parse_number(post.get(f"compliant_{line.id}", ""))
            checks[line] = (
                None if quantity is None else float(quantity),
                post.get(f"disposal_{line.id}"),
            )
        record._vendor_check(checks)

    def _render_return(self, record, errors=(), typed=None):
        """Render the page of a return.

        :param typed: fields of a refused form, shown again as they were typed.
        """
        return request.render(
            "marketplace_base.portal_return",
            self._prepare_marketplace_values(
                "marketplace_returns",
                breadcrumbs=[
                    (request.env._("Returns"), "/my/marketplace/returns"),
                    (record.name, None),
                ],
                customer_return=record,
                errors=errors,
                typed=typed or {},
                format_number=format_number,
                disposals=record.line_ids._fields["disposal"]._description_selection(
                    request.env
                ),
            ),
        )
