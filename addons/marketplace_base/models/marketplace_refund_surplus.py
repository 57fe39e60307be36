"""Give back what a storefront captures although it was cancelled before."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _surplus_refunds(self):
        """Return the refunds of what was captured for nothing, done or not."""
        return self.refund_ids.filtered("is_surplus")

    def _surplus_minor(self):
        """Return what was captured for nothing so far: it pays nothing else."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        return sum(map(minor, self._surplus_refunds().mapped("amount_rounding")))

    def _cancelled_open_minor(self):
        """Return what was cancelled unpaid and not captured all the same so far."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        return minor(self.amount_cancelled) - self._surplus_minor()

    def _refund_surplus(self, surplus):
        """Make the refunds of {group: minor units captured for what was cancelled}.

        They are applied at once when the company wants that of refusals.
        """
        if not surplus:
            return
        # sudo: the instruction follows the payment, whoever recorded it
        Refund = self.env["marketplace.refund"].sudo()._state_unlocked()
        vals_list = []
        for group, minor in surplus.items():
            amount = group.currency_id._marketplace_amount(minor)
            cancelled = group.refund_ids.filtered(
                lambda refund: refund._is_unpaid() and refund.state == "done"
            )
            vals_list.append(
                {
                    "order_id": group.id,
                    "is_surplus": True,
                    "reason_code": cancelled.sorted("id")[-1:].reason_code,
                    "amount": amount,
                    "amount_rounding": amount,
                    "note": self.env._(
                        "Captured for units that were cancelled before the payment."
                    ),
                }
            )
        Refund.create(vals_list)._apply_refusals()


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    is_surplus = fields.Boolean(
        string="Captured for Nothing",
        readonly=True,
        copy=False,
        index=True,
        help="The storefront captured what was cancelled before: it goes back, and no "
        "vendor gives anything up.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("is_surplus") for vals in vals_list):
            self._check_state_gate()
        return super().create(vals_list)

    def write(self, vals):
        if "is_surplus" in vals:
            self._check_state_gate()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_surplus(self):
        if surplus := self.filtered("is_surplus"):
            raise MarketplaceError(
                self.env._(
                    "%(refund)s gives back what was captured of %(order)s for nothing: "
                    "apply it, nobody else holds that money for the customer.",
                    refund=surplus[0].name,
                    order=surplus[0].order_id.display_name,
                )
            )

    def _share_over_lines(self, money):
        """Leave what was captured for nothing to no line."""
        if self.is_surplus:
            return
        super()._share_over_lines(money)
