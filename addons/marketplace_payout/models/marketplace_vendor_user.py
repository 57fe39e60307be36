from odoo import models

from odoo.addons.marketplace_base.models.vendor_documents import DocumentKind

REPORT = "marketplace_payout.report_settlement"


class MarketplaceVendorUser(models.Model):
    """Show vendors their statements."""

    _inherit = "marketplace.vendor.user"

    def _owned_domain(self, model_name):
        """Hide cancelled statements."""
        domain = super()._owned_domain(model_name)
        if model_name == "marketplace.settlement":
            domain.append(("state", "!=", "cancelled"))
        return domain

    def _document_kinds(self):
        return {
            "statement": DocumentKind(
                self.env._("Statements"),
                "finance",
                "marketplace.settlement",
                "date_cutoff",
            ),
            **super()._document_kinds(),
        }

    def _document_file(self, kind, record):
        if kind != "statement":
            return super()._document_file(kind, record)
        # sudo: the gate has checked that the statement is the vendor's
        reports = self.env["ir.actions.report"].sudo()
        content, _type = reports.with_context(
            force_report_rendering=True
        )._render_qweb_pdf(REPORT, record.ids)
        return f"{record._get_report_base_filename()}.pdf", content
