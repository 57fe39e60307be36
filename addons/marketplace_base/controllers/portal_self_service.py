from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.marketplace_vendor_change import CONTACT_FIELDS, IDENTITY_FIELDS
from ..models.vendor_notification import NOTIFICATIONS
from .forms import TEXT_MAX_CHARS
from .gate import HOME
from .portal import MarketplacePortal

IBAN_MAX_CHARS = 50


class MarketplaceSelfServicePortal(MarketplacePortal):
    """What a vendor manages by himself: settings, holidays, bank account, company."""

    # -- settings of the person -----------------------------------------------------

    @http.route(
        f"{HOME}/account",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_account(self, lang="", done="", **post):
        """Show the settings; on POST, keep the person's mails and language."""
        member = self._marketplace_member()
        # sudo: names of languages
        languages = request.env["res.lang"].sudo().get_installed()
        if request.httprequest.method == "POST":
            # the member is the user himself: the gate found it by his id
            member.write({name: bool(post.get(name)) for name in NOTIFICATIONS})
            if lang in dict(languages):
                # sudo: his own language, which the portal has no right to write
                request.env.user.sudo().lang = lang
            return request.redirect(f"{HOME}/account?done=1")
        return request.render(
            "marketplace_base.portal_account",
            self._prepare_marketplace_values(
                "marketplace_account",
                breadcrumbs=[(request.env._("Settings"), None)],
                languages=languages,
                notifications=member.fields_get(NOTIFICATIONS, ["string", "help"]),
                done=done,
            ),
        )

    # -- holidays -------------------------------------------------------------------

    @http.route(
        f"{HOME}/holidays",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_holidays(
        self, date_start="", date_end="", note="", done="", **_post
    ):
        """List the vendor's closures; on POST, plan one more."""
        vendor = self._marketplace_vendor()
        form = {"date_start": date_start, "date_end": date_end, "note": note}
        if request.httprequest.method != "POST":
            return self._render_holidays(done=done)
        try:
            with request.env.cr.savepoint():
                vendor._vendor_plan_closure(
                    date_start, date_end, note.strip()[:TEXT_MAX_CHARS]
                )
        except UserError as error:
            return self._render_holidays([str(error)], form)
        return request.redirect(f"{HOME}/holidays?done=1")

    @http.route(
        f"{HOME}/holidays/<int:closure_id>/cancel",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def marketplace_holiday_cancel(self, closure_id, **_post):
        """Cancel a closure that is not over."""
        closure = self._get_owned("marketplace.vendor.closure", closure_id)
        try:
            with request.env.cr.savepoint():
                closure._vendor_cancel()
        except UserError as error:
            return self._render_holidays([str(error)])
        return request.redirect(f"{HOME}/holidays?done=1")

    def _render_holidays(self, errors=(), form=None, done=""):
        model, domain = self._search_owned("marketplace.vendor.closure", [])
        return self._render_settings(
            "marketplace_base.portal_holidays",
            request.env._("Holidays"),
            errors,
            closures=model.search(domain, limit=100),
            today=model._vendor_today(),
            form=form or {},
            done=done,
        )

    # -- bank account ---------------------------------------------------------------

    @http.route(
        f"{HOME}/bank",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_bank(self, iban="", holder="", done="", **_post):
        """Show where payouts go, masked; on POST, propose another account."""
        vendor = self._marketplace_vendor()
        if request.httprequest.method != "POST":
            return self._render_bank(vendor, done=done)
        try:
            with request.env.cr.savepoint():
                vendor._vendor_propose_account(
                    iban.strip()[:IBAN_MAX_CHARS], holder.strip()[:TEXT_MAX_CHARS]
                )
        except UserError as error:
            return self._render_bank(vendor, [str(error)], {"holder": holder})
        return request.redirect(f"{HOME}/bank?done=1")

    def _render_bank(self, vendor, errors=(), form=None, done=""):
        response = self._render_settings(
            "marketplace_base.portal_bank",
            request.env._("Bank account"),
            errors,
            accounts=vendor._vendor_accounts(),
            form=form or {},
            done=done,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    # -- company --------------------------------------------------------------------

    @http.route(
        f"{HOME}/company",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_company(self, done="", **post):
        """Show the vendor's data; on POST, change it or ask for a change."""
        vendor = self._marketplace_vendor()
        names = [*IDENTITY_FIELDS, *CONTACT_FIELDS]
        form = {name: vendor[name] or "" for name in names}
        if request.httprequest.method != "POST":
            return self._render_company(form, done=done)
        form |= {name: post[name] for name in names if name in post}
        try:
            with request.env.cr.savepoint():
                vendor._vendor_change(form, request.env.user)
        except UserError as error:
            return self._render_company(form, [str(error)])
        return request.redirect(f"{HOME}/company?done=1")

    def _render_company(self, form, errors=(), done=""):
        model, domain = self._search_owned("marketplace.vendor.change", [])
        limits = IDENTITY_FIELDS | CONTACT_FIELDS
        labels = request.env["res.partner"].sudo().fields_get(limits, ["string"])
        return self._render_settings(
            "marketplace_base.portal_company",
            request.env._("Company"),
            errors,
            changes=model.search(domain, limit=20),
            company_fields=[
                (name, labels[name]["string"], limit, name in IDENTITY_FIELDS)
                for name, limit in limits.items()
            ],
            form=form,
            done=done,
        )

    def _render_settings(self, template, title, errors, **values):
        response = request.render(
            template,
            self._prepare_marketplace_values(
                "marketplace_account",
                breadcrumbs=self._settings_breadcrumbs(title),
                errors=errors,
                **values,
            ),
        )
        if errors:
            response.status_code = 422
        return response
