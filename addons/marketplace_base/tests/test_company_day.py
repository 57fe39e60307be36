"""What begins or ends on a day does so on the day of the company."""

from datetime import date

from odoo import fields
from odoo.tests import freeze_time, tagged

from .returns_common import ReturnsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCompanyDay(ReturnsCommon):
    """Noon in Greenwich is the next day in Auckland, whatever the user's zone is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_tz = "Pacific/Auckland"
        cls.env.user.tz = "UTC"
        cls.group = cls._deliver()

    @freeze_time("2026-03-12 12:00:00")
    def test_documents_are_dated_by_the_company(self):
        tomorrow = date(2026, 3, 13)
        record = self._receive(self._ask_return(self.group, [(self.mug, 1)]))
        self.assertEqual(record.date_received, tomorrow)
        incident = self.env["marketplace.incident"].create(
            {
                "sale_line_id": self._line(self.group, self.tray).id,
                "reason_code": "defective",
            }
        )
        self.assertEqual(incident.date, tomorrow)
        incident.action_release()
        self.assertEqual(incident.date_closed, tomorrow)
        dispute = self.env["marketplace.dispute"].create(
            {"payment_id": self.group.payment_ids.id}
        )
        dispute.action_open()
        dispute.action_win()
        self.assertEqual((dispute.date, dispute.date_closed), (tomorrow, tomorrow))
        refund = self.env["marketplace.refund"].create({"order_id": self.group.id})
        self.assertEqual(refund.date, tomorrow)

    @freeze_time("2026-03-12 12:00:00")
    def test_closures_begin_with_the_day_of_the_company(self):
        self.env["marketplace.vendor.closure"].create(
            {
                "vendor_id": self.vendor.id,
                "date_start": "2026-03-13",
                "date_end": "2026-03-13",
            }
        )
        self.assertEqual(self.mug.inactive_reason, "vendor_closed")
        self.company.marketplace_tz = "UTC"
        self.env["marketplace.vendor.closure"]._cron_follow()
        self.assertTrue(self.mug.is_sellable)

    @freeze_time("2026-03-12 12:00:00")
    def test_ended_contract_takes_its_last_day_from_the_company(self):
        contract = self.vendor.vendor_contract_ids
        contract.action_end()
        self.assertEqual(contract.date_end, date(2026, 3, 13))
        self.assertEqual(
            fields.Date.context_today(contract), date(2026, 3, 12), "the user's day"
        )
