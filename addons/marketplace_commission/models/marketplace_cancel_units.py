from odoo import api, fields, models

from ..engine.compute import reverse


class MarketplaceCancelUnitsLine(models.TransientModel):
    _inherit = "marketplace.cancel.units.line"

    amount_commission = fields.Monetary(
        string="Commission Back",
        compute="_compute_amount_commission",
        help="What the vendor gets back of his commission, at the frozen rate; VAT "
        "excluded.",
    )

    @api.depends("amount_vendor")
    def _compute_amount_commission(self):
        # sudo: the order desk looks ahead at figures frozen on its own orders
        Commission = self.env["marketplace.commission.line"].sudo()
        known = Commission.search([("sale_line_id", "in", self.sale_line_id.ids)])
        charged = {
            line.sale_line_id: line for line in known if line.kind == "commission"
        }
        kept = Commission._kept_amounts(known)
        refunded = Commission._refunded_amounts(
            charged, self.env["marketplace.refund.line"]
        )
        for line in self:
            original = charged.get(line.sale_line_id)
            if not original:
                line.amount_commission = 0.0
                continue
            minor = line.currency_id._marketplace_minor
            step = reverse(
                original._engine_charge(),
                kept[original],
                minor(line.sale_line_id.amount_vendor),
                refunded[original] + minor(line.amount_vendor),
            )
            line.amount_commission = line.currency_id._marketplace_amount(-step.amount)
