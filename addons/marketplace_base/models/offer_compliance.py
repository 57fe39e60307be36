from odoo import api, fields, models

from ..const_catalogue import COMPLIANCE_EFFECTS
from .offer_publication import LESSER_REASONS


class MarketplaceOffer(models.Model):
    """Keep off sale, or mark, what lacks the compliance data of its category."""

    _inherit = "marketplace.offer"

    compliance_gap = fields.Selection(
        COMPLIANCE_EFFECTS,
        compute="_compute_compliance_gap",
        compute_sudo=True,
        store=True,
        index="btree_not_null",
        help="The gravest effect of the compliance data that the product lacks.",
    )
    missing_compliance = fields.Char(
        compute="_compute_missing_compliance",
        compute_sudo=True,
        help="What the law asks for in this category and the product lacks.",
    )

    @api.depends(
        "company_id.country_id",
        "product_id.product_tmpl_id.categ_id",
        "product_id.product_tmpl_id.marketplace_compliance_ids.state",
        "product_id.product_tmpl_id.marketplace_compliance_ids.kind",
        "product_id.product_tmpl_id.marketplace_compliance_ids.country_id",
        "product_id.product_tmpl_id.marketplace_compliance_ids.date_expiry",
        "vendor_id.vendor_number_ids.kind",
        "vendor_id.vendor_number_ids.country_id",
    )
    def _compute_compliance_gap(self):
        gaps = self._compliance_gaps()
        for offer in self:
            offer.compliance_gap = gaps.get(offer, self._no_requirement())._gravest()

    @api.depends("compliance_gap")
    def _compute_missing_compliance(self):
        gaps = self._compliance_gaps()
        kinds = dict(
            self._no_requirement()._fields["kind"]._description_selection(self.env)
        )
        for offer in self:
            offer.missing_compliance = ", ".join(
                kinds[requirement.kind]
                for requirement in gaps.get(offer, self._no_requirement())
            )

    def _no_requirement(self):
        return self.env["marketplace.compliance.requirement"]

    def _compliance_gaps(self):
        """Return the requirements that offers do not meet: {offer: requirements}."""
        today = fields.Date.context_today(self)
        requirements = (
            self._no_requirement()
            .sudo()
            .search([("categ_id", "parent_of", self.product_id.categ_id.ids)])
        )
        if not requirements:
            return {}
        gaps = {}
        for offer in self:
            path = offer.product_id.categ_id.parent_path or ""
            lacking = requirements.filtered(
                lambda r, o=offer, p=path: p.startswith(r.categ_id.parent_path)
                and r.country_id in (r.country_id.browse(), o.company_id.country_id)
                and not o._is_compliant(r, today)
            )
            if lacking:
                gaps[offer] = lacking
        return gaps

    def _is_compliant(self, requirement, today):
        """Tell whether an offer meets a requirement on a day."""
        self.ensure_one()
        country = self.company_id.country_id
        if requirement.kind == "epr" and any(
            number.kind == "epr" and number.country_id == country
            for number in self.vendor_id.vendor_number_ids
        ):
            return True
        return any(
            item.kind == requirement.kind
            and item.state == "accepted"
            and (not item.country_id or item.country_id == country)
            and (not item.date_expiry or item.date_expiry >= today)
            for item in self.product_id.product_tmpl_id.marketplace_compliance_ids
        )

    @api.depends("compliance_gap")
    def _compute_is_sellable(self):
        result = super()._compute_is_sellable()
        for offer in self:
            if (
                offer.compliance_gap == "block"
                and offer.inactive_reason in LESSER_REASONS
            ):
                offer.inactive_reason = "compliance_missing"
                offer.is_sellable = False
        return result

    def _refresh_compliance(self):
        self.env.add_to_compute(self._fields["compliance_gap"], self)
        self._refresh_sellable()

    @api.model
    def _cron_refresh_sellable(self):
        """Also look at products whose papers ended since they were last looked at."""
        result = super()._cron_refresh_sellable()
        expired = self.env["marketplace.compliance.item"].search(
            [
                ("state", "=", "accepted"),
                ("date_expiry", "<", fields.Date.context_today(self)),
            ]
        )
        offers = self.search(
            [
                ("product_id.product_tmpl_id", "in", expired.product_tmpl_id.ids),
                ("compliance_gap", "!=", "block"),
            ]
        )
        gaps = offers._compliance_gaps()
        none = self._no_requirement()
        offers.filtered(
            lambda offer: offer.compliance_gap != gaps.get(offer, none)._gravest()
        )._refresh_compliance()
        return result
