"""What the refund policy says on top of a refund: shown before, booked after."""

from collections import defaultdict

from odoo import api, models

from odoo.addons.marketplace_base.engine.money import cumulative_share


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    # -- shown ----------------------------------------------------------------------

    @api.depends("reason_code")
    def _compute_preview(self):
        return super()._compute_preview()

    def _effect(self):
        """Add what the refund policy does, as ``policy``: see ``_effect_policy``."""
        effect = super()._effect()
        effect["policy"] = (
            [] if effect["problem"] else self._effect_policy(effect["parts"])
        )
        return effect

    def _effect_policy(self, parts):
        """Return a row per vendor order that a cell of the refund policy applies to.

        :param parts: see ``_effect_lines``.
        :return: [{order, cell, kept, cost, is_estimated}]: commission that stays with
            the operator and payment cost charged to the vendor, minor units; the
            penalty is the cell's. An estimated cost is charged once it is known.
        """
        lines = self.env["sale.order.line"].union(*(line for line, *_amounts in parts))
        cells = self._commission_cells(lines)
        if not cells:
            return []
        give_back = self._commission_give_back(lines)
        kept = defaultdict(int)
        reversals = self.env["marketplace.commission.line"]._reversals(
            [(line, credit, give_back[line]) for line, _charged, credit in parts]
        )
        for original, amount, due in reversals:
            kept[original.sale_order_id] += amount - due
        refunded = defaultdict(int)
        for line, charged, _credit in parts:
            refunded[line] += charged
        # sudo: the order desk reads no costs, but must see where a refund leads
        payment = self.sudo().payment_id
        costs = self._lost_psp_costs(
            payment._psp_parts() if payment else {}, cells, refunded
        )
        return [
            {
                "order": order,
                "cell": cell,
                "kept": kept[order],
                "cost": costs.get(order, 0),
                "is_estimated": not payment.is_psp_fee_actual,
            }
            for order, cell in self._cells_by_order(cells).items()
        ]

    # -- booked ---------------------------------------------------------------------

    def _after_apply(self):
        """Charge what the refund policy says on top: penalties, lost payment cost."""
        result = super()._after_apply()
        cells = self.line_ids._commission_cells()
        # sudo: fees follow from the refund, whoever applies it.
        vals_list = [
            vals for refund in self.sudo() for vals in refund._penalty_vals(cells)
        ]
        self.env["marketplace.fee"]._charge_once(vals_list)
        self.sudo().payment_id._charge_psp_fees()
        return result

    def _own_cells(self, cells):
        """Return {order line: cell} of this refund.

        :param cells: see ``marketplace.refund.line._commission_cells``.
        """
        return {
            item.sale_line_id: cells[item] for item in self.line_ids if item in cells
        }

    @api.model
    def _cells_by_order(self, cells):
        """Return {vendor order: cell}: the order's plan decides, so they have one."""
        return {
            line.order_id: cell
            for line, cell in cells.items()
            if line.order_id.vendor_id
        }

    def _penalty_vals(self, cells):
        """Return one penalty per vendor order of the refund, for approval."""
        self.ensure_one()
        own = self._cells_by_order(self._own_cells(cells))
        return [
            {
                "kind": "penalty",
                "name": self.env._(
                    "Penalty: %(reason)s, %(order)s",
                    reason=dict(
                        self._fields["reason_code"]._description_selection(self.env)
                    )[self.reason_code],
                    order=order.name,
                ),
                "company_id": self.company_id.id,
                "vendor_id": order.vendor_id.id,
                "currency_id": cell.currency_id.id,
                "date": self.date,
                "amount": cell.amount_penalty,
                "sale_order_id": order.id,
                "source_key": f"refund:{self.id}:{order.id}:penalty",
            }
            for order, cell in own.items()
            if not cell.currency_id.is_zero(cell.amount_penalty)
        ]

    def _lost_psp_fee_vals(self, parts, cells):
        """Return what vendors at fault bear of a payment cost that is not given back.

        :param parts: see ``marketplace.payment._psp_parts``.
        :param cells: see ``marketplace.refund.line._commission_cells``.
        """
        self.ensure_one()
        refunded = defaultdict(int)
        for item in self.line_ids:
            refunded[item.sale_line_id] += self.currency_id._marketplace_minor(
                item.amount
            )
        costs = self._lost_psp_costs(parts, self._own_cells(cells), refunded)
        return [
            {
                "kind": "psp",
                "name": self.env._(
                    "Payment cost lost by the refund of %(order)s", order=order.name
                ),
                "company_id": self.company_id.id,
                "vendor_id": order.vendor_id.id,
                "currency_id": self.currency_id.id,
                "date": self.date,
                "amount": self.currency_id._marketplace_amount(minor),
                "sale_order_id": order.id,
                "source_key": f"refund:{self.id}:{order.id}:psp",
            }
            for order, minor in costs.items()
        ]

    @api.model
    def _lost_psp_costs(self, parts, cells, refunded):
        """Return {vendor order: part of a lost payment cost that its vendor bears}.

        In proportion to what the customer got back, of what the operator bore.

        :param parts: see ``marketplace.payment._psp_parts``.
        :param cells: {order line: cell of the refund policy}.
        :param refunded: {order line: minor units to the customer}.
        """
        lost = defaultdict(int)
        for line, minor in refunded.items():
            if line in cells and cells[line].psp_fee_bearer == "vendor":
                lost[line.order_id] += minor
        costs = {}
        for order, minor in lost.items():
            share, borne = parts.get(order, (0, 0))
            paid = order._psp_paid_minor()
            cost = paid and cumulative_share(share - borne, paid, min(minor, paid))
            if cost and order.vendor_id:
                costs[order] = cost
        return costs
