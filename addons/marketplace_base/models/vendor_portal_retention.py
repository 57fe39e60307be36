from odoo import api, fields, models

from .marketplace_vendor_user import ACCESS_GATE

RETENTION_BATCH_VENDORS = 100


class ResPartner(models.Model):
    """End the portal of vendors who left, once they need not read there any more."""

    _inherit = "res.partner"

    def _vendor_portal_retention(self):
        """Return the years a closed vendor keeps his portal, by his longest company.

        0 = for ever.
        """
        self.ensure_one()
        # sudo: a setting of the companies he deals with
        years = self._terms_companies().sudo().mapped("marketplace_portal_years")
        return 0 if 0 in years else max(years)

    @api.model
    def _cron_end_portal_access(self):
        """End the access of closed vendors whose retention period is over.

        The history, the memberships and the documents stay; approving the vendor again
        lets the same people in.
        """
        cron = self.env["ir.cron"]
        vendors = self._vendor_portals_to_end()
        cron._commit_progress(remaining=len(vendors))
        for start in range(0, len(vendors), RETENTION_BATCH_VENDORS):
            batch = vendors[start : start + RETENTION_BATCH_VENDORS]
            batch._vendor_end_portal_access()
            if not cron._commit_progress(len(batch)):
                return

    def _vendor_portals_to_end(self):
        """Return the closed vendors with users who were closed too long ago."""
        members = self.env["marketplace.vendor.user"].sudo()
        closed = members.search([("vendor_id.vendor_state", "=", "closed")]).vendor_id
        history = self.env["marketplace.vendor.history"].sudo()
        since = dict(
            history._read_group(
                [("vendor_id", "in", closed.ids), ("state_to", "=", "closed")],
                ["vendor_id"],
                ["date:max"],
            )
        )
        now = fields.Datetime.now()

        def is_over(vendor):
            years = vendor._vendor_portal_retention()
            return bool(
                years
                and vendor in since
                and fields.Datetime.add(since[vendor], years=years) < now
            )

        return closed.filtered(is_over)

    def _vendor_end_portal_access(self):
        """Take the portal and the API from all users of the vendors."""
        members = self._vendor_members().filtered("active")
        members.env["marketplace.vendor.api.key"].search(
            [("vendor_user_id", "in", members.ids)]
        ).unlink()
        members.with_context(marketplace_access_gate=ACCESS_GATE).active = False


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_portal_years = fields.Integer(
        string="Portal of Closed Vendors (years)",
        default=10,
        help="How long a vendor who left still reads his orders and documents in the "
        "portal; 0 = for ever. Set it to the legal retention period of your country.",
    )

    _portal_years_positive = models.Constraint(
        "CHECK (marketplace_portal_years >= 0)",
        "The portal of closed vendors lasts zero or more years.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_portal_years = fields.Integer(
        related="company_id.marketplace_portal_years", readonly=False
    )
