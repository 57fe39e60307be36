"""What the operator pays a vendor whose goods he sells himself: price less margin."""

from dataclasses import replace

from odoo import api, fields, models

from odoo.addons.marketplace_base.engine.money import cumulative_share
from odoo.addons.marketplace_base.models.sale_order_line import FREEZING

from ..engine.rules import decide_order


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    @api.model
    @api.private
    def _margins(self, sale_lines):
        """Return {order line: minor units the operator keeps}, VAT excluded.

        By the plan of the contract, like a commission; nothing is charged. Delivery
        that the plan charges no commission on is paid to the vendor whole.
        """
        result = {}
        for order, lines in sale_lines.sudo().grouped("order_id").items():
            # sudo: the margin follows from the confirmed order, whoever confirms it
            plan = order.contract_id.commission_plan_id._in_force(order.date_order)
            facts = [self._margin_facts(line) for line in lines]
            decisions = decide_order(plan._engine_rules(), facts)
            for line, decision in zip(lines, decisions, strict=True):
                is_shipping = line.marketplace_kind == "shipping"
                free = is_shipping and not decision.rule.terms.base_shipping
                result[line] = 0 if free else decision.charge.amount
        return result

    @api.model
    def _margin_facts(self, line):
        """Return what rules look at: the price before what the operator gives of it."""
        (facts,) = self._sale_facts(line.order_id, line)
        minor = line.currency_id._marketplace_minor
        given = minor(line.amount_discount_operator)
        if not given:
            return facts
        sale = facts.sale
        return replace(
            facts,
            sale=replace(
                sale,
                included=sale.included + given,
                excluded=line._worth_untaxed_minor(),
                discount_vendor=sale.discount_vendor - given,
            ),
        )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    amount_purchase = fields.Monetary(
        string="Paid to the Vendor",
        copy=False,
        readonly=True,
        groups="marketplace_base.group_viewer",
        help="Where the operator sells himself: what he pays the vendor for the line, "
        "VAT excluded. The price before reductions of his own, less the margin of the "
        "contract's plan; frozen.",
    )

    def _worth_untaxed_minor(self):
        """Return the price, VAT excluded, before what the operator gives of it."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        given = minor(self.amount_discount_operator)
        if not given:
            return minor(self.amount_vendor_untaxed)
        untaxed, taxed = self._marketplace_untaxed_ratio()
        return cumulative_share(untaxed, taxed, minor(self.amount_vendor) + given)

    def write(self, vals):
        freezing = self.env.context.get("marketplace_freezing") is FREEZING
        if "amount_purchase" in vals and not freezing:
            self._check_not_frozen()
        return super().write(vals)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_after_confirm(self):
        result = super()._marketplace_after_confirm()
        principal = self.filtered(lambda o: o.vendor_id and o.posture == "principal")
        lines = principal.order_line.filtered(
            lambda line: line.marketplace_kind in ("goods", "shipping")
        )
        margins = self.env["marketplace.commission.line"]._margins(lines)
        # sudo: the price follows from the confirmed order, whoever confirms it
        for line in lines.sudo().with_context(marketplace_freezing=FREEZING):
            currency = line.currency_id
            untaxed = line._worth_untaxed_minor()
            line.amount_purchase = currency._marketplace_amount(untaxed - margins[line])
        return result
