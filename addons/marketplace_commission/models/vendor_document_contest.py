"""An accountant answers vendors who object to documents made in their names."""

from odoo import fields, models


class MarketplaceVendorDocument(models.Model):
    _inherit = "marketplace.vendor.document"

    def action_answer_contest(self):
        """Open the form in which an accountant answers the vendor."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer the Vendor"),
            "res_model": "marketplace.vendor.document.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_document_ids": self.ids},
        }


class MarketplaceVendorDocumentAnswer(models.TransientModel):
    _name = "marketplace.vendor.document.answer"
    _description = "Answer to an Objection"

    document_ids = fields.Many2many(
        "marketplace.vendor.document",
        "marketplace_vendor_document_answer_rel",
        required=True,
    )
    answer = fields.Text(
        required=True,
        help="The vendor reads it. If he is right, refund what was invoiced wrongly: "
        "the credit note follows.",
    )

    def action_answer(self):
        self.document_ids.check_access("read")
        self.document_ids._answer_contest(self.answer)
        return True
