from odoo import fields, models

from ..exceptions import MarketplaceError
from .res_partner import GROUP_VIEWER


class ResPartner(models.Model):
    """KYC of a vendor, as far as his documents decide it."""

    _inherit = "res.partner"

    kyc_document_ids = fields.One2many(
        "marketplace.kyc.document",
        "vendor_id",
        string="KYC Documents",
        groups=GROUP_VIEWER,
    )
    kyc_document_count = fields.Integer(
        string="Documents", compute="_compute_kyc_document_count", groups=GROUP_VIEWER
    )

    def _compute_kyc_document_count(self):
        counts = dict(
            self.env["marketplace.kyc.document"]._read_group(
                [("vendor_id", "in", self.ids)], ["vendor_id"], ["__count"]
            )
        )
        for partner in self:
            partner.kyc_document_count = counts.get(partner._origin, 0)

    def write(self, vals):
        # code that runs as superuser has decided by itself
        if vals.get("kyc_state") == "approved" and not self.env.su:
            self._check_kyc_documents()
        return super().write(vals)

    def _check_kyc_documents(self):
        """Refuse to approve the KYC while a required document is not accepted.

        :raises MarketplaceError: listing what each vendor lacks.
        """
        problems = []
        for vendor, types in self._kyc_missing(("accepted",)).items():
            problems.append(
                self.env._(
                    "%(vendor)s has no accepted document of these types: %(types)s.",
                    vendor=vendor.display_name,
                    types=", ".join(types.mapped("name")),
                )
            )
        if problems:
            raise MarketplaceError("\n".join(problems))

    def _kyc_missing(self, states):
        """Return the required types of which a vendor has no document in some states.

        :return: {vendor: types}; vendors who lack nothing are absent.
        """
        # sudo: which papers exist, not what is in them
        required = (
            self.env["marketplace.kyc.document.type"]
            .sudo()
            .search([("is_required", "=", True)])
        )
        present = {
            (document.vendor_id.id, document.type_id.id)
            for document in self.env["marketplace.kyc.document"]
            .sudo()
            .search([("vendor_id", "in", self.ids), ("state", "in", states)])
        }
        missing = {}
        for vendor in self:
            types = required._for_vendor(vendor).filtered(
                lambda kind, v=vendor: (v.id, kind.id) not in present
            )
            if types:
                missing[vendor] = types
        return missing

    def _kyc_submit(self):
        """Put vendors whose required documents are all in up for approval."""
        missing = self._kyc_missing(("to_review", "accepted"))
        complete = self.filtered(lambda vendor: vendor not in missing)
        # sudo: submitting is the vendor's act, deciding stays the accountant's
        complete.sudo().filtered(
            lambda v: v.kyc_state in ("pending_submission", "refused", "to_renew")
        ).write({"kyc_state": "pending_approval"})

    def _marketplace_responsible(self):
        """Return the user who follows a vendor: his own, or the first accountant."""
        self.ensure_one()
        # sudo: the names of colleagues, for an activity
        accountants = self.env.ref("marketplace_base.group_accountant").sudo()
        return (
            self.sudo().user_id
            or accountants.all_user_ids.filtered(
                lambda user: user.active and not user.share
            ).sorted("id")[:1]
            or self.env.user
        )
