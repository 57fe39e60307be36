"""Who bears what the payment service provider takes: operator, vendors, or both."""

import base64
import csv
import io
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models

from odoo.addons.marketplace_base.engine.money import percent_of
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.fees import psp_shares
from .marketplace_commission_rule import RATE_DIGITS

PSP_COST_BEARERS = [
    ("operator", "Operator"),
    ("vendor", "Vendor"),
    ("shared", "Shared"),
]
# Rows of one file of fees.
PSP_FILE_ROWS = 50_000


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    psp_cost_bearer = fields.Selection(
        PSP_COST_BEARERS,
        string="Payment Cost Borne by",
        default="operator",
        required=True,
        tracking=True,
        help="What the provider takes on the customer's payment, shared over the "
        "vendors of the purchase by what was paid for each.",
    )
    psp_cost_rate = fields.Float(
        string="Vendor's Part",
        digits=RATE_DIGITS,
        tracking=True,
        help="Of a shared cost, the part that the vendor bears.",
    )

    @api.constrains("psp_cost_rate")
    def _check_psp_cost_rate(self):
        for contract in self:
            if not 0 <= contract.psp_cost_rate <= 1:
                raise MarketplaceError(
                    self.env._(
                        "%(contract)s: the vendor's part of the payment cost must lie "
                        "between 0 %% and 100 %%.",
                        contract=contract.display_name,
                    )
                )

    def _frozen_fields(self):
        return super()._frozen_fields() | {"psp_cost_bearer", "psp_cost_rate"}

    def _psp_cost_borne(self):
        """Return the part of his share that the vendor bears; none without contract."""
        if self.psp_cost_bearer == "shared":
            return Decimal(str(self.psp_cost_rate))
        return Decimal(self.psp_cost_bearer == "vendor")


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_psp_rate = fields.Float(
        string="Payment Cost, Rate",
        digits=RATE_DIGITS,
        help="Estimate of what the provider takes, until its file says.",
    )
    marketplace_psp_fixed = fields.Monetary(
        string="Payment Cost, per Payment", currency_field="currency_id"
    )

    @api.constrains("marketplace_psp_rate", "marketplace_psp_fixed")
    def _check_marketplace_psp(self):
        for company in self:
            fixed = company.currency_id.compare_amounts(
                company.marketplace_psp_fixed, 0.0
            )
            if not 0 <= company.marketplace_psp_rate <= 1 or fixed < 0:
                raise MarketplaceError(
                    self.env._(
                        "%(company)s: the estimated payment cost is a rate between "
                        "0 %% and 100 %% and an amount that is not negative.",
                        company=company.display_name,
                    )
                )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_psp_rate = fields.Float(
        related="company_id.marketplace_psp_rate", readonly=False
    )
    marketplace_psp_fixed = fields.Monetary(
        related="company_id.marketplace_psp_fixed",
        currency_field="marketplace_psp_currency_id",
        readonly=False,
    )
    marketplace_psp_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the Payment Cost"
    )


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    amount_psp_fee = fields.Monetary(
        string="Payment Cost", readonly=True, help="As the provider's file says."
    )
    is_psp_fee_actual = fields.Boolean(string="Cost Known", readonly=True)

    def _psp_fee_minor(self):
        """Return the cost of a payment, minor units: the actual one, else estimated.

        The fixed part of the estimate counts in the company's currency only.
        """
        self.ensure_one()
        currency, company = self.currency_id, self.company_id
        minor = currency._marketplace_minor
        if self.kind == "vendor_cash":
            return 0
        if self.is_psp_fee_actual:
            return minor(self.amount_psp_fee)
        fixed = company.marketplace_psp_fixed
        return percent_of(
            minor(self.amount), Decimal(str(company.marketplace_psp_rate))
        ) + (minor(fixed) if currency == company.currency_id else 0)

    def _psp_parts(self):
        """Return what each part of the purchase bears of the cost of one payment.

        :return: {vendor order: (its share, what its vendor bears of it)}, minor units.
        """
        self.ensure_one()
        orders = self.order_id.sale_order_ids.sorted("id")
        if not orders:
            return {}
        fee = self._psp_fee_minor()
        paid = [order._psp_paid_minor() for order in orders]
        shares = psp_shares(fee, paid, [Decimal(1)] * len(orders))
        borne = psp_shares(
            fee,
            paid,
            [order.contract_id._psp_cost_borne() for order in orders],
        )
        return dict(zip(orders, zip(shares, borne, strict=True), strict=True))

    @api.private
    def _record_psp_fees(self, fees):
        """Take over what the provider took, and charge the vendors who bear it.

        :param fees: {payment: minor units}; payments whose cost is known are refused
            another one.
        """
        for payment, minor in fees.items():
            amount = payment.currency_id._marketplace_amount(minor)
            if payment.is_psp_fee_actual and payment.currency_id.compare_amounts(
                payment.amount_psp_fee, amount
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(payment)s: its cost is known already, and another.",
                        payment=payment.display_name,
                    )
                )
            payment.write({"amount_psp_fee": amount, "is_psp_fee_actual": True})
        self.union(*fees)._charge_psp_fees()

    def _charge_psp_fees(self):
        """Charge what vendors bear of known costs, each once; also of refunds."""
        known = self.filtered("is_psp_fee_actual")
        if not known:
            return self.env["marketplace.fee"]
        refunds = self.env["marketplace.refund"].search(
            [("payment_id", "in", known.ids), ("state", "=", "done")]
        )
        cells = refunds.line_ids._commission_cells()
        by_payment = refunds.grouped("payment_id")
        vals_list = []
        for payment in known:
            parts = payment._psp_parts()
            for order, (_share, borne) in parts.items():
                if borne:
                    vals_list.append(payment._psp_fee_vals(order, borne))
            for refund in by_payment.get(payment, ()):
                vals_list += refund._lost_psp_fee_vals(parts, cells)
        return self.env["marketplace.fee"]._charge_once(vals_list)

    def _psp_fee_vals(self, order, minor):
        return {
            "kind": "psp",
            "name": self.env._("Payment cost of %(order)s", order=order.name),
            "company_id": self.company_id.id,
            "vendor_id": order.vendor_id.id,
            "currency_id": self.currency_id.id,
            "date": self.date.date(),
            "amount": self.currency_id._marketplace_amount(minor),
            "sale_order_id": order.id,
            "source_key": f"psp:{self.id}:{order.id}",
        }


class SaleOrder(models.Model):
    _inherit = "sale.order"

    amount_psp_fee = fields.Monetary(
        string="Payment Cost Borne by the Vendor",
        compute="_compute_amount_psp_fee",
        groups="marketplace_base.group_viewer",
    )
    is_psp_fee_estimated = fields.Boolean(
        string="Payment Cost Estimated",
        compute="_compute_amount_psp_fee",
        groups="marketplace_base.group_viewer",
    )

    def _compute_amount_psp_fee(self):
        # sudo: the group of the field decides who sees it, not who reads payments.
        for order in self.sudo():
            captured = order.marketplace_order_id.payment_ids.filtered(
                lambda payment: payment.state == "captured"
            )
            order.amount_psp_fee = order.currency_id._marketplace_amount(
                sum(payment._psp_parts().get(order, (0, 0))[1] for payment in captured)
            )
            order.is_psp_fee_estimated = not all(captured.mapped("is_psp_fee_actual"))

    def _psp_paid_minor(self):
        """Return what the customer paid for this part of the purchase, minor units."""
        self.ensure_one()
        return sum(
            max(line._marketplace_charge_minor(), 0)
            for line in self.order_line
            if line.marketplace_kind in ("goods", "shipping")
        )


class MarketplacePspFeeImport(models.TransientModel):
    """Read the provider's file of fees: a reference and what it took, a line each."""

    _name = "marketplace.psp.fee.import"
    _description = "Import Payment Costs"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(
        required=True,
        attachment=False,
        help="CSV with a header: reference, fee. The reference is that of the payment "
        "at the provider, the fee has a decimal point.",
    )
    file_name = fields.Char()

    def action_import(self):
        """Record the fees of all payments of the file, or none and say why."""
        self.ensure_one()
        payments = self.env["marketplace.payment"]
        payments.check_access("read")
        rows, problems = self._rows()
        # sudo: the accountant takes the cost over; nobody else writes on payments.
        found = payments.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("external_ref", "in", list(rows)),
                ("state", "=", "captured"),
            ]
        )
        by_ref = found.grouped("external_ref")
        fees = {}
        for reference, fee in rows.items():
            own = by_ref.get(reference, payments)
            if len(own) == 1:
                fees[own] = own.currency_id._marketplace_minor(fee)
            else:
                problems.append(
                    self.env._(
                        "%(reference)s: %(count)s captured payments with it.",
                        reference=reference,
                        count=len(own),
                    )
                )
        if problems:
            raise MarketplaceError(
                "\n".join([self.env._("Nothing was imported:"), *problems])
            )
        payments.sudo()._record_psp_fees(fees)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_commission.marketplace_fee_action"
        )

    def _rows(self):
        """Return {reference: fee} of the file, and what is wrong with it in words."""
        try:
            text = base64.b64decode(self.file).decode("utf-8-sig")
        except UnicodeDecodeError:
            return {}, [self.env._("The file is not UTF-8 text: save it as CSV UTF-8.")]
        separator = ";" if ";" in text.partition("\n")[0] else ","
        reader = csv.DictReader(io.StringIO(text), delimiter=separator)
        if not {"reference", "fee"} <= set(reader.fieldnames or ()):
            return {}, [self.env._("The header must name: reference, fee.")]
        rows, problems = {}, []
        for number, row in enumerate(reader, 2):
            if number > PSP_FILE_ROWS:
                problems.append(
                    self.env._("More than %(count)s lines.", count=PSP_FILE_ROWS)
                )
                break
            reference = (row["reference"] or "").strip()
            try:
                fee = Decimal((row["fee"] or "").strip())
                is_valid = fee.is_finite() and fee >= 0
            except InvalidOperation:
                is_valid = False
            if not is_valid or not reference or reference in rows:
                problems.append(
                    self.env._(
                        "Line %(number)s: a reference of its own and a fee of zero or "
                        "more are needed.",
                        number=number,
                    )
                )
                continue
            rows[reference] = fee
        return rows, problems
