"""Settle vendors on the calendar of their contract."""

from odoo import api, models

from ..const import PAYOUT_CALENDARS, SETTLE_BATCH_VENDORS
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
        for code, _label in PAYOUT_CALENDARS:
            if code == "manual":
                continue
            cutoff = calendar.last_cutoff(code, today)
            vendors = self._vendors_to_settle(company, code, cutoff)
            for start in range(0, len(vendors), SETTLE_BATCH_VENDORS):
                yield cutoff, vendors[start : start + SETTLE_BATCH_VENDORS]

    def _vendors_to_settle(self, company, payout_calendar, cutoff):
        """Return the vendors on a calendar whose cut-off is not settled yet."""
        terms = self.env["marketplace.contract"]._payout_terms(company, cutoff)
        vendors = self.env["res.partner"].browse(
            [
                vendor_id
                for vendor_id, contract in terms.items()
                if contract.payout_calendar == payout_calendar
            ]
        )
        settled = self.search(
            [
                ("company_id", "=", company.id),
                ("vendor_id", "in", vendors.ids),
                ("date_cutoff", ">=", cutoff),
                ("state", "!=", "cancelled"),
            ]
        )
        return vendors - settled.vendor_id
