"""Look for faults in the rules of a plan, also while it is typed."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import lint

# Days after which a rule that decided nothing is named.
UNUSED_DAYS = 90


class MarketplaceCommissionPlan(models.Model):
    _inherit = "marketplace.commission.plan"

    check_report = fields.Text(
        string="Faults of the Rules",
        compute="_compute_check_report",
        help="Rules that can never apply, temporary rules that run together, gaps "
        "below tiers, rules without use for 90 days, and who is left to the default.",
    )

    @api.depends(
        "rule_ids.active",
        "rule_ids.sequence",
        "rule_ids.name",
        "rule_ids.rate",
        "rule_ids.amount_fixed",
        "rule_ids.amount_min",
        "rule_ids.vendor_ids",
        "rule_ids.vendor_category_ids",
        "rule_ids.product_category_ids",
        "rule_ids.product_ids",
        "rule_ids.brand_ids",
        "rule_ids.condition_ids",
        "rule_ids.channel_ids",
        "rule_ids.order_type_ids",
        "rule_ids.order_currency_ids",
        "rule_ids.country_ids",
        "rule_ids.price_from",
        "rule_ids.price_to",
        "rule_ids.date_from",
        "rule_ids.date_to",
        "rule_ids.tier_ids.amount_from",
    )
    def _compute_check_report(self):
        for plan in self:
            plan.check_report = "\n".join(plan._check_sentences())

    def action_check(self):
        """Show what is wrong with the rules of the plan, or that nothing is."""
        self.ensure_one()
        sentences = self._check_sentences()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Rules of %(plan)s", plan=self.name),
                "message": "\n".join(sentences) or self.env._("No fault found."),
                "type": "warning" if sentences else "success",
                "sticky": bool(sentences),
            },
        }

    def _check_sentences(self):
        """Return every fault of the rules, in words."""
        return [self._finding_words(finding) for finding in self._findings()]

    def _findings(self):
        self.ensure_one()
        rules = self._engine_rules()
        if not rules:
            return []
        today = fields.Date.context_today(self)
        categories = self.rule_ids.product_category_ids
        return lint.check(
            rules,
            self._sold(rules),
            {
                category._origin.id: self._category_path(category)
                for category in categories
            },
            self._unused_rule_ids(today),
            today,
        )

    @api.model
    def _category_path(self, category):
        path = category.parent_path or ""
        return frozenset(int(node) for node in path.split("/") if node)

    def _unused_rule_ids(self, today):
        """Return the ids of the rules that decided nothing for long, and could have."""
        start = today - timedelta(days=UNUSED_DAYS)
        old = self.rule_ids._origin.filtered(
            lambda rule: rule.create_date and rule.create_date.date() <= start
        )
        # sudo: whether a rule decided counts, not who may read the lines.
        groups = (
            self.env["marketplace.commission.line"]
            .sudo()
            ._read_group(
                [("rule_id", "in", old.ids), ("date", ">", start)], ["rule_id"]
            )
        )
        used = {rule.id for (rule,) in groups}
        return frozenset(
            rule.id for rule in self.rule_ids if rule._origin.id in set(old.ids) - used
        )

    def _sold(self, rules):
        """Return where the vendors of the plan sell: one row per vendor and category.

        What products, brands and conditions a rule accepts is looked at by category.
        """
        plan = self._origin
        if not plan:
            return []
        self.env["marketplace.offer"].flush_model()
        self.env["marketplace.contract"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT offer.vendor_id, template.categ_id"
                " FROM marketplace_offer AS offer"
                " JOIN product_product AS product ON product.id = offer.product_id"
                " JOIN product_template AS template"
                "   ON template.id = product.product_tmpl_id"
                " JOIN marketplace_contract AS contract"
                "   ON contract.vendor_id = offer.vendor_id"
                "  AND contract.company_id = offer.company_id"
                " WHERE contract.commission_plan_id = %s"
                "   AND contract.state = 'active' AND offer.active",
                plan.id,
            )
        )
        vendors = self.env["res.partner"].browse({row[0] for row in rows})
        tags = {vendor.id: frozenset(vendor.category_id.ids) for vendor in vendors}
        categories = self.env["product.category"].browse(
            {row[1] for row in rows if row[1]}
        )
        paths = {category.id: self._category_path(category) for category in categories}
        products = self.env["product.product"].browse(
            {one for rule in rules for one in rule.accepted.get("product", ())}
        )
        by_category = {
            category.id: frozenset(own.ids)
            for category, own in products.grouped("categ_id").items()
        }
        return [
            lint.Sold(
                vendor_id,
                category_id,
                {
                    "vendor": frozenset({vendor_id}),
                    "vendor_tag": tags[vendor_id],
                    "category": paths.get(category_id, frozenset()),
                    "product": by_category.get(category_id, frozenset()),
                },
            )
            for vendor_id, category_id in rows
        ]

    def _finding_words(self, finding):
        rule, other = finding.rule, finding.other
        if finding.code == "unreachable":
            return self.env._(
                "“%(rule)s” never applies: “%(other)s”, ranked higher, takes all of "
                "its lines. Move it up, or archive it.",
                rule=rule.name,
                other=other.name,
            )
        if finding.code == "overlap":
            return self.env._(
                "“%(rule)s” and “%(other)s” are for the same lines and their periods "
                "overlap: “%(other)s” decides on the common days.",
                rule=rule.name,
                other=other.name,
            )
        if finding.code == "tier_gap":
            return self.env._(
                "“%(rule)s” charges nothing below its first tier: give the rule a "
                "rate.",
                rule=rule.name,
            )
        if finding.code == "unused":
            return self.env._(
                "“%(rule)s” decided nothing for %(days)s days.",
                rule=rule.name,
                days=UNUSED_DAYS,
            )
        if finding.code == "vendor_default":
            return self.env._(
                "No rule but the default applies to what %(vendor)s sells.",
                vendor=self.env["res.partner"].browse(finding.subject).display_name,
            )
        return self.env._(
            "No rule but the default applies to the category %(category)s.",
            category=self.env["product.category"].browse(finding.subject).display_name,
        )
