"""Delivery note and return note of a parcel, in the vendor's name."""

from odoo import api, models

from ..exceptions import MarketplaceError
from ..formatting import format_quantity

REPORTS = {
    "delivery": "marketplace_base.report_delivery_note",
    "return": "marketplace_base.report_return_note",
}


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _in_customer_language(self):
        """Return the shipment in the language its documents are printed in."""
        self.ensure_one()
        order = self.sale_order_id
        lang = order.partner_shipping_id.lang or order.partner_id.lang
        return self.with_context(lang=lang or self.company_id.partner_id.lang)

    def _document_name(self, kind):
        """Return the file name of a document of one shipment, without extension.

        :param kind: a key of REPORTS.
        """
        self.ensure_one()
        titles = {
            "delivery": self.env._("Delivery Note"),
            "return": self.env._("Return Note"),
        }
        return f"{titles[kind]} {self.name}".replace("/", "-")

    def _document_rows(self):
        """Return what a document lists, one dict per line of the parcel.

        Keys: ``sku`` of the vendor, ``name``, ``quantity`` here, ``ordered`` and
        ``unit``; quantities are texts in the language of the context.
        """
        self.ensure_one()
        return [
            {
                "sku": item.sale_line_id.offer_id.vendor_sku or "",
                "name": item.sale_line_id.name,
                "quantity": format_quantity(self.env, item.quantity),
                "ordered": format_quantity(self.env, item.sale_line_id.product_uom_qty),
                "unit": item.product_uom_id.name,
            }
            for item in self.line_ids.sudo()  # sudo: names of products and offers
        ]

    def _parcel_position(self):
        """Return (number of this parcel, number of parcels) of its order so far."""
        self.ensure_one()
        parcels = self.sale_order_id.marketplace_shipment_ids.filtered(
            lambda parcel: parcel.state != "cancelled" or parcel == self
        ).sorted("id")
        return parcels.ids.index(self.id) + 1, len(parcels)

    def _return_address(self):
        """Return who gets back what was in the parcel."""
        self.ensure_one()
        # sudo: where goods go back to is printed for the customer
        vendor = self.vendor_id.sudo()
        return vendor.returns_address_id or vendor

    @api.private
    def _render_document(self, kind):
        """Return the PDF of the shipments, one after the other.

        :param kind: a key of REPORTS.
        :raises MarketplaceError: for a parcel that was cancelled, or goods to return
            that have not left.
        """
        for shipment in self:
            shipment._check_printable(kind)
        content, _type = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(REPORTS[kind], self.ids)
        )
        return content

    def _check_printable(self, kind):
        if self.state == "cancelled":
            raise MarketplaceError(
                self.env._(
                    "%(shipment)s is cancelled: there is nothing to print.",
                    shipment=self.name,
                )
            )
        if kind == "return" and self.state == "draft":
            raise MarketplaceError(
                self.env._(
                    "%(shipment)s has not left: ship it before you print its return "
                    "note.",
                    shipment=self.name,
                )
            )
