from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import email_normalize

from ..const import VENDOR_KINDS
from .forms import TEXT_MAX_CHARS

URL = "/marketplace/apply"
# Field of the form that people do not see: whoever fills it in is a robot.
TRAP = "website_address"


class VendorSignup(http.Controller):
    @http.route(URL, type="http", auth="public", website=True, methods=["GET", "POST"])
    def vendor_apply(self, sent=None, **post):
        """Show the application form; on POST, create a pending vendor without user."""
        if not request.env.company.sudo().marketplace_signup:
            raise NotFound()
        if request.httprequest.method != "POST":
            return self._render(sent=sent)
        values, contact, errors = self._parse(post)
        if not errors and not post.get(TRAP):
            try:
                with request.env.cr.savepoint():
                    request.env["res.partner"]._vendor_sign_up(
                        values, contact, request.httprequest.remote_addr
                    )
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render(errors=errors, form=post)
            response.status_code = 422
            return response
        return request.redirect(f"{URL}?sent=1")

    def _parse(self, post):
        """Return the vendor's values, the contact's name, and what is wrong."""
        errors = []
        texts = {
            name: post.get(name, "").strip()
            for name in ("name", "contact", "email", "phone", "vat")
        }
        for name, label in (
            ("name", request.env._("name")),
            ("contact", request.env._("contact")),
        ):
            if not texts[name]:
                errors.append(request.env._("Fill in the %(field)s.", field=label))
        if any(len(text) > TEXT_MAX_CHARS for text in texts.values()):
            errors.append(
                request.env._(
                    "No field takes more than %(limit)s letters.", limit=TEXT_MAX_CHARS
                )
            )
        if not email_normalize(texts["email"]):
            errors.append(request.env._("Type a valid e-mail address."))
        country = self._countries().filtered(
            lambda country: country.code == post.get("country")
        )
        if not country:
            errors.append(request.env._("Choose the country."))
        kind = post.get("kind")
        if kind not in dict(VENDOR_KINDS):
            errors.append(request.env._("Say whether you sell as a professional."))
        return (
            {
                "name": texts["name"],
                "email": texts["email"],
                "phone": texts["phone"] or False,
                "vat": texts["vat"] or False,
                "country_id": country.id,
                "vendor_kind": kind,
                "lang": request.env.lang,
            },
            texts["contact"],
            errors,
        )

    def _countries(self):
        # sudo: names of countries, for a stranger
        return request.env["res.country"].sudo().search([])

    def _render(self, errors=(), form=None, sent=None):
        return request.render(
            "marketplace_base.vendor_apply",
            {
                "countries": self._countries(),
                "kinds": request.env["res.partner"]
                ._fields["vendor_kind"]
                ._description_selection(request.env),
                "trap": TRAP,
                "errors": errors,
                "form": form or {},
                "sent": sent,
            },
        )
