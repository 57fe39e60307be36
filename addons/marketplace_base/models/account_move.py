from odoo import fields, models


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

    def _with_tax_on_payment(self):
        """Return the entries with a tax that is due when they are paid."""
        late = fields.Domain("tax_exigibility", "=", "on_payment")
        late |= fields.Domain("children_tax_ids", "any", late)
        taxed = fields.Domain("tax_ids", "any", late)
        taxed |= fields.Domain("tax_line_id", "any", late)
        taxed &= fields.Domain("move_id", "in", self.ids)
        # Archived taxes count too.
        Line = self.env["account.move.line"].with_context(active_test=False)
        groups = Line._read_group(taxed, ["move_id"])
        return self.browse(move.id for (move,) in groups)
