from odoo import models

# Unforgeable by RPC: a client can send any context value, never this object.
TOLD_BY_SHOP = object()


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_apply(self):
        """Have the shop give money back, or cancel, what was decided here."""
        res = super()._after_apply()
        if self.env.context.get("marketplace_told_by_shop") is TOLD_BY_SHOP:
            return res
        own = self.filtered(lambda refund: not refund.external_ref)
        unpaid = own.filtered(lambda refund: refund._is_unpaid())
        paid = (own - unpaid).filtered(
            lambda refund: not refund.currency_id.is_zero(refund.amount)
        )
        paid._tell_storefront("refund")
        unpaid._tell_storefront("cancellation")
        return res

    def _tell_storefront(self, kind):
        """Queue refunds of storefront orders for the shop they came from."""
        # sudo: who refuses or refunds need not see storefronts
        for storefront, refunds in (
            self.sudo().grouped(lambda refund: refund.order_id.storefront_id).items()
        ):
            if storefront:
                self.env["marketplace.outbox"]._enqueue(storefront, kind, refunds)
