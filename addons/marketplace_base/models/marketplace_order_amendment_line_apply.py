"""What one line of an amendment asks for: its problems, and what it sells."""

from odoo import models

from ..const import QUANTITY_DECIMALS
from ..engine.money import from_minor


class MarketplaceOrderAmendmentLine(models.Model):
    _inherit = "marketplace.order.amendment.line"

    def _problem(self, money):
        """Return, in words, why the line cannot change; None when it can."""
        self.ensure_one()
        sale_line = self.sale_line_id
        if not sale_line:
            if self.product_id and self.quantity_new:
                return None
            return self.env._(
                "%(amendment)s: an added line needs an offer or a product, and a "
                "quantity.",
                amendment=self.amendment_id.name,
            )
        order = sale_line.order_id
        if order.marketplace_order_id != self.order_id or order.state != "sale":
            return self.env._(
                "%(line)s is not a line of a confirmed order of %(order)s.",
                line=sale_line.display_name,
                order=self.order_id.display_name,
            )
        state = sale_line._marketplace_sold_state(money[sale_line])
        left = self.currency_id._marketplace_amount(state.left)
        if self.currency_id.compare_amounts(left, self.amount_old):
            return self.env._(
                "%(line)s was refunded or amended since %(amendment)s was prepared. "
                "Remove the line and add it again, then look at it once more.",
                line=sale_line.display_name,
                amendment=self.amendment_id.name,
            )
        if (
            sale_line.marketplace_kind == "shipping"
            and self.product_id.uom_id.compare(self.quantity_new, self.quantity_old) > 0
        ):
            return self.env._(
                "%(line)s is a delivery: change its price, not its quantity.",
                line=sale_line.display_name,
            )
        return None

    def _source_order(self):
        """Return the seller's first order in the purchase; none when he joins it."""
        self.ensure_one()
        if self.sale_line_id:
            return self.sale_line_id.order_id
        return self.order_id.sale_order_ids.filtered(
            lambda order: order.vendor_id == self.vendor_id
        )[:1]

    def _prepare_sale_lines(self, done):
        """Return the values of the order lines that hold what is more."""
        self.ensure_one()
        vals_list = []
        if done.more_quantity:
            quantity = float(from_minor(done.more_quantity, QUANTITY_DECIMALS))
            vals_list.append(self._prepare_sale_line_vals(quantity, done.more))
        if done.supplement:
            vals_list.append(
                {
                    **self._prepare_sale_line_vals(1.0, done.supplement),
                    "name": self.env._("Higher price: %(line)s", line=self.name),
                    "is_supplement": True,
                }
            )
        return vals_list

    def _prepare_sale_line_vals(self, quantity, minor):
        """Return the values of one further order line that costs so much, VAT included.

        A price without VAT is taken out of it; Odoo then has the last word on the cent.
        """
        sale_line = self.sale_line_id
        amount = self.currency_id._marketplace_amount(minor)
        if any(not tax.price_include for tax in self.tax_ids):
            taxes = self.tax_ids.compute_all(1_000_000.0, currency=self.currency_id)
            amount *= taxes["total_excluded"] / taxes["total_included"]
        vals = self.env["sale.order.line"]._marketplace_line_vals(
            self.product_id,
            quantity,
            amount,
            self.tax_ids.ids,
            name=self.name,
            offer_id=(sale_line.offer_id or self.offer_id).id,
            customer_lead=sale_line.customer_lead,
            external_ref=self.external_ref,
            shipping_vendor_id=sale_line.shipping_vendor_id.id,
            amendment_line_id=self.id,
        )
        if sale_line:
            vals["product_uom_id"] = sale_line.product_uom_id.id
        return vals
