"""Keep a month open while nobody knows what became of a payout."""

from odoo import fields, models
from odoo.fields import Domain

# Days a bank takes to answer a transfer before its silence is a question.
ANSWER_DAYS = 5


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    def _find_unresolved(self):
        """Find payouts of the month without a last answer.

        An unknown answer counts at once; a transfer that was merely sent counts when
        its bank had the days to answer.
        """
        late = fields.Date.subtract(
            self.company_id._marketplace_today(), days=ANSWER_DAYS
        )
        payouts = self.env["marketplace.payout"].search(
            self._own()
            & Domain("run_id.date", "<=", self.date_end)
            & (
                Domain("state", "=", "unresolved")
                | (
                    Domain("state", "=", "sent")
                    & Domain("run_id.date_execution", "<=", late)
                )
            )
        )
        amount = self._company_sum(payouts, "amount", self.date_end)
        return self._found(payouts, "date", amount)
