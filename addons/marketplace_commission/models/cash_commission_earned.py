"""Commission on purchases paid at the door, parcel by parcel."""

from odoo import models
from odoo.fields import Domain


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    def _settled_sale_lines(self, date_to=None):
        """Leave out lines of which parcels are still to be paid.

        Nothing of them is pending between two parcels, and yet they are not earned.
        """
        settled = super()._settled_sale_lines(date_to)
        # sudo: what is earned must not depend on who asks
        by_parcel = (
            self.env["sale.order.line"]
            .sudo()
            .search(
                Domain("id", "in", list(settled))
                & Domain("order_id.marketplace_order_id.cash_on_delivery", "=", True)
            )
        )
        if not by_parcel:
            return settled
        states = by_parcel._marketplace_ledger_state()
        pending = Domain("role_credit", "=", "VENDOR_PENDING")
        in_all = self._ledger_sums(pending)
        by_then = self._ledger_sums(pending, date_to) if date_to else in_all
        waiting = by_parcel.filtered(
            lambda line: states[line].state.credit
            < line.currency_id._marketplace_minor(line.amount_vendor)
            or line.currency_id.compare_amounts(
                by_then.get(line, 0.0), in_all.get(line, 0.0)
            )
        )
        return settled - set(waiting.ids)
