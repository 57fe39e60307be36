"""Commission waits with the money it is taken from."""

from odoo import api, models


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    @api.model
    @api.private
    def _invoiceable(self, company, date_to=None, vendors=None):
        """Leave out order lines with an open incident: their money is frozen.

        Otherwise the vendor would pay it from his other sales.
        """
        lines = super()._invoiceable(company, date_to, vendors)
        frozen = lines.sale_line_id._marketplace_line_in_dispute()
        return lines.filtered(lambda line: line.sale_line_id.id not in frozen)
