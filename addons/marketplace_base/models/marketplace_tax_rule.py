"""Which sale tax an offer has: decided when it is listed, never at the order."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError

VAT_REGIMES = [
    ("normal", "Registered for VAT"),
    ("franchise", "Not registered for VAT"),
    ("non_eu", "Established outside of the EU"),
    ("oss", "One-stop shop (OSS)"),
]
TAX_OUTCOMES = [
    ("product", "Taxes of the product"),
    ("taxes", "These taxes"),
    ("none", "No VAT"),
]
# Regimes whose domestic sales are taxed like the product; the others carry no VAT.
TAXED_REGIMES = ("normal", "non_eu", "oss")


class MarketplaceTaxClass(models.Model):
    """Group products that every country taxes alike: books, food, clothes."""

    _name = "marketplace.tax.class"
    _description = "Product Tax Class"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short code, for imports.")
    rule_ids = fields.One2many("marketplace.tax.rule", "tax_class_id", string="Rules")

    _code_uniq = models.UniqueIndex("(code)", "A tax class with this code exists.")


class MarketplaceTaxRule(models.Model):
    """Say the tax of one product class, sold to one country, under one regime."""

    _name = "marketplace.tax.rule"
    _description = "Tax Rule"
    _order = "company_id, country_id, tax_class_id, vat_regime, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    tax_class_id = fields.Many2one(
        "marketplace.tax.class",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: products without a tax class.",
    )
    country_id = fields.Many2one(
        "res.country",
        string="Delivered to",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.company.account_fiscal_country_id,
    )
    vat_regime = fields.Selection(
        VAT_REGIMES, string="Vendor's VAT Regime", required=True, default="normal"
    )
    outcome = fields.Selection(
        TAX_OUTCOMES,
        required=True,
        default="product",
        help="Taxes of the product: those of its sales tab. No VAT: the vendor "
        "charges none.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        "marketplace_tax_rule_tax_rel",
        string="Taxes",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('company_id', '=', company_id)]",
        help="Percentages; an offer uses the form that prices include.",
    )

    _combination_uniq = models.UniqueIndex(
        "(company_id, COALESCE(tax_class_id, 0), country_id, vat_regime)",
        "This combination of class, country and regime has a rule already.",
    )

    @api.depends("tax_class_id", "country_id", "vat_regime")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = self._combination_label(
                rule.tax_class_id, rule.country_id, rule.vat_regime
            )

    @api.constrains("outcome", "tax_ids")
    def _check_taxes(self):
        for rule in self:
            if (rule.outcome == "taxes") != bool(rule.tax_ids):
                raise MarketplaceError(
                    self.env._(
                        "%(rule)s: choose the taxes when the rule says “these taxes”, "
                        "and none otherwise.",
                        rule=rule.display_name,
                    )
                )
            unfit = rule.tax_ids.filtered(
                lambda tax: tax.amount_type != "percent" and not tax.price_include
            )
            if unfit:
                raise MarketplaceError(
                    self.env._(
                        "%(rule)s: %(taxes)s is no percentage, and prices of offers "
                        "include their taxes.",
                        rule=rule.display_name,
                        taxes=", ".join(unfit.mapped("name")),
                    )
                )

    @api.model
    def _combination_label(self, tax_class, country, regime):
        """Return a combination in words."""
        regimes = dict(self._fields["vat_regime"]._description_selection(self.env))
        return " × ".join(
            (
                tax_class.name or self.env._("no tax class"),
                country.name or self.env._("no country"),
                regimes.get(regime, ""),
            )
        )

    # -- what follows from a change ---------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._refresh_offers()
        return rules

    def write(self, vals):
        res = super().write(vals)
        self._refresh_offers()
        return res

    def unlink(self):
        companies = self.company_id
        res = super().unlink()
        self._refresh_offers(companies)
        return res

    def _refresh_offers(self, companies=None):
        """Tell the offers of these companies that taxes may be others."""
        # sudo: offers follow the rule, whoever keeps the rules
        Offer = self.env["marketplace.offer"].sudo()
        companies = self.company_id if companies is None else companies
        Offer.search([("company_id", "in", companies.ids)])._refresh_taxes()

    # -- set-up ---------------------------------------------------------------------

    @api.model
    def _create_missing(self, company):
        """Create the rules of domestic sales: the taxes of the product, as ever.

        Who is not registered for VAT charges none (France: CGI, article 293 B).
        """
        country = company.account_fiscal_country_id
        known = self.search(
            [
                ("company_id", "=", company.id),
                ("country_id", "=", country.id),
                ("tax_class_id", "=", False),
            ]
        ).mapped("vat_regime")
        return self.create(
            [
                {
                    "company_id": company.id,
                    "country_id": country.id,
                    "vat_regime": regime,
                    "outcome": "product" if regime in TAXED_REGIMES else "none",
                }
                for regime, _label in VAT_REGIMES
                if country and regime not in known
            ]
        )
