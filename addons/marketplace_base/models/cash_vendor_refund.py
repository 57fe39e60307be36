"""Refunds of cash that a vendor keeps: he gives it back, or we do and he owes it."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError

GIVEN_BACK_BY = [
    ("vendor", "The vendor, of the cash he took"),
    ("operator", "The marketplace, by a transfer"),
]


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    def _change_state(self, target):
        """Refuse cash of a vendor that no parcel brought: nobody would owe it.

        :raises MarketplaceError: naming the payment.
        """
        for payment in self:
            if payment.kind == "vendor_cash" and not payment.cash_collection_id:
                raise MarketplaceError(
                    self.env._(
                        "%(payment)s: cash that a vendor keeps is noted on the parcel "
                        "that it paid for, it is not typed.",
                        payment=payment.display_name,
                    )
                )
        return super()._change_state(target)

    def _may_pay_back(self, lines):
        """Say whether money of order lines may go back on the payment.

        Cash that a vendor keeps paid for his parcel, and for nothing else.
        """
        self.ensure_one()
        if self.kind != "vendor_cash":
            return True
        # sudo: which lines cash paid must not depend on who refunds
        paid = self.sudo().cash_collection_id.line_ids.sale_line_id
        vendor = self.psp_partner_id
        return all(line in paid or line.order_id.vendor_id == vendor for line in lines)


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    payment_kind = fields.Selection(related="payment_id.kind")
    cash_back_by = fields.Selection(
        GIVEN_BACK_BY,
        string="Given Back by",
        required=True,
        default="vendor",
        tracking=True,
        help="Of cash that the vendor took. When we give it back, he owes us that "
        "much more.",
    )

    @api.depends("cash_back_by")
    def _compute_preview(self):
        return super()._compute_preview()

    @api.model_create_multi
    def create(self, vals_list):
        """Give each refund the payment of its own lines, unless one was chosen."""
        refunds = super().create(vals_list)
        for refund, vals in zip(refunds, vals_list, strict=True):
            if not vals.get("payment_id"):
                refund._choose_cash_payment()
        return refunds

    def write(self, vals):
        if "cash_back_by" in vals:
            self.filtered(lambda refund: refund.state == "done")._refuse_done()
        return super().write(vals)

    @api.onchange("line_ids")
    def _choose_cash_payment(self):
        """Choose another payment than cash that paid for other lines."""
        for refund in self:
            lines = refund.line_ids.sale_line_id
            payment = refund.payment_id
            if not lines or not payment or payment._may_pay_back(lines):
                continue
            fitting = refund.order_id.payment_ids.filtered(
                lambda one, lines=lines: one.state == "captured"
                and one._may_pay_back(lines)
            )
            refund.payment_id = fitting.sorted(
                lambda one: (one.kind != "vendor_cash", -one.amount_left, one.id)
            )[:1]

    def _check_payment(self):
        """Refuse to have a vendor give back what another one took.

        :raises MarketplaceError: naming the refund and the payment.
        """
        result = super()._check_payment()
        lines = self.line_ids.sale_line_id
        payment = self.payment_id
        if payment and self.borne_by == "vendor" and not payment._may_pay_back(lines):
            raise MarketplaceError(
                self.env._(
                    "%(refund)s: %(payment)s is cash that %(vendor)s took for his own "
                    "parcel. Refund each vendor's lines on their own payment.",
                    refund=self.name,
                    payment=payment.display_name,
                    vendor=payment.psp_partner_id.display_name,
                )
            )
        return result

    def _lines_to_share(self):
        """Share an amount of a vendor's cash over what that cash paid for."""
        lines = super()._lines_to_share()
        if self.payment_id.kind != "vendor_cash":
            return lines
        return lines.filtered(self.payment_id._may_pay_back)

    def _customer_role(self):
        """Have the vendor give cash back himself, unless we do it for him."""
        if (
            self.payment_id.kind == "vendor_cash"
            and self.cash_back_by == "vendor"
            and self.borne_by == "vendor"
            and not self._is_unpaid()
        ):
            return self.payment_id._ledger_role()
        return super()._customer_role()

    @api.model
    def _import_payment(self, payload, left, total, lines=None):
        if lines:
            left = {
                payment: minor
                for payment, minor in left.items()
                if payment._may_pay_back(lines)
            }
        return super()._import_payment(payload, left, total, lines)


class MarketplaceOrderAmendment(models.Model):
    _inherit = "marketplace.order.amendment"

    def _share_over_payments(self, parts, left):
        """Give back on a vendor's cash what that cash paid, before the rest."""
        todo, others = list(parts), dict(left)
        for payment in left:
            if payment.kind != "vendor_cash":
                continue
            own = {payment: others.pop(payment)}
            mine = [part for part in todo if payment._may_pay_back(part[0])]
            given = sum(amount for _line, _quantity, amount in mine)
            if mine and given <= own[payment]:
                todo = [part for part in todo if part not in mine]
                yield from super()._share_over_payments(mine, own)
        yield from super()._share_over_payments(todo, others)
