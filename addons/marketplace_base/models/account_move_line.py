from odoo import api, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.model
    def _marketplace_reconcile(self, groups):
        """Reconcile groups of journal items; those of one item are left alone.

        For each match Odoo searches both entries for taxes due on payment, line by
        line: in an entry of many vendors, the square of their number. Groups whose
        entries hold no such tax are reconciled without the search.
        """
        groups = [group for group in groups if len(group) > 1]
        taxed = self.browse().union(*groups).move_id._with_tax_on_payment()
        plain, searched = [], []
        for group in groups:
            (searched if group.move_id & taxed else plain).append(group)
        self.with_context(no_cash_basis=True)._reconcile_plan(plain)
        self._reconcile_plan(searched)
