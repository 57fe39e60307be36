from odoo import fields, models

from odoo.addons.marketplace_base.models.cash_vendor import CASH_COLLECTORS

from ..engine.contract import PaymentKind
from ..engine.payment_kinds import method_key, with_kinds

METHOD_KINDS = [
    (PaymentKind.CASH_ON_DELIVERY.value, "Cash on delivery"),
    (PaymentKind.GIFT_CARD.value, "Gift card"),
    (PaymentKind.STORE_CREDIT.value, "Store credit"),
]


class MarketplaceStorefrontPayment(models.Model):
    """What a payment method of the shop is, when no provider is behind it."""

    _name = "marketplace.storefront.payment"
    _description = "Storefront Payment Method"
    _order = "storefront_id, code"
    _rec_name = "code"

    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="storefront_id.company_id")
    code = fields.Char(
        string="Code in the Shop",
        required=True,
        help="As the shop names the method on the payments of its orders, for example "
        "“cod”; capitals do not matter.",
    )
    kind = fields.Selection(
        METHOD_KINDS,
        required=True,
        default=PaymentKind.CASH_ON_DELIVERY.value,
        help="Orders paid by cash on delivery are imported although nothing is paid; "
        "each parcel then says what was collected. Methods that are not listed are "
        "those of a payment provider.",
    )
    cash_collector = fields.Selection(
        CASH_COLLECTORS,
        string="Cash Collected by",
        help="Who takes the cash, when the shop tells its customers. Empty: as the "
        "contract of each vendor says.",
    )

    _code_uniq = models.UniqueIndex(
        "(storefront_id, lower(code))", "This payment method is already listed."
    )
    _collector_of_cash = models.Constraint(
        f"CHECK (cash_collector IS NULL OR kind = '{METHOD_KINDS[0][0]}')",
        "Only cash on delivery is collected by somebody.",
    )


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    payment_method_ids = fields.One2many(
        "marketplace.storefront.payment", "storefront_id", string="Payment Methods"
    )

    def _with_payment_kinds(self, order):
        """Return an order of the shop with the kinds of its payment methods."""
        self.ensure_one()
        kinds = {
            method_key(method.code): PaymentKind(method.kind)
            for method in self.payment_method_ids
        }
        return with_kinds(order, kinds)

    def _prepare_cash_values(self, order):
        """Return what a purchase that is paid at the door says of it."""
        self.ensure_one()
        cash = order.cash_payment
        if not cash:
            return {}
        method = self.payment_method_ids.filtered(
            lambda one: method_key(one.code) == method_key(cash.method)
        )[:1]
        return {
            "cash_on_delivery": True,
            "cash_collector": method.cash_collector,
            "cash_payment_ref": cash.ref,
        }


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    cash_payment_ref = fields.Char(
        string="Payment in the Shop",
        readonly=True,
        copy=False,
        help="What the shop calls the payment of a purchase that is paid at the door.",
    )


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    def _shop_ref(self):
        """Return what the shop calls the payment: cash of all parcels is one there."""
        self.ensure_one()
        if self.cash_collection_id:
            return self.order_id.cash_payment_ref or self.external_ref
        return self.external_ref
