"""The tax of an offer, from its product, its vendor and where it is sold."""

from typing import NamedTuple

from odoo import api, fields, models

from .marketplace_tax_rule import VAT_REGIMES
from .res_partner import GROUP_VIEWER


class TaxDecision(NamedTuple):
    """Hold the taxes of an offer, and in words what is missing when none is decided.

    Without a decision the taxes are those of the product: an order that arrives
    nevertheless is never stopped by this table.
    """

    taxes: models.BaseModel
    missing: str = ""


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    tax_missing = fields.Char(
        compute="_compute_tax_missing",
        compute_sudo=True,
        help="The combination of tax class, country and VAT regime without a rule.",
    )

    @api.depends(
        "company_id.marketplace_country_ids",
        "company_id.account_fiscal_country_id",
        "company_id.marketplace_tax_rule_ids.outcome",
        "company_id.marketplace_tax_rule_ids.country_id",
        "company_id.marketplace_tax_rule_ids.tax_class_id",
        "company_id.marketplace_tax_rule_ids.vat_regime",
        "company_id.marketplace_tax_rule_ids.tax_ids",
        "product_id.taxes_id",
        "product_id.categ_id",
        "product_id.product_tmpl_id.marketplace_tax_class_id",
        "vendor_id.vendor_vat_regime",
    )
    @api.depends_context("lang")
    def _compute_tax_missing(self):
        self.tax_missing = False
        for company, offers in self.grouped("company_id").items():
            for country in company.sudo()._marketplace_countries():
                for offer_id, decision in offers._decide_taxes(country).items():
                    offer = offers.browse(offer_id)
                    if decision.missing and not offer.tax_missing:
                        offer.tax_missing = decision.missing

    @api.depends("tax_missing")
    def _compute_is_sellable(self):
        return super()._compute_is_sellable()

    def _get_inactive_reason(self, has_contract):
        """Let an offer without a tax not be sold: gravest first, prices come after."""
        reason = super()._get_inactive_reason(has_contract)
        lighter = (False, "no_price", "out_of_stock")
        return "no_tax" if reason in lighter and self.tax_missing else reason

    def _decide_taxes(self, country=None):
        """Return what the tax rules say of each offer sold to a country.

        A company without any rule has not run the set-up: the product decides.

        :param country: the company's fiscal country by default.
        :return: {offer id: TaxDecision}.
        """
        # sudo: whoever sells an offer applies its taxes, account roles or not
        offers = self.sudo()
        Rule = offers.env["marketplace.tax.rule"]
        decisions = {}
        for company, own in offers.grouped("company_id").items():
            table = {
                (rule.tax_class_id, rule.country_id, rule.vat_regime): rule
                for rule in company.marketplace_tax_rule_ids
            }
            target = country or company.account_fiscal_country_id
            for offer in own:
                product = offer.product_id
                taxes = product.taxes_id._filter_taxes_by_company(company)
                if not table:
                    decisions[offer.id] = TaxDecision(taxes)
                    continue
                tax_class = product.product_tmpl_id._marketplace_tax_class()
                key = (tax_class, target, offer.vendor_id.vendor_vat_regime)
                rule = table.get(key)
                if not rule:
                    missing = Rule._combination_label(*key)
                    decisions[offer.id] = TaxDecision(taxes, missing)
                    continue
                if rule.outcome != "product":
                    taxes = rule.tax_ids
                unfit = taxes.filtered(
                    lambda tax: tax.amount_type != "percent" and not tax.price_include
                )
                decisions[offer.id] = TaxDecision(
                    taxes, ", ".join(unfit.mapped("name"))
                )
        return decisions

    def _get_taxes_in_force(self):
        """Return {offer id: taxes} for the price history; none where undecided."""
        return {
            offer_id: decision.taxes.browse() if decision.missing else decision.taxes
            for offer_id, decision in self._decide_taxes().items()
        }

    def _refresh_taxes(self):
        """Act on taxes that may have changed: the history, and who shows offers."""
        if not self:
            return
        self.with_context(marketplace_price_cause="tax")._record_prices()
        self._after_offer_change({"is_sellable"})


class ProductCategory(models.Model):
    _inherit = "product.category"

    marketplace_tax_class_id = fields.Many2one(
        "marketplace.tax.class",
        string="Tax Class",
        ondelete="restrict",
        help="Of products that have none of their own; sub-categories inherit it.",
    )

    def write(self, vals):
        res = super().write(vals)
        if {"marketplace_tax_class_id", "parent_id"} & vals.keys():
            # sudo: offers follow the product, whoever keeps the catalogue
            Offer = self.env["marketplace.offer"].sudo()
            offers = Offer.search([("product_id.categ_id", "child_of", self.ids)])
            for name in ("is_sellable", "inactive_reason"):
                self.env.add_to_compute(Offer._fields[name], offers)
            offers.invalidate_recordset(["tax_missing"], flush=False)
            offers._refresh_taxes()
        return res


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_tax_class_id = fields.Many2one(
        "marketplace.tax.class",
        string="Tax Class",
        index="btree_not_null",
        ondelete="restrict",
        help="Decides with the country of delivery and the vendor's VAT regime which "
        "tax his offers have. Empty: as the category says.",
    )

    def _marketplace_tax_class(self):
        """Return the tax class of a product: its own, or its nearest category's."""
        self.ensure_one()
        if self.marketplace_tax_class_id:
            return self.marketplace_tax_class_id
        category = self.categ_id
        while category and not category.marketplace_tax_class_id:
            category = category.parent_id
        return category.marketplace_tax_class_id

    def write(self, vals):
        res = super().write(vals)
        if {"taxes_id", "marketplace_tax_class_id", "categ_id"} & vals.keys():
            # sudo: as for categories
            self.env["marketplace.offer"].sudo().search(
                [("product_id.product_tmpl_id", "in", self.ids)]
            )._refresh_taxes()
        return res


class ResPartner(models.Model):
    _inherit = "res.partner"

    vendor_vat_regime = fields.Selection(
        VAT_REGIMES,
        string="VAT Regime",
        compute="_compute_vendor_vat_regime",
        store=True,
        readonly=False,
        groups=GROUP_VIEWER,
        help="Decides with product and country which VAT his sales have. One-stop "
        "shop: chosen by hand, for vendors who declare sales to other EU countries "
        "through it.",
    )

    @api.depends("is_vat_exempt", "vendor_kind", "country_id", "is_marketplace_vendor")
    def _compute_vendor_vat_regime(self):
        europe = self.env.ref("base.europe").country_ids
        for partner in self:
            if not partner.is_marketplace_vendor:
                partner.vendor_vat_regime = False
            elif partner.is_vat_exempt or partner.vendor_kind == "private":
                partner.vendor_vat_regime = "franchise"
            elif partner.vendor_vat_regime == "oss":
                continue
            elif partner.country_id and partner.country_id not in europe:
                partner.vendor_vat_regime = "non_eu"
            else:
                partner.vendor_vat_regime = "normal"

    def write(self, vals):
        causes = {"vendor_vat_regime", "is_vat_exempt", "vendor_kind", "country_id"}
        vendors = self.filtered("is_marketplace_vendor") if causes & vals.keys() else []
        # sudo: only compared, to act on a change
        before = {vendor: vendor.sudo().vendor_vat_regime for vendor in vendors}
        res = super().write(vals)
        changed = self.browse(
            vendor.id
            for vendor, regime in before.items()
            if vendor.sudo().vendor_vat_regime != regime
        )
        if changed:
            changed.sudo().vendor_offer_ids._refresh_taxes()
        return res


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_tax_rule_ids = fields.One2many(
        "marketplace.tax.rule", "company_id", string="Tax Rules"
    )
    marketplace_country_ids = fields.Many2many(
        "res.country",
        "marketplace_company_country_rel",
        string="Countries Sold to",
        help="An offer is sold when the tax rules know its tax for each of these "
        "countries. Empty: the company's own country.",
    )

    def _marketplace_countries(self):
        """Return the countries an offer of the company must have a tax for."""
        self.ensure_one()
        return self.marketplace_country_ids or self.account_fiscal_country_id

    def write(self, vals):
        res = super().write(vals)
        if "marketplace_country_ids" in vals:
            self.env["marketplace.tax.rule"]._refresh_offers(self)
        return res

    def _marketplace_setup(self):
        res = super()._marketplace_setup()
        for company in self:
            # sudo: the set-up is the administrator's, as in super
            self.env["marketplace.tax.rule"].sudo()._create_missing(company)
        return res


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_country_ids = fields.Many2many(
        related="company_id.marketplace_country_ids", readonly=False
    )
