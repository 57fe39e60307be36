from odoo import api, fields, models

from ..const import NUMBER_SOURCES, VENDOR_NUMBER_KINDS
from ..engine.identity import check_number
from ..exceptions import MarketplaceError


class MarketplaceVendorNumber(models.Model):
    """Number that an authority gave a vendor, and what is known about it."""

    _name = "marketplace.vendor.number"
    _description = "Vendor Identification Number"
    _order = "vendor_id, kind, id"
    _rec_name = "number"

    vendor_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(VENDOR_NUMBER_KINDS, required=True)
    country_id = fields.Many2one(
        "res.country", string="Issued By", help="Country whose authority gave it."
    )
    number = fields.Char(required=True)
    scheme = fields.Char(
        help="What it covers, for example the EPR stream: packaging, batteries."
    )
    source = fields.Selection(NUMBER_SOURCES, required=True, default="vendor")
    date_verified = fields.Date(
        string="Verified On", help="When it was compared with the source."
    )
    is_checked = fields.Boolean(
        string="Check Digits",
        compute="_compute_is_checked",
        store=True,
        help="The rules of the country that issued it allow this number; not ticked "
        "where no rule is known.",
    )

    _number_uniq = models.UniqueIndex(
        "(vendor_id, kind, COALESCE(country_id, 0), number)",
        "The vendor has this number already.",
    )
    _country_given = models.Constraint(
        "CHECK (kind = 'lei' OR country_id IS NOT NULL)",
        "Say which country issued the number; only a LEI has none.",
    )

    @api.depends("kind", "country_id", "number")
    def _compute_is_checked(self):
        for record in self:
            record.is_checked = bool(record._check().valid)

    @api.constrains("kind", "country_id", "number")
    def _check_number(self):
        for record in self:
            if record._check().valid is False:
                kinds = dict(self._fields["kind"]._description_selection(self.env))
                raise MarketplaceError(
                    self.env._(
                        "“%(number)s” is no %(kind)s of %(country)s: length or check "
                        "digits are wrong.",
                        number=record.number,
                        kind=kinds[record.kind],
                        country=record.country_id.name or "-",
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._compact()
        return records

    def write(self, vals):
        result = super().write(vals)
        if "number" in vals:
            self._compact()
        return result

    def _compact(self):
        """Write numbers without the spaces and dots people type."""
        for record in self:
            if (number := record._check().number) != record.number:
                record.number = number

    def _check(self):
        self.ensure_one()
        return check_number(
            self.kind or "", self.country_id.code or "", self.number or ""
        )
