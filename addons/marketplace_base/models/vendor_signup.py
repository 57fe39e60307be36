from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import email_normalize

from ..const import SIGNUPS_PER_DAY
from .res_partner import GROUP_VIEWER


class ResPartner(models.Model):
    """Candidates who apply by the public form."""

    _inherit = "res.partner"

    vendor_signup_ip = fields.Char(
        string="Applied From",
        readonly=True,
        copy=False,
        groups=GROUP_VIEWER,
        help="Address from which the vendor applied by the public form.",
    )

    @api.model
    @api.private
    def _vendor_sign_up(self, vals, contact_name, ip_address):
        """Create the vendor of an application: pending, with a contact and no user.

        Who is known already, or applies too often, gets no second record: the answer
        to a stranger must not tell which addresses we know.

        :param vals: name, email, phone, country_id, vendor_kind, vat and lang.
        :return: the vendor, or an empty recordset when nothing was created.
        """
        email = email_normalize(vals["email"])
        # the superuser acts: a stranger applies, only what is listed below is written,
        # and the activity's mail is rendered by somebody who may read the vendor
        partners = self.with_user(SUPERUSER_ID)
        known = partners.search_count(
            [("is_marketplace_vendor", "=", True), ("email_normalized", "=", email)],
            limit=1,
        ) or partners._vendor_login_holders([email])
        since = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        recent = partners.search_count(
            [("vendor_signup_ip", "=", ip_address), ("create_date", ">", since)]
        )
        if known or recent >= SIGNUPS_PER_DAY:
            return self.browse()
        vendor = partners.create(
            {
                **vals,
                "email": email,
                "is_company": vals["vendor_kind"] == "professional",
                "is_marketplace_vendor": True,
                "vendor_signup_ip": ip_address,
            }
        )
        partners.create({"name": contact_name, "parent_id": vendor.id})
        vendor.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Look at the application"),
            user_id=vendor._marketplace_responsible().id,
        )
        return vendor


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_signup = fields.Boolean(
        string="Public Application Form",
        default=True,
        help="Anybody may apply to become a vendor, at /marketplace/apply.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_signup = fields.Boolean(
        related="company_id.marketplace_signup", readonly=False
    )
