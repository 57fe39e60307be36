"""Refuse, in words, to give back more than there is."""

from odoo import api, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import from_minor
from ..engine.refund import RefundError
from ..exceptions import MarketplaceError


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _check_payment(self):
        self.ensure_one()
        payment = self.payment_id
        if not self.off_account and (
            payment.state != "captured" or payment.order_id != self.order_id
        ):
            raise MarketplaceError(
                self.env._(
                    "%(refund)s: choose a captured payment of %(order)s to give the "
                    "money back on.",
                    refund=self.name,
                    order=self.order_id.display_name,
                )
            )
        if self.currency_id.compare_amounts(self.amount, 0.0) <= 0:
            raise MarketplaceError(
                self.env._(
                    "%(refund)s refunds nothing: enter quantities or an amount.",
                    refund=self.name,
                )
            )

    def _check_rounding(self, left):
        """Refuse a part without line above the rounding the customer had paid.

        :param left: {order group: minor units not given back}, brought forward.
        """
        self.ensure_one()
        rounding = self.currency_id._marketplace_minor(self.amount_rounding)
        if not rounding:
            return
        if not 0 < rounding <= left[self.order_id]:
            error = RefundError("amount", left[self.order_id])
            raise MarketplaceError(self._too_much(self.order_id, error, self.name))
        left[self.order_id] -= rounding

    @api.model
    def _too_much(self, record, error, name):
        """Return, in words, the refusal of a refund above what is left."""
        if error.code == "quantity":
            return self.env._(
                "%(refund)s: only %(left)s units of %(record)s are left to refund.",
                refund=name,
                left=f"{from_minor(error.left, QUANTITY_DECIMALS).normalize():f}",
                record=record.display_name,
            )
        if error.code == "tax":
            return self.env._(
                "%(refund)s: the VAT given for %(record)s does not fit, %(left)s of "
                "VAT is left on it.",
                refund=name,
                record=record.display_name,
                left=record.currency_id.format(
                    record.currency_id._marketplace_amount(error.left)
                ),
            )
        left = record.currency_id.format(
            record.currency_id._marketplace_amount(error.left)
        )
        if error.code == "sum":
            return self.env._(
                "%(refund)s: its lines add up to %(sum)s, more than the refund itself.",
                refund=name,
                sum=left,
            )
        return self.env._(
            "%(refund)s: only %(left)s of %(record)s is left to refund.",
            refund=name,
            left=left,
            record=record.display_name,
        )
