from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_payout.tests.common import PayoutCommon

from ..adapters.errors import TransientError
from ..adapters.vendure import VendureAdapter
from ..engine.contract import RecordKind, Result
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorRecords(ConnectorCommon, PayoutCommon):
    """Statements, invoices and payouts go to the shops that have a place for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["marketplace.binding"]._bind(
            cls.storefront, "vendor", {"seller-1": cls.vendors[0]}
        )

    def _settled(self):
        group = self._import(
            self._payload(
                "1", [self._line("11", self.tile, 2), self._line("12", self.linen)]
            )
        ).order_id
        for order in group.sale_order_ids:
            self.env["marketplace.shipment"]._create_for_order(order).action_ship()
        group.sale_order_ids.marketplace_shipment_ids.action_deliver()
        later = fields.Date.today() + timedelta(days=60)
        with freeze_time(later):
            return self._settle(later - timedelta(days=1))

    def _send(self, error=None):
        """Send what waits; return the records the shop was told."""
        told = []

        def push(adapter, records):
            if error:
                raise error
            told.extend(records)
            return [Result(record.ref, record.ref) for record in records]

        with patch.object(VendureAdapter, "push_vendor_records", push):
            messages = self.Outbox.search(
                [("kind", "=", "settlement"), ("state", "in", ["pending", "retry"])]
            )
            messages._send_settlement()
        return told, messages

    def test_known_vendor_is_told_once_and_again_when_it_changes(self):
        settlements = self._settled()
        self.assertEqual(settlements.vendor_id, self.vendors[0] | self.vendors[1])
        own = settlements.filtered(lambda item: item.vendor_id == self.vendors[0])
        told, messages = self._send()
        self.assertEqual(set(messages.mapped("state")), {"done"})
        by_kind = {record.kind: record for record in told}
        statement = by_kind[RecordKind.STATEMENT]
        self.assertEqual(
            (statement.number, statement.amount),
            (own.name, self._minor(own.amount_payout)),
        )
        self.assertEqual(
            {record.vendor_ref for record in told}, {f"vendor-{self.vendors[0].id}"}
        )
        for move in own.invoice_ids:
            self.assertIn(move.name, [record.number for record in told])
        settlements._tell_storefronts()
        self.assertEqual(self._send()[0], [], "unchanged")
        own._transition("closed")
        told, _messages = self._send()
        self.assertEqual(
            [(record.number, record.state) for record in told], [(own.name, "closed")]
        )

    def test_shop_that_does_not_answer_is_told_later(self):
        self._settled()
        _told, messages = self._send(TransientError("The shop cannot be reached."))
        self.assertEqual(set(messages.mapped("state")), {"retry"})
        self.assertTrue(self._send()[0])

    def test_shop_without_a_place_for_them_is_not_told(self):
        without = replace(VendureAdapter.capabilities, vendor_record_batch_max=0)
        with patch.object(VendureAdapter, "capabilities", without):
            self._settled()
        self.assertFalse(self.Outbox.search([("kind", "=", "settlement")]))
