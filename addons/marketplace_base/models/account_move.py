from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        """Issue no self-billed document of a vendor who gave no mandate for it."""
        for company, moves in self.grouped("company_id").items():
            self_billed = moves.filtered("journal_id.is_self_billing")
            vendors = self_billed.commercial_partner_id.filtered(
                "is_marketplace_vendor"
            )
            if vendors:
                vendors._check_marketplace_mandate(company)
        return super()._post(soft=soft)
