from werkzeug.exceptions import NotFound

from odoo import models

from odoo.addons.marketplace_base.models.vendor_documents import DocumentKind


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
        }

    def _document_file(self, kind, record):
        if kind != "sale":
            return super()._document_file(kind, record)
        return record._file("pdf")

    def _contest_document(self, document_id, reason):
        """Object to a document of the member's vendor.

        :raises NotFound: when it is another vendor's.
        """
        if not self._has_role("finance"):
            raise NotFound()
        document = self._get_owned("marketplace.vendor.document", document_id)
        document._contest(self.user_id, reason)
        return document
