from odoo import fields, models
from odoo.fields import Domain

from ..const import KYC_REMINDER_DAYS


class ResPartner(models.Model):
    """Which papers a vendor has to send next."""

    _inherit = "res.partner"

    def _kyc_to_send(self):
        """Return the types of document that a vendor is to send, or send again.

        Required ones that he lacks, and accepted ones about to expire that no newer
        document replaces.
        """
        self.ensure_one()
        missing = self._kyc_missing(("to_review", "accepted")).get(self)
        # sudo: which papers exist, not what is in them
        documents = self.env["marketplace.kyc.document"].sudo()
        limit = fields.Date.add(fields.Date.context_today(self), days=KYC_REMINDER_DAYS)
        lasting = Domain("date_expiry", "=", False) | Domain("date_expiry", ">", limit)
        own = Domain("vendor_id", "=", self.id)
        expiring = documents.search(
            own & Domain("state", "=", "accepted") & Domain("date_expiry", "<=", limit)
        ).type_id
        replaced = documents.search(
            own
            & Domain("type_id", "in", expiring.ids)
            & Domain("state", "in", ("to_review", "accepted"))
            & lasting
        ).type_id
        return (missing or expiring.browse()) | (expiring - replaced)
