from odoo import models

from odoo.addons.marketplace_base.models.vendor_documents import DocumentKind


class MarketplaceVendorUser(models.Model):
    """Show vendors their commission invoices and credit notes."""

    _inherit = "marketplace.vendor.user"

    def _owned_domain(self, model_name):
        if model_name == "account.move":
            return [
                ("marketplace_vendor_id", "in", self.vendor_id.ids),
                ("state", "=", "posted"),
            ]
        return super()._owned_domain(model_name)

    def _document_kinds(self):
        return {
            **super()._document_kinds(),
            "commission": DocumentKind(
                self.env._("Commission invoices"),
                "finance",
                "account.move",
                "invoice_date",
            ),
            "commission_annex": DocumentKind(
                self.env._("Annexes of commission invoices (CSV)"),
                "finance",
                "account.move",
                "invoice_date",
            ),
        }

    def _document_title(self, kind, record):
        if kind == "commission_annex":
            return self.env._("Annex of %(document)s", document=record.name)
        return super()._document_title(kind, record)

    def _document_file(self, kind, record):
        if kind == "commission":
            return record._commission_filename("pdf"), record._commission_pdf()
        if kind == "commission_annex":
            return record._commission_filename("csv"), record._commission_annex_csv()
        return super()._document_file(kind, record)
