"""Cancel, before the customer pays for them, units that nobody will deliver."""

from odoo import fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import cumulative_share, to_minor
from .marketplace_line_decision import DECIDING
from .sale_order_line import FREEZING


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    qty_cancelled = fields.Float(
        string="Cancelled",
        digits="Product Unit",
        copy=False,
        readonly=True,
        help="Units refused before the customer paid for them.",
    )
    amount_cancelled = fields.Monetary(
        string="Cancelled Charge",
        copy=False,
        readonly=True,
        help="What the customer will not be charged, VAT included.",
    )
    amount_cancelled_funded = fields.Monetary(
        string="Cancelled Marketplace Discount", copy=False, readonly=True
    )


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _collect_minor(self):
        """Return what the customer has to pay: the charge less what was cancelled."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        cancelled = sum(
            minor(amount)
            for amount in self.sale_order_ids.order_line.mapped("amount_cancelled")
        )
        return minor(self.amount_charged) - cancelled

    def _record_captures(self, payments):
        """Give back what a storefront captured for units cancelled before."""
        result = super()._record_captures(payments)
        surplus = {}
        for group in self:
            if any(group.sale_order_ids.order_line.mapped("qty_cancelled")):
                if minor := group._cancelled_surplus_minor():
                    surplus[group] = minor
        if surplus:
            self._refund_cancelled_surplus(surplus)
        return result

    def _cancelled_surplus_minor(self):
        """Return what was captured above what was to collect, no refund being made."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        refunds = self.refund_ids.filtered("is_refusal")
        told = sum(minor(amount) for amount in refunds.mapped("amount_rounding"))
        return max(minor(self.amount_captured) - self._collect_minor() - told, 0)

    def _refund_cancelled_surplus(self, surplus):
        """Make the refunds of {group: minor units paid for cancelled units}."""
        # sudo: the instruction follows the payment, whoever recorded it
        Refund = self.env["marketplace.refund"].sudo()
        refunds = Refund.with_context(marketplace_deciding=DECIDING).create(
            [
                {
                    "order_id": group.id,
                    "is_refusal": True,
                    "reason_code": "out_of_stock",
                    "amount": group.currency_id._marketplace_amount(minor),
                    "amount_rounding": group.currency_id._marketplace_amount(minor),
                    "note": self.env._(
                        "Captured for units that were refused before the payment."
                    ),
                }
                for group, minor in surplus.items()
            ]
        )
        refunds._apply_refusals()


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    amount_cancelled = fields.Monetary(
        string="Not Charged",
        readonly=True,
        copy=False,
        help="Price of units that were refused before the customer paid for them.",
    )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _check_payment(self):
        """Let refused units go without a payment when none was captured for them."""
        self.ensure_one()
        if self.is_refusal and self.currency_id.is_zero(self.amount):
            return
        super()._check_payment()

    def _apply_lines(self, money):
        """Cancel the uncaptured part of refused units besides giving back the rest."""
        cancelled = self._cancelled_parts(money) if self.is_refusal else {}
        entries = super()._apply_lines(money)
        amount = self.currency_id._marketplace_amount
        minor = self.currency_id._marketplace_minor
        for item, (units, charge, funded) in cancelled.items():
            line = item.sale_line_id
            line.with_context(marketplace_freezing=FREEZING).write(
                {
                    "qty_cancelled": line.qty_cancelled + units,
                    "amount_cancelled": amount(minor(line.amount_cancelled) + charge),
                    "amount_cancelled_funded": amount(
                        minor(line.amount_cancelled_funded) + funded
                    ),
                }
            )
            item.amount_cancelled = amount(charge)
            # The commission of these units goes back like any other.
            item.amount_vendor = amount(minor(item.amount_vendor) + charge + funded)
        return entries

    def _share_over_lines(self, money):
        """Leave what was captured for cancelled units to no line."""
        if self.is_refusal:
            return
        super()._share_over_lines(money)

    def _apply_refusals(self):
        """Apply new refunds of refused units, as the company wants it.

        Those that give nothing back are applied at once: there is nothing to check. One
        that no single payment can bear is left to a person.
        """
        ready = self.filtered(
            lambda record: record.currency_id.is_zero(record.amount)
            or (
                record.company_id.marketplace_refusal_refund == "apply"
                and record.currency_id.compare_amounts(
                    record.amount, record.payment_id.amount_left
                )
                <= 0
            )
        )
        if ready:
            ready._apply()

    def _cancelled_parts(self, money):
        """Return what refused units take off an order that is not paid yet.

        By quantity, over the units left, so that refusing the last ones leaves
        nothing to charge.

        :return: {refund line: (units, charge and marketplace discount in minor units)};
            the units of lines paid in part count as refunded, not as cancelled.
        """
        if self.order_id._is_paid():
            return {}
        result, left = {}, {}
        for item in self.line_ids:
            line = item.sale_line_id
            if line not in money:
                continue
            state = money[line].state
            if line not in left:
                left[line] = (
                    state.quantity - state.quantity_back,
                    line._marketplace_charge_minor() - state.charged,
                    line._marketplace_funded_minor(),
                )
            units_left, charge_left, funded_left = left[line]
            units = to_minor(item.quantity, QUANTITY_DECIMALS)
            if not 0 < units <= units_left:
                continue
            charge = cumulative_share(charge_left, units_left, units)
            funded = cumulative_share(funded_left, units_left, units)
            left[line] = (
                units_left - units,
                charge_left - charge,
                funded_left - funded,
            )
            result[item] = (0.0 if state.charged else item.quantity, charge, funded)
        return result

    def _after_apply(self):
        """Complete orders whose last unpaid units were cancelled."""
        result = super()._after_apply()
        groups = self.filtered("is_refusal").order_id
        groups.invalidate_recordset(["amount_captured", "payment_state"])
        complete = groups.filtered(
            lambda group: group.sale_order_ids.order_line.filtered("qty_cancelled")
            and group._is_paid()
        )
        if complete:
            # sudo: the ledger follows the cancellation, whoever made it
            complete.sudo()._record_captures(self.env["marketplace.payment"])
            shipments = complete.sale_order_ids.marketplace_shipment_ids
            shipments._schedule_entitlement()
            complete.sale_order_ids.decision_ids._schedule_entitlement()
        return result
