"""The Vendure adapter on the real Vendure of the run."""

import hashlib
import hmac
import json
import os
import sys
import uuid
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest

from odoo.addons.marketplace_connector.adapters.vendure import VendureAdapter
from odoo.addons.marketplace_connector.engine import contract

from .driver import Placed, ShownOffer, ShownParcel, ShownRefund, default_settings
from .suite import AdapterConformance

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
