from werkzeug.exceptions import NotFound

from odoo import models

from odoo.addons.marketplace_base.models.marketplace_vendor_api import (
    integer,
    vendor_action,
)
from odoo.addons.marketplace_base.models.vendor_documents import DocumentKind

# Kinds of documents made under a vendor's mandate, which he answers.
MANDATE_KINDS = ("sale", "self_bill")


class MarketplaceVendorUser(models.Model):
    """Show vendors what was issued in their names: downloads, archive, API."""

    _inherit = "marketplace.vendor.user"

    def _document_kinds(self):
        return {
            **super()._document_kinds(),
            "sale": DocumentKind(
                self.env._("Invoices to customers"),
                "finance",
                "marketplace.vendor.document",
                "date",
            ),
            "self_bill": DocumentKind(
                self.env._("Invoices to the marketplace"),
                "finance",
                "marketplace.self.bill",
                "date",
            ),
        }

    def _document_file(self, kind, record):
        if kind not in MANDATE_KINDS:
            return super()._document_file(kind, record)
        return record._file("pdf")

    def _has_self_bills(self):
        """Return whether any bill was made in the name of the member's vendor."""
        model, domain = self._search_owned("marketplace.self.bill", [])
        return bool(model.search_count(domain, limit=1))

    def _mandate_document(self, kind, document_id):
        """Return a document made in the name of the member's vendor.

        :param kind: "sale" or "self_bill".
        :raises NotFound: when it is another vendor's, or the member may not see it.
        """
        if kind not in MANDATE_KINDS or not self._has_role("finance"):
            raise NotFound()
        return self._get_owned(self._document_kinds()[kind].model, document_id)

    def _accept_mandate_document(self, kind, document_id):
        """Agree to a document; see :meth:`_mandate_document`."""
        document = self._mandate_document(kind, document_id)
        document._accept_document(self.user_id)
        return document

    def _contest_mandate_document(self, kind, document_id, reason):
        """Object to a document; see :meth:`_mandate_document`."""
        document = self._mandate_document(kind, document_id)
        document._contest(self.user_id, reason)
        return document


class MarketplaceVendorApi(models.AbstractModel):
    _inherit = "marketplace.vendor.api"

    def _api_acceptance(self, document):
        """Return where a document stands with its vendor."""
        return {
            "id": document.id,
            "number": document.name,
            "acceptance": document.acceptance,
            "contest_until": self._api_date(document.date_contest_limit),
            "accepted": self._api_date(document.date_accepted),
            "contested": self._api_date(document.date_contested),
            "reason": document.contest_reason or None,
            "answer": document.contest_answer or None,
        }

    def _api_mandate_id(self, document_id):
        return integer(self.env, "document_id", document_id, 1, 2**31 - 1)

    @vendor_action("finance")
    def get_acceptance(self, member, kind, document_id):
        """Return what you answered to a document made in your name.

        :param kind: ``sale`` for invoices to customers, ``self_bill`` for those to the
            marketplace.
        """
        return self._api_acceptance(
            member._mandate_document(kind, self._api_mandate_id(document_id))
        )

    @vendor_action("finance")
    def accept_document(self, member, kind, document_id):
        """Agree to a document made in your name; again, it changes nothing."""
        return self._api_acceptance(
            member._accept_mandate_document(kind, self._api_mandate_id(document_id))
        )

    @vendor_action("finance")
    def contest_document(self, member, kind, document_id, reason):
        """Object to a document made in your name, within the period of the mandate."""
        return self._api_acceptance(
            member._contest_mandate_document(
                kind, self._api_mandate_id(document_id), reason
            )
        )
