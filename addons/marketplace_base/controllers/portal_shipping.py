from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.http import request

from ..formatting import format_number
from ..models.marketplace_shipping_method import SHIPPING_BASES
from .forms import TEXT_MAX_CHARS, parse_number
from .portal import MarketplacePortal

URL = "/my/marketplace/shipping"
# Prices of one method that the form has room for.
STEPS_MAX = 6


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
        values, errors = self._parse_method(vendor, method)
        if not errors:
            try:
                with request.env.cr.savepoint():
                    if method:
                        method.write(values)
                    else:
                        method = method.create(values)
                    request.env.flush_all()
            except UserError as error:
                errors.append(str(error))
        if errors:
            form = {**request.httprequest.form}
            form["country_ids"] = request.httprequest.form.getlist("country_ids")
            response = self._render_method(method, form, errors)
            response.status_code = 422
            return response
        return request.redirect(f"{URL}?saved={method.id}")

    def _vendor_company(self, vendor):
        """Return the company a new method is for: that of the latest contract."""
        return vendor.vendor_contract_ids[:1].company_id or request.env.company

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

    def _parse_method(self, vendor, method):
        """Return the values to write, and what is wrong with the form."""
        post = request.httprequest.form
        errors = []
        name = post.get("name", "").strip()
        if not name or len(name) > TEXT_MAX_CHARS:
            errors.append(
                request.env._(
                    "Give the method a name of at most %(limit)s letters.",
                    limit=TEXT_MAX_CHARS,
                )
            )
        basis = post.get("basis")
        if basis not in dict(SHIPPING_BASES):
            errors.append(request.env._("Choose what the price depends on."))
        chosen = set(post.getlist("country_ids"))
        countries = self._countries().filtered(lambda c: str(c.id) in chosen)
        free_from = self._number(post.get("free_from", ""), errors)
        days = self._number(post.get("delivery_days", ""), errors) or 0
        steps = self._parse_steps(post, errors)
        values = {
            "name": name,
            "basis": basis,
            "country_ids": [Command.set(countries.ids)],
            "has_free_delivery": free_from is not None,
            "free_from": float(free_from or 0),
            "delivery_days": int(days),
            "active": bool(post.get("active")),
            "step_ids": [Command.clear(), *(Command.create(step) for step in steps)],
        }
        if not method:
            company = self._vendor_company(vendor)
            values |= {
                "vendor_id": vendor.id,
                "company_id": company.id,
                # sudo: the company's own tax, as the back office would propose it
                "tax_id": company.sudo().account_sale_tax_id.id,
            }
        return values, errors

    def _parse_steps(self, post, errors):
        steps = {}
        for number in range(STEPS_MAX):
            price = post.get(f"price_{number}", "")
            if not price.strip():
                continue
            amount = self._number(price, errors)
            minimum = self._number(post.get(f"minimum_{number}", ""), errors) or 0
            if amount is None:
                continue
            if minimum in steps:
                errors.append(
                    request.env._(
                        "There are two prices from %(minimum)s: keep one.",
                        minimum=minimum,
                    )
                )
            steps[minimum] = amount
        if not steps and not errors:
            errors.append(request.env._("Type a price, from 0 on."))
        return [
            {"minimum": float(minimum), "price": float(amount)}
            for minimum, amount in steps.items()
        ]

    def _number(self, text, errors):
        """Return the number typed, None when nothing was; note what is none."""
        if not text.strip():
            return None
        number = parse_number(text)
        if number is None:
            errors.append(
                request.env._(
                    "“%(text)s” is not a number. Type one such as 4.90.",
                    text=text[:TEXT_MAX_CHARS],
                )
            )
        return number

    def _countries(self):
        # sudo: the list of the world's countries
        return request.env["res.country"].sudo().search([])

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
                countries=self._countries(),
                bases=method._fields["basis"]._description_selection(request.env),
                errors=errors,
            ),
        )
