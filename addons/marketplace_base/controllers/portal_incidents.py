from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .forms import TEXT_MAX_CHARS, parse_number
from .portal import MarketplacePortal

INCIDENTS_OPEN = [("state", "=", "open")]


class MarketplaceIncidentPortal(MarketplacePortal):
    @http.route()
    def marketplace_home(self, **query):
        response = super().marketplace_home(**query)
        model, domain = self._search_owned("marketplace.incident", INCIDENTS_OPEN)
        response.qcontext["incident_count"] = model.search_count(domain)
        frozen, domain = self._search_owned("marketplace.frozen.line", [])
        response.qcontext["frozen_amounts"] = [
            (currency, amount)
            for currency, amount in frozen._read_group(
                domain, ["currency_id"], ["amount:sum"]
            )
            if currency.compare_amounts(amount, 0.0) > 0
        ]
        return response

    # -- incidents ------------------------------------------------------------------

    @http.route(
        ["/my/marketplace/incidents", "/my/marketplace/incidents/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_incidents(self, **query):
        """List the incidents on the vendor's order lines."""
        self._marketplace_vendor()
        return self._render_list(
            "marketplace.incident",
            "marketplace_base.portal_incidents",
            url="/my/marketplace/incidents",
            title=request.env._("Incidents"),
            page_name="marketplace_incidents",
            sortings={
                "deadline": {
                    "label": request.env._("To settle first"),
                    "order": "date_deadline, id",
                },
                "newest": {
                    "label": request.env._("Newest"),
                    "order": "date desc, id desc",
                },
            },
            filters={
                "open": {"label": request.env._("Open"), "domain": INCIDENTS_OPEN},
                "all": {"label": request.env._("All"), "domain": []},
            },
            search_fields=("name", "sale_order_id.name"),
            search_label=request.env._("Incident or order"),
            query=query,
        )

    @http.route(
        "/my/marketplace/incidents/<int:incident_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_incident(self, incident_id, **_query):
        """Show one incident and what was written about it."""
        incident = self._get_owned("marketplace.incident", incident_id)
        return self._render_incident(incident)

    @http.route(
        "/my/marketplace/incidents/<int:incident_id>/reply",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_incident_reply(self, incident_id, message="", **_post):
        """Write the vendor's message on the incident."""
        incident = self._get_owned("marketplace.incident", incident_id)
        try:
            with request.env.cr.savepoint():
                incident._vendor_reply(message, request.env.user)
        except UserError as error:
            response = self._render_incident(incident, [str(error)], message)
            response.status_code = 422
            return response
        return request.redirect(f"/my/marketplace/incidents/{incident.id}#messages")

    def _render_incident(self, incident, errors=(), typed=""):
        return request.render(
            "marketplace_base.portal_incident",
            self._prepare_marketplace_values(
                "marketplace_incidents",
                breadcrumbs=[
                    (request.env._("Incidents"), "/my/marketplace/incidents"),
                    (incident.name, None),
                ],
                incident=incident,
                messages=incident._vendor_messages(),
                errors=errors,
                typed=typed,
            ),
        )

    # -- something is wrong with an order ---------------------------------------------

    @http.route(
        "/my/marketplace/orders/<int:order_id>/problem",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_problem(self, order_id, **_query):
        """Offer to refund units of an order, or to report an incident."""
        return self._render_problem(self._get_owned("sale.order", order_id))

    @http.route(
        "/my/marketplace/orders/<int:order_id>/incident",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_problem_incident(self, order_id, **post):
        """Open an incident on a line of the vendor's order."""
        order = self._get_owned("sale.order", order_id)
        try:
            with request.env.cr.savepoint():
                incident = self._open_incident(order, post)
        except UserError as error:
            return self._refuse_problem(order, post, error)
        return request.redirect(f"/my/marketplace/incidents/{incident.id}")

    @http.route(
        "/my/marketplace/orders/<int:order_id>/refund",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_problem_refund(self, order_id, **post):
        """Refund units of the vendor's order, or ask the operator for it."""
        order = self._get_owned("sale.order", order_id)
        try:
            with request.env.cr.savepoint():
                refund = self._ask_refund(order, post)
        except UserError as error:
            return self._refuse_problem(order, post, error)
        return self._render_problem(order, refund=refund)

    def _refuse_problem(self, order, post, error):
        response = self._render_problem(order, errors=[str(error)], typed=post)
        response.status_code = 422
        return response

    def _open_incident(self, order, post):
        lines = order._vendor_problem_lines()
        line = lines.filtered(lambda line: str(line.id) == post.get("line_id"))
        return order._vendor_open_incident(line, post.get("reason"), post.get("note"))

    def _ask_refund(self, order, post):
        quantities = {}
        for line in order._vendor_problem_lines():
            text = post.get(f"quantity_{line.id}", "").strip()
            number = parse_number(text) if text else 0
            if number is None:
                raise UserError(
                    request.env._(
                        "%(product)s: “%(text)s” is not a quantity. Type how many "
                        "units you refund, such as 1.",
                        product=line.product_id.display_name,
                        text=text[:TEXT_MAX_CHARS],
                    )
                )
            quantities[line.id] = float(number)
        return order._vendor_request_refund(
            quantities, post.get("reason"), post.get("note")
        )

    def _render_problem(self, order, errors=(), typed=None, refund=None):
        incident = request.env["marketplace.incident"]._fields["reason_code"]
        return request.render(
            "marketplace_base.portal_problem",
            self._prepare_marketplace_values(
                "marketplace_orders",
                breadcrumbs=[
                    (request.env._("Orders"), "/my/marketplace/orders"),
                    (order.name, f"/my/marketplace/orders/{order.id}"),
                    (request.env._("Refund or problem"), None),
                ],
                vendor_order=order,
                lines=order._vendor_problem_lines(),
                incident_reasons=incident._description_selection(request.env),
                refund_reasons=order._vendor_refund_reasons(),
                errors=errors,
                typed=typed or {},
                refund=refund,
            ),
        )
