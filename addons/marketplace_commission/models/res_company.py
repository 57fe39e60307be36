from odoo import fields, models
from odoo.fields import Command

from odoo.addons.marketplace_base.exceptions import MarketplaceError


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_journal_commission_id = fields.Many2one(
        "account.journal",
        string="Commission Journal",
        domain="[('type', '=', 'sale')]",
        check_company=True,
    )

    # -- reading the set-up ---------------------------------------------------------

    def _marketplace_commission_product(self):
        """Return the product of commission invoices; it carries their tax."""
        # sudo: salespeople of one company do not decide what may be read of it.
        return self.env.ref("marketplace_commission.product_commission").sudo()

    def _marketplace_commission_taxes(self, position):
        """Return the tax on commission under a fiscal position.

        :raises MarketplaceError: when the company has no tax on commission.
        """
        self.ensure_one()
        product = self._marketplace_commission_product()
        taxes = product.taxes_id._filter_taxes_by_company(self)
        if not taxes:
            raise MarketplaceError(
                self.env._(
                    "The product “%(product)s” has no sale tax in %(company)s. Set "
                    "one, or run the set-up of the marketplace settings.",
                    product=product.display_name,
                    company=self.display_name,
                )
            )
        return position.map_tax(taxes)

    def _marketplace_fiscal_positions(self, vendors):
        """Return the fiscal position of each vendor: {vendor: position, maybe empty}.

        As Odoo chooses it for an invoice: the one set on the vendor, else the first
        that fits his country and VAT number. Candidates are read once for all.
        """
        self.ensure_one()
        FiscalPosition = self.env["account.fiscal.position"].sudo().with_company(self)
        candidates = FiscalPosition.search(
            [
                *FiscalPosition._check_company_domain(self),
                ("auto_apply", "=", True),
            ]
        )
        positions = {}
        for vendor in vendors.sudo().with_company(self):
            position = vendor.property_account_position_id
            if not position and vendor.country_id:
                position = candidates._get_first_matching_fpos(vendor)
            positions[vendor] = position
        if problems := self._marketplace_position_problems(positions):
            raise MarketplaceError("\n".join(problems))
        return positions

    def _marketplace_position_problems(self, positions):
        """Return, in words, vendors abroad whose commission has no tax of its own.

        Without a fiscal position the domestic tax would be charged, and nobody told.

        :param positions: {vendor: fiscal position, maybe empty}.
        """
        self.ensure_one()
        home = self.account_fiscal_country_id
        abroad = {}
        for vendor, position in positions.items():
            country = vendor.country_id
            if home and country and country != home and not position:
                key = (country, bool(vendor.vat))
                abroad[key] = abroad.get(key, vendor.browse()) | vendor
        return [
            self.env._(
                "%(vendors)s: no fiscal position says which VAT a commission to "
                "%(country)s has, VAT number %(known)s. Add one under Accounting › "
                "Configuration › Fiscal Positions, or set it on the vendor.",
                vendors=", ".join(vendors.mapped("display_name")),
                country=country.name,
                known=self.env._("known") if vat else self.env._("not known"),
            )
            for (country, vat), vendors in abroad.items()
        ]

    def _marketplace_readiness(self):
        rows = super()._marketplace_readiness()
        company = self.sudo().with_company(self)
        problems, taxes = [], self.env["account.tax"]
        try:
            taxes = company._marketplace_commission_taxes(
                self.env["account.fiscal.position"]
            )
        except MarketplaceError as error:
            problems = [str(error)]
        rows.append(
            {
                "area": "tax",
                "name": self.env._("Tax on commission"),
                "value": ", ".join(taxes.mapped("name")),
                "problem": " ".join(problems),
            }
        )
        field = self._fields["tax_calculation_rounding_method"]
        modes = dict(field._description_selection(self.env))
        rows.append(
            {
                "area": "tax",
                "name": self.env._("Rounding of VAT on documents"),
                "value": modes[company.tax_calculation_rounding_method],
                "problem": "",
            }
        )
        return rows + company._marketplace_country_rows()

    def _marketplace_country_rows(self):
        """Return one row per country of active vendors: which position they have."""
        vendors = (
            self.env["marketplace.contract"]
            .search([("company_id", "=", self.id), ("state", "=", "active")])
            .vendor_id
        )
        try:
            positions = self._marketplace_fiscal_positions(vendors)
            problem = ""
        except MarketplaceError as error:
            positions, problem = {}, str(error)
        if problem:
            return [
                {
                    "area": "tax",
                    "name": self.env._("Vendors abroad"),
                    "value": "",
                    "problem": problem,
                }
            ]
        home = self.account_fiscal_country_id
        found = {
            (vendor.country_id.name, position.name)
            for vendor, position in positions.items()
            if vendor.country_id and vendor.country_id != home
        }
        return [
            {"area": "tax", "name": country, "value": position, "problem": ""}
            for country, position in sorted(found)
        ]

    def _marketplace_check_invoice_date(self, date):
        """Refuse to invoice in a locked period: Odoo would move the date by itself.

        :raises MarketplaceError: naming the date.
        """
        self.ensure_one()
        if self._get_lock_date_violations(
            date, fiscalyear=True, sale=True, purchase=False, tax=True, hard=True
        ):
            raise MarketplaceError(
                self.env._(
                    "%(date)s lies in a locked period of %(company)s: choose a later "
                    "invoice date.",
                    date=date,
                    company=self.display_name,
                )
            )

    # -- set-up ---------------------------------------------------------------------

    def _marketplace_setup(self):
        result = super()._marketplace_setup()
        for company in self:
            scoped = company.with_company(company).sudo()
            account = scoped._marketplace_account("COMMISSION")
            scoped._marketplace_create_journals(
                {
                    "marketplace_journal_commission_id": (
                        "MKC",
                        self.env._("Marketplace commission"),
                    ),
                },
                type="sale",
                refund_sequence=True,
                default_account_id=account.id,
            )
            product = scoped._marketplace_commission_product()
            if not product.property_account_income_id:
                product.property_account_income_id = account
            if not product.taxes_id._filter_taxes_by_company(scoped):
                product.taxes_id += scoped._marketplace_create_commission_tax()
        return result

    def _marketplace_create_commission_tax(self):
        """Return the tax on commission: the chart's tax on services, due on invoice.

        The French tax on services is due on payment: each netting of an invoice would
        make one more journal entry. With the option to pay on invoice ("option pour
        les débits") it is due when invoiced, like the copies made here. Taxes by which
        fiscal positions replace it (reverse charge, export) follow.

        :raises MarketplaceError: when the chart has no sale tax to copy.
        """
        self.ensure_one()
        source = self._marketplace_service_tax()
        if source.tax_exigibility == "on_invoice" and not source.price_include:
            return source
        tax = source._marketplace_copy_on_invoice()
        for replacing in source.replacing_tax_ids.filtered(
            lambda other: other.company_id == source.company_id
        ):
            if replacing.tax_exigibility == "on_invoice":
                replacing.original_tax_ids += tax
            else:
                replacing._marketplace_copy_on_invoice(
                    original_tax_ids=[Command.set(tax.ids)]
                )
        return tax

    def _marketplace_service_tax(self):
        """Return the chart's tax on services, at the company's default rate."""
        default = self.account_sale_tax_id
        if not default:
            raise MarketplaceError(
                self.env._(
                    "%(company)s has no default sale tax: set one under Accounting › "
                    "Configuration › Settings, then run the set-up again.",
                    company=self.display_name,
                )
            )
        services = self.env["account.tax"].search(
            [
                *self.env["account.tax"]._check_company_domain(self),
                ("type_tax_use", "=", "sale"),
                ("tax_scope", "=", "service"),
                ("amount_type", "=", "percent"),
                ("amount", "=", default.amount),
                ("is_domestic", "=", True),
            ],
            order="sequence, id",
        )
        excluded = services.filtered(lambda tax: not tax.price_include)
        return (excluded or services or default)[0]
