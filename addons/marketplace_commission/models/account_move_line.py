from odoo import api, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.depends("move_id.marketplace_vendor_id")
    def _compute_account_id(self):
        """Put what a vendor owes for commission on the account of that role.

        Vendors may also be plain customers: the property of the partner stays theirs.
        """
        result = super()._compute_account_id()
        receivable = self.filtered(
            lambda line: line.display_type == "payment_term"
            and line.move_id.marketplace_vendor_id
        )
        for company, lines in receivable.grouped("company_id").items():
            lines.account_id = company._marketplace_account("VENDOR_AR")
        return result
