"""Give commission back on refunds, at the frozen rate."""

from collections import defaultdict
from decimal import Decimal

from odoo import api, models

from ..engine.compute import Charge
from ..engine.reversal import reverse


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    @api.model
    @api.private
    def _reverse(self, refund_lines):
        """Give back the commission of refunded order lines, at the frozen rate.

        Cumulative per order line, whatever the rules say today; refund lines treated
        before are skipped.

        :return: the new lines.
        """
        # sudo: reversal follows from the refund, whoever applies it.
        everything = self.sudo().search(
            [("sale_line_id", "in", refund_lines.sale_line_id.ids)]
        )
        charged = {
            line.sale_line_id: line for line in everything if line.kind == "commission"
        }
        todo = (refund_lines - everything.refund_line_id).sudo()
        kept = self._kept_amounts(everything)
        refunded = self._refunded_amounts(charged, todo)
        give_back = todo._commission_give_back()
        vals_list = []
        corrected = self._corrected_minor(everything)
        Override = self.env["marketplace.commission.override"]
        for line, minor in Override._adjusted_minor(
            self.union(*charged.values())
        ).items():
            corrected[line] += minor
            base, amount = kept[line]
            kept[line] = (base, amount + minor)
        for refund_line in todo.sorted("id"):
            original = charged.get(refund_line.sale_line_id)
            if not original:
                continue
            minor = original.currency_id._marketplace_minor
            already = refunded[original]
            refunded[original] += minor(refund_line.amount_vendor)
            step = reverse(
                original._engine_charge(corrected[original]),
                kept[original],
                minor(original.sale_line_id.amount_vendor),
                refunded[original],
                give_back=give_back[refund_line],
                already=already,
            )
            kept_base, kept_amount = kept[original]
            kept[original] = (kept_base + step.base, kept_amount + step.amount)
            vals_list.append(original._prepare_reversal_vals(refund_line, step))
        return self._unlocked().create(vals_list)

    def _kept_amounts(self, lines):
        """Return {commission line: (base, amount) in minor units} after reversals."""
        kept = defaultdict(lambda: (0, 0))
        for line in lines:
            original = line.reversed_line_id or line
            base, amount = kept[original]
            minor = line.currency_id._marketplace_minor
            kept[original] = (base + minor(line.base), amount + minor(line.amount))
        return kept

    def _refunded_amounts(self, charged, todo):
        """Return {commission line: what the vendor gave back before}, minor units."""
        before = self.env["marketplace.refund.line"].sudo()
        groups = before._read_group(
            [
                ("sale_line_id", "in", [line.id for line in charged]),
                ("refund_id.state", "=", "done"),
                ("id", "not in", todo.ids),
            ],
            ["sale_line_id"],
            ["amount_vendor:sum"],
        )
        refunded = dict.fromkeys(charged.values(), 0)
        for sale_line, amount in groups:
            original = charged[sale_line]
            refunded[original] = original.currency_id._marketplace_minor(amount)
        return refunded

    def _corrected_minor(self, lines):
        """Return {commission line: what corrections added to it}, minor units."""
        corrected = defaultdict(int)
        for line in lines:
            if line.kind == "override":
                minor = line.currency_id._marketplace_minor(line.amount)
                corrected[line.reversed_line_id] += minor
        return corrected

    def _engine_charge(self, corrected=0):
        """Return the frozen commission as the engine reads it.

        :param corrected: what was added to it by hand, minor units.
        """
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        return Charge(
            base=minor(self.base),
            rate=Decimal(str(self.rate)),
            amount=minor(self.amount) + corrected,
            steps=self.trace_steps,
            fixed=min(minor(self.amount_fixed), minor(self.amount) + corrected),
            refund_fixed=self.refund_fixed,
        )

    def _prepare_reversal_vals(self, refund_line, step):
        self.ensure_one()
        money = self.currency_id._marketplace_amount
        return {
            "kind": "reversal",
            "company_id": self.company_id.id,
            "vendor_id": self.vendor_id.id,
            "marketplace_order_id": self.marketplace_order_id.id,
            "sale_order_id": self.sale_order_id.id,
            "sale_line_id": self.sale_line_id.id,
            "date": refund_line.refund_id.date,
            "rule_id": self.rule_id.id,
            "rule_version": self.rule_version,
            "currency_id": self.currency_id.id,
            "base": money(step.base),
            "rate": self.rate,
            "amount": money(step.amount),
            "amount_due": money(step.due),
            "is_shipping": self.is_shipping,
            "reason_code": refund_line.refund_id.reason_code,
            "responsibility": refund_line.refund_id.responsibility,
            "trace_steps": step.steps,
            "reversed_line_id": self.id,
            "refund_line_id": refund_line.id,
        }
