from types import SimpleNamespace

from odoo.tests import tagged

from ..engine.contract import Result
from .common import ConnectorCommon


class Shop:
    """A shop that keeps parcels by their reference, as the contract asks."""

    capabilities = SimpleNamespace(whole_units=True)

    def __init__(self, note=""):
        self.calls, self.parcels, self.note = [], {}, note

    def push_fulfilment(self, command):
        known = command.ref in self.parcels
        self.calls.append((command.ref, command.tracking))
        self.parcels[command.ref] = command
        return Result(command.ref, f"F-{command.ref}", note=self.note if known else "")


@tagged("post_install", "-at_install", "marketplace")
class TestTracking(ConnectorCommon):
    """Each parcel is one fulfilment of the shop, whatever happens to its number."""

    def _open(self, note=""):
        shop = Shop(note)
        self.patch(type(self.storefront), "_get_adapter", lambda storefront: shop)
        # What waited for the closed shop is not what these tests are about.
        waiting = self.Outbox.search([("state", "in", ("pending", "retry"))])
        waiting.action_cancel()
        return shop

    def _parcels(self, *quantities):
        group = self._import(self._payload("1", [self._line("11", self.tile, 3)]))
        order = group.order_id.sale_order_ids
        line = order.order_line.filtered("offer_id")
        parcels = self.env["marketplace.shipment"]
        for number, quantity in enumerate(quantities, 1):
            parcels |= parcels._create_for_order(
                order,
                {line.id: quantity},
                carrier_name=f"Carrier {number}",
                tracking_ref=f"6A{number}",
            )
        return parcels

    def test_several_parcels_are_each_sent_once(self):
        """Partial quantities, own carrier and number each."""
        parcels = self._parcels(1, 2)
        shop = self._open()
        parcels.action_ship()
        self.storefront._send_outbox()
        self.storefront._send_outbox()
        self.assertEqual(
            [
                (command.carrier, command.tracking, command.lines[0].quantity)
                for command in shop.parcels.values()
            ],
            [("Carrier 1", "6A1", 1), ("Carrier 2", "6A2", 2)],
        )
        self.assertEqual(len(shop.calls), 2)

    def test_corrected_tracking_updates_the_same_parcel(self):
        """One message of the same key; no second parcel here nor there."""
        parcel = self._parcels(3)
        shop = self._open()
        parcel.action_ship()
        self.storefront._send_outbox()
        external_ref = parcel.external_ref
        parcel.tracking_ref = "6A9"
        waiting = self.Outbox.search([("state", "=", "pending")])
        self.assertEqual(waiting.mapped("key"), [f"fulfilment-{parcel.id}"])
        self.storefront._send_outbox()
        self.assertEqual(
            shop.calls,
            [(f"fulfilment-{parcel.id}", "6A1"), (f"fulfilment-{parcel.id}", "6A9")],
        )
        self.assertEqual(len(shop.parcels), 1)
        self.assertEqual(parcel.external_ref, external_ref)
        self.assertEqual((waiting.state, waiting.reason), ("done", False))
        self.assertEqual(len(parcel.sale_order_id.marketplace_shipment_ids), 1)

    def test_what_the_shop_cannot_change_is_said(self):
        """The message is done, and its note says what to do by hand."""
        parcel = self._parcels(3)
        self._open(note="The shop still shows 6A1. Tell the customer.")
        parcel.action_ship()
        self.storefront._send_outbox()
        parcel.tracking_ref = "6A9"
        waiting = self.Outbox.search([("state", "=", "pending")])
        self.storefront._send_outbox()
        self.assertEqual(waiting.state, "done")
        self.assertEqual(waiting.reason, "The shop still shows 6A1. Tell the customer.")
