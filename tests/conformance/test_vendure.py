"""The Vendure adapter on the real Vendure of the run."""

import hashlib
import hmac
import json
import os
import sys
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import psycopg2
import pytest

from odoo.addons.marketplace_connector.adapters.vendure import VendureAdapter
from odoo.addons.marketplace_connector.adapters.vendure.transport import Transport
from odoo.addons.marketplace_connector.engine import contract

from .driver import Placed, ShownOffer, ShownParcel, ShownRefund, default_settings
from .suite import AdapterConformance, make_offer

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "vendure"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

from shopper import Operator, Shopper  # noqa: E402

LATER = "pay-later"  # a payment method that only authorizes


def grow_old(ref, at):
    """Have an order be placed, last changed and delivered at a time."""
    with psycopg2.connect(os.environ["MKP_VENDURE_DSN"]) as connection:
        connection.cursor().execute(
            """UPDATE "order" SET "updatedAt" = %(at)s, "orderPlacedAt" = %(at)s,
                      state = 'Delivered' WHERE id = %(ref)s""",
            {"at": at.replace(tzinfo=None), "ref": int(ref)},
        )
    connection.close()


class VendureDriver:
    adapter_class = VendureAdapter
    username = "operator"
    password = "operator-pass"
    currency = "EUR"
    signs_time = True

    def __init__(self):
        self.url = os.environ["MKP_VENDURE_URL"]
        self.staff = Operator(self.url)

    def is_write(self, _method, _path, body):
        return "mutation" in body and "login(" not in body

    def settings(self):
        return default_settings(self.currency)

    def vendor(self, ref, name):
        delivery = contract.ShippingMethod(
            f"delivery-{ref}", f"Parcel, {name}", 490, Decimal("0.2")
        )
        return contract.Vendor(ref, name, (delivery,))

    # ---- as customer -------------------------------------------------------

    def place_order(self, quantities, coupon="", capture=True):
        if not capture:
            self.staff.ensure_payment_method(LATER, settle=False)
        order = Shopper(self.url).order(
            quantities,
            coupon=coupon,
            payment_method="marketplace" if capture else LATER,
        )
        return Placed(order["id"], order["code"], order["totalWithTax"])

    # ---- as staff ----------------------------------------------------------

    def create_coupon(self, percent):
        code = f"C-{uuid.uuid4().hex[:8]}".upper()
        self.staff.create_coupon(code, percent=percent)
        return code

    def capture(self, ref):
        self.staff.settle_payment(ref)

    def refund(self, ref, sku, quantity):
        refund = self.staff.refund(ref, {sku: quantity}, "Broken")
        return ShownRefund(refund["id"], refund["total"])

    def cancel(self, ref):
        self.staff.cancel(ref)

    def take_off(self, ref, sku, quantity):
        self.staff.cancel_pieces(ref, {sku: quantity})

    def same_instant(self, refs):
        with psycopg2.connect(os.environ["MKP_VENDURE_DSN"]) as connection:
            connection.cursor().execute(
                """UPDATE "order" SET "updatedAt" = latest, "orderPlacedAt" = latest
                FROM (SELECT max("updatedAt") latest FROM "order" WHERE id = ANY(%s)) o
                WHERE id = ANY(%s)""",
                [[int(ref) for ref in refs]] * 2,
            )
        connection.close()

    def grow_old(self, ref, at):
        grow_old(ref, at)

    # ---- what the shop shows -----------------------------------------------

    def offers(self):
        return {
            item["sku"]: ShownOffer(
                name=item["name"],
                price=item["price"],
                sellable=sum(
                    level["stockOnHand"] - level["stockAllocated"]
                    for level in item["stockLevels"]
                ),
                vendor=" ".join(
                    channel["seller"]["name"]
                    for channel in item["channels"]
                    if channel["code"] != "__default_channel__"
                ),
            )
            for item in self.staff.variants()
            if item["enabled"]
        }

    def facts(self, sku):
        shown = self.staff.variant(sku)
        values = shown["product"]["facetValues"]
        return {
            "category": tuple(
                name
                for value in values
                if value["facet"]["code"] == "marketplace-category"
                for name in value["name"].split(" / ")
            ),
            "barcode": shown["customFields"]["barcode"],
            "eco_contribution": shown["customFields"]["ecoContribution"],
        }

    def count_offers(self, sku):
        return self.staff.count_variants(sku)

    def count_vendors(self, name):
        return self.staff.count_sellers(name)

    def parcels(self, ref):
        order = self.staff.order(ref)
        skus = {line["id"]: line["productVariant"]["sku"] for line in order["lines"]}
        return [
            ShownParcel(
                parcel["state"].lower(),
                parcel["method"],
                parcel["trackingCode"],
                {
                    skus[line["orderLineId"]]: line["quantity"]
                    for line in parcel["lines"]
                },
            )
            for parcel in order["fulfillments"]
            if parcel["state"] != "Cancelled"
        ]

    def refunds(self, ref):
        return [
            ShownRefund(refund["id"], refund["total"])
            for payment in self.staff.order(ref)["payments"]
            for refund in payment["refunds"]
            if refund["state"] == "Settled"
        ]

    def vendor_records(self, vendor_ref):
        return [row["number"] for row in self.staff.vendor_records(vendor_ref)]

    def sign(self, body, secret, delivery, at):
        timestamp = str(int(at.timestamp()))
        message = b".".join((timestamp.encode(), delivery.encode(), body))
        digest = hmac.new(secret.encode(), message, hashlib.sha256)
        return {
            "x-marketplace-topic": "order.PaymentSettled",
            "x-marketplace-delivery": delivery,
            "x-marketplace-timestamp": timestamp,
            "x-marketplace-signature": digest.hexdigest(),
        }

    def event_body(self, ref, at):
        body = {"kind": "order", "id": ref, "occurredAt": at.isoformat()}
        return json.dumps(body).encode()


class TestVendure(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        return VendureDriver()

    def test_article_that_others_sell_already_is_its_own_vendors(self, driver, world):
        """The shop puts it into the channels of all who sell the product."""
        first = make_offer(world.vendors[0], "Jug", 2400)
        later = replace(
            first,
            ref=f"{first.ref}b",
            sku=f"{first.sku}-B",
            vendor_ref=world.vendors[1].ref,
            label=world.vendors[1].name,
        )
        assert world.adapter.upsert_offers([first])[0].ok
        assert world.adapter.upsert_offers([later])[0].ok
        shown = driver.offers()
        assert shown[first.sku].vendor == world.vendors[0].name
        assert shown[later.sku].vendor == world.vendors[1].name

    def test_new_changed_and_renamed_offers_go_together(self, driver, world):
        """Mutations of several kinds in one document are told apart by the shop."""
        known = [make_offer(vendor, "Tray", 1800) for vendor in world.vendors]
        made = world.adapter.upsert_offers(known)
        changed = [
            replace(known[0], price=1900, category=("Home", "Trays")),
            replace(known[1], product_name=f"Large {known[1].sku}"),
            make_offer(world.vendors[1], "Tin", 700, category=("Home", "Tins")),
        ]
        results = world.adapter.upsert_offers(changed)
        assert [result.error for result in results] == [""] * 3
        assert [r.external_id for r in results[:2]] == [r.external_id for r in made]
        assert [driver.count_offers(offer.sku) for offer in changed] == [1] * 3
        shown = driver.offers()
        assert [shown[offer.sku].price for offer in changed] == [1900, 1800, 700]
        assert f"Large {known[1].sku}" in shown[known[1].sku].name
        seller_prices = driver.staff.seller_prices(world.vendors[0].ref)
        assert seller_prices[known[0].sku] == 1900

    def test_long_texts_go_in_as_many_requests_as_the_shop_takes(self, driver, world):
        """Vendure's HTTP server refuses a body of more than 100 KiB."""
        text = "<p>É</p>" * 250
        offers = [
            make_offer(world.vendors[0], "Long", 500, product_description=text)
            for _number in range(60)
        ]
        results = world.adapter.upsert_offers(offers)
        assert [result.error for result in results] == [""] * len(offers)
        assert {driver.count_offers(offer.sku) for offer in offers} == {1}

    def test_page_of_offers_takes_few_requests(self, driver, world):
        offers = [
            make_offer(world.vendors[rank % 2], "Page", 500) for rank in range(60)
        ]
        adapter = self.connect(driver)
        with _requests_of(adapter) as first:
            adapter.upsert_offers(offers)
        with _requests_of(adapter) as again:
            adapter.upsert_offers([replace(offer, price=600) for offer in offers])
        assert (first.call_count <= 7, again.call_count <= 3) == (True, True)

    def test_set_up_that_is_there_is_not_written(self, driver, world):
        adapter = self.connect(driver)
        with patch.object(Transport, "mutate", autospec=True) as mutate:
            assert adapter.push_settings(driver.settings()) == []
        mutate.assert_not_called()


def _requests_of(adapter):
    """Count what an adapter sends to the shop."""
    transport = adapter._transport
    return patch.object(transport, "_post", side_effect=transport._post)
