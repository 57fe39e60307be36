from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.const import REFUND_REASONS
from odoo.addons.marketplace_base.const_returns import PARTIES
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import LINE_KINDS, REFUND_FIXED
from ..engine.compute import Sale
from ..engine.rules import Facts, RuleIndex, decide_order, unit_price
from ..trace import Trace
from .marketplace_commission_rule import RATE_DIGITS

# A caller can send any context value over RPC, but never this very object.
_COMMISSION_TOKEN = object()


class Steps(fields.Json):
    """Hold what the engine returns: plain values that nobody changes afterwards.

    Taken as they are: Odoo would write and parse the text twice to copy them.
    """

    def convert_to_cache(self, value, record, validate=True):
        return value or None


class MarketplaceCommissionLine(models.Model):
    """Hold the commission of one order line, or what a refund gave back of it.

    Computed once and frozen: rules may change, these figures do not. The invoice that
    carries a line is the only thing written on it afterwards.
    """

    _name = "marketplace.commission.line"
    _description = "Commission Line"
    _order = "date desc, id desc"
    _rec_name = "sale_line_id"

    kind = fields.Selection(LINE_KINDS, required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    vendor_id = fields.Many2one("res.partner", required=True, index=True)
    marketplace_order_id = fields.Many2one(
        "marketplace.order", string="Order Group", index="btree_not_null"
    )
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        index=True,
        ondelete="restrict",
    )
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
    )
    date = fields.Date(required=True, help="Day of the order, or of the refund.")
    rule_id = fields.Many2one(
        "marketplace.commission.rule", required=True, index=True, ondelete="restrict"
    )
    rule_version = fields.Integer(required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    base = fields.Monetary(
        help="What the rate was applied to; negative for the refunded part."
    )
    rate = fields.Float(digits=RATE_DIGITS, aggregator="avg")
    amount = fields.Monetary(
        help="VAT excluded; positive when the vendor owes it, negative when it is "
        "given back."
    )
    amount_fixed = fields.Monetary(
        string="Fixed Part",
        help="What fixed amounts and the minimum put on top of the percentage.",
    )
    refund_fixed = fields.Selection(
        REFUND_FIXED,
        string="Fixed Part on Refunds",
        default="proportional",
        required=True,
        help="As the rule said when the line was computed.",
    )
    is_above_net = fields.Boolean(
        string="Above the Credit",
        help="The commission is more than what the vendor is credited for the line.",
    )
    trace_steps = Steps(
        # Long under many rules, and read for the words only.
        prefetch=False,
        help="How the amount came about, as data: the words are made for the reader.",
    )
    trace = fields.Text(string="Why This Amount", compute="_compute_trace")
    reversed_line_id = fields.Many2one(
        "marketplace.commission.line", string="Reversal of", index="btree_not_null"
    )
    reversal_line_ids = fields.One2many(
        "marketplace.commission.line", "reversed_line_id", string="Reversals"
    )
    override_id = fields.Many2one(
        "marketplace.commission.override",
        string="Correction",
        index="btree_not_null",
        ondelete="restrict",
    )
    is_shipping = fields.Boolean(string="On Shipping")
    reason_code = fields.Selection(REFUND_REASONS, string="Refund Reason")
    fault = fields.Selection(PARTIES, string="Responsible")
    amount_due = fields.Monetary(
        string="Proportional Part",
        help="What a refund gives back before the refund policy keeps a part of it.",
    )
    refund_line_id = fields.Many2one(
        "marketplace.refund.line", index="btree_not_null", ondelete="restrict"
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Invoice Line",
        index="btree_not_null",
        ondelete="restrict",
    )
    move_id = fields.Many2one(
        related="move_line_id.move_id",
        string="Invoice",
        store=True,
        index="btree_not_null",
    )
    is_invoiced = fields.Boolean(
        compute="_compute_is_invoiced", search="_search_is_invoiced"
    )

    _commission_uniq = models.UniqueIndex(
        "(sale_line_id) WHERE kind = 'commission'",
        "This order line already has its commission.",
    )
    _refund_uniq = models.UniqueIndex(
        "(refund_line_id) WHERE refund_line_id IS NOT NULL",
        "The commission of this refund is already given back.",
    )
    _reversal_linked = models.Constraint(
        "CHECK ((kind <> 'commission') = (reversed_line_id IS NOT NULL)"
        " AND (kind = 'reversal') = (refund_line_id IS NOT NULL)"
        " AND (kind = 'override') = (override_id IS NOT NULL))",
        "A reversal names the commission and the refund it comes from, a correction "
        "the commission and its approval.",
    )
    _uninvoiced_idx = models.Index("(company_id, vendor_id) WHERE move_line_id IS NULL")

    # -- computes -------------------------------------------------------------------

    @api.depends("trace_steps", "currency_id", "move_line_id")
    @api.depends_context("lang")
    def _compute_trace(self):
        for line in self:
            trace = Trace(line.env, line.currency_id)
            # sudo: a vendor reads the tax of his own line, not the accounting.
            taxes = line.sudo().move_line_id.tax_ids
            line.trace = trace.render(line.trace_steps or [], taxes)

    @api.depends("move_line_id")
    def _compute_is_invoiced(self):
        for line in self:
            line.is_invoiced = bool(line.move_line_id)

    def _search_is_invoiced(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("move_line_id", "!=" if True in value else "=", False)]

    # -- frozen ---------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_token()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_token()

    def _check_token(self):
        if (
            self.env.context.get("marketplace_commission_token")
            is not _COMMISSION_TOKEN
        ):
            raise AccessError(
                self.env._(
                    "Commission is computed once and frozen: rules and refunds make "
                    "its lines, nobody edits them."
                )
            )

    def _unlocked(self):
        """Return self able to write; only this addon's own code may call it."""
        return self.sudo().with_context(marketplace_commission_token=_COMMISSION_TOKEN)

    # -- commission of an order -----------------------------------------------------

    @api.model
    @api.private
    def _charge(self, sale_lines):
        """Compute and freeze the commission of order lines that have none yet.

        :param sale_lines: goods and shipping of vendor orders whose contract has a
            plan; shipping is charged when the rule that applies says so.
        :return: the new lines.
        """
        # sudo: commission follows from the confirmed order, whoever confirms it.
        before = self.sudo().search_fetch(
            [
                ("sale_order_id", "in", sale_lines.order_id.ids),
                ("kind", "=", "commission"),
            ],
            ["sale_line_id", "sale_order_id", "rule_id"],
        )
        todo = (sale_lines - before.sale_line_id).sudo()
        settled = before.grouped("sale_order_id")
        vals_list = []
        rules = {}
        for order, lines in todo.grouped("order_id").items():
            plan = order.contract_id.commission_plan_id._in_force(order.date_order)
            if plan not in rules:
                rules[plan] = RuleIndex(plan._engine_rules())
            decisions = decide_order(
                rules[plan],
                self._sale_facts(order, lines),
                settled.get(order, before.browse()).rule_id.ids,
            )
            common = self._prepare_order_vals(order)
            for line, decision in zip(lines, decisions, strict=True):
                if (
                    line.marketplace_kind == "shipping"
                    and not decision.rule.terms.base_shipping
                ):
                    continue
                vals = self._prepare_commission_vals(line, decision)
                vals_list.append({**common, **vals})
        return self._unlocked().create(vals_list)

    @api.model
    def _sale_facts(self, order, lines):
        """Return what rules look at on lines of one order, in order."""
        known = self._order_facts(order)
        day = order.company_id._marketplace_day(order.date_order)
        return [self._line_facts(order, line, known, day) for line in lines]

    @api.model
    def _line_facts(self, order, line, known, day):
        """Return what rules look at on one line; goods have more to look at."""
        minor = line.currency_id._marketplace_minor
        is_shipping = line.marketplace_kind == "shipping"
        ids = dict(known)
        price = None
        quantity = Decimal(str(line.product_uom_qty))
        if not is_shipping:
            # Not the line's price_total: Odoo spreads the rounding of VAT over it.
            gross = minor(line.amount_vendor) + minor(line.amount_discount_vendor)
            price = unit_price(gross, quantity)
            path = line.product_id.categ_id.parent_path or ""
            ids["category"] = frozenset(int(node) for node in path.split("/") if node)
            ids["product"] = frozenset(line.product_id.ids)
            # Not all_product_tag_ids: sorting it costs a query for each product.
            ids["brand"] = frozenset(line.product_id.product_tag_ids.ids) | frozenset(
                line.product_id.additional_product_tag_ids.ids
            )
            ids["condition"] = frozenset(filter(None, [line.offer_id.condition]))
        return Facts(
            sale=Sale(
                currency=line.currency_id.name,
                included=minor(line.amount_vendor),
                excluded=minor(line.amount_vendor_untaxed),
                quantity=quantity,
                is_shipping=is_shipping,
                discount_vendor=minor(line.amount_discount_vendor),
                discount_marketplace=minor(line.amount_discount_marketplace),
                not_commissionable=minor(line.amount_not_commissionable),
                # Asked of Odoo for lines discounted down to nothing only.
                ratio=(1, 1)
                if line.amount_vendor
                else line._marketplace_untaxed_ratio(),
                above_net=order.contract_id.commission_above_net or None,
            ),
            day=day,
            ids=ids,
            price=price,
        )

    @api.model
    def _order_facts(self, order):
        """Return what rules look at on the order of a line, per dimension."""
        customer = order.partner_id.commercial_partner_id
        return {
            "vendor": frozenset(order.vendor_id.ids),
            "vendor_tag": frozenset(order.vendor_id.category_id.ids),
            "channel": frozenset(
                filter(None, [order.marketplace_order_id.channel or "odoo"])
            ),
            "order_currency": frozenset(order.currency_id.ids),
            "order_type": frozenset(
                ["business" if customer.is_company else "consumer"]
            ),
            "country": frozenset(order.partner_shipping_id.country_id.ids),
        }

    @api.model
    def _prepare_order_vals(self, order):
        """Return what all commission lines of an order say alike."""
        return {
            "kind": "commission",
            "company_id": order.company_id.id,
            "vendor_id": order.vendor_id.id,
            "marketplace_order_id": order.marketplace_order_id.id,
            "sale_order_id": order.id,
            "date": order.company_id._marketplace_day(order.date_order),
        }

    @api.model
    def _prepare_commission_vals(self, line, decision):
        self._check_above_net(line, decision)
        money = line.currency_id._marketplace_amount
        return {
            "sale_line_id": line.id,
            "rule_id": decision.rule.rule_id,
            "rule_version": decision.rule.version,
            "currency_id": line.currency_id.id,
            "base": money(decision.charge.base),
            "rate": float(decision.charge.rate),
            "amount": money(decision.charge.amount),
            "amount_fixed": money(decision.charge.fixed),
            "refund_fixed": decision.charge.refund_fixed,
            "is_shipping": line.marketplace_kind == "shipping",
            "is_above_net": decision.charge.above_net,
            "trace_steps": decision.steps,
        }

    @api.model
    def _check_above_net(self, line, decision):
        """Refuse a commission above the vendor's credit, where the terms say so.

        :raises MarketplaceError: naming the line, the rule and both amounts.
        """
        policy = line.order_id.contract_id.commission_above_net
        if not decision.charge.above_net or (
            (policy or decision.rule.terms.above_net) != "block"
        ):
            return
        trace = Trace(self.env, line.currency_id)
        raise MarketplaceError(
            self.env._(
                "%(line)s: the commission by rule “%(rule)s” is %(amount)s, more than "
                "the %(net)s that %(vendor)s is credited. Change the rule, or what the "
                "contract says about such commissions, then confirm again.",
                line=line.display_name,
                rule=decision.rule.name,
                amount=trace._money(decision.charge.amount),
                net=trace._money(
                    line.currency_id._marketplace_minor(line.amount_vendor)
                ),
                vendor=line.order_id.vendor_id.display_name,
            )
        )
