from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.marketplace_vendor_api_key import CALLS_PER_MINUTE, KEY_DAYS_MAX
from ..models.marketplace_vendor_user import VENDOR_ROLES
from .forms import TEXT_MAX_CHARS
from .portal import MarketplacePortal
from .portal_users import parse_roles

URL = "/my/marketplace/api-keys"


class MarketplaceApiKeyPortal(MarketplacePortal):
    @http.route(URL, type="http", auth="user", website=True, methods=["GET", "POST"])
    def marketplace_api_keys(self, name="", days="", revoked="", **post):
        """List the vendor's API keys; on POST, make one and show it this once."""
        member = self._marketplace_member()
        if request.httprequest.method != "POST":
            return self._render_keys(revoked=revoked)
        try:
            with request.env.cr.savepoint():
                _key, token = request.env["marketplace.vendor.api.key"]._generate(
                    member,
                    name.strip()[:TEXT_MAX_CHARS],
                    parse_roles(post),
                    int(days) if days.isdecimal() and len(days) < 5 else 0,
                )
        except UserError as error:
            form = {"name": name, "days": days, **post}
            response = self._render_keys([str(error)], form)
            response.status_code = 422
            return response
        response = self._render_keys(token=token)
        response.headers["Cache-Control"] = "no-store"
        return response

    @http.route(
        f"{URL}/<int:key_id>/revoke",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_api_key_revoke(self, key_id, **_post):
        """End a key of the vendor at once."""
        self._get_owned("marketplace.vendor.api.key", key_id).unlink()
        return request.redirect(f"{URL}?revoked=1")

    def _render_keys(self, errors=(), form=None, token=None, revoked=""):
        model, domain = self._search_owned("marketplace.vendor.api.key", [])
        return request.render(
            "marketplace_base.portal_api_keys",
            self._prepare_marketplace_values(
                "marketplace_account",
                breadcrumbs=self._settings_breadcrumbs(request.env._("API keys")),
                keys=model.search(domain),
                role_fields=model.fields_get(
                    [f"is_{role}" for role in VENDOR_ROLES], ["string", "help"]
                ),
                days_max=KEY_DAYS_MAX,
                calls_per_minute=CALLS_PER_MINUTE,
                form=form or {},
                errors=errors,
                token=token,
                revoked=revoked,
            ),
        )
