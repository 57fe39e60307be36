from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from ..const import OFFER_CONDITIONS, OFFER_INACTIVE_REASONS
from ..exceptions import MarketplaceError

# Unforgeable by RPC: a client can send any context value, never this object.
OFFER_BATCH = object()


class MarketplaceOffer(models.Model):
    _name = "marketplace.offer"
    _description = "Vendor Offer"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "product_id, price, id"
    _rec_names_search = ["vendor_sku", "product_id.name", "vendor_id.vendor_code"]

    active = fields.Boolean(default=True, tracking=True)
    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain=[("sale_ok", "=", True)],
    )
    product_categ_id = fields.Many2one(related="product_id.categ_id")
    vendor_sku = fields.Char(string="Vendor SKU", required=True, tracking=True)
    price = fields.Monetary(
        required=True,
        tracking=True,
        help="What the consumer pays for one unit, taxes included.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    quantity = fields.Float(
        string="Stock Offered",
        digits="Product Unit",
        help="Units the vendor can ship now, in the unit of the product.",
    )
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    condition = fields.Selection(OFFER_CONDITIONS, required=True, default="new")
    lead_time_days = fields.Integer(
        string="Lead Time (days)", help="Days the vendor needs before he ships."
    )
    is_sellable = fields.Boolean(
        string="Sellable", compute="_compute_is_sellable", store=True
    )
    inactive_reason = fields.Selection(
        OFFER_INACTIVE_REASONS,
        string="Not Sold Because",
        compute="_compute_is_sellable",
        store=True,
        index="btree_not_null",
    )

    _vendor_sku_uniq = models.UniqueIndex(
        "(company_id, vendor_id, vendor_sku)",
        "This vendor has an offer with this SKU already (look at archived ones too).",
    )
    _vendor_product_uniq = models.UniqueIndex(
        "(company_id, vendor_id, product_id, condition)",
        "This vendor offers this product in this condition already (look at archived "
        "offers too).",
    )
    _sellable_idx = models.Index(
        "(company_id, product_id, price, id) WHERE is_sellable"
    )
    _figures_positive = models.Constraint(
        "CHECK (price >= 0 AND quantity >= 0 AND lead_time_days >= 0)",
        "The price, the stock and the lead time of an offer are zero or more.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("company_id")
    def _compute_currency_id(self):
        for offer in self:
            offer.currency_id = offer.company_id.currency_id

    @api.depends("vendor_sku", "product_id", "vendor_id")
    def _compute_display_name(self):
        for offer in self:
            parts = (
                offer.vendor_sku,
                # sudo: a vendor may read his offers but no product; the name of
                # what he offers is his to see
                offer.sudo().product_id.display_name,
                offer.vendor_id.name,
            )
            offer.display_name = " · ".join(part for part in parts if part)

    @api.depends(
        "active",
        "price",
        "currency_id",
        "quantity",
        "company_id",
        "product_id.active",
        "vendor_id.vendor_state",
        "vendor_id.vendor_contract_ids.state",
        "vendor_id.vendor_contract_ids.company_id",
        "vendor_id.vendor_contract_ids.date_start",
        "vendor_id.vendor_contract_ids.date_end",
    )
    def _compute_is_sellable(self):
        for company, offers in self.grouped("company_id").items():
            today = (company or self.env.company)._marketplace_today()
            contracts = offers.vendor_id._marketplace_contracts(today, company)
            for offer in offers:
                has_contract = offer.vendor_id._origin.id in contracts
                offer.inactive_reason = offer._get_inactive_reason(has_contract)
                offer.is_sellable = not offer.inactive_reason

    def _get_inactive_reason(self, has_contract):
        """Return why one offer is not sold, the gravest first, or False."""
        self.ensure_one()
        if not self.active or not self.product_id.active:
            return "archived"
        if self.vendor_id.vendor_state != "approved":
            return "vendor_suspended"
        if not has_contract:
            return "no_contract"
        if not self.currency_id or self.currency_id.compare_amounts(self.price, 0) <= 0:
            return "no_price"
        if self.product_id.uom_id.compare(self.quantity, 0) <= 0:
            return "out_of_stock"
        return False

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        offers = super().create(vals_list)
        offers._after_offer_change({name for vals in vals_list for name in vals})
        return offers

    def write(self, vals):
        res = super().write(vals)
        if self.env.context.get("marketplace_offer_batch") is not OFFER_BATCH:
            self._after_offer_change(set(vals))
        return res

    @api.private
    def _write_each(self, vals_by_offer):
        """Write other values on each offer, and act on the change once.

        No tracking either: it posts one message at a time. Whoever calls this keeps
        a record of the change himself.

        :param dict vals_by_offer: {offer: values}.
        """
        batch = {"marketplace_offer_batch": OFFER_BATCH, "tracking_disable": True}
        alike = defaultdict(self.browse)
        for offer, vals in vals_by_offer.items():
            if "price" in vals:
                alike[vals["price"]] |= offer
            rest = {name: value for name, value in vals.items() if name != "price"}
            if rest:
                offer.with_context(**batch).write(rest)
        # Prices have guards and a history, which cost queries by call.
        for price, offers in alike.items():
            offers.with_context(**batch).write({"price": price})
        self.browse(offer.id for offer in vals_by_offer)._after_offer_change(
            {name for vals in vals_by_offer.values() for name in vals}
        )

    # -- business -------------------------------------------------------------------

    def _get_sale_taxes(self, country=None):
        """Return the taxes of one offer; see :meth:`_get_sale_taxes_by_offer`."""
        self.ensure_one()
        return self._get_sale_taxes_by_offer(country)[self.id]

    def _get_sale_taxes_by_offer(self, country=None):
        """Return the taxes of each offer, in their price-included form.

        :param country: destination of the goods, the company's own by default.
        :return: {offer id: account.tax}, taxes of the offer's company.
        :raises MarketplaceError: for a tax that no price can include, naming it.
        """
        twins = {}
        by_offer = {}
        decided = self._decide_taxes(country)
        for offer in self:
            taxes = self.env["account.tax"]
            company = offer.company_id
            # sudo: whoever sells an offer applies its taxes, account roles or not
            for tax in decided[offer.id].taxes.sudo():
                if (company, tax) not in twins:
                    twins[company, tax] = self._get_included_tax(company.sudo(), tax)
                taxes |= twins[company, tax].sudo(self.env.su)
            by_offer[offer.id] = taxes
        return by_offer

    @api.model
    def _get_included_tax(self, company, tax):
        if tax.price_include:
            return tax
        if tax.amount_type != "percent":
            raise MarketplaceError(
                self.env._(
                    "The tax %(tax)s is no percentage: prices of offers include their "
                    "taxes. Use a percentage on the products that vendors sell.",
                    tax=tax.display_name,
                )
            )
        return company._marketplace_tax(tax.amount)

    # -- hooks ----------------------------------------------------------------------

    def _get_price_asked(self):
        """Return the price last asked for; to extend where prices wait for approval."""
        self.ensure_one()
        return self.price

    def _after_offer_change(self, fields_changed):
        """Act once per batch of offers whose fields changed; for other addons.

        :param set fields_changed: field names; ``is_sellable`` alone when the change
            came from the vendor or the contract.
        """

    # -- cron -----------------------------------------------------------------------

    @api.model
    def _cron_refresh_sellable(self):
        """Update the offers whose contract started or ended with the passing days."""
        stale = self.browse()
        for company in self.env["res.company"]._marketplace_companies():
            today = company._marketplace_today()
            contracts = self.env["marketplace.contract"].search(
                self.env["marketplace.contract"]._domain_in_force(today)
                & Domain("company_id", "=", company.id)
            )
            covered = Domain("vendor_id", "in", contracts.vendor_id.ids)
            stale |= self.search(
                Domain("company_id", "=", company.id)
                & (
                    (covered & Domain("inactive_reason", "=", "no_contract"))
                    | (~covered & Domain("is_sellable", "=", True))
                )
            )
        for name in ("is_sellable", "inactive_reason"):
            self.env.add_to_compute(self._fields[name], stale)
        stale._after_offer_change({"is_sellable"})
