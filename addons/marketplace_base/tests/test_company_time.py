"""Days are those of the company: nothing is lost at the bounds of a period."""

from datetime import date

from odoo import fields
from odoo.tests import freeze_time, tagged

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCompanyTime(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_tz = "Europe/Paris"
        cls.vendor = cls._create_vendor("Midnight")
        cls.offer = cls._create_offer(cls.vendor, 10.0)

    def _moment(self, text):
        return fields.Datetime.to_datetime(text)

    def test_zone_comes_from_the_country(self):
        company = self.env["res.company"].create({"name": "Nowhere"})
        self.assertEqual(company.marketplace_tz, "UTC")
        company.partner_id.country_id = self.france
        self.env.add_to_compute(company._fields["marketplace_tz"], company)
        # A zone once set is kept: days already counted would move.
        self.assertEqual(company.marketplace_tz, "UTC")

    def test_last_second_of_a_day_belongs_to_it(self):
        for moment, day in (
            ("2026-03-31 21:59:59", date(2026, 3, 31)),
            ("2026-03-31 22:00:00", date(2026, 4, 1)),
            ("2026-12-31 22:59:59", date(2026, 12, 31)),
            ("2026-12-31 23:00:00", date(2027, 1, 1)),
            ("2028-02-29 22:59:59", date(2028, 2, 29)),
        ):
            with self.subTest(moment):
                self.assertEqual(
                    self.company._marketplace_day(self._moment(moment)), day
                )

    def test_period_covers_days_of_23_and_25_hours(self):
        """Summer time begins on 29 March 2026 and ends on 25 October."""
        for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
            first, end = self.company._marketplace_period(day, day)
            self.assertEqual((end - first).total_seconds(), hours * 3600)
            self.assertEqual(self.company._marketplace_day(first), day)

    def test_event_of_the_last_second_is_in_the_month_of_the_company(self):
        """An order paid at 23:59:59 on 31 March is one of March, whoever looks."""
        self.env.user.tz = "America/New_York"
        march = self._import_order([(self.offer, 1)], date="2026-03-31 21:59:59")
        april = self._import_order([(self.offer, 1)], date="2026-03-31 22:00:00")
        self.assertEqual(
            march.ledger_line_ids.mapped("date_event"), [date(2026, 3, 31)]
        )
        self.assertEqual(april.ledger_line_ids.mapped("date_event"), [date(2026, 4, 1)])
        account = self.env["marketplace.vendor.account"].create(
            {
                "vendor_id": self.vendor.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
            }
        )
        self.assertEqual([row["pending"] for row in account._rows()], [10.0])

    def test_contract_of_the_day_of_the_order_applies(self):
        """At midnight the next contract begins, in the company's time."""
        old = self.vendor.current_contract_id
        old.date_end = "2026-03-31"
        old.flush_recordset()
        new = old.copy({"date_start": "2026-04-01"})
        new._transition("active")
        before = self._import_order([(self.offer, 1)], date="2026-03-31 21:59:59")
        after = self._import_order([(self.offer, 1)], date="2026-03-31 22:00:00")
        self.assertEqual(before.sale_order_ids.contract_id, old)
        self.assertEqual(after.sale_order_ids.contract_id, new)

    def test_today_is_that_of_the_company(self):
        with freeze_time("2026-06-30 22:30:00"):
            self.assertEqual(self.company._marketplace_today(), date(2026, 7, 1))
