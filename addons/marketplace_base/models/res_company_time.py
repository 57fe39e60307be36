from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytz

from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from ..const import LATE_PARCEL_DAYS
from ..exceptions import MarketplaceError


class ResCompany(models.Model):
    """Days of a company: where it keeps its books, whoever looks at them."""

    _inherit = "res.company"

    marketplace_tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        compute="_compute_marketplace_tz",
        store=True,
        readonly=False,
        help="Days of orders, deliveries, statements and deadlines begin and end at "
        "midnight there.",
    )
    marketplace_late_days = fields.Integer(
        string="Parcels Late After (days)",
        default=LATE_PARCEL_DAYS,
        help="Parcels on their way for longer are listed as late or missing.",
    )

    _late_days_positive = models.Constraint(
        "CHECK (marketplace_late_days >= 0)",
        "Parcels are late after zero or more days.",
    )

    @api.depends("partner_id.country_id")
    def _compute_marketplace_tz(self):
        for company in self:
            code = company.partner_id.country_id.code
            zones = pytz.country_timezones.get(code) if code else None
            company.marketplace_tz = company.marketplace_tz or (zones or ["UTC"])[0]

    def _marketplace_zone(self):
        self.ensure_one()
        # sudo: whoever may read a document may know on which day it happened
        return ZoneInfo(self.sudo().marketplace_tz or "UTC")

    def _marketplace_day(self, moment):
        """Return the day of a moment where the company is.

        :param moment: naive datetime in UTC, as the database holds it.
        """
        return moment.replace(tzinfo=UTC).astimezone(self._marketplace_zone()).date()

    def _marketplace_today(self):
        """Return the present day where the company is."""
        return self._marketplace_day(fields.Datetime.now())

    def _marketplace_day_start(self, day):
        """Return the moment a day begins, as the database holds it (naive, UTC).

        The period of days ``first`` to ``last`` is from the start of ``first`` up to,
        and without, the start of the day after ``last``.
        """
        local = datetime.combine(day, time(), self._marketplace_zone())
        return local.astimezone(UTC).replace(tzinfo=None)

    def _marketplace_period(self, first, last):
        """Return the moments between which days lie: from one, up to without the other.

        :param last: counted whole, to its last microsecond.
        """
        return (
            self._marketplace_day_start(first),
            self._marketplace_day_start(last + timedelta(days=1)),
        )

    def _marketplace_moment(self, text):
        """Return the moment (naive, UTC) an ISO 8601 text says, None when it is empty.

        Without offset it is in the company's time zone.

        :raises MarketplaceError: when the text is no date and time.
        """
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except (TypeError, ValueError) as error:
            raise MarketplaceError(
                self.env._(
                    "“%(text)s” is no date and time: write it like "
                    "2026-03-05T14:30:00+01:00.",
                    text=str(text)[:64],
                )
            ) from error
        if not moment.tzinfo:
            moment = moment.replace(tzinfo=self._marketplace_zone())
        return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
