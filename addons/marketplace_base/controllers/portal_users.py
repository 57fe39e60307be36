from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.marketplace_vendor_user import VENDOR_ROLES
from .forms import TEXT_MAX_CHARS
from .gate import HOME, SESSION_KEY
from .portal import MarketplacePortal

URL = "/my/marketplace/users"


def parse_roles(post):
    """Return the roles ticked in a form.

    >>> parse_roles({"is_orders": "1", "is_admin": "1"})
    ['orders']
    """
    return [role for role in VENDOR_ROLES if post.get(f"is_{role}")]


class MarketplaceUserPortal(MarketplacePortal):
    @http.route(
        f"{HOME}/switch", type="http", auth="user", website=True, methods=["POST"]
    )
    def marketplace_switch(self, vendor_id="", **_post):
        """Work for another vendor of the user from now on."""
        self._marketplace_member()
        members = request.env["marketplace.vendor.user"]._of_user(request.env.user)
        chosen = members.vendor_id.filtered(lambda vendor: str(vendor.id) == vendor_id)
        if not chosen:
            raise request.not_found()
        request.session[SESSION_KEY] = chosen.id
        return request.redirect(HOME)

    @http.route(URL, type="http", auth="user", website=True, methods=["GET", "POST"])
    def marketplace_users(self, name="", email="", lang="", done="", **post):
        """List who acts for the vendor; on POST, invite one more."""
        vendor = self._marketplace_vendor()
        if request.httprequest.method != "POST":
            return self._render_users(done=done)
        languages = {code for code, _name in self._languages()}
        form = {"name": name, "email": email, "lang": lang, **post}
        if len(name) > TEXT_MAX_CHARS or len(email) > 4 * TEXT_MAX_CHARS:
            error = request.env._("The name or the address is too long.")
            return self._render_users([error], form)

        def invite():
            vendor._vendor_invite_user(
                name.strip(),
                email,
                parse_roles(post),
                lang if lang in languages else None,
            )

        return self._act(invite, "invited", form)

    @http.route(
        f"{URL}/<int:member_id>/roles",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_user_roles(self, member_id, **post):
        """Change what a user of the vendor may do."""
        member = self._get_owned("marketplace.vendor.user", member_id)
        roles = parse_roles(post)
        if not roles:
            return self._render_users([request.env._("Choose at least one role.")])
        values = {f"is_{role}": role in roles for role in VENDOR_ROLES}
        return self._act(lambda: member.write(values), "changed")

    @http.route(
        f"{URL}/<int:member_id>/remove",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_user_remove(self, member_id, **_post):
        """Take a user's access to the vendor away."""
        member = self._get_owned("marketplace.vendor.user", member_id)
        own = member.user_id == request.env.user
        response = self._act(member.unlink, "removed")
        if own and response.status_code == 303:
            return request.redirect("/my")
        return response

    def _act(self, action, done, form=None):
        """Run a change of the users; show the page again, or what is wrong."""
        try:
            with request.env.cr.savepoint():
                action()
        except UserError as error:
            return self._render_users([str(error)], form)
        return request.redirect(f"{URL}?done={done}")

    def _languages(self):
        return request.env["res.lang"].sudo().get_installed()

    def _render_users(self, errors=(), form=None, done=""):
        model, domain = self._search_owned("marketplace.vendor.user", [])
        response = request.render(
            "marketplace_base.portal_users",
            self._prepare_marketplace_values(
                "marketplace_account",
                breadcrumbs=self._settings_breadcrumbs(request.env._("Users")),
                members=model.search(domain),
                role_fields=model.fields_get(
                    [f"is_{role}" for role in VENDOR_ROLES], ["string", "help"]
                ),
                languages=self._languages(),
                form=form or {},
                errors=errors,
                done=done,
            ),
        )
        if errors:
            response.status_code = 422
        return response
