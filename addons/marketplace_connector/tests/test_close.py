from odoo import fields
from odoo.tests import tagged

from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCloseMessages(ConnectorCommon):
    def test_a_message_in_quarantine_blocks_the_month(self):
        message = self._store(self._payload("1", [self._line("11", self.tile)]))
        today = self.company._marketplace_today()
        Close = self.env["marketplace.close"]
        close = Close.create({"company_id": self.company.id, "date_start": today})
        check = close.check_ids.filtered(lambda check: check.code == "inbox")
        self.assertEqual((check.count, check.state), (1, "open"))
        self.assertTrue(check.is_blocking)
        self.assertEqual(check.date_oldest, fields.Date.to_date(message.create_date))
        message._state_unlocked().state = "quarantine"
        close.action_refresh()
        self.assertEqual(check.count, 1)
        message._state_unlocked().state = "ignored"
        close.action_refresh()
        self.assertEqual(check.state, "ok")
