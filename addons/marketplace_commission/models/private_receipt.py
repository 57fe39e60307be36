"""What a private person sells: no VAT, no invoice, a receipt by the setting.

The receipt says who sold what for how much; it has no number of a series and no VAT.
"""

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.formatting import format_quantity

MAIL_TEMPLATE = "marketplace_commission.mail_template_private_receipt"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    has_private_receipt = fields.Boolean(compute="_compute_has_private_receipt")

    def _compute_has_private_receipt(self):
        for order in self:
            # sudo: what kind of vendor and a setting of the company, no secrets
            sudo_order = order.sudo()
            order.has_private_receipt = (
                order.state == "sale"
                and order.posture == "agent"
                and sudo_order.vendor_id.vendor_kind == "private"
                and sudo_order.company_id.marketplace_private_document == "receipt"
            )

    def _set_vendor_document_state(self, states):
        """Send the receipts of private vendors' orders, once."""
        fresh = self.filtered(
            lambda order: order in states
            and states[order][0] == "none"
            and order.vendor_document_state != "none"
            and order.has_private_receipt
            and order.marketplace_order_id._is_paid()
        )
        result = super()._set_vendor_document_state(states)
        receivers = fresh.filtered(
            lambda order: order.company_id.marketplace_document_mail
            and order.partner_id.email
        )
        if receivers:
            # sudo: the sale decides this mail, whoever runs the job
            template = self.env.ref(MAIL_TEMPLATE).sudo()
            template.send_mail_batch(receivers.ids, email_values={"is_internal": True})
        return result

    def _receipt_rows(self):
        """Return what a receipt lists: {"name", "quantity", "amount"}, as texts."""
        self.ensure_one()
        money = self.currency_id.format
        return [
            {
                "name": (line.name or "").splitlines()[0],
                "quantity": format_quantity(self.env, line.product_uom_qty),
                "amount": money(line.amount_vendor),
            }
            for line in self.order_line
            if line.amount_vendor
        ]

    def action_print_private_receipt(self):
        """Print the receipt of an order that a private person sold.

        :raises MarketplaceError: for other orders, or where the company gives none.
        """
        for order in self:
            if not order.has_private_receipt:
                raise MarketplaceError(
                    self.env._(
                        "%(order)s has no receipt: its vendor is no private person, or "
                        "the marketplace settings want none.",
                        order=order.name,
                    )
                )
        report = self.env.ref("marketplace_commission.sale_order_report_receipt")
        return report.report_action(self)
