from odoo import api, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.model
    def _marketplace_reconcile(self, groups):
        """Reconcile groups of journal items; those of one item are left alone.

        In Odoo's own way each call costs all items of all entries that are touched: it
        synchronizes and balances them, and searches them, match by match, for taxes
        due on payment. In entries of many vendors that is the square of their number.
        Where a group is in the company's currency and its entries hold no such tax,
        its matches make no entry and change no amount: all this is left out.
        """
        groups = [group for group in groups if len(group) > 1]
        taxed = self.browse().union(*groups).move_id._with_tax_on_payment()
        plain, others = [], []
        for group in groups:
            foreign = group.currency_id != group.company_currency_id
            (others if foreign or group.move_id & taxed else plain).append(group)
        self.with_context(
            no_cash_basis=True, skip_invoice_sync=True, check_move_validity=False
        )._reconcile_plan(plain)
        self._reconcile_plan(others)
