"""Settle vendors on the calendar of their contract."""

from odoo import api, models

from ..const import SETTLE_BATCH_VENDORS
from ..engine import calendar


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    @api.model
    def _cron_settle(self):
        """Settle every vendor whose contract calendar has reached a cut-off.

        Each calendar's last cut-off is tried every day: one missed is made up.
        Batches are committed one by one; a vendor settled in an earlier batch is
        skipped, so the job may be cut anywhere and started again. What stops one
        company, an account role to map say, is told to its accountants.
        """
        cron = self.env["ir.cron"]
        for company in self.env["res.company"]._marketplace_companies():
            for cutoff, vendors in self._due_batches(company):
                if not company._marketplace_attempt(
                    self.env._("Settlement of vendors"),
                    self._run,
                    cutoff,
                    company,
                    vendors,
                ):
                    break
                if not cron._commit_progress(len(vendors)):
                    return

    def _due_batches(self, company):
        """Yield (cut-off, vendors) to settle in one transaction each."""
        today = company._marketplace_today()
        for cutoff, vendors in self._vendors_to_settle(company, today).items():
            for start in range(0, len(vendors), SETTLE_BATCH_VENDORS):
                yield cutoff, vendors[start : start + SETTLE_BATCH_VENDORS]

    def _vendors_to_settle(self, company, today):
        """Return {cut-off: vendors not settled at it yet}, by their contracts.

        Contracts that have just begun or ended count as of the cut-off's own day.
        """
        result = {}
        for key in self._calendars(company, today):
            cutoff = calendar.last_cutoff(key[0], today, key[1])
            terms = self.env["marketplace.contract"]._payout_terms(company, cutoff)
            vendor_ids = [
                vendor_id
                for vendor_id, contract in terms.items()
                if (contract.payout_calendar, contract.payout_day) == key
            ]
            settled = self.search(
                [
                    ("company_id", "=", company.id),
                    ("vendor_id", "in", vendor_ids),
                    ("date_cutoff", ">=", cutoff),
                    ("state", "!=", "cancelled"),
                ]
            )
            vendors = self.env["res.partner"].browse(vendor_ids) - settled.vendor_id
            result[cutoff] = result.get(cutoff, vendors.browse()) | vendors
        return result

    def _calendars(self, company, today):
        """Return [(calendar, day of the month)] of the contracts of a company."""
        return self.env["marketplace.contract"]._read_group(
            [
                ("company_id", "=", company.id),
                ("state", "!=", "draft"),
                ("date_start", "<=", today),
                ("payout_calendar", "!=", "manual"),
            ],
            ["payout_calendar", "payout_day"],
        )
