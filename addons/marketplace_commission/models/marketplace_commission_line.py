from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const import LINE_KINDS
from ..engine.compute import Charge, Sale, reverse
from ..engine.rules import Facts, decide, unit_price
from ..trace import Trace
from .marketplace_commission_rule import RATE_DIGITS

# A caller can send any context value over RPC, but never this very object.
_COMMISSION_TOKEN = object()


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
    trace_steps = fields.Json(
        help="How the amount came about, as data: the words are made for the reader."
    )
    trace = fields.Text(string="Why This Amount", compute="_compute_trace")
    reversed_line_id = fields.Many2one(
        "marketplace.commission.line", string="Reversal of", index="btree_not_null"
    )
    reversal_line_ids = fields.One2many(
        "marketplace.commission.line", "reversed_line_id", string="Reversals"
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
        "CHECK ((kind = 'reversal') = (reversed_line_id IS NOT NULL)"
        " AND (kind = 'reversal') = (refund_line_id IS NOT NULL))",
        "A reversal names the commission and the refund it comes from.",
    )
    _uninvoiced_idx = models.Index("(company_id, vendor_id) WHERE move_line_id IS NULL")

    # -- computes -------------------------------------------------------------------

    @api.depends("trace_steps", "currency_id")
    @api.depends_context("lang")
    def _compute_trace(self):
        for line in self:
            trace = Trace(line.env, line.currency_id)
            line.trace = trace.render(line.trace_steps or [])

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
        charged = self.sudo().search_fetch(
            [("sale_line_id", "in", sale_lines.ids), ("kind", "=", "commission")],
            ["sale_line_id"],
        )
        # sudo: commission follows from the confirmed order, whoever confirms it.
        todo = (sale_lines - charged.sale_line_id).sudo()
        vals_list = []
        for plan, plan_lines in todo.grouped(
            lambda line: line.order_id.contract_id.commission_plan_id
        ).items():
            rules = plan._engine_rules()
            for line in plan_lines:
                decision = decide(rules, self._sale_facts(line))
                if (
                    line.marketplace_kind == "shipping"
                    and not decision.rule.terms.base_shipping
                ):
                    continue
                vals_list.append(self._prepare_commission_vals(line, decision))
        return self._unlocked().create(vals_list)

    @api.model
    def _sale_facts(self, line):
        """Return what rules look at on an order line; goods have more to look at."""
        order = line.order_id
        minor = line.currency_id._marketplace_minor
        is_shipping = line.marketplace_kind == "shipping"
        ids = {
            "vendor": frozenset(order.vendor_id.ids),
            "vendor_tag": frozenset(order.vendor_id.category_id.ids),
        }
        price = None
        quantity = Decimal(str(line.product_uom_qty))
        if not is_shipping:
            # Not the line's price_total: Odoo spreads the rounding of VAT over it.
            gross = minor(line.amount_vendor) + minor(line.amount_discount_vendor)
            price = unit_price(gross, quantity)
            path = line.product_id.categ_id.parent_path or ""
            ids["category"] = frozenset(int(node) for node in path.split("/") if node)
            ids["product"] = frozenset(line.product_id.ids)
        return Facts(
            sale=Sale(
                currency=line.currency_id.name,
                included=minor(line.amount_vendor),
                excluded=minor(line.amount_vendor_untaxed),
                quantity=quantity,
                is_shipping=is_shipping,
                aside_included=minor(line.amount_not_commissionable),
                aside_excluded=line._marketplace_aside_untaxed_minor(),
            ),
            day=order.company_id._marketplace_day(order.date_order),
            ids=ids,
            price=price,
        )

    @api.model
    def _prepare_commission_vals(self, line, decision):
        order = line.order_id
        money = line.currency_id._marketplace_amount
        return {
            "kind": "commission",
            "company_id": order.company_id.id,
            "vendor_id": order.vendor_id.id,
            "marketplace_order_id": order.marketplace_order_id.id,
            "sale_order_id": order.id,
            "sale_line_id": line.id,
            "date": order.company_id._marketplace_day(order.date_order),
            "rule_id": decision.rule.rule_id,
            "rule_version": decision.rule.version,
            "currency_id": line.currency_id.id,
            "base": money(decision.charge.base),
            "rate": float(decision.charge.rate),
            "amount": money(decision.charge.amount),
            "trace_steps": decision.steps,
        }

    # -- commission of a refund -----------------------------------------------------

    @api.model
    @api.private
    def _reverse(self, refund_lines):
        """Give back the commission of refunded order lines, at the frozen rate.

        Cumulative per order line, whatever the rules say today; refund lines treated
        before are skipped.

        :return: the new lines.
        """
        # sudo: reversal follows from the refund, whoever applies it.
        everything = self.sudo().search(
            [("sale_line_id", "in", refund_lines.sale_line_id.ids)]
        )
        charged = {
            line.sale_line_id: line for line in everything if line.kind == "commission"
        }
        todo = (refund_lines - everything.refund_line_id).sudo()
        kept = self._kept_amounts(everything)
        refunded = self._refunded_amounts(charged, todo)
        vals_list = []
        for refund_line in todo.sorted("id"):
            original = charged.get(refund_line.sale_line_id)
            if not original:
                continue
            minor = original.currency_id._marketplace_minor
            refunded[original] += minor(refund_line.amount_vendor)
            step = reverse(
                original._engine_charge(),
                kept[original],
                minor(original.sale_line_id.amount_vendor),
                refunded[original],
            )
            kept_base, kept_amount = kept[original]
            kept[original] = (kept_base + step.base, kept_amount + step.amount)
            vals_list.append(original._prepare_reversal_vals(refund_line, step))
        return self._unlocked().create(vals_list)

    @api.model
    @api.private
    def _reversals(self, parts):
        """Return what refunds would give back, without writing anything.

        :param parts: [(order line, minor units that its seller gives up)], in order.
        :return: [(commission line, change in minor units)].
        """
        sale_lines = self.env["sale.order.line"].union(*(line for line, _m in parts))
        # sudo: reversal follows from the refund, whoever looks at it.
        everything = self.sudo().search([("sale_line_id", "in", sale_lines.ids)])
        charged = {
            line.sale_line_id: line for line in everything if line.kind == "commission"
        }
        kept = self._kept_amounts(everything)
        refunded = self._refunded_amounts(
            charged, self.env["marketplace.refund.line"].browse()
        )
        result = []
        for sale_line, given_up in parts:
            original = charged.get(sale_line)
            if not original:
                continue
            refunded[original] += given_up
            step = reverse(
                original._engine_charge(),
                kept[original],
                original.currency_id._marketplace_minor(sale_line.amount_vendor),
                refunded[original],
            )
            kept_base, kept_amount = kept[original]
            kept[original] = (kept_base + step.base, kept_amount + step.amount)
            result.append((original, step.amount))
        return result

    def _kept_amounts(self, lines):
        """Return {commission line: (base, amount) in minor units} after reversals."""
        kept = defaultdict(lambda: (0, 0))
        for line in lines:
            original = line.reversed_line_id or line
            base, amount = kept[original]
            minor = line.currency_id._marketplace_minor
            kept[original] = (base + minor(line.base), amount + minor(line.amount))
        return kept

    def _refunded_amounts(self, charged, todo):
        """Return {commission line: what the vendor gave back before}, minor units."""
        before = self.env["marketplace.refund.line"].sudo()
        groups = before._read_group(
            [
                ("sale_line_id", "in", [line.id for line in charged]),
                ("refund_id.state", "=", "done"),
                ("id", "not in", todo.ids),
            ],
            ["sale_line_id"],
            ["amount_vendor:sum"],
        )
        refunded = dict.fromkeys(charged.values(), 0)
        for sale_line, amount in groups:
            original = charged[sale_line]
            refunded[original] = original.currency_id._marketplace_minor(amount)
        return refunded

    def _engine_charge(self):
        """Return the frozen commission as the engine reads it."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        return Charge(
            base=minor(self.base),
            rate=Decimal(str(self.rate)),
            amount=minor(self.amount),
            steps=self.trace_steps,
        )

    def _prepare_reversal_vals(self, refund_line, step):
        self.ensure_one()
        money = self.currency_id._marketplace_amount
        return {
            "kind": "reversal",
            "company_id": self.company_id.id,
            "vendor_id": self.vendor_id.id,
            "marketplace_order_id": self.marketplace_order_id.id,
            "sale_order_id": self.sale_order_id.id,
            "sale_line_id": self.sale_line_id.id,
            "date": refund_line.refund_id.date,
            "rule_id": self.rule_id.id,
            "rule_version": self.rule_version,
            "currency_id": self.currency_id.id,
            "base": money(step.base),
            "rate": self.rate,
            "amount": money(step.amount),
            "trace_steps": step.steps,
            "reversed_line_id": self.id,
            "refund_line_id": refund_line.id,
        }
