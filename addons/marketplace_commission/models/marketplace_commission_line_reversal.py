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
        known = self._commissions_of(refund_lines.sale_line_id)
        todo = (refund_lines - known.refund_line_id).sudo()
        give_back = {}
        for refund, items in todo.grouped("refund_id").items():
            parts = refund._commission_give_back(items.sale_line_id)
            give_back.update((item, parts[item.sale_line_id]) for item in items)
        steps = self._reversal_steps(
            known,
            [
                (
                    item,
                    item.sale_line_id,
                    item.currency_id._marketplace_minor(item.amount_vendor),
                    give_back[item],
                )
                for item in todo.sorted("id")
            ],
            todo,
        )
        return self._unlocked().create(
            [
                original._prepare_reversal_vals(item, step)
                for item, original, step in steps
            ]
        )

    @api.model
    @api.private
    def _reversals(self, parts):
        """Return what refunds would give back, without writing anything.

        :param parts: [(order line, minor units that its seller gives up, part of the
            commission that is given back)], in order.
        :return: [(commission line, change, change before the policy keeps a part)],
            minor units.
        """
        sale_lines = self.env["sale.order.line"].union(*(part[0] for part in parts))
        steps = self._reversal_steps(
            self._commissions_of(sale_lines),
            [(None, *part) for part in parts],
            self.env["marketplace.refund.line"],
        )
        return [(original, step.amount, step.due) for _item, original, step in steps]

    def _commissions_of(self, sale_lines):
        """Return all that was charged, given back and corrected on order lines."""
        # sudo: reversal follows from the refund, whoever applies or previews it.
        return self.sudo().search([("sale_line_id", "in", sale_lines.ids)])

    def _reversal_steps(self, known, parts, todo):
        """Yield what each part of refunds gives back, cumulated per order line.

        :param known: commission lines of the order lines.
        :param parts: [(key, order line, minor units given up, part given back)].
        :param todo: refund lines among the parts, which do not count as done.
        :return: (key, commission line, engine step) for each part with a commission.
        """
        charged = {
            line.sale_line_id: line for line in known if line.kind == "commission"
        }
        kept = self._kept_amounts(known)
        refunded = self._refunded_amounts(charged, todo)
        corrected = self._corrected_minor(known)
        Override = self.env["marketplace.commission.override"]
        adjusted = Override._adjusted_minor(self.union(*charged.values()))
        for line, minor in adjusted.items():
            corrected[line] += minor
            base, amount = kept[line]
            kept[line] = (base, amount + minor)
        for key, sale_line, given_up, give_back in parts:
            original = charged.get(sale_line)
            if not original:
                continue
            already = refunded[original]
            refunded[original] += given_up
            step = reverse(
                original._engine_charge(corrected[original]),
                kept[original],
                original.currency_id._marketplace_minor(sale_line.amount_vendor),
                refunded[original],
                give_back=give_back,
                already=already,
            )
            kept_base, kept_amount = kept[original]
            kept[original] = (kept_base + step.base, kept_amount + step.amount)
            yield key, original, step

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
            "fault": refund_line.refund_id.fault,
            "trace_steps": step.steps,
            "reversed_line_id": self.id,
            "refund_line_id": refund_line.id,
        }
