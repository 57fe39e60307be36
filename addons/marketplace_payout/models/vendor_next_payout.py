from odoo import models

from ..engine import calendar


class ResPartner(models.Model):
    """Tell a vendor when he is paid next."""

    _inherit = "res.partner"

    def _vendor_next_payout(self, company, currency, buckets):
        """Return the next payout as things stand: all that is due, on the calendar.

        Commission that is not invoiced yet is not taken off: the statement does that.
        The day is the first on which banks settle after the contract's next cut-off,
        or today's when a statement waits to be paid already. Nobody knows it for a
        contract without calendar, nor while something keeps payouts from leaving.

        :return: as documented in base; with "minimum", in currency units, while what
            is due stays below the contract's payout minimum.
        """
        settlement = self.env["marketplace.settlement"]
        today = company._marketplace_today()
        terms = self.env["marketplace.contract"]._payout_terms(company, today, self)
        contract = terms.get(self.id)
        due = currency._marketplace_minor(buckets["due"])
        waiting = settlement.search_count(
            [
                ("vendor_id", "=", self.id),
                ("company_id", "=", company.id),
                ("currency_id", "=", currency.id),
                ("state", "=", "confirmed"),
                ("amount_payout", ">", 0),
            ],
            limit=1,
        )
        minimum = contract._payout_minimum(currency, today) if contract else 0
        nothing = {"date": None, "amount": 0.0}
        if due <= 0:
            return nothing
        if due < minimum and not waiting:
            return {**nothing, "minimum": currency._marketplace_amount(minimum)}
        day = None
        if waiting:
            day = today
        elif contract and (span := contract._payout_period(today)):
            day = span[1]
        if self._payout_block_reason():
            day = None
        return {"date": day and calendar.payment_day(day), "amount": buckets["due"]}
