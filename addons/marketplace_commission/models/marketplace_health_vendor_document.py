from odoo import api, models


class MarketplaceHealth(models.AbstractModel):
    _inherit = "marketplace.health"

    @api.model
    def _check(self, company):
        return [
            *super()._check(company),
            *self.sudo()._check_vendor_documents(company),
        ]

    def _check_vendor_documents(self, company):
        """Name gaps and changes in the series of documents in vendors' names."""
        mandates = self.env["marketplace.terms.acceptance"].search(
            [("company_id", "=", company.id), ("document_last_number", ">", 0)]
        )
        return self.env["marketplace.vendor.document"]._chain_problems(mandates)
