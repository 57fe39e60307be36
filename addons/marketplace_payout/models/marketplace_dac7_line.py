"""What a DAC7 report says of one seller, frozen."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const_dac7 import DAC7_CHANGES, DAC7_DECISIONS, DAC7_REASONS

# A caller can send any context value over RPC, but never this very object.
_DAC7_TOKEN = object()


class MarketplaceDac7Frozen(models.AbstractModel):
    """Figures that only the report writes."""

    _name = "marketplace.dac7.frozen"
    _description = "Frozen DAC7 Figures"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_dac7_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_dac7_token()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_dac7_token()

    def _check_dac7_token(self):
        if self.env.context.get("marketplace_dac7_token") is not _DAC7_TOKEN:
            raise AccessError(
                self.env._(
                    "Figures and reminders of DAC7 are records of what was found and "
                    "sent: only the report and the reminders write them."
                )
            )

    def _frozen_unlocked(self):
        """Return self able to write; only the report's own code may call it."""
        # sudo: nobody writes lines; the report has checked who acts
        return self.sudo().with_context(marketplace_dac7_token=_DAC7_TOKEN)


class MarketplaceDac7Quarter(models.Model):
    """One quarter of a seller: exact amounts, and the whole units that are filed."""

    _name = "marketplace.dac7.quarter"
    _description = "DAC7 Quarter"
    _inherit = ["marketplace.dac7.frozen"]
    _order = "line_id, quarter"
    _rec_name = "quarter"

    line_id = fields.Many2one(
        "marketplace.dac7.line", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="line_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="line_id.currency_id")
    quarter = fields.Integer(required=True, aggregator=None)
    sale_count = fields.Integer(string="Sales")
    amount_gross = fields.Monetary(string="Gross")
    amount_fees = fields.Monetary(string="Fees")
    amount_tax = fields.Monetary(string="Tax Withheld")
    amount_net = fields.Monetary(string="Net")
    units_consideration = fields.Integer(string="Consideration (filed)")
    units_fees = fields.Integer(string="Fees (filed)")
    units_tax = fields.Integer(string="Taxes (filed)")

    _quarter_uniq = models.UniqueIndex(
        "(line_id, quarter)", "The seller has this quarter already."
    )


class MarketplaceDac7Line(models.Model):
    """One seller and currency in a report: figures, decision, what it lacks."""

    _name = "marketplace.dac7.line"
    _description = "DAC7 Seller"
    _inherit = ["marketplace.dac7.frozen"]
    _order = "report_id desc, vendor_id, currency_id"
    _rec_name = "vendor_id"

    report_id = fields.Many2one(
        "marketplace.dac7.report", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="report_id.company_id", store=True, precompute=True, index=True
    )
    year = fields.Integer(
        related="report_id.year", store=True, precompute=True, aggregator=None
    )
    state = fields.Selection(related="report_id.state")
    vendor_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True)
    quarter_ids = fields.One2many("marketplace.dac7.quarter", "line_id")
    sale_count = fields.Integer(string="Sales")
    amount_gross = fields.Monetary(
        string="Gross",
        help="What sales credited to the vendor, less refunds of these sales.",
    )
    amount_fees = fields.Monetary(string="Fees", help="Commission and other, with VAT.")
    amount_tax = fields.Monetary(string="Tax Withheld")
    amount_net = fields.Monetary(string="Net", help="Gross less fees.")
    decision = fields.Selection(DAC7_DECISIONS, required=True)
    reason = fields.Selection(DAC7_REASONS, string="Not Reported Because")
    missing = fields.Char(help="What the vendor's record lacks for the report.")
    change = fields.Selection(
        DAC7_CHANGES,
        required=True,
        help="Against what was filed about the seller for the year.",
    )
    is_in_file = fields.Boolean(string="In the File")
    is_person = fields.Boolean(string="Individual")
    seller_ref = fields.Char(string="Seller Reference", required=True)
    version = fields.Integer(aggregator=None)
    doc_ref = fields.Char(string="Document Reference")
    corrected_ref = fields.Char(string="Corrects")
    snapshot = fields.Json(
        string="As Filed", help="Identity and figures in the file, to compare with."
    )
    date_shared = fields.Datetime(
        string="Given to the Vendor", help="When he got his annual statement."
    )

    _seller_uniq = models.UniqueIndex(
        "(report_id, vendor_id, currency_id)", "The seller is in the report already."
    )
    _doc_ref_uniq = models.UniqueIndex(
        "(doc_ref) WHERE doc_ref IS NOT NULL",
        "Another report has this document reference.",
    )

    def action_open_vendor(self):
        """Open the vendor, to complete his data."""
        self.ensure_one()
        return self.vendor_id._get_records_action()
