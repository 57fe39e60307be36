"""When cash on delivery becomes the vendor's: once remitted, or before."""

from odoo import models

# States in which the cash is in, by the vendor's terms.
CASH_IN = {
    "remitted": ("kept", "remitted", "lost"),
    "collected": ("kept", "collected", "remitted", "lost"),
}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_is_guaranteed(self):
        """Say whether the vendor is credited before his customer pays."""
        return super()._marketplace_is_guaranteed() or bool(
            self.cash_terms == "guaranteed"
            and self.marketplace_order_id.cash_on_delivery
        )

    def _marketplace_entitlement_trigger(self):
        """Make cash due from the parcel that brings it, not from acceptance."""
        trigger = super()._marketplace_entitlement_trigger()
        if trigger == "acceptance" and self.marketplace_order_id.cash_on_delivery:
            return "shipment"
        return trigger


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _is_payment_in(self):
        """Look at the cash of the parcel itself, by the terms of its vendor."""
        self.ensure_one()
        cash, terms = self.cash_collection_ids, self.sale_order_id.cash_terms
        if not cash or terms == "guaranteed":
            return super()._is_payment_in()
        return cash.state in CASH_IN[terms or "remitted"]

    def _entitlement_moment(self):
        """Make cash due when it is in, not on the earlier day of the parcel."""
        moment = super()._entitlement_moment()
        cash, terms = self.cash_collection_ids, self.sale_order_id.cash_terms
        if not moment or not cash or terms == "guaranteed":
            return moment
        if terms == "collected":
            return max(moment, cash.date_collected or moment)
        if not cash.date_remitted:
            return moment
        return max(moment, self.company_id._marketplace_day_start(cash.date_remitted))
