from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..formatting import format_number
from ..models.marketplace_shipping_method import SHIPPING_BASES
from ..models.vendor_shipping_form import STEPS_MAX
from .portal import MarketplacePortal

URL = "/my/marketplace/shipping"


class MarketplaceShippingPortal(MarketplacePortal):
    @http.route(URL, type="http", auth="user", website=True, readonly=True)
    def marketplace_shipping(self, saved=None, **_query):
        """List how the vendor delivers."""
        self._marketplace_vendor()
        model, domain = self._search_owned("marketplace.shipping.method", [])
        methods = model.with_context(active_test=False).search(
            domain, order="active desc, sequence, id"
        )
        return request.render(
            "marketplace_base.portal_shipping",
            self._prepare_marketplace_values(
                "marketplace_shipping",
                breadcrumbs=[(request.env._("Shipping"), URL)],
                methods=methods,
                saved=methods.filtered(lambda method: str(method.id) == saved),
            ),
        )

    @http.route(
        [f"{URL}/new", f"{URL}/<int:method_id>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_shipping_method(self, method_id=None, **post):
        """Show a shipping method of the vendor, or a new one; on POST, save it."""
        vendor = self._marketplace_vendor()
        if method_id:
            method = self._get_owned("marketplace.shipping.method", method_id)
        else:
            # sudo: the vendor of the session is written into the new record below
            method = request.env["marketplace.shipping.method"].sudo()
        if request.httprequest.method != "POST":
            return self._render_method(method, self._shipping_form_of(method))
        form = {**request.httprequest.form}
        form["country_ids"] = request.httprequest.form.getlist("country_ids")
        try:
            with request.env.cr.savepoint():
                method = method._vendor_save(vendor, form)
                request.env.flush_all()
        except UserError as error:
            response = self._render_method(method, form, str(error).splitlines())
            response.status_code = 422
            return response
        return request.redirect(f"{URL}?saved={method.id}")

    def _shipping_form_of(self, method):
        """Return the fields of the form as the record has them."""
        form = {
            "name": method.name or "",
            "basis": method.basis or SHIPPING_BASES[0][0],
            "country_ids": [str(country.id) for country in method.country_ids],
            "free_from": format_number(method.free_from)
            if method.has_free_delivery
            else "",
            "delivery_days": str(method.delivery_days or ""),
            "active": "" if method and not method.active else "1",
            "minimum_0": "0",
        }
        for number, step in enumerate(method.step_ids[:STEPS_MAX]):
            form[f"minimum_{number}"] = format_number(step.minimum)
            form[f"price_{number}"] = format_number(step.price)
        return form

    def _render_method(self, method, form, errors=()):
        title = method.name or request.env._("New shipping method")
        return request.render(
            "marketplace_base.portal_shipping_method",
            self._prepare_marketplace_values(
                "marketplace_shipping",
                breadcrumbs=[(request.env._("Shipping"), URL), (title, None)],
                method=method,
                title=title,
                form=form,
                steps=range(STEPS_MAX),
                countries=method._vendor_countries(),
                bases=method._fields["basis"]._description_selection(request.env),
                errors=errors,
            ),
        )
