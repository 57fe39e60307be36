from odoo import api, fields, models

from ..const import PAYOUT_CALENDARS
from ..engine import calendar


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    payout_calendar = fields.Selection(
        PAYOUT_CALENDARS,
        string="Settlement",
        required=True,
        default="dekad",
        tracking=True,
        help="When the vendor is settled. The cut-off is the day before.",
    )
    payout_day = fields.Integer(
        string="Day of the Month",
        default=1,
        tracking=True,
        help="Day on which a monthly settlement is made, 1 to 31; in a shorter month "
        "its last day. The cut-off is the day before.",
    )
    payout_minimum = fields.Monetary(
        tracking=True,
        help="A balance below this amount is carried forward to the next settlement.",
    )

    _payout_minimum_positive = models.Constraint(
        "CHECK (payout_minimum >= 0)", "The payout minimum cannot be negative."
    )

    _payout_day_valid = models.Constraint(
        "CHECK (payout_day BETWEEN 1 AND 31)",
        "The day of a monthly settlement lies between 1 and 31.",
    )

    def _payout_period(self, day):
        """Return [start, end) of the settlement period of a day; None when by hand."""
        if not self or self.payout_calendar == "manual":
            return None
        return calendar.period(self.payout_calendar, day, self.payout_day)

    @api.model
    def _payout_terms(self, company, cutoff, vendors=None):
        """Return the contract whose payout terms apply to each vendor at a cut-off.

        The latest one begun: a contract that has ended still says when the rest of
        the vendor's money is settled.

        :return: {vendor id: contract}
        """
        domain = fields.Domain("company_id", "=", company.id)
        domain &= fields.Domain("state", "!=", "draft")
        domain &= fields.Domain("date_start", "<=", cutoff)
        if vendors is not None:
            domain &= fields.Domain("vendor_id", "in", vendors.ids)
        contracts = self.search(domain, order="date_start, id")
        return {contract.vendor_id.id: contract for contract in contracts}

    def _payout_minimum(self, currency, cutoff):
        """Return the minimum, in minor units, below which a balance is carried.

        None applies in another currency than the contract's, nor once the contract
        has ended or the vendor is closed: the rest is then paid whatever it is.
        """
        if self.vendor_id.vendor_state == "closed":
            return 0
        if self.currency_id != currency:
            return 0
        if self.date_end and self.date_end <= cutoff:
            return 0
        return currency._marketplace_minor(self.payout_minimum)
