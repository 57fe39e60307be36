"""Find what a DAC7 report says: figures, decision and change of every seller."""

from collections import defaultdict
from datetime import date

from odoo import fields, models

from .. import dac7_xml
from ..const_dac7 import DAC7_SMALL_EUR, DAC7_SMALL_SALES
from ..engine import dac7

CHANGES_BY_KIND = {
    "new": ("new",),
    "correction": ("corrected", "deleted"),
    "nil": (),
}


class MarketplaceDac7Report(models.Model):
    _inherit = "marketplace.dac7.report"

    def _prepare_lines(self):
        """Write the lines anew from the ledger and the vendors' records."""
        self.ensure_one()
        # sudo: figures must not depend on who prepares the report
        ledger = self.env["marketplace.ledger.line"].sudo()
        figures = ledger._yearly_figures(self.company_id, self.year)
        fees_paid = ledger._fees_paid(self.company_id, self.year)
        filed = self._last_filed()
        keys = sorted(figures.keys() | filed.keys() | fees_paid.keys())
        vendor_by_id, currency_by_id = (
            {record.id: record for record in model.browse({key[rank] for key in keys})}
            for rank, model in enumerate(
                (self.env["res.partner"].sudo(), self.env["res.currency"])
            )
        )
        totals = self._yearly_totals(figures)
        vals_list = []
        for key in keys:
            vals = self._prepare_line_vals(
                vendor_by_id[key[0]],
                currency_by_id[key[1]],
                figures.get(key, (dac7.Quarter(),) * 4),
                totals.get(key[0], (0, 0)),
                filed.get(key),
            )
            vals["amount_fees_paid"] = currency_by_id[key[1]]._marketplace_amount(
                fees_paid.get(key, 0)
            )
            if self.kind != "correction" or vals["is_in_file"]:
                vals_list.append(vals)
        self.line_ids._frozen_unlocked().unlink()
        self.env["marketplace.dac7.line"]._frozen_unlocked().create(vals_list)
        # sudo: the report has checked who acts; date of the figures only
        self.sudo().date_prepared = fields.Datetime.now()

    def _last_filed(self):
        """Return {(vendor id, currency id): line} last filed about each seller."""
        lines = (
            self.env["marketplace.dac7.line"]
            .sudo()
            .search(
                [
                    ("report_id", "any", list(self._same_year_domain())),
                    ("report_id.state", "in", ("filed", "corrected")),
                    ("is_in_file", "=", True),
                ],
                order="version, id",
            )
        )
        return {(line.vendor_id.id, line.currency_id.id): line for line in lines}

    def _yearly_totals(self, figures):
        """Return {vendor id: (sales, net in euro cents)} over all currencies."""
        euro = self.env.ref("base.EUR")
        day = date(self.year, 12, 31)
        totals = defaultdict(lambda: (0, 0))
        for (vendor_id, currency_id), quarters in figures.items():
            currency = self.env["res.currency"].browse(currency_id)
            minor = sum(quarter.gross - quarter.fees for quarter in quarters)
            amount = currency._convert(
                currency._marketplace_amount(minor), euro, self.company_id, day
            )
            sales, cents = totals[vendor_id]
            totals[vendor_id] = (
                sales + sum(quarter.sales for quarter in quarters),
                cents + euro._marketplace_minor(amount),
            )
        return totals

    def _prepare_line_vals(self, vendor, currency, quarters, totals, filed):
        """Return the values of one line.

        :param quarters: four ``dac7.Quarter``.
        :param totals: the vendor's (sales, net in euro cents), all currencies.
        :param filed: the line last filed about him, or None.
        """
        sales, cents = totals
        reason = dac7.exclusion(
            dac7.Seller(
                sales,
                cents,
                vendor.dac7_exclusion or None,
                vendor.country_id.code in dac7_xml.EU_COUNTRIES,
            ),
            DAC7_SMALL_SALES,
            DAC7_SMALL_EUR,
        )
        if not (reason or sum(quarter.sales for quarter in quarters)):
            reason = "no_activity"
        missing = [] if reason else vendor._identity_missing("dac7")
        units = [dac7.report_quarter(q, currency.decimal_places) for q in quarters]
        seller_ref = self._seller_ref(vendor, currency)
        is_person = vendor._dac7_is_person()
        snapshot = None
        if not reason and not missing:
            snapshot = {
                **vendor._dac7_seller_data(),
                "seller_id": seller_ref,
                "sale_of_goods": self._prepare_activity(units, currency),
            }
        was = filed.snapshot if filed and filed.change != "deleted" else None
        change = dac7.change(was, snapshot)
        if missing:
            # to be reported all the same, once complete
            change = "corrected" if was else "new"
        if was and change == "deleted":
            # a deletion repeats what it deletes
            snapshot, is_person = was, filed.is_person
        is_in_file = change in CHANGES_BY_KIND[self.kind] and (
            change == "deleted" or not reason
        )
        return {
            "report_id": self.id,
            "vendor_id": vendor.id,
            "currency_id": currency.id,
            "decision": "excluded" if reason else "reported",
            "reason": reason,
            "missing": ", ".join(missing) or False,
            "change": change,
            "is_in_file": is_in_file,
            "is_person": is_person,
            "seller_ref": seller_ref,
            "version": filed.version + 1 if filed else 1,
            "corrected_ref": filed.doc_ref if filed and was else False,
            "snapshot": snapshot,
            **self._prepare_amounts(quarters, currency),
            "quarter_ids": [
                fields.Command.create(
                    {
                        "quarter": number,
                        **self._prepare_amounts([quarter], currency),
                        "units_consideration": filed_units.consideration,
                        "units_fees": filed_units.fees,
                        "units_tax": filed_units.taxes,
                    }
                )
                for number, (quarter, filed_units) in enumerate(
                    zip(quarters, units, strict=True), 1
                )
            ],
        }

    def _seller_ref(self, vendor, currency):
        """Return the reference of a seller, the same in all reports of a year."""
        if currency == self.company_id.currency_id:
            return str(vendor.id)
        return f"{vendor.id}_{currency.name}"

    def _prepare_amounts(self, quarters, currency):
        gross, fees, taxes = (
            sum(getattr(quarter, name) for quarter in quarters)
            for name in ("gross", "fees", "taxes")
        )
        return {
            "sale_count": sum(quarter.sales for quarter in quarters),
            "amount_gross": currency._marketplace_amount(gross),
            "amount_fees": currency._marketplace_amount(fees),
            "amount_tax": currency._marketplace_amount(taxes),
            "amount_net": currency._marketplace_amount(gross - fees),
        }

    def _prepare_activity(self, units, currency):
        """Return the sale of goods of a seller as the file's library takes it."""
        activity = {"currency_code": currency.name}
        for number, quarter in enumerate(units, 1):
            activity |= {
                f"consideration_amount_q{number}": quarter.consideration,
                f"activities_number_q{number}": quarter.sales,
                f"fees_amount_q{number}": quarter.fees,
                f"taxes_amount_q{number}": quarter.taxes,
            }
        return activity
