from odoo import models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .marketplace_fee import FEE_KINDS


class ResCompany(models.Model):
    _inherit = "res.company"

    def _marketplace_fee_product(self, kind):
        """Return the product of a kind of fee; it carries the tax."""
        if FEE_KINDS[kind][1] == "COMMISSION":
            return self._marketplace_commission_product()
        # sudo: as for the product of commission.
        return self.env.ref(f"marketplace_commission.product_fee_{kind}").sudo()

    def _marketplace_fee_taxes(self, kind, position):
        """Return the tax on a kind of fee under a fiscal position.

        :raises MarketplaceError: when the company has no tax on it.
        """
        self.ensure_one()
        self._marketplace_check_fee_taxes({kind})
        product = self._marketplace_fee_product(kind)
        return position.map_tax(product.taxes_id._filter_taxes_by_company(self))

    def _marketplace_check_fee_taxes(self, kinds):
        """Refuse kinds of fees without a tax in the company.

        :raises MarketplaceError: naming the product.
        """
        self.ensure_one()
        for kind in kinds:
            if kind not in FEE_KINDS:
                continue
            product = self._marketplace_fee_product(kind)
            if not product.taxes_id._filter_taxes_by_company(self):
                raise MarketplaceError(
                    self.env._(
                        "A fee needs its tax: “%(product)s” has none in %(company)s. "
                        "Set one on the product, or run the set-up of the marketplace "
                        "settings.",
                        product=product.display_name,
                        company=self.display_name,
                    )
                )

    def _marketplace_setup(self):
        result = super()._marketplace_setup()
        for company in self:
            scoped = company.with_company(company).sudo()
            commission = scoped._marketplace_commission_product()
            taxes = commission.taxes_id._filter_taxes_by_company(scoped)
            for kind, (_label, role) in FEE_KINDS.items():
                product = scoped._marketplace_fee_product(kind)
                if product == commission:
                    continue
                if not product.property_account_income_id:
                    product.property_account_income_id = scoped._marketplace_account(
                        role
                    )
                if not product.taxes_id._filter_taxes_by_company(scoped):
                    product.taxes_id += taxes
        return result
