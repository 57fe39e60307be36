"""Vendors who keep the cash say themselves what happened at the door."""

from odoo import fields, models

from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action

OUTCOMES = ("collected", "refused")


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _vendor_has_cash_to_report(self):
        """Say whether the vendor is on his way to cash that he keeps."""
        self.ensure_one()
        # sudo: of the vendor's own parcel, the caller has passed the gate
        cash = self.sudo().cash_collection_ids
        return cash.collector == "vendor" and cash.state == "to_collect"

    def _vendor_cash_debt(self):
        """Return the contract of a vendor who owes more than his limit, or none."""
        self.ensure_one()
        # sudo: the vendor's own terms and debt, the caller has passed the gate
        contract = self.sudo().sale_order_id.contract_id
        return contract.filtered("is_cash_over")

    def _vendor_report_cash(self, outcome):
        """Note that the customer took the parcel and paid, or that he refused it.

        :param outcome: one of OUTCOMES.
        :raises MarketplaceError: when nothing is to be collected by the vendor.
        """
        self.ensure_one()
        if outcome not in OUTCOMES:
            raise MarketplaceError(
                self.env._(
                    "“outcome” is one of: %(outcomes)s.", outcomes=", ".join(OUTCOMES)
                )
            )
        if not self._vendor_has_cash_to_report():
            raise MarketplaceError(
                self.env._(
                    "%(parcel)s: there is no cash that you are still to collect.",
                    parcel=self.name,
                )
            )
        # sudo: of the vendor's own parcel, the caller has passed the gate
        cash = self.sudo().cash_collection_ids
        if outcome == "collected":
            cash._note_collected("vendor", fields.Datetime.now())
        else:
            cash.action_refuse()
        cash.message_post(
            body=self.env._(
                "Said by %(user)s in the vendor portal.", user=self.env.user.name
            )
        )


class MarketplaceVendorApi(models.AbstractModel):
    """Cash on delivery in the vendor API."""

    _inherit = "marketplace.vendor.api"

    @vendor_action("orders")
    def report_cash(self, member, shipment_id, outcome):
        """Say what happened at the door with cash the vendor keeps; return the parcel.

        :param outcome: "collected": delivered and paid, or "refused" by the customer.
        """
        shipment = self._api_get(member, "marketplace.shipment", shipment_id)
        shipment._vendor_report_cash(self._api_text("outcome", outcome))
        return self._api_shipment(shipment)

    def _api_shipment(self, shipment):
        collector = "vendor" if shipment.is_cash_kept else "carrier"
        return {
            **super()._api_shipment(shipment),
            "cash_collector": collector if shipment.amount_to_collect else None,
        }
