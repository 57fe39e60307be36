"""What an order in the inbox says, for people who read no payload."""

from odoo import api, fields, models

from ..adapters.errors import DocumentError


class MarketplaceInbox(models.Model):
    _inherit = "marketplace.inbox"

    summary = fields.Html(string="What It Says", compute="_compute_summary")

    @api.depends_context("lang")
    def _compute_summary(self):
        """Show buyer, lines and amounts; nothing of what cannot be read."""
        for message in self:
            message.summary = False
            if message.kind != "order":
                continue
            try:
                order = message._parse_order()
            except DocumentError:
                continue  # its reason says so
            message.summary = message._render_summary(order)

    def _render_summary(self, order):
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", order.currency)], limit=1)
        currency = currency or self.storefront_id.currency_id

        def money(minor):
            return currency.format(currency._marketplace_amount(minor))

        return self.env["ir.qweb"]._render(
            "marketplace_connector.inbox_summary",
            {
                "order": order,
                "money": money,
                "taxes": _name_taxes,
                # Amounts of lines, deliveries and fees are after their discounts.
                "parts": (*order.shippings, *order.fees),
            },
        )


def _name_taxes(taxes):
    """Return the taxes of a line as the shop names them, "VAT 20 (20 %)"."""
    return ", ".join(
        f"{tax.code} ({(tax.rate * 100).normalize():f} %)".strip() for tax in taxes
    )
