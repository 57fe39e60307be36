"""The Mercur adapter on a real Mercur."""

import os

import pytest

from odoo.addons.marketplace_connector.adapters.errors import InvalidError
from odoo.addons.marketplace_connector.engine.contract import (
    CancelCommand,
    OrderState,
    PaymentState,
)

from .medusa_driver import MercurDriver
from .suite import AdapterConformance


class TestMercur(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        return MercurDriver(os.environ["MKP_MERCUR_URL"], os.environ["MKP_MERCUR_DSN"])

    def test_reason_of_a_return_is_told(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        driver.ask_return(placed.ref, world.skus[0], 1)
        (wanted,) = self.reread(world, placed.ref).returns
        assert wanted.reason == "Wrong size"

    def test_group_is_one_purchase_with_one_payment(self, driver, world):
        """The shop shows the payment in each order, in full."""
        placed = driver.place_order({world.skus[0]: 1, world.skus[1]: 1})
        assert len(driver.staff.orders(placed.ref)) == 2
        order = self.read(world, placed.ref)
        (payment,) = order.payments
        assert (payment.amount, payment.state) == (placed.total, PaymentState.CAPTURED)
        shipped = [shipping.line_refs for shipping in order.shippings]
        assert sorted(shipped) == sorted((line.ref,) for line in order.lines)

    def test_cancellation_of_a_paid_group_gives_no_money_back(self, driver, world):
        """The shop would refund the whole group, and answer with an error."""
        placed = driver.place_order({world.skus[0]: 1, world.skus[1]: 1})
        command = CancelCommand(f"cancellation-{world.key}p", placed.ref, "Late")
        with pytest.raises(InvalidError):
            world.adapter.cancel_order(command)
        assert driver.refunds(placed.ref) == []

    def test_unpaid_group_is_cancelled_as_a_whole(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1, world.skus[1]: 1}, capture=False)
        command = CancelCommand(f"cancellation-{world.key}g", placed.ref, "Late")
        world.adapter.cancel_order(command)
        self.connect(driver).cancel_order(command)
        assert self.read(world, placed.ref).state is OrderState.CANCELLED
        states = [order["status"] for order in driver.staff.orders(placed.ref)]
        assert states == ["canceled", "canceled"]
