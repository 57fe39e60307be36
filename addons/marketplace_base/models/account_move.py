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
        Tax = self.env["account.tax"].with_context(active_test=False)
        late = fields.Domain("tax_exigibility", "=", "on_payment")
        taxes = Tax.search(late | fields.Domain("children_tax_ids", "any", late))
        if not taxes:
            return self.browse()
        taxed = fields.Domain("tax_ids", "in", taxes.ids)
        taxed |= fields.Domain("tax_line_id", "in", taxes.ids)
        taxed &= fields.Domain("move_id", "in", self.ids)
        groups = self.env["account.move.line"]._read_group(taxed, ["move_id"])
        return self.browse().union(*(move for (move,) in groups))
