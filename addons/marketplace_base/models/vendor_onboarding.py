from collections import Counter

from odoo import models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import email_normalize

from ..const import VENDOR_ADVERSE_STATES, VENDOR_TRANSITIONS
from ..exceptions import MarketplaceError
from .res_partner import VENDOR_GATE


class ResPartner(models.Model):
    """State of a vendor and the portal access that approval gives him."""

    _inherit = "res.partner"

    # -- state gate -----------------------------------------------------------------

    def _vendor_transition(
        self, target, reason=None, reason_code=None, history_vals=None
    ):
        """Move vendors to a state; the only way a vendor's state changes.

        Vendors already there are left alone, so a second call does nothing. Approval
        creates the vendor's portal user.

        :param reason: in words, logged with the change and kept in the history.
        :param reason_code: one of ``VENDOR_REASONS``.
        :param history_vals: what else the history keeps of this decision.
        :return: the vendors that moved.
        :raises AccessError: without the role Catalogue.
        :raises MarketplaceError: listing every vendor that may not move, and why.
        """
        if not (
            self.env.su or self.env.user.has_group("marketplace_base.group_catalogue")
        ):
            raise AccessError(
                self.env._("Changing the state of a vendor needs the role Catalogue.")
            )
        # the row stays referable: orders of the vendor go on being written meanwhile
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["vendor_state"])
        todo = self.filtered(lambda vendor: vendor.vendor_state != target)
        if problems := todo._vendor_transition_problems(target):
            raise MarketplaceError("\n".join(problems))
        if reason:
            todo._track_set_log_message(reason)
        if reason_code is None:
            reason_code = "other" if target in VENDOR_ADVERSE_STATES else "progress"
        todo._vendor_record_history(
            target,
            {**(history_vals or {}), "reason": reason, "reason_code": reason_code},
        )
        todo.with_context(marketplace_vendor_gate=VENDOR_GATE).write(
            {"vendor_state": target}
        )
        if target == "approved":
            todo._vendor_grant_portal_access()
        todo.vendor_offer_ids._after_offer_change({"is_sellable"})
        return todo

    def _vendor_transition_problems(self, target):
        """Return one sentence per vendor that may not move to a state."""
        states = dict(self._fields["vendor_state"]._description_selection(self.env))
        problems = []
        for vendor in self:
            if vendor.vendor_state not in VENDOR_TRANSITIONS[target]:
                problems.append(
                    self.env._(
                        "%(vendor)s is “%(state)s” and cannot become “%(target)s”.",
                        vendor=vendor.display_name,
                        state=states.get(vendor.vendor_state, self.env._("no vendor")),
                        target=states[target],
                    )
                )
        if target != "approved" or problems:
            return problems
        for vendor, missing in self._vendor_approval_problems().items():
            problems.append(
                self.env._(
                    "%(vendor)s cannot be approved yet: %(missing)s.",
                    vendor=vendor.display_name,
                    missing=", ".join(missing),
                )
            )
        return problems

    def _vendor_approval_problems(self):
        """Return what each vendor lacks to be approved: {vendor: [in words]}."""
        users = self._vendor_users()
        emails = {vendor: email_normalize(vendor.email) for vendor in self}
        shared = Counter(emails.values())
        holders = self._vendor_login_holders(emails.values())
        problems = {}
        for vendor, email in emails.items():
            own_users = users.get(vendor, self.env["res.users"]).filtered("active")
            missing = []
            if not vendor.name:
                missing.append(self.env._("the name is missing"))
            if not vendor.country_id:
                missing.append(self.env._("the country is missing"))
            if vendor.kyc_state == "refused":
                missing.append(self.env._("the identity check (KYC) was refused"))
            if any(user._is_internal() for user in own_users):
                missing.append(
                    self.env._("an internal user belongs to it, vendors use the portal")
                )
            if not email:
                missing.append(self.env._("a valid e-mail address is missing"))
            elif not own_users and (
                shared[email] > 1 or holders.get(email, vendor) != vendor
            ):
                missing.append(
                    self.env._("someone else logs in as %(login)s", login=email)
                )
            if missing:
                problems[vendor] = missing
        return problems

    def _vendor_login_holders(self, emails):
        """Return who logs in with each of some e-mail addresses: {login: partner}."""
        # sudo: logins only, to say before the attempt that one is taken
        users = (
            self.env["res.users"]
            .sudo()
            .with_context(active_test=False)
            .search([("login", "in", [email for email in emails if email])])
        )
        return {user.login: user.partner_id for user in users}

    # -- portal access --------------------------------------------------------------

    def _vendor_users(self):
        """Return the users of each vendor and of its contacts, archived included.

        :return: {vendor: users in sudo}; vendors without any are absent.
        """
        # sudo: users are not readable by the catalogue role; only existence matters
        users = (
            self.env["res.users"]
            .sudo()
            .with_context(active_test=False)
            .search([("partner_id.commercial_partner_id", "in", self.ids)])
        )
        return users.grouped(lambda user: user.partner_id.commercial_partner_id)

    def _vendor_grant_portal_access(self):
        """Give each vendor without portal user one, and mail the invitation."""
        existing = self._vendor_users()
        invited = self.env["res.users"].sudo()
        for vendor in self:
            users = existing.get(vendor, invited.browse())
            if users.filtered("active"):
                continue
            vals = vendor._prepare_vendor_user_vals()
            if former := users.filtered(lambda user, v=vendor: user.partner_id == v):
                former[0].write({**vals, "active": True})
                invited += former[0]
            else:
                # sudo: the approval above stands for the right to create users, and
                # the groups are fixed to the portal
                invited += (
                    invited.browse()
                    .with_context(no_reset_password=True)
                    ._create_user_from_template({**vals, "partner_id": vendor.id})
                )
        self._vendor_invite(invited)

    def _prepare_vendor_user_vals(self):
        self.ensure_one()
        companies = self.env.company | self.sudo().vendor_contract_ids.company_id
        email = email_normalize(self.email)
        return {
            "login": email,
            "email": email,
            "company_id": self.env.company.id,
            "company_ids": [Command.set(companies.ids)],
            "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
        }

    def _vendor_invite(self, users):
        """Queue the portal invitation, in the language of each vendor."""
        # sudo: mails about users are not the catalogue role's to render
        template = self.env.ref("auth_signup.portal_set_password_email").sudo()
        for user in users:
            user.partner_id.signup_prepare()
            template.with_context(
                lang=user.lang, dbname=self.env.cr.dbname, medium="portalinvite"
            ).send_mail(user.id)

    # -- actions --------------------------------------------------------------------

    def action_vendor_invite(self):
        self._vendor_transition("invited")
        return True

    def action_vendor_onboard(self):
        self._vendor_transition("onboarding")
        return True

    def action_vendor_submit(self):
        self._vendor_transition("ready_for_review")
        return True

    def action_vendor_approve(self):
        self._vendor_transition("approved")
        return True

    def action_vendor_reopen(self):
        self._vendor_transition("pending")
        return True
