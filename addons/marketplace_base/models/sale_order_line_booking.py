"""Where the money of an order line is booked, and whose VAT is in it."""

from odoo import fields, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    shipping_vendor_id = fields.Many2one(
        "res.partner",
        string="Delivery for",
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="Vendor whose goods the operator sells the delivery of. The customer's "
        "payment books it, VAT included: it is not invoiced again.",
    )

    amount_discount_operator = fields.Monetary(
        string="Price Reduction by the Operator",
        copy=False,
        readonly=True,
        help="Where the operator sells himself: part of the discounts that he gives, "
        "VAT included. The customer's invoice is lower by it; what the vendor is paid "
        "is not.",
    )

    def _marketplace_credit_role(self):
        """Return the account role that holds what the customer paid for the line."""
        if self.shipping_vendor_id:
            return "SHIPPING_INC"
        agent = self.order_id.posture == "agent"
        return "VENDOR_PENDING" if agent else "CUST_ADVANCE"

    def _marketplace_tax_role(self):
        """Return the role of the VAT that the operator owes on the line, or None.

        Only what is booked at the payment: deliveries he sells, and what he is the
        deemed supplier of (VAT directive, article 14a).
        """
        if self.shipping_vendor_id:
            return "VAT_OUT"
        order = self.order_id
        deemed = order.posture == "agent" and order.vat_debtor == "operator"
        return "VAT_DEEMED" if deemed else None

    def _marketplace_tax_minor(self):
        """Return the VAT in what the line is worth, as its document extracts it."""
        minor = self.currency_id._marketplace_minor
        return minor(self.amount_vendor) - minor(self.amount_vendor_untaxed)
