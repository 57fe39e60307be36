from decimal import Decimal

from odoo import models


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_apply(self):
        result = super()._after_apply()
        self.env["marketplace.commission.line"]._reverse(self.line_ids)
        return result

    def _effect_commission(self, parts):
        """Add the commission given back, by the arithmetic of the reversal itself."""
        result = super()._effect_commission(parts)
        give_back = self._commission_give_back(
            self.env["sale.order.line"].union(*(line for line, *_amounts in parts))
        )
        reversals = self.env["marketplace.commission.line"]._reversals(
            [(line, credit, give_back[line]) for line, _charged, credit in parts]
        )
        for line, minor, _due in reversals:
            vendor_id = line.vendor_id.id
            result[vendor_id] = result.get(vendor_id, 0) + minor
        return result

    def _commission_cells(self, sale_lines):
        """Return {order line: cell of the policy that applies to it in this refund}.

        The policy of the vendor's plan comes before that of the company; lines that
        none applies to are absent.
        """
        self.ensure_one()
        cells = self.env["marketplace.refund.policy"]._cells(self.company_id)
        nothing = self.env["marketplace.commission.plan"]
        found = {}
        # sudo: what becomes of the commission must not depend on who refunds
        for line in sale_lines.sudo():
            plan = line.order_id.contract_id.commission_plan_id
            for scope in (plan, nothing):
                key = (line.company_id, scope, self.reason_code, self.fault)
                if cell := cells.get(key):
                    found[line] = cell
                    break
        return found

    def _commission_give_back(self, sale_lines):
        """Return {order line: part of its commission that this refund gives back}."""
        give_back = dict.fromkeys(sale_lines, Decimal(1))
        if self.before_capture:
            return give_back  # never sold: there is nothing to keep a part of
        for line, cell in self._commission_cells(sale_lines).items():
            is_shipping = line.marketplace_kind == "shipping"
            kept = cell.rate_kept_shipping if is_shipping else cell.rate_kept
            give_back[line] = 1 - Decimal(str(kept))
        return give_back


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    def _commission_cells(self):
        """Return {refund line: cell of the policy that applies to it}."""
        found = {}
        for refund, items in self.grouped("refund_id").items():
            cells = refund._commission_cells(items.sale_line_id)
            found.update(
                (item, cells[item.sale_line_id])
                for item in items
                if item.sale_line_id in cells
            )
        return found
