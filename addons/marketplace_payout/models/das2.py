"""Commission that a French vendor paid the operator in a year: his form DAS2.

Source: CGI article 240 and BOI-BIC-DECLA-30-70-20: who pays commissions declares them,
VAT included, for the calendar year of payment, above a threshold for each payee.
"""

from odoo import api, fields, models

from ..const_dac7 import DAS2_THRESHOLDS
from .cash_commission import NETTING_EVENTS


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    @api.private
    def _fees_paid(self, company, year):
        """Return what vendors paid of commission documents in a year, by set-off.

        Paid is what a settlement nets, on its day, less what credit notes gave back.

        :return: {(vendor id, currency id): minor units, VAT included}
        """
        rows = self._read_group(
            [
                ("company_id", "=", company.id),
                ("event", "in", NETTING_EVENTS),
                ("debit_move_line_id", "!=", False),
                ("date_event", ">=", f"{year}-01-01"),
                ("date_event", "<=", f"{year}-12-31"),
            ],
            ["vendor_id", "currency_id", "role_credit"],
            ["amount:sum"],
        )
        paid = {}
        for vendor, currency, role, amount in rows:
            minor = currency._marketplace_minor(amount)
            key = (vendor.id, currency.id)
            sign = 1 if role == "VENDOR_AR" else -1
            paid[key] = paid.get(key, 0) + sign * minor
        return paid


class MarketplaceDac7Line(models.Model):
    _inherit = "marketplace.dac7.line"

    amount_fees_paid = fields.Monetary(
        string="Fees Paid",
        help="Commission documents that settlements of the year netted, VAT included: "
        "what a French business declares as paid to the operator (form DAS2).",
    )

    def _needs_das2(self):
        """Return whether the vendor has to declare these fees: above the threshold."""
        self.ensure_one()
        # sudo: where the vendor sits, for his own statement
        vendor = self.sudo().vendor_id
        limit = next(amount for first, amount in DAS2_THRESHOLDS if self.year >= first)
        return (
            vendor.country_id.code == "FR"
            and vendor.vendor_kind != "private"
            and self.currency_id.name == "EUR"
            and self.currency_id.compare_amounts(self.amount_fees_paid, limit) > 0
        )
