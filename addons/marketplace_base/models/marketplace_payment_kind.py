"""Gift cards and store credit: payments that no provider makes."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError

PAYMENT_KINDS = [
    ("psp", "Payment provider"),
    ("gift_card", "Gift card"),
    ("store_credit", "Store credit"),
    ("vendor_cash", "Cash kept by the vendor"),
]
# What the money of each kind is owed by; a provider else.
LEDGER_ROLES = {
    "gift_card": "GIFT_CARDS",
    "store_credit": "GIFT_CARDS",
    "vendor_cash": "VENDOR_CASH",
}


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    kind = fields.Selection(
        PAYMENT_KINDS,
        required=True,
        default="psp",
        help="A gift card or a store credit pays like money: what the operator owes "
        "its holder goes down, and vendors are credited the full price.",
    )

    @api.depends("order_id", "kind")
    def _compute_psp_partner_id(self):
        """Name who owes what a card holds: the operator, unless told otherwise."""
        cards = self.filtered(lambda payment: payment.kind != "psp")
        for payment in cards:
            payment.psp_partner_id = payment.company_id.partner_id
        return super(MarketplacePayment, self - cards)._compute_psp_partner_id()

    def write(self, vals):
        if "kind" in vals and any(
            payment.state == "captured" and payment.kind != vals["kind"]
            for payment in self
        ):
            raise MarketplaceError(
                self.env._(
                    "A captured payment cannot become another kind; refund it instead."
                )
            )
        return super().write(vals)

    @api.model
    def _prepare_vals(self, order, item):
        return {
            **super()._prepare_vals(order, item),
            "kind": item.get("kind") or "psp",
        }

    def _ledger_role(self):
        """Return the account role that the money came from, and goes back to."""
        return LEDGER_ROLES.get(self.kind, "PSP_CLEARING")


class MarketplaceDispute(models.Model):
    _inherit = "marketplace.dispute"

    def action_open(self):
        """Refuse chargebacks of cards: no bank can take that money back."""
        for dispute in self:
            if dispute.payment_id.kind != "psp":
                raise MarketplaceError(
                    self.env._(
                        "%(dispute)s: %(payment)s is a gift card or store credit, no "
                        "bank claims it back. Choose the payment of a provider.",
                        dispute=dispute.name,
                        payment=dispute.payment_id.display_name,
                    )
                )
        return super().action_open()
