"""What a refund consists of: goods and delivery, and the VAT in each."""

from collections import defaultdict
from dataclasses import replace

from odoo import api, fields, models

from ..engine.money import cumulative_share
from ..engine.refund import RefundError, tax_part
from ..exceptions import MarketplaceError


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    tax_given = fields.Boolean(
        string="VAT Given",
        help="The VAT was told with the refund: it is not extracted from the amount.",
    )
    amount_tax = fields.Monetary(
        string="VAT",
        compute="_compute_amount_tax",
        store=True,
        readonly=False,
        copy=False,
        help="VAT in what the customer gets back, at the rates of the vendor's "
        "document. Refunds of a line end exactly on its VAT.",
    )
    amount_untaxed = fields.Monetary(
        string="Excl. VAT", compute="_compute_amount_untaxed", store=True, copy=False
    )

    _tax_in_amount = models.Constraint(
        "CHECK (amount_tax >= 0 AND amount_tax <= amount)",
        "The VAT of a refund is a part of its amount.",
    )

    @api.depends("amount", "sale_line_id", "tax_given")
    def _compute_amount_tax(self):
        """Propose the VAT in the amount, for drafts: what is done is frozen."""
        todo = self.filtered(
            lambda item: item.state not in ("done", "reversed") and not item.tax_given
        )
        for item in self - todo:
            item.amount_tax = item.amount_tax
        money = todo.sale_line_id._marketplace_ledger_state()
        parts = todo._parts({line: item.state for line, item in money.items()})
        for item in todo:
            item.amount_tax = item.currency_id._marketplace_amount(parts.get(item, 0))

    @api.depends("amount", "amount_tax")
    def _compute_amount_untaxed(self):
        for item in self:
            untaxed = item.amount - item.amount_tax
            item.amount_untaxed = (
                item.currency_id.round(untaxed) if item.currency_id else untaxed
            )

    def _fix_parts(self, states):
        """Freeze the VAT of refunds that are being done, each after the ones before.

        :param states: {line: LineState} before them all.
        :raises MarketplaceError: for VAT given that does not fit what is left.
        """
        for item in self.filtered("tax_given"):
            if item.sale_line_id._marketplace_tax_role():
                raise MarketplaceError(
                    self.env._(
                        "%(refund)s: the VAT of %(line)s is the operator's and follows "
                        "from the amount: do not give it.",
                        refund=item.refund_id.name,
                        line=item.sale_line_id.display_name,
                    )
                )
        for item, minor in self._parts(states, strict=True).items():
            amount = item.currency_id._marketplace_amount(minor)
            if item.currency_id.compare_amounts(item.amount_tax, amount):
                item.amount_tax = amount

    def _parts(self, states, strict=False):
        """Return {refund line: minor units of VAT in it}, in the order of self.

        :param strict: whether VAT that does not fit is refused, or left out.
        """
        tax_back = self.sale_line_id._marketplace_taxes_back()
        charged_back = {line: state.charged_back for line, state in states.items()}
        states, result = dict(states), {}
        for item in self:
            line, minor = item.sale_line_id, item.currency_id._marketplace_minor
            if not line or line not in states:
                continue
            state = states[line]
            if item.before_capture:
                # A part of the price, although nobody paid it.
                states[line] = replace(
                    state, charged=state.charged + minor(item.amount)
                )
                sold = line._marketplace_charge_minor()
                state = replace(state, charged=max(state.charged, sold))
            try:
                part = tax_part(
                    state.charged,
                    line._marketplace_charged_tax(state),
                    charged_back[line],
                    tax_back[line.id],
                    minor(item.amount),
                    minor(item.amount_tax) if item.tax_given else None,
                )
            except RefundError as error:
                if strict:
                    raise MarketplaceError(
                        item.refund_id._too_much(line, error, item.refund_id.name)
                    ) from error
                continue
            except ValueError:  # a draft above what is left: refused when applied
                continue
            result[item] = part
            charged_back[line] += minor(item.amount)
            tax_back[line.id] += part
        return result


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_charged_tax(self, state):
        """Return the VAT in what the customer paid for the line, minor units.

        The share of the line's VAT that he paid himself: the marketplace may have paid
        a part of the price.
        """
        whole = self.currency_id._marketplace_minor(self.amount_vendor)
        if not whole:
            return 0
        return cumulative_share(
            self._marketplace_tax_minor(), whole, min(state.charged, whole)
        )

    def _marketplace_taxes_back(self):
        """Return {line id: minor units of VAT in its refunds that are done}."""
        result = defaultdict(int)
        for line, amount in self.env["marketplace.refund.line"]._read_group(
            [("sale_line_id", "in", self.ids), ("refund_id.state", "=", "done")],
            ["sale_line_id"],
            ["amount_tax:sum"],
        ):
            result[line.id] = line.currency_id._marketplace_minor(amount)
        return result


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    amount_goods = fields.Monetary(
        string="Goods, excl. VAT", compute="_compute_parts", store=True
    )
    amount_goods_tax = fields.Monetary(
        string="VAT on Goods", compute="_compute_parts", store=True
    )
    amount_shipping = fields.Monetary(
        string="Delivery, excl. VAT", compute="_compute_parts", store=True
    )
    amount_shipping_tax = fields.Monetary(
        string="VAT on Delivery", compute="_compute_parts", store=True
    )

    @api.depends(
        "line_ids.amount_untaxed",
        "line_ids.amount_tax",
        "line_ids.sale_line_id.marketplace_kind",
    )
    def _compute_parts(self):
        for record in self:
            shipping = record.line_ids.filtered(
                lambda item: item.sale_line_id.marketplace_kind == "shipping"
            )
            goods = record.line_ids - shipping
            record.amount_goods = sum(goods.mapped("amount_untaxed"))
            record.amount_goods_tax = sum(goods.mapped("amount_tax"))
            record.amount_shipping = sum(shipping.mapped("amount_untaxed"))
            record.amount_shipping_tax = sum(shipping.mapped("amount_tax"))

    @api.model
    def _given_taxes(self, payload, by_ref):
        """Return {order line: minor units of VAT} that a storefront tells of lines."""
        given = defaultdict(int)
        for item in payload.get("lines") or []:
            if item.get("tax_minor") is not None:
                given[by_ref[item["line_ref"]]] += item["tax_minor"]
        return given

    @api.model
    def _check_given_taxes(self, given, parts, states, taxes):
        """Refuse VAT that does not fit a planned refund; bring ``taxes`` forward.

        :param taxes: {line id: VAT of refunds before}.
        :raises RefundError: with what is left of the VAT.
        """
        for part in parts:
            line, state = part.line, states[part.line]
            taxes[line.id] += tax_part(
                state.charged,
                line._marketplace_charged_tax(state),
                state.charged_back,
                taxes[line.id],
                part.amount,
                given.get(line),
            )

    @api.model
    def _add_given_taxes(self, given, currency, commands):
        """Put the VAT that a storefront tells of its lines on the planned lines."""
        minors = {line.id: minor for line, minor in given.items()}
        for _command, _id, vals in commands:
            if vals["sale_line_id"] in minors:
                vals["tax_given"] = True
                vals["amount_tax"] = currency._marketplace_amount(
                    minors[vals["sale_line_id"]]
                )
