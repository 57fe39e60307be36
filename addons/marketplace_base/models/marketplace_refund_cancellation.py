"""Refunds of what was not captured yet: nothing to give back, less to charge."""

from odoo import api, fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.amend import cancel
from ..engine.money import to_minor
from ..engine.refund import RefundError
from ..exceptions import MarketplaceError


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    before_capture = fields.Boolean(
        string="Before Payment",
        readonly=True,
        copy=False,
        index=True,
        help="Cancelled before the payment was captured: the customer is charged so "
        "much less, and no money moves.",
    )
    amendment_id = fields.Many2one(
        "marketplace.order.amendment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The change of the purchase that this refund carries out.",
    )

    off_account = fields.Boolean(
        string="Off the Account",
        help="The customer bought on account and has not paid: he owes so much less, "
        "and no payment is touched.",
    )

    def _is_unpaid(self):
        """Say whether the refund lowers what is to pay, instead of paying back."""
        self.ensure_one()
        return self.before_capture or self.off_account

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("before_capture") for vals in vals_list):
            self._check_state_gate()
        return super().create(vals_list)

    def write(self, vals):
        if {"before_capture", "amendment_id"} & vals.keys():
            self._check_state_gate()
        return super().write(vals)

    @api.depends("order_id", "before_capture", "off_account")
    def _compute_payment_id(self):
        cancellations = self.filtered(lambda refund: refund._is_unpaid())
        cancellations.payment_id = False
        return super(MarketplaceRefund, self - cancellations)._compute_payment_id()

    def _after_apply(self):
        """Complete the purchases of which the customer has to pay no more."""
        result = super()._after_apply()
        groups = self.filtered(lambda refund: refund._is_unpaid()).order_id
        if groups:
            groups.invalidate_recordset(["amount_payable", "payment_state"])
            # sudo: the ledger follows the cancellation, whoever made it
            groups = groups.sudo()
            groups._record_captures(
                self.env["marketplace.payment"], max(self.mapped("date"))
            )
            groups._schedule_entitlement()
        self.order_id._entitle_supplements(
            {refund.order_id: refund.date for refund in self.sorted("date")}
        )
        return result

    def _cancel_lines(self, money):
        """Take what was not captured off the lines; bring ``money`` forward.

        :raises MarketplaceError: above what is still to be captured, naming the line.
        """
        self.ensure_one()
        currency = self.currency_id
        for item in self.line_ids:
            line = item.sale_line_id
            if line.order_id.marketplace_order_id != self.order_id:
                raise MarketplaceError(
                    self.env._(
                        "%(line)s is not a line of %(order)s.",
                        line=line.display_name,
                        order=self.order_id.display_name,
                    )
                )
            try:
                part, money[line] = cancel(
                    money[line],
                    line._marketplace_sold_state(money[line]),
                    to_minor(item.quantity, QUANTITY_DECIMALS),
                    currency._marketplace_minor(item.amount),
                )
            except RefundError as error:
                raise MarketplaceError(
                    self._too_much(line, error, self.name)
                ) from error
            item.amount_vendor = currency._marketplace_amount(part.credit)


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    before_capture = fields.Boolean(
        related="refund_id.before_capture", store=True, precompute=True
    )
