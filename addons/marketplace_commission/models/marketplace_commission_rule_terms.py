"""Amounts per currency, tiers and options of the base of a rule."""

from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import ABOVE_NET, CURRENCY_FALLBACKS, REFUND_FIXED, TIER_MODES
from ..engine.terms import Amounts, Tier
from .marketplace_commission_rule import CHANGING, RATE_DIGITS


class MarketplaceCommissionTermMixin(models.AbstractModel):
    """Make the rows of a rule change its version, as its own fields do."""

    _name = "marketplace.commission.term.mixin"
    _description = "Row of a Commission Rule"

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows.rule_id._check_may_change()
        rows.rule_id._count_version()
        return rows

    def _check_own_rule(self):
        """Check the rule of rows that change alone; else it is checked whole, last."""
        if self.env.context.get("marketplace_rule_changing") is not CHANGING:
            self.rule_id._check_rule()

    def write(self, vals):
        self.rule_id._check_may_change()
        result = super().write(vals)
        self.rule_id._count_version()
        return result

    def unlink(self):
        rules = self.rule_id
        rules._check_may_change()
        result = super().unlink()
        rules._count_version()
        return result


class MarketplaceCommissionRuleAmount(models.Model):
    """Hold the amounts of a rule in a currency other than its plan's."""

    _name = "marketplace.commission.rule.amount"
    _description = "Commission Amounts in a Currency"
    _inherit = ["marketplace.commission.term.mixin"]
    _order = "rule_id, currency_id"
    _rec_name = "currency_id"

    rule_id = fields.Many2one(
        "marketplace.commission.rule", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True)
    currency_id = fields.Many2one("res.currency", required=True)
    amount_fixed = fields.Monetary(string="Fixed Amount")
    amount_min = fields.Monetary(string="Minimum")
    amount_max = fields.Monetary(string="Maximum")

    _currency_uniq = models.UniqueIndex(
        "(rule_id, currency_id)", "A rule has its amounts once per currency."
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        if any(not vals.get("currency_id") for vals in vals_list):
            raise MarketplaceError(
                self.env._(
                    "A fixed amount, a minimum or a maximum needs its currency: choose "
                    "one on each row, amounts are never converted."
                )
            )
        return super().create(vals_list)

    @api.constrains("currency_id")
    def _check_currency(self):
        for amount in self:
            if amount.currency_id == amount.rule_id.currency_id:
                raise MarketplaceError(
                    self.env._(
                        "Rule “%(rule)s”: its own fields hold the amounts in "
                        "%(currency)s. Add rows for other currencies only.",
                        rule=amount.rule_id.name,
                        currency=amount.currency_id.name,
                    )
                )

    @api.constrains("amount_fixed", "amount_min", "amount_max", "currency_id")
    def _check_amounts(self):
        self._check_own_rule()

    def _engine_amounts(self):
        minor = self.currency_id._marketplace_minor
        return Amounts(
            fixed=minor(self.amount_fixed),
            minimum=minor(self.amount_min),
            maximum=minor(self.amount_max),
        )


class MarketplaceCommissionTier(models.Model):
    """Charge another rate from an amount on; only lower bounds, so without gaps."""

    _name = "marketplace.commission.tier"
    _description = "Commission Tier"
    _inherit = ["marketplace.commission.term.mixin"]
    _order = "rule_id, amount_from"
    _rec_name = "amount_from"

    rule_id = fields.Many2one(
        "marketplace.commission.rule", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True)
    currency_id = fields.Many2one(related="rule_id.currency_id")
    amount_from = fields.Monetary(
        string="From",
        required=True,
        help="Lowest base the rate applies to; below the first tier, the rule's rate.",
    )
    rate = fields.Float(digits=RATE_DIGITS)

    _amount_from_uniq = models.UniqueIndex(
        "(rule_id, amount_from)", "Two tiers of a rule start at the same amount."
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        seen = set()
        for vals in vals_list:
            start = (vals.get("rule_id"), vals.get("amount_from") or 0.0)
            if start in seen:
                raise MarketplaceError(
                    self.env._(
                        "Two tiers start at %(amount)s: the order in which you type "
                        "them does not matter, but each starts above the one before. "
                        "Correct one, or delete it.",
                        amount=start[1],
                    )
                )
            seen.add(start)
        return super().create(vals_list)

    @api.constrains("amount_from", "rate")
    def _check_tier(self):
        self._check_own_rule()


class MarketplaceCommissionRule(models.Model):
    _inherit = "marketplace.commission.rule"

    amount_ids = fields.One2many(
        "marketplace.commission.rule.amount",
        "rule_id",
        string="Amounts in Other Currencies",
        copy=True,
    )
    currency_fallback = fields.Selection(
        CURRENCY_FALLBACKS,
        string="Without Amounts in the Currency",
        default="percentage",
        required=True,
        help="For an order in a currency in which the rule has no amounts or tiers. "
        "They are never converted.",
    )
    tier_mode = fields.Selection(
        TIER_MODES, string="Tiers", default="none", required=True
    )
    tier_ids = fields.One2many(
        "marketplace.commission.tier", "rule_id", string="Tiers from", copy=True
    )
    base_before_vendor_discount = fields.Boolean(
        string="Before Vendor Discounts",
        help="Charge the price before the discounts that the vendor funds.",
    )
    base_after_marketplace_discount = fields.Boolean(
        string="After Marketplace Discounts",
        help="Take off the discounts that the marketplace funds, although the vendor "
        "is credited the full price.",
    )
    base_not_commissionable = fields.Boolean(
        string="On Non-commissionable Parts",
        help="Charge also what an order line holds as not commissionable: its "
        "eco-contribution, its options.",
    )
    above_net = fields.Selection(
        ABOVE_NET,
        string="Above the Vendor's Credit",
        default="allow",
        required=True,
        help="When the commission of a line is more than what the vendor is credited "
        "for it. A contract may say otherwise.",
    )
    refund_fixed = fields.Selection(
        REFUND_FIXED,
        string="Fixed Part on Refunds",
        default="proportional",
        required=True,
        help="What a refund gives back of the fixed amount and of what the minimum "
        "added. The percentage is always given back at the frozen rate.",
    )

    def _engine_terms_vals(self):
        minor = self.currency_id._marketplace_minor
        tiers = [
            Tier(minor(tier.amount_from), Decimal(str(tier.rate)))
            for tier in self.tier_ids
        ]
        return {
            **super()._engine_terms_vals(),
            "others": {
                amount.currency_id.name: amount._engine_amounts()
                for amount in self.amount_ids
            },
            "fallback": self.currency_fallback,
            "tier_mode": self.tier_mode,
            "tiers": tuple(sorted(tiers, key=lambda tier: tier.start)),
            "before_vendor_discount": self.base_before_vendor_discount,
            "after_marketplace_discount": self.base_after_marketplace_discount,
            "base_excluded": self.base_not_commissionable,
            "above_net": self.above_net,
            "refund_fixed": self.refund_fixed,
        }
