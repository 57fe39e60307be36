from odoo import models


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_apply(self):
        """Have the shop give the money back for refunds that were decided here."""
        res = super()._after_apply()
        # A cancellation before the payment gives nothing back.
        own = self.filtered(
            lambda refund: not refund.external_ref
            and not refund.currency_id.is_zero(refund.amount)
        )
        for storefront, refunds in own.grouped(
            lambda refund: refund.order_id.storefront_id
        ).items():
            if storefront:
                self.env["marketplace.outbox"]._enqueue(storefront, "refund", refunds)
        return res
