from odoo import models

from .marketplace_vendor_api import vendor_action
from .marketplace_vendor_change import CONTACT_FIELDS, IDENTITY_FIELDS


class MarketplaceVendorApi(models.AbstractModel):
    """Bank account, company and papers in the vendor API: the owners' alone."""

    _inherit = "marketplace.vendor.api"

    @vendor_action("owner")
    def list_bank_accounts(self, member):
        """Return where payouts go, numbers masked, the newest first."""
        return self._api_accounts(member)

    def _api_accounts(self, member):
        return [
            {
                "number": row["number"],
                "holder": row["holder"],
                "state": row["state"],
                "usable_from": self._api_date(row["date_usable"]),
            }
            for row in member.vendor_id._vendor_accounts()
        ]

    @vendor_action("owner")
    def propose_bank_account(self, member, iban, holder):
        """Propose another account for payouts; people check it before its use."""
        member.vendor_id._vendor_propose_account(
            self._api_text("iban", iban).strip(),
            self._api_text("holder", holder).strip(),
        )
        return self._api_accounts(member)

    @vendor_action("owner")
    def change_company(self, member, values):
        """Change contact data; ask for a check of what identifies the vendor.

        :param values: {field: text} of ``CONTACT_FIELDS`` and ``IDENTITY_FIELDS``.
        :return: the fields that wait for the check.
        """
        form = self._api_form("values", values, (*IDENTITY_FIELDS, *CONTACT_FIELDS))
        requests = member.vendor_id._vendor_change(form, member.user_id)
        return {"to_check": requests.mapped("field_name")}

    @vendor_action("owner")
    def list_document_types(self, member):
        """Return the papers the vendor may hand in, and which are still missing."""
        vendor = member.vendor_id
        types = vendor._vendor_document_types()
        missing = vendor._kyc_missing(("to_review", "accepted")).get(vendor, types[:0])
        return [
            {
                "id": kind.id,
                "name": kind.name,
                "required": kind.is_required,
                "expires": kind.has_expiry,
                "missing": kind in missing,
            }
            for kind in types
        ]

    @vendor_action("owner")
    def hand_in_document(self, member, values, file_name, content):
        """Hand in an identity paper, for the operator's review.

        :param values: type_id, number, date_issued, date_expiry, as texts.
        :param content: PDF, JPEG or PNG in base 64.
        """
        form = self._api_form(
            "values", values, ("type_id", "number", "date_issued", "date_expiry")
        )
        document = member.vendor_id._vendor_hand_in_document(
            form,
            self._api_text("file_name", file_name),
            self._api_file("content", content),
        )
        return {"kind": "identity", "id": document.id, "state": document.state}
