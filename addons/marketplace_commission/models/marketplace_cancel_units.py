from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.engine.money import cumulative_share


class MarketplaceCancelUnitsLine(models.TransientModel):
    _inherit = "marketplace.cancel.units.line"

    amount_commission = fields.Monetary(
        string="Commission Back",
        compute="_compute_amount_commission",
        help="What the vendor gets back of his commission, at the frozen rate and by "
        "the refund policy; VAT excluded.",
    )

    @api.depends("amount_vendor", "wizard_id.reason_code")
    def _compute_amount_commission(self):
        parts = self._commission_parts()
        changes = defaultdict(int)
        Line = self.env["marketplace.commission.line"]
        for original, minor, _due in Line._reversals(parts):
            changes[original.sale_line_id.id] -= minor
        for line in self:
            line.amount_commission = line.currency_id._marketplace_amount(
                changes[line.sale_line_id.id]
            )

    def _commission_parts(self):
        """Return what the vendors give up: (order line, minor units, part given back).

        Of what nobody paid the whole commission goes back; the policy is for refunds.
        """
        money = self.sale_line_id._marketplace_ledger_state()
        give_back = self._commission_give_back()
        parts = []
        for line in self.filtered("sale_line_id"):
            minor = line.currency_id._marketplace_minor
            sale_line = line.sale_line_id
            charged, credit = minor(line.amount), minor(line.amount_vendor)
            unpaid, _account, _paid = sale_line._marketplace_less_parts(
                money[sale_line], charged
            )
            cancelled = cumulative_share(credit, charged, unpaid) if charged else 0
            parts.append((sale_line, cancelled, Decimal(1)))
            parts.append((sale_line, credit - cancelled, give_back[sale_line]))
        return [part for part in parts if part[1]]

    def _commission_give_back(self):
        """Return {order line: part of its commission that a refund would give back}."""
        result = {}
        for wizard, lines in self.grouped("wizard_id").items():
            refund = self.env["marketplace.refund"].new(
                {
                    "order_id": wizard.sale_order_id.marketplace_order_id.id,
                    "reason_code": wizard.reason_code,
                }
            )
            result |= refund._commission_give_back(lines.sale_line_id)
        return result
