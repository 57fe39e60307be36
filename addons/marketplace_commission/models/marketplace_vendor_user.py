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
        }

    def _document_file(self, kind, record):
        if kind != "commission":
            return super()._document_file(kind, record)
        name = record._get_invoice_report_filename()
        if sent := record.invoice_pdf_report_id:
            return name, sent.raw
        # sudo: the gate has checked that the document is the vendor's
        reports = self.env["ir.actions.report"].sudo()
        content, _type = reports.with_context(
            force_report_rendering=True
        )._render_qweb_pdf("account.account_invoices", record.ids)
        return name, content
