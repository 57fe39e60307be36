"""What each version of a rule said, to be read later."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const import TERM_FIELDS
from .marketplace_commission_rule import CHANGING

# A caller can send any context value over RPC, but never this very object.
VERSIONING = object()


class MarketplaceCommissionRuleVersion(models.Model):
    """Keep the criteria and terms of one version of a rule, as values and in words."""

    _name = "marketplace.commission.rule.version"
    _description = "Version of a Commission Rule"
    _order = "rule_id, version desc"
    _rec_name = "version"

    rule_id = fields.Many2one(
        "marketplace.commission.rule", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True)
    version = fields.Integer(required=True)
    terms = fields.Text(readonly=True)

    _version_uniq = models.UniqueIndex(
        "(rule_id, version)", "A version of a rule is kept once."
    )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_versioning()
        return super().create(vals_list)

    def write(self, vals):
        self._check_versioning()
        return super().write(vals)

    def _check_versioning(self):
        if self.env.context.get("marketplace_versioning") is not VERSIONING:
            raise AccessError(
                self.env._(
                    "Versions of rules are kept by themselves; nobody edits them."
                )
            )


class MarketplaceCommissionRule(models.Model):
    _inherit = "marketplace.commission.rule"

    version_ids = fields.One2many(
        "marketplace.commission.rule.version", "rule_id", string="Versions"
    )

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._keep_version()
        return rules

    def _count_version(self):
        result = super()._count_version()
        if self.env.context.get("marketplace_rule_changing") is not CHANGING:
            self._keep_version()
        return result

    def _keep_version(self):
        # sudo: versions are kept for whoever may change the rule, and by nobody else.
        versions = self.env["marketplace.commission.rule.version"].sudo()
        versions.with_context(marketplace_versioning=VERSIONING).create(
            [
                {
                    "rule_id": rule.id,
                    "version": rule.version,
                    "terms": rule._terms_in_words(),
                }
                for rule in self
            ]
        )

    def _terms_in_words(self):
        """Return criteria and terms, one a line; what is empty is left out."""
        self.ensure_one()
        lines = []
        for name in sorted(TERM_FIELDS):
            field = self._fields[name]
            value = self[name]
            if not value:
                continue
            if name == "tier_ids":
                value = ", ".join(
                    f"{tier.amount_from} → {tier.rate:.6%}" for tier in value
                )
            elif name == "amount_ids":
                value = ", ".join(
                    f"{row.currency_id.name} {row.amount_fixed} / {row.amount_min} / "
                    f"{row.amount_max}"
                    for row in value
                )
            elif field.relational:
                value = ", ".join(value.mapped("display_name"))
            elif field.type == "selection":
                value = dict(field._description_selection(self.env))[value]
            lines.append(f"{field._description_string(self.env)}: {value}")
        return "\n".join(lines)
