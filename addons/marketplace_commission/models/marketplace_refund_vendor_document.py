"""The credit notes of refunds, issued in the vendors' names."""

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    vendor_document_line_ids = fields.One2many(
        "marketplace.vendor.document.line",
        "refund_line_id",
        string="Credit Note Lines",
        groups="marketplace_base.group_viewer",
    )
    vendor_document_ids = fields.Many2many(
        "marketplace.vendor.document",
        "marketplace_vendor_document_deducted_rel",
        string="Deducted from Invoice",
        readonly=True,
        copy=False,
        groups="marketplace_base.group_viewer",
    )

    @api.model
    def _vendor_document_domain(self, company):
        """Return which lines of done refunds of a company still want a credit note."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("refund_id.state", "=", "done")
            & Domain("amount_vendor", ">", 0)
            & Domain("sale_line_id.order_id.vendor_document_state", "=", "issued")
            & Domain("vendor_document_line_ids", "=", False)
            & Domain("vendor_document_ids", "=", False)
        )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    vendor_document_ids = fields.One2many(
        "marketplace.vendor.document",
        "refund_id",
        string="Credit Notes",
        groups="marketplace_base.group_viewer",
    )
    vendor_document_count = fields.Integer(
        compute="_compute_vendor_document_count", groups="marketplace_base.group_viewer"
    )
    vendor_document_problem = fields.Char(
        string="Why No Credit Note", readonly=True, copy=False
    )

    def _compute_vendor_document_count(self):
        counts = dict(
            self.env["marketplace.vendor.document"]._read_group(
                [("refund_id", "in", self.ids)], ["refund_id"], ["__count"]
            )
        )
        for refund in self:
            refund.vendor_document_count = counts.get(refund._origin, 0)

    def _set_vendor_document_problems(self, problems):
        """Write what stops the credit notes of refunds; nothing for the others."""
        for refund in self:
            problem = problems.get(refund, False)
            if refund.vendor_document_problem != problem:
                refund.vendor_document_problem = problem

    def action_issue_vendor_document(self):
        """Issue the credit notes in the vendors' names now; say what stops one.

        :raises MarketplaceError: when there is none to issue, and why.
        """
        self.check_access("read")
        self.env["marketplace.vendor.document"]._check_issuer()
        own = self.line_ids.filtered(
            lambda item: item.sale_order_id.posture == "principal"
        )
        own._issue_principal_refunds()
        documents = self.env["marketplace.vendor.document"]._issue_credit_notes(
            self.line_ids - own
        )
        if not documents and not own:
            raise MarketplaceError(
                "\n".join(
                    refund.vendor_document_problem
                    or self.env._(
                        "%(refund)s: its orders have no invoice in a vendor's name, or "
                        "its credit notes are issued.",
                        refund=refund.name,
                    )
                    for refund in self
                )
            )
        return self.action_view_vendor_documents() if documents else True

    def action_view_vendor_documents(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit Notes"),
            "res_model": "marketplace.vendor.document",
            "view_mode": "list,form",
            "domain": [("refund_id", "in", self.ids)],
            "context": {"create": False},
        }
