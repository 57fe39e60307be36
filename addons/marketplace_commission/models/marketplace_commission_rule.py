from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import BASE_TAXES, FIXED_PER, TERM_FIELDS
from ..engine import rules as engine
from ..engine.compute import Terms

# Six decimals: a hundredth of a basis point.
RATE_DIGITS = (7, 6)
# Sequence of a new rule until it gets its place, after the others of its plan.
NEXT = 999_999
# A caller can send any context value over RPC, but never these very objects.
CHANGING = object()
BATCH = object()


class MarketplaceCommissionRule(models.Model):
    """Say what is charged on which order lines.

    Rules of a plan are tried in the order of their rank and the first that applies
    decides. A line that was computed keeps its figures whatever happens to the rule.
    """

    _name = "marketplace.commission.rule"
    _description = "Commission Rule"
    _order = "plan_id, is_default, sequence, id"
    _check_company_auto = True

    name = fields.Char(
        required=True, help="Vendors read it where their commission is explained."
    )
    active = fields.Boolean(default=True)
    plan_id = fields.Many2one(
        "marketplace.commission.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    sequence = fields.Integer(default=NEXT)
    rank = fields.Integer(
        compute="_compute_rank",
        help="Rules are tried in this order; drag to change it.",
    )
    is_default = fields.Boolean(
        string="Default",
        help="Applies when no other rule does: always last, without criteria, and "
        "never deleted.",
    )
    version = fields.Integer(
        default=1,
        readonly=True,
        copy=False,
        help="Counts the changes of criteria and terms; commission lines keep the "
        "version that computed them.",
    )
    vendor_ids = fields.Many2many(
        "res.partner",
        "marketplace_commission_rule_vendor_rel",
        string="Vendors",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    vendor_category_ids = fields.Many2many(
        "res.partner.category",
        "marketplace_commission_rule_vendor_category_rel",
        string="Vendor Tags",
    )
    product_category_ids = fields.Many2many(
        "product.category",
        "marketplace_commission_rule_product_category_rel",
        string="Product Categories",
        help="Sub-categories are included.",
    )
    product_ids = fields.Many2many(
        "product.product",
        "marketplace_commission_rule_product_rel",
        string="Products",
        check_company=True,
    )
    price_from = fields.Monetary(
        help="Lowest unit price, VAT included and before order discounts."
    )
    price_to = fields.Monetary(
        string="Price below", help="The rule stops applying at this unit price."
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(
        string="To", help="Last order date on which the rule applies."
    )
    rate = fields.Float(digits=RATE_DIGITS, aggregator=None)
    amount_fixed = fields.Monetary(
        string="Fixed Amount", help="Charged on goods on top of the percentage."
    )
    fixed_per = fields.Selection(
        FIXED_PER, string="Fixed Amount per", default="line", required=True
    )
    amount_min = fields.Monetary(
        string="Minimum", help="Per order line of goods; none when zero."
    )
    amount_max = fields.Monetary(
        string="Maximum", help="Per order line of goods; none when zero."
    )
    base_tax = fields.Selection(
        BASE_TAXES,
        string="Percentage of",
        default="included",
        required=True,
        help="The rate applies to what the vendor is credited for the line, after the "
        "discounts that he funds.",
    )
    base_shipping = fields.Boolean(
        string="On Shipping", help="Charge the shipping credited to the vendor as well."
    )
    rate_shipping = fields.Float(string="Rate on Shipping", digits=RATE_DIGITS)

    _default_uniq = models.UniqueIndex(
        "(plan_id) WHERE is_default", "A plan has one default rule."
    )
    # Checked when the transaction ends: a drag moves several rules, one by one.
    _no_tie = models.Constraint(
        "EXCLUDE (plan_id WITH =, sequence WITH =) WHERE (is_default IS NOT TRUE)"
        " DEFERRABLE INITIALLY DEFERRED",
        "Two rules of a plan cannot share a rank.",
    )

    # -- computes and constraints ---------------------------------------------------

    @api.depends("sequence", "is_default", "active", "plan_id.rule_ids.sequence")
    def _compute_rank(self):
        self.rank = 0
        for plan in self.plan_id:
            for rank, rule in enumerate(plan._ranked_rules(), 1):
                rule.rank = rank

    @api.constrains(*TERM_FIELDS, "is_default")
    def _check_rule(self):
        messages = self._problem_messages()
        for rule in self:
            if codes := engine.problems(rule._engine_rule(rule.rank), rule.is_default):
                raise MarketplaceError(
                    "\n".join(
                        [
                            self.env._("Rule “%(rule)s”:", rule=rule.name),
                            *(messages[code] for code in codes),
                        ]
                    )
                )

    @api.constrains("is_default", "active")
    def _check_default_active(self):
        for rule in self:
            if rule.is_default and not rule.active:
                raise MarketplaceError(rule._default_message())

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super(
            MarketplaceCommissionRule,
            self.with_context(marketplace_rule_changing=CHANGING),
        ).create(vals_list)
        rules = rules.with_env(self.env)
        rules._check_may_change()
        rules._part_ties()
        return rules

    def write(self, vals):
        if any(
            rule.is_default != vals.get("is_default", rule.is_default)
            or rule.plan_id.id != vals.get("plan_id", rule.plan_id.id)
            for rule in self
        ):
            raise MarketplaceError(
                self.env._(
                    "A rule stays in its plan, and the default stays the default: "
                    "create another rule instead."
                )
            )
        if vals.keys() & (TERM_FIELDS | {"sequence", "active", "name"}):
            self._check_may_change()
        changing = self.with_context(marketplace_rule_changing=CHANGING)
        result = super(MarketplaceCommissionRule, changing).write(vals)
        if TERM_FIELDS & vals.keys():
            self._count_version()
        if "sequence" in vals:
            self._part_ties()
        return result

    def _count_version(self):
        """Count one more version of each rule, however many of its rows changed."""
        if self.env.context.get("marketplace_rule_changing") is CHANGING:
            return
        # One by one: each rule counts its own versions, and rules are few.
        for rule in self:
            rule.write({"version": rule.version + 1})

    def _check_may_change(self):
        """Refuse a change that needs a second person; to extend."""

    def _part_ties(self):
        """Give rules just placed a rank of their own: they push the others down."""
        if self.env.context.get("marketplace_rules_batch") is not BATCH:
            self.plan_id._part_ties(first=self)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_needed(self):
        self._check_may_change()
        for rule in self:
            if rule.is_default:
                raise MarketplaceError(rule._default_message())
        # sudo: whether lines exist counts, also those of other companies
        used = (
            self.env["marketplace.commission.line"]
            .sudo()
            .search([("rule_id", "in", self.ids)], limit=1)
        )
        if used:
            raise MarketplaceError(
                self.env._(
                    "Commission was computed with “%(rule)s”: archive it instead of "
                    "deleting it.",
                    rule=used.rule_id.name,
                )
            )

    def _default_message(self):
        return self.env._(
            "“%(rule)s” is the default rule of %(plan)s: it decides when no other rule "
            "applies and cannot be deleted or archived. Change its rate instead.",
            rule=self.name,
            plan=self.plan_id.name,
        )

    def _problem_messages(self):
        return {
            "rate": self.env._("the rate must lie between 0 % and 100 %"),
            "rate_shipping": self.env._(
                "the rate on shipping must lie between 0 % and 100 %"
            ),
            "negative": self.env._("amounts cannot be negative"),
            "bounds": self.env._("the maximum is below the minimum"),
            "price": self.env._("the price range is empty: it ends before it starts"),
            "period": self.env._("the period is empty: it ends before it starts"),
            "tier_rate": self.env._(
                "the rate of a tier must lie between 0 % and 100 %"
            ),
            "tiers": self.env._(
                "the first tier must start above zero, each next one above the one "
                "before it"
            ),
            "tier_mode": self.env._(
                "say how tiers apply and type at least one, or choose “No tiers”"
            ),
            "default_fallback": self.env._(
                "the default rule has no next one to leave a line to: charge the "
                "percentage alone"
            ),
            "default_criteria": self.env._(
                "the default rule applies to everything: remove its criteria"
            ),
            "no_criteria": self.env._(
                "without a criterion it would hide every rule below it: give it one, "
                "or change the default rule"
            ),
        }

    # -- engine ---------------------------------------------------------------------

    def _engine_rule(self, rank):
        """Return the rule as the engine reads it: minor units and half-open ranges."""
        self.ensure_one()
        return engine.Rule(
            rule_id=self.id,
            version=self.version,
            rank=rank,
            name=self.name,
            terms=self._engine_terms(),
            accepted={
                dimension: values
                for dimension, values in self._engine_accepted().items()
                if values
            },
            price_from=self._minor_or_none(self.price_from),
            price_to=self._minor_or_none(self.price_to),
            date_from=self.date_from or None,
            date_to=self.date_to + timedelta(days=1) if self.date_to else None,
        )

    def _engine_accepted(self):
        """Return what the rule accepts, per dimension; to extend."""
        return {
            "vendor": frozenset(self.vendor_ids.ids),
            "vendor_tag": frozenset(self.vendor_category_ids.ids),
            "category": frozenset(self.product_category_ids.ids),
            "product": frozenset(self.product_ids.ids),
        }

    def _engine_terms(self):
        return Terms(**self._engine_terms_vals())

    def _engine_terms_vals(self):
        """Return the terms as the engine reads them; to extend."""
        minor = self.currency_id._marketplace_minor
        return {
            "currency": self.currency_id.name,
            "rate": Decimal(str(self.rate)),
            "fixed": minor(self.amount_fixed),
            "fixed_per": self.fixed_per,
            "minimum": minor(self.amount_min),
            "maximum": minor(self.amount_max),
            "base_tax": self.base_tax,
            "base_shipping": self.base_shipping,
            "rate_shipping": Decimal(str(self.rate_shipping)),
        }

    def _minor_or_none(self, amount):
        """Return minor units, or None for zero: an empty price bound."""
        return self.currency_id._marketplace_minor(amount) or None
