"""Cash that the vendor takes at the door and keeps: he owes us our part of it."""

from odoo import api, fields, models

CASH_COLLECTORS = [("carrier", "Carrier"), ("vendor", "Vendor")]


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    cash_collector = fields.Selection(
        CASH_COLLECTORS,
        string="Cash Collected by",
        required=True,
        default="carrier",
        tracking=True,
        help="Who takes the customer's cash at the door. A vendor keeps it: we never "
        "hold it, and what is ours of it is taken from his other sales, or claimed "
        "from him.",
    )

    def _frozen_fields(self):
        return super()._frozen_fields() | {"cash_collector"}

    def _cash_terms(self, collector=None):
        """Return the terms that an order freezes of its cash.

        :param collector: who collects, the contract says it when None. What a vendor
            keeps is his once it is collected.
        """
        self.ensure_one()
        collector = collector or self.cash_collector
        kept = collector == "vendor"
        return {
            "cash_collector": collector,
            "cash_terms": "collected" if kept else self.cash_terms,
        }


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    cash_collector = fields.Selection(
        CASH_COLLECTORS,
        string="Told Collector",
        readonly=True,
        copy=False,
        help="Who collects the cash, as the storefront says. Empty: as the contract "
        "of each vendor says.",
    )

    def _excess_entries(self, minor, payment):
        """Tell whose order the rounding of a vendor's cash comes with."""
        entries = super()._excess_entries(minor, payment)
        if payment.kind == "vendor_cash":
            for entry in entries:
                entry["sale_order_id"] = payment.cash_collection_id.sale_order_id.id
        return entries


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cash_collector = fields.Selection(
        CASH_COLLECTORS,
        string="Cash Collected by",
        readonly=True,
        copy=False,
        help="Frozen from the contract, unless the storefront says who collects.",
    )
    is_paid_at_door = fields.Boolean(related="marketplace_order_id.cash_on_delivery")

    @api.model
    def _marketplace_contract_vals(self, vendor, contracts, date=None):
        terms = super()._marketplace_contract_vals(vendor, contracts, date)
        if vendor:
            terms.update(contracts[vendor.id]._cash_terms())
        return terms


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    is_cash_kept = fields.Boolean(
        compute="_compute_is_cash_kept",
        compute_sudo=True,
        help="The vendor takes the cash of the parcel himself.",
    )

    @api.depends("cash_collection_ids.collector", "sale_order_id.cash_collector")
    def _compute_is_cash_kept(self):
        for shipment in self:
            collector = (
                shipment.cash_collection_ids.collector
                or shipment.sale_order_id.cash_collector
            )
            shipment.is_cash_kept = collector == "vendor"

    def _cash_collector(self):
        if self.sale_order_id.cash_collector == "vendor":
            return self.vendor_id
        return super()._cash_collector()


class MarketplaceCashCollection(models.Model):
    _inherit = "marketplace.cash.collection"

    collector = fields.Selection(
        CASH_COLLECTORS, compute="_compute_collector", store=True, precompute=True
    )

    @api.depends("carrier_id", "vendor_id")
    def _compute_collector(self):
        for collection in self:
            kept = collection.carrier_id == collection.vendor_id
            collection.collector = "vendor" if kept else "carrier"

    def _state_collected(self):
        """Leave with the vendor what he took: nobody remits it."""
        kept = self.collector == "vendor"
        return "kept" if kept else super()._state_collected()

    def _prepare_payment_vals(self, moment):
        vals = super()._prepare_payment_vals(moment)
        if self.collector == "vendor":
            vals["kind"] = "vendor_cash"
        return vals
