"""The Medusa adapter on a real, plain Medusa."""

import os
from dataclasses import replace

import pytest

from odoo.addons.marketplace_connector.engine.contract import (
    FulfilmentCommand,
    LineQuantity,
)
from odoo.addons.marketplace_connector.engine.validate import check_order

from .medusa_driver import MedusaDriver
from .suite import AdapterConformance, make_offer


class TestMedusa(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        return MedusaDriver(os.environ["MKP_MEDUSA_URL"], os.environ["MKP_MEDUSA_DSN"])

    def test_reason_of_a_return_is_told(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        driver.ask_return(placed.ref, world.skus[0], 1)
        (wanted,) = self.reread(world, placed.ref).returns
        assert wanted.reason == "Wrong size"

    def test_coupon_to_the_half_cent_is_rounded_as_it_is_paid(self, driver, world):
        """The shop rounds neither its total nor its payment."""
        placed = driver.place_order(
            {world.skus[0]: 1, world.skus[2]: 3}, coupon=driver.create_coupon(15)
        )
        (told,) = driver.staff.orders(placed.ref)
        assert round(told["total"], 2) != told["total"]
        order = self.read(world, placed.ref)
        assert check_order(order) == []
        assert order.total == order.payments[0].amount == placed.total

    def test_reserved_pieces_of_a_parcel_are_those_of_its_vendor(self, driver, world):
        """The shop would take the place of the first delivery for any parcel."""
        placed = driver.place_order({world.skus[0]: 1, world.skus[1]: 1})
        for rank, line in enumerate(self.read(world, placed.ref).lines):
            command = FulfilmentCommand(
                ref=f"fulfilment-{world.key}v{rank}",
                order_ref=placed.ref,
                lines=(LineQuantity(line.ref, 1),),
                carrier="Colissimo",
                tracking="6A1",
            )
            world.adapter.push_fulfilment(command)
        (told,) = driver.staff.orders(placed.ref)
        places = {
            item["sku"]: parcel["location_id"]
            for parcel in told["fulfillments"]
            for item in parcel["items"]
        }
        assert places == dict(zip(world.skus, world.vendor_ids, strict=False))

    def test_second_vendor_of_a_sku_gets_one_of_his_own(self, driver, world):
        """SKUs are unique in the shop, and not among vendors."""
        first = make_offer(world.vendors[0], "Pot", 700)
        second = replace(make_offer(world.vendors[1], "Pot", 800), sku=first.sku)
        third = replace(make_offer(world.vendors[1], "Pot", 900), sku=first.sku)
        assert world.adapter.upsert_offers([first])[0].ok
        assert all(r.ok for r in world.adapter.upsert_offers([second, third]))
        shown = driver.offers()
        assert shown[first.sku].price == 700
        assert shown[f"{first.sku}-{second.ref}"].price == 800
        assert shown[f"{first.sku}-{third.ref}"].price == 900
