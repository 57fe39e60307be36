from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError


class MarketplaceStorefrontTax(models.Model):
    """One tax of the shop and ours: sent with offers, read on order lines."""

    _name = "marketplace.storefront.tax"
    _description = "Storefront Tax"
    _order = "storefront_id, rate desc, code"
    _check_company_auto = True

    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="storefront_id.company_id")
    code = fields.Char(
        string="Name in the Shop",
        required=True,
        help="As the shop writes it on order lines.",
    )
    rate = fields.Float(
        digits=(6, 5), help="Rate in the shop; an order with another rate is held."
    )
    tax_id = fields.Many2one(
        "account.tax",
        check_company=True,
        ondelete="restrict",
        domain=[("type_tax_use", "=", "sale"), ("price_include", "=", True)],
        help="Empty for goods without tax.",
    )

    to_review = fields.Boolean(
        help="Added by itself when an order named it: look whether it is right."
    )

    _code_uniq = models.UniqueIndex(
        "(storefront_id, code, rate)", "This tax of the shop is already listed."
    )
    _rate_range = models.Constraint(
        "CHECK (rate >= 0 AND rate < 1)", "A rate is between 0 % and 100 %."
    )

    @api.constrains("rate", "tax_id")
    def _check_rate(self):
        for line in self:
            ours = Decimal(f"{line.tax_id.amount:.3f}") / 100
            if ours != line._get_rate():
                raise MarketplaceError(
                    self.env._(
                        "%(code)s is %(rate)s %% in the shop, and %(tax)s is not.",
                        code=line.code,
                        rate=f"{line.rate * 100:g}",
                        tax=line.tax_id.display_name or self.env._("no tax"),
                    )
                )

    def action_reviewed(self):
        """Confirm taxes that were added by themselves."""
        self.to_review = False
        return True

    def _get_rate(self):
        """Return the rate as a Decimal fraction, at the precision that is stored."""
        self.ensure_one()
        return Decimal(f"{self.rate:.5f}").normalize()


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    @api.private
    def _add_taxes(self, told):
        """Map taxes of the shop that are not listed, for somebody to review.

        One whose rate the company has no sale tax for stays unknown.

        :param told: {(code, rate as a fraction)}.
        """
        self.ensure_one()
        known = {(line.code, line._get_rate()) for line in self.tax_ids}
        vals_list = []
        for code, rate in sorted(told - known):
            tax = self.env["account.tax"]
            if rate:
                try:
                    tax = self.company_id._marketplace_tax(rate * 100)
                except MarketplaceError:
                    continue
            vals_list.append(
                {
                    "storefront_id": self.id,
                    "code": code,
                    "rate": float(rate),
                    "tax_id": tax.id,
                    "to_review": True,
                }
            )
        added = self.env["marketplace.storefront.tax"].create(vals_list)
        self._report_list(
            self.env._("Taxes added, to be reviewed:"),
            [
                f"{line.code} · {line.tax_id.name or self.env._('no tax')}"
                for line in added
            ],
        )
