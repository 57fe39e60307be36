from odoo import fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import to_minor
from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action

# What a vendor may give as a reason; the others are the operator's.
REQUEST_REASONS = ("out_of_stock", "defective", "not_received", "withdrawal")
NOTE_MAX_CHARS = 500


def request_reasons(env):
    """Return the reasons a vendor may give: [(code, label)], in the user's language."""
    labels = dict(
        env["marketplace.refund"]._fields["reason_code"]._description_selection(env)
    )
    return [(code, labels[code]) for code in REQUEST_REASONS]


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    request_user_id = fields.Many2one(
        "res.users",
        string="Asked For By",
        readonly=True,
        copy=False,
        help="The vendor's user who asks for this refund. It changes nothing until "
        "somebody applies it.",
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _vendor_open_requests(self):
        """Return the refunds that wait and name lines of this vendor order, in sudo."""
        # sudo: the caller has passed the vendor's gate for the order
        return (
            self.env["marketplace.refund"]
            .sudo()
            .search(
                [
                    ("state", "=", "draft"),
                    ("line_ids.sale_line_id.order_id", "in", self.ids),
                ]
            )
        )

    def _vendor_request_refund(self, quantities, reason, note, user):
        """Ask the operator to refund units of a vendor order: a draft refund.

        :param quantities: {line id: units}, of lines of goods.
        :param reason: of ``REQUEST_REASONS``.
        :return: the draft refund, in sudo.
        :raises MarketplaceError: when a request waits, or naming lines with less left.
        """
        self.ensure_one()
        # Two clicks make one request.
        self._marketplace_take_turn()
        if self._vendor_open_requests():
            raise MarketplaceError(
                self.env._(
                    "A refund of %(order)s waits for the marketplace already.",
                    order=self.name,
                )
            )
        if reason not in REQUEST_REASONS:
            raise MarketplaceError(self.env._("Choose the reason."))
        quantities = {line_id: units for line_id, units in quantities.items() if units}
        lines = self.order_line.filtered(lambda line: line.id in quantities)
        if not lines or self.state != "sale" or not self.marketplace_order_id:
            raise MarketplaceError(
                self.env._(
                    "Nothing to refund: give a quantity for one product of %(order)s.",
                    order=self.name,
                )
            )
        states = lines._marketplace_ledger_state()
        problems = []
        for line in lines:
            state = states[line].state
            left = state.quantity - state.quantity_back
            if line.marketplace_kind != "goods" or (
                to_minor(quantities[line.id], QUANTITY_DECIMALS) > left
            ):
                problems.append(
                    self.env._(
                        "%(product)s: not so much is left to refund.",
                        product=line.product_id.display_name,
                    )
                )
        if problems:
            raise MarketplaceError("\n".join(problems))
        # sudo: a vendor asks; the operator's people apply the draft or delete it
        refund = (
            self.env["marketplace.refund"]
            .sudo()
            .create(
                {
                    "order_id": self.marketplace_order_id.id,
                    "reason_code": reason,
                    "note": (note or "").strip()[:NOTE_MAX_CHARS] or False,
                    "request_user_id": user.id,
                    "line_ids": [
                        fields.Command.create(
                            {"sale_line_id": line.id, "quantity": quantities[line.id]}
                        )
                        for line in lines
                    ],
                }
            )
        )
        refund.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Refund asked for by the vendor"),
            user_id=self.vendor_id._marketplace_responsible().id,
        )
        return refund


class MarketplaceVendorApi(models.AbstractModel):
    _inherit = "marketplace.vendor.api"

    @vendor_action("orders")
    def request_refund(self, member, order_id, quantities, reason, note=""):
        """Ask the operator to refund units of an order.

        :param quantities: {line id as text: units}.
        """
        order = self._api_get(member, "sale.order", order_id)
        if not isinstance(note, str) or not isinstance(reason, str):
            raise MarketplaceError(self.env._("“reason” and “note” are texts."))
        refund = order._vendor_request_refund(
            self._api_quantities(order, quantities), reason, note, member.user_id
        )
        return {"name": refund.name, "state": refund.state}
