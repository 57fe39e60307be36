"""Days as the company counts them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from odoo import fields, models

from ..const import LATE_PARCEL_DAYS
from ..exceptions import MarketplaceError


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_tz = fields.Selection(
        related="partner_id.tz",
        readonly=False,
        string="Time Zone of the Marketplace",
        help="Days of deliveries and due dates begin at midnight there; empty: UTC.",
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

    def _marketplace_zone(self):
        self.ensure_one()
        return ZoneInfo(self.sudo().marketplace_tz or "UTC")  # sudo: no secret

    def _marketplace_day(self, moment):
        """Return the day a UTC moment falls on for the company."""
        aware = moment.replace(tzinfo=ZoneInfo("UTC"))
        return aware.astimezone(self._marketplace_zone()).date()

    def _marketplace_today(self):
        return self._marketplace_day(fields.Datetime.now())

    def _marketplace_midnight(self, day):
        """Return the UTC moment when a day begins for the company."""
        local = datetime.combine(day, time(), self._marketplace_zone())
        return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _marketplace_moment(self, text):
        """Return the UTC moment an ISO 8601 text says, or None when it says none.

        Without offset it is in the company's time zone.
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
        return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None, microsecond=0)
