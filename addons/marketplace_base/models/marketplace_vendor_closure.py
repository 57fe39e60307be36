from odoo import api, fields, models
from odoo.fields import Domain

from .res_partner import GROUP_VIEWER


class MarketplaceVendorClosure(models.Model):
    """Days on which a vendor takes no orders, and comes back by himself."""

    _name = "marketplace.vendor.closure"
    _description = "Vendor Closure"
    _order = "date_start desc, id desc"

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    date_start = fields.Date(string="From", required=True)
    date_end = fields.Date(
        string="To", required=True, help="Last day of the closure, included."
    )
    note = fields.Char(help="For example: summer holiday.")

    _dates_ordered = models.Constraint(
        "CHECK (date_end >= date_start)", "A closure cannot end before it starts."
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (vendor_id WITH =, "
        "daterange(date_start, date_end, '[]') WITH &&)",
        "The vendor is closed on some of these days already.",
    )

    @api.depends("date_start", "date_end", "vendor_id")
    def _compute_display_name(self):
        for closure in self:
            closure.display_name = (
                f"{closure.vendor_id.name} · {closure.date_start} – {closure.date_end}"
            )

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    # -- CRUD: offers follow at once ------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        closures = super().create(vals_list)
        closures.vendor_id._vendor_refresh_offers()
        return closures

    def write(self, vals):
        vendors = self.vendor_id
        result = super().write(vals)
        (vendors | self.vendor_id)._vendor_refresh_offers()
        return result

    def unlink(self):
        vendors = self.vendor_id
        result = super().unlink()
        vendors._vendor_refresh_offers()
        return result

    # -- business -------------------------------------------------------------------

    @api.model
    def _closed_vendors(self, date, vendors=None):
        """Return the vendors who are closed on a day, among some or all."""
        domain = Domain("date_start", "<=", date) & Domain("date_end", ">=", date)
        if vendors is not None:
            domain &= Domain("vendor_id", "in", vendors.ids)
        # sudo: that a vendor is closed, for whoever shows his offers
        return self.sudo().search(domain).vendor_id

    @api.model
    def _cron_follow(self):
        """Close and open again the offers whose closure starts or ended."""
        stale = self.env["marketplace.offer"]
        for company in self.env["res.company"]._marketplace_companies():
            closed = self._closed_vendors(company._marketplace_today())
            stale |= stale.search(
                Domain("company_id", "=", company.id)
                & (
                    (
                        Domain("vendor_id", "in", closed.ids)
                        & Domain("is_sellable", "=", True)
                    )
                    | (
                        Domain("vendor_id", "not in", closed.ids)
                        & Domain("inactive_reason", "=", "vendor_closed")
                    )
                )
            )
        stale._refresh_sellable()


class ResPartner(models.Model):
    _inherit = "res.partner"

    vendor_closure_ids = fields.One2many(
        "marketplace.vendor.closure",
        "vendor_id",
        string="Closures",
        groups=GROUP_VIEWER,
    )

    def _vendor_refresh_offers(self):
        # sudo: the state of offers follows the closure, whoever entered it
        self.sudo().vendor_offer_ids._refresh_sellable()


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    inactive_reason = fields.Selection(
        selection_add=[("vendor_closed", "Vendor closed for some days")]
    )

    def _compute_is_sellable(self):
        """Take the offers of closed vendors off sale, when nothing graver does."""
        result = super()._compute_is_sellable()
        sellable = self.filtered("is_sellable")
        for company, offers in sellable.grouped("company_id").items():
            closed = self.env["marketplace.vendor.closure"]._closed_vendors(
                (company or self.env.company)._marketplace_today(),
                offers.vendor_id._origin,
            )
            for offer in offers:
                if offer.vendor_id._origin in closed:
                    offer.inactive_reason = "vendor_closed"
                    offer.is_sellable = False
        return result

    def _refresh_sellable(self):
        """Compute again which offers are sold, and tell who listens."""
        for name in ("is_sellable", "inactive_reason"):
            self.env.add_to_compute(self._fields[name], self)
        self._after_offer_change({"is_sellable"})
