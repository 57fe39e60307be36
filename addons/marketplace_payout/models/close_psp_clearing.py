"""Close a month only when the provider's clearing account is explained."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ..const_close import CHECK_NAMES
from .marketplace_close_check import Check

_lt = LazyTranslate(__name__)

# Days after which what a provider has not told is overdue.
TRANSIT_DAYS = 10


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    @api.model
    def _close_checks(self):
        checks = {}
        for code, check in super()._close_checks().items():
            checks[code] = check
            if code == "psp_clearing":
                checks["psp_explained"] = Check(
                    _lt("PSP clearing explained"), "_find_psp_unexplained", True
                )
        return checks

    def _find_psp_unexplained(self):
        """Find lines of reports that are not ours, or differ, and what is overdue.

        Overdue counts for providers whose reports have lines: of the others nobody
        can say which payments they told of.
        """
        scope = self._own() & Domain("date", "<=", self.date_end)
        itemized = self.env["marketplace.psp.settlement.line"]._read_group(
            self._own() & Domain("settlement_id.state", "=", "posted"),
            ["psp_partner_id"],
        )
        providers = self.env["res.partner"].union(*(row[0] for row in itemized))
        wrong = Domain("bucket", "in", ("unknown", "difference"))
        overdue = (
            Domain("bucket", "=", "in_transit")
            & Domain("psp_partner_id", "in", providers.commercial_partner_id.ids)
            & Domain(
                "date", "<", fields.Date.subtract(self.date_end, days=TRANSIT_DAYS)
            )
        )
        rows = self.env["marketplace.psp.clearing"].search(scope & (wrong | overdue))
        details = ", ".join(
            f"{row.reference} {row.currency_id.format(row.amount)}"
            for row in rows[:CHECK_NAMES]
        )
        amount = self._company_sum(rows, "amount", self.date_end)
        return self._found(rows, "date", amount, details)
