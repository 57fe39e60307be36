"""The Mercur adapter on a real Mercur."""

import os

import pytest

from odoo.addons.marketplace_connector.adapters.errors import InvalidError
from odoo.addons.marketplace_connector.engine.contract import (
    CancelCommand,
    PaymentState,
)
from odoo.addons.marketplace_connector.engine.validate import check_order
from odoo.addons.marketplace_connector.engine.wellformed import find_misfit

from .medusa_driver import MercurDriver
from .suite import AdapterConformance


class TestMercur(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        return MercurDriver(os.environ["MKP_MERCUR_URL"], os.environ["MKP_MERCUR_DSN"])

    def test_order_adds_up(self, driver, world):
        """A coupon is one seller's, and lowers the price of his goods only."""
        coupon = driver.staff.create_coupon(10, seller=world.vendor_ids[1])
        quantities = dict(zip(world.skus, (3, 1, 2), strict=True))
        placed = driver.place_order(quantities, coupon=coupon)
        order = self.read(world, placed.ref)
        assert (find_misfit(order), check_order(order)) == ("", [])
        assert (order.number, order.total) == (placed.number, placed.total)
        assert {line.sku: line.quantity for line in order.lines} == quantities
        given = {line.sku: [d.code for d in line.discounts] for line in order.lines}
        assert given == dict(zip(world.skus, ([], [coupon], [coupon]), strict=True))
        # Two orders show the payment, each in full.
        assert len(driver.staff.orders(placed.ref)) == 2
        (payment,) = order.payments
        assert (payment.amount, payment.state) == (placed.total, PaymentState.CAPTURED)
        # Each seller delivers his own.
        covered = [len(shipping.line_refs) for shipping in order.shippings]
        assert sorted(covered) == [1, 2]

    def test_cancellation_of_a_paid_group_gives_no_money_back(self, driver, world):
        """The shop would refund the whole group, and answer with an error."""
        placed = driver.place_order({world.skus[0]: 1, world.skus[1]: 1})
        command = CancelCommand(f"cancellation-{world.key}p", placed.ref, "Late")
        with pytest.raises(InvalidError):
            world.adapter.cancel_order(command)
        assert driver.refunds(placed.ref) == []
