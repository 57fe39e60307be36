"""Show what a refund would do: the same arithmetic, nothing written."""

from collections import defaultdict

from odoo import api, fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import to_minor
from ..engine.refund import RefundError, Wanted, plan, refund
from ..exceptions import MarketplaceError

# What is owed to a vendor; the rest of a refund is somebody else's.
VENDOR_ROLES = ("VENDOR_PENDING", "VENDOR_DUE")


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    preview = fields.Html(
        string="What It Does", compute="_compute_preview", sanitize=False
    )
    amount_ceiling = fields.Monetary(
        string="Left on the Payment",
        compute="_compute_preview",
        help="What the payment brought, less refunds and open chargebacks.",
    )
    problem = fields.Char(
        string="Cannot Be Done",
        compute="_compute_preview",
        help="The step that would fail, and why.",
    )
    goes_negative = fields.Boolean(
        string="Vendor Goes Negative",
        compute="_compute_preview",
        help="The vendor would owe us money: it is taken from his next sales.",
    )
    force_reason = fields.Text(
        string="Refund Anyway Because",
        tracking=True,
        help="Why the customer is refunded although the vendor then owes us money. An "
        "accountant says so.",
    )

    @api.depends(
        "state",
        "order_id",
        "payment_id",
        "amount",
        "amount_rounding",
        "borne_by",
        "vendor_id",
        "return_id",
        "fault",
        "line_ids.sale_line_id",
        "line_ids.quantity",
        "line_ids.amount",
        "line_ids.amount_tax",
    )
    def _compute_preview(self):
        for record in self:
            record.amount_ceiling = record.payment_id.amount_left
            effect = record._effect() if record._is_previewed() else {}
            record.problem = effect.get("problem")
            record.goes_negative = any(
                row["after"] < 0 and row["change"] < 0
                for row in effect.get("vendors", ())
            )
            record.preview = effect and self.env["ir.qweb"]._render(
                "marketplace_base.refund_preview",
                {"refund": record, "effect": effect},
            )

    def _is_previewed(self):
        """Say whether there is something to show: a draft that refunds something."""
        return bool(
            self.state == "draft" and self.order_id and (self.line_ids or self.amount)
        )

    # -- effect ---------------------------------------------------------------------

    def _effect(self):
        """Return what the refund would do if it were applied now.

        :return: {"vendors": [{vendor, before, change, after, commission}], "parts": see
            ``_effect_lines``, "tax": VAT in it, "operator": what the operator bears,
            "problem": why it would be refused, or None}; amounts in minor units,
            ``change`` signed, ``before`` and ``after`` the vendor's whole balance,
            ``commission`` the change of what he owes on it, VAT excluded.
        """
        self.ensure_one()
        changes, parts, operator, tax = defaultdict(int), [], 0, 0
        problem = None
        minor = self.currency_id._marketplace_minor
        try:
            self._check_effect()
            if self.borne_by == "operator":
                operator = minor(self.amount)
            else:
                wanted, excess = self._effect_wanted()
                operator += excess
                changes, parts, tax, borne = self._effect_lines(wanted)
                operator += borne
            for entry in self._label_entries():
                changes[entry["vendor_id"]] += minor(entry["amount"])
                operator += minor(entry["amount"])
        except MarketplaceError as error:
            problem = str(error)
        return {
            "vendors": self._effect_vendors(changes, parts),
            "parts": parts,
            "tax": tax,
            "operator": operator,
            "problem": problem,
        }

    def _check_effect(self):
        """Look at what would stop the refund before any amount is computed."""
        self._check_payment()
        self._check_dispute()
        minor = self.currency_id._marketplace_minor
        if minor(self.amount) > minor(self.payment_id.amount_left):
            raise MarketplaceError(
                self.env._(
                    "Only %(left)s is left on %(payment)s: choose another payment, or "
                    "refund less.",
                    left=self.currency_id.format(self.payment_id.amount_left),
                    payment=self.payment_id.display_name,
                )
            )
        if self.borne_by != "operator":
            self.return_id._check_refundable()

    def _effect_wanted(self):
        """Return (what is wanted of each line, the part that belongs to none)."""
        minor = self.currency_id._marketplace_minor
        if self.line_ids:
            return [
                Wanted(
                    item.sale_line_id,
                    to_minor(item.quantity, QUANTITY_DECIMALS),
                    minor(item.amount),
                )
                for item in self.line_ids
                if item.sale_line_id
            ], minor(self.amount_rounding)
        money = self._lines_to_share()._marketplace_ledger_state()
        try:
            shares = plan(
                minor(self.amount),
                [],
                0,
                {line: item.state for line, item in money.items()},
                [],
                0 if self.vendor_id else self.order_id._rounding_left_minor(),
            )
        except RefundError as error:
            raise MarketplaceError(
                self._too_much(self.order_id, error, self.env._("Refund"))
            ) from error
        return shares.parts, shares.excess

    def _effect_lines(self, wanted):
        """Return changes by vendor id, the parts, VAT and what the operator bears.

        A part: (order line, to the customer, given up by its seller), in order.
        """
        changes, parts, operator = defaultdict(int), [], 0
        lines = self.env["sale.order.line"].union(*(item.line for item in wanted))
        money = lines._marketplace_ledger_state()
        for item in wanted:
            line = item.line
            try:
                part, state = refund(money[line].state, item.quantity, item.amount)
            except RefundError as error:
                raise MarketplaceError(
                    self._too_much(line, error, self.env._("Refund"))
                ) from error
            money[line], roles = self._line_transfers(line, part, state, money[line])
            parts.append((line, part.charged, part.credit))
            for debit, credit, amount in roles:
                if debit in VENDOR_ROLES:
                    changes[line.order_id.vendor_id.id] -= amount
                if credit == "VENDOR_CASH":
                    changes[line.order_id.vendor_id.id] += amount
                operator -= amount * (credit in ("OPERATOR_COST", "DISCOUNT_MKT"))
        tax = self._effect_tax(wanted)
        return changes, parts, tax, operator

    def _effect_tax(self, wanted):
        """Return the VAT in what the customer gets back."""
        minor = self.currency_id._marketplace_minor
        if self.line_ids:
            return sum(minor(item.amount_tax) for item in self.line_ids)
        items = self.env["marketplace.refund.line"].union(
            *(
                self.env["marketplace.refund.line"].new(
                    {
                        "sale_line_id": item.line.id,
                        "amount": self.currency_id._marketplace_amount(item.amount),
                        "currency_id": self.currency_id.id,
                    }
                )
                for item in wanted
            )
        )
        money = items.sale_line_id._marketplace_ledger_state()
        states = {line: item.state for line, item in money.items()}
        return sum(items._parts(states).values())

    def _effect_vendors(self, changes, parts):
        """Return a row per vendor whose balance or commission moves."""
        commission = self._effect_commission(parts)
        vendors = self.env["res.partner"].browse(sorted({*changes, *commission}))
        # sudo: the order desk reads no ledger, but must see where a refund leads
        balances = (
            self.env["marketplace.ledger.line"]
            .sudo()
            ._vendor_balances(vendors, self.company_id, self.currency_id)
        )
        minor = self.currency_id._marketplace_minor
        rows = []
        for vendor in vendors:
            buckets = balances.get((vendor.id, self.currency_id.id), {})
            before = sum(
                minor(buckets.get(name, 0.0)) for name in ("pending", "due", "reserved")
            )
            change = changes.get(vendor.id, 0)
            rows.append(
                {
                    "vendor": vendor,
                    "before": before,
                    "change": change,
                    "after": before + change,
                    "commission": commission.get(vendor.id, 0),
                }
            )
        return rows

    def _effect_commission(self, parts):
        """Return {vendor id: change of his commission}, minor units; to extend.

        :param parts: see ``_effect_lines``.
        """
        return {}

    # -- forcing --------------------------------------------------------------------

    def action_apply(self):
        """Refund, unless it needs somebody else first.

        :raises MarketplaceError: when a vendor would go negative and no accountant
            said why to go on.
        """
        for record in self.filtered(lambda record: record.state == "draft"):
            record._check_negative()
        return super().action_apply()

    def _check_negative(self):
        self.ensure_one()
        if not self.goes_negative:
            return
        allowed = self.env.user.has_group("marketplace_base.group_accountant")
        if not allowed or not (self.force_reason or "").strip():
            raise MarketplaceError(
                self.env._(
                    "%(refund)s: a vendor would owe us money, see what it does. An "
                    "accountant may refund anyway: let him say why on the refund.",
                    refund=self.name,
                )
            )
