"""What a vendor does with orders and parcels, in his portal or by program.

The gate comes before: the caller has found the record among the vendor's own.
"""

from odoo import api, fields, models

from ..engine.numbers import TEXT_MAX_CHARS
from ..exceptions import MarketplaceError
from .marketplace_line_decision import OPERATOR_REASONS, REFUSAL_REASONS

REFUSAL_NOTE_MAX_CHARS = 500
VENDOR_REFUSAL_REASONS = tuple(
    code for code, _label in REFUSAL_REASONS if code not in OPERATOR_REASONS
)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    is_shipped_by_vendor = fields.Boolean(compute="_compute_is_shipped_by_vendor")

    @api.depends("order_line.is_operator_fulfilled", "order_line.marketplace_kind")
    def _compute_is_shipped_by_vendor(self):
        """Tell orders with goods that the vendor ships from those of our warehouse."""
        for order in self:
            order.is_shipped_by_vendor = bool(
                order.order_line._marketplace_vendor_ships()
            )

    def _vendor_ship(self, quantities, carrier_name, tracking_ref):
        """Ship units of a vendor order, and return the shipment.

        :param quantities: {line id: units}; all that is left when None.
        :raises MarketplaceError: without a carrier, or with nothing left to ship.
        """
        self.ensure_one()
        shipments = self.env["marketplace.shipment"]
        parcel = shipments._vendor_parcel(carrier_name, tracking_ref)
        shipment = shipments._create_for_order(self, quantities=quantities, **parcel)
        shipment.action_ship()
        return shipment

    def _vendor_refuse_units(self, quantities, reason, note):
        """Refuse units of a vendor order.

        :param quantities: {line: units}.
        :raises MarketplaceError: without units, or for a reason that is the operator's.
        """
        self.ensure_one()
        if not any(quantities.values()):
            raise MarketplaceError(
                self.env._("Type how many units of one product you refuse.")
            )
        if reason not in VENDOR_REFUSAL_REASONS:
            raise MarketplaceError(self.env._("Choose why you cannot deliver."))
        return self._marketplace_refuse(
            "vendor", quantities, reason, (note or "").strip()[:REFUSAL_NOTE_MAX_CHARS]
        )


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _vendor_parcel(self, carrier_name, tracking_ref):
        """Return the values of a parcel as a vendor named it.

        :raises MarketplaceError: without a carrier, or when a text is too long.
        """
        parcel = {
            "carrier_name": carrier_name.strip(),
            "tracking_ref": tracking_ref.strip(),
        }
        if problems := self._vendor_parcel_problems(**parcel):
            raise MarketplaceError("\n".join(problems))
        return parcel

    def _vendor_parcel_problems(self, carrier_name, tracking_ref):
        """Return what is wrong with the names of a parcel, in words."""
        problems = []
        if not carrier_name.strip():
            problems.append(self.env._("Tell which carrier takes the parcel."))
        if max(len(carrier_name), len(tracking_ref)) > TEXT_MAX_CHARS:
            problems.append(
                self.env._(
                    "Carrier and tracking number take at most %(limit)s characters.",
                    limit=TEXT_MAX_CHARS,
                )
            )
        return problems

    def _vendor_correct_tracking(self, carrier_name, tracking_ref):
        """Correct the carrier and the tracking number of a parcel."""
        self.ensure_one()
        values = self._vendor_parcel(carrier_name, tracking_ref)
        if values["tracking_ref"] != (self.tracking_ref or ""):
            # The link was to the parcel of the old number.
            values["tracking_url"] = False
        self.write(values)


class MarketplaceVendorClosure(models.Model):
    _inherit = "marketplace.vendor.closure"

    def _vendor_cancel(self):
        """Cancel a closure.

        :raises MarketplaceError: when it is over.
        """
        self.ensure_one()
        if self.date_end < self._vendor_today():
            raise MarketplaceError(
                self.env._("This closure is over: it stays in the list.")
            )
        self.unlink()

    def _vendor_today(self):
        """Return the day at the marketplace, by which a vendor plans closures."""
        return self.env.company._marketplace_today()
