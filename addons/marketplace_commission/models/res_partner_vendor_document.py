from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    is_vat_on_debits = fields.Boolean(
        string="VAT on Debits",
        groups="marketplace_base.group_viewer",
        help="The vendor opted to pay the VAT on his services when he invoices them, "
        "not when he is paid; his invoices say so.",
    )

    def _vendor_document_missing(self):
        """Return the names of what a vendor lacks to be the seller on an invoice."""
        self.ensure_one()
        vendor = self.sudo()  # sudo: whether data is there, not the data
        needs = [
            *vendor._identity_needs_address(),
            (self.env._("registry number"), vendor._identity_registry_known()),
            (self.env._("VAT number"), vendor.vat or vendor.is_vat_exempt),
        ]
        return [label for label, known in needs if not known]
