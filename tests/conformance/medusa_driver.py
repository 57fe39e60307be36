"""Plain Medusa and Mercur, as their customers and staff use them."""

import hashlib
import hmac
import json
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import psycopg2

from odoo.addons.marketplace_connector.adapters.medusa import (
    MedusaAdapter,
    MercurAdapter,
)
from odoo.addons.marketplace_connector.engine import contract

from .driver import Placed, ShownOffer, ShownParcel, ShownRefund, default_settings

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "medusa"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

import shopper  # noqa: E402


def cents(amount):
    """Round as a payment provider would: half up."""
    number = Decimal(str(amount)) * 100
    return int(number.to_integral_value(ROUND_HALF_UP))


def grow_old(dsn, orders, at):
    """Have orders be placed, last changed and over at a time."""
    connection = psycopg2.connect(dsn)
    with connection:
        connection.cursor().execute(
            """UPDATE "order" SET updated_at = %(at)s, created_at = %(at)s,
                      status = 'completed' WHERE id = ANY(%(ids)s)""",
            {"at": at, "ids": [order["id"] for order in orders]},
        )
    connection.close()


class MedusaDriver:
    """Plain Medusa; the connector comes in with a secret key."""

    adapter_class = MedusaAdapter
    currency = "EUR"
    signs_time = True
    groups = False

    def __init__(self, url, dsn):
        self.url = url
        self.dsn = dsn
        self.staff = shopper.Operator(url, self.groups)
        self.customer = shopper.Shopper(url, self.staff.publishable_key())
        self.username, self.password = self.access()

    def access(self):
        return "", self.staff.secret_key()

    def is_write(self, method, path, _body):
        return method in ("POST", "DELETE") and not path.startswith("/auth/")

    def settings(self):
        return default_settings(self.currency, payment_method="pp_system_default")

    def vendor(self, ref, name):
        delivery = contract.ShippingMethod(
            f"delivery-{ref}", f"Parcel, {name}", 490, Decimal("0.2")
        )
        return contract.Vendor(ref, name, (delivery,))

    # ---- as customer -------------------------------------------------------

    def place_order(self, quantities, coupon="", capture=True):
        order = self.customer.order(quantities, coupon)
        if capture:
            self.staff.capture(order["id"])
        return Placed(
            order["id"], self.staff.number(order["id"]), cents(order["total"])
        )

    # ---- as staff ----------------------------------------------------------

    def create_coupon(self, percent):
        return self.staff.create_coupon(percent)

    def capture(self, ref):
        self.staff.capture(ref)

    def refund(self, ref, sku, quantity):
        price = next(
            item["unit_price"]
            for order in self.staff.orders(ref)
            for item in order["items"]
            if item["variant_sku"] == sku
        )
        made = self.staff.refund(ref, price * quantity, "Broken")
        return ShownRefund(made["id"], cents(made["amount"]))

    def ask_return(self, ref, sku, quantity):
        return self.staff.send_back(ref, sku, quantity)

    def cancel(self, ref):
        self.staff.cancel(ref)

    def take_off(self, ref, sku, quantity):
        self.staff.take_off(ref, sku, quantity)

    def same_instant(self, refs):
        ids = [order["id"] for ref in refs for order in self.staff.orders(ref)]
        connection = psycopg2.connect(self.dsn)
        with connection:
            connection.cursor().execute(
                """UPDATE "order" SET updated_at = latest, created_at = latest
                FROM (SELECT max(updated_at) latest FROM "order" WHERE id = ANY(%s)) o
                WHERE id = ANY(%s)""",
                [ids, ids],
            )
        connection.close()

    def grow_old(self, ref, at):
        grow_old(self.dsn, self.staff.orders(ref), at)

    # ---- what the shop shows -----------------------------------------------

    def offers(self):
        vendors = self.vendor_names()
        return {
            variant["sku"]: ShownOffer(
                name=product["title"],
                price=cents(variant["prices"][0]["amount"]),
                sellable=sum(
                    level["stocked_quantity"] - level["reserved_quantity"]
                    for item in variant["inventory_items"]
                    for level in item["inventory"]["location_levels"]
                ),
                vendor=self.seller_of(product, vendors),
            )
            for product in self.staff.products(**{"status[]": "published"})
            for variant in product["variants"]
        }

    def facts(self, sku):
        (product,) = [
            product
            for product in self.staff.products()
            if product["variants"][0]["sku"] == sku
        ]
        (category,) = product["categories"]
        return {
            "category": (category["parent_category"]["name"], category["name"]),
            "barcode": product["metadata"]["marketplace_barcode"],
            "eco_contribution": product["metadata"]["marketplace_eco_contribution"],
        }

    def vendor_names(self):
        answer = self.staff.get(
            "/admin/stock-locations", limit=1000, fields="id,name,metadata"
        )
        return {
            (row["metadata"] or {}).get("marketplace_ref"): row["name"]
            for row in answer["stock_locations"]
        }

    def seller_of(self, product, vendors):
        return vendors[product["metadata"]["marketplace_vendor"]]

    def count_offers(self, sku):
        return sum(
            variant["sku"] == sku
            for product in self.staff.products()
            for variant in product["variants"]
        )

    def count_vendors(self, name):
        answer = self.staff.get("/admin/stock-locations", name=name)
        return sum(row["name"] == name for row in answer["stock_locations"])

    def parcels(self, ref):
        shown = []
        for order in self.staff.orders(ref):
            skus = {item["id"]: item["variant_sku"] for item in order["items"]}
            for parcel in order["fulfillments"]:
                if parcel["canceled_at"]:
                    continue
                state = "shipped" if parcel["shipped_at"] else "packed"
                shown.append(
                    ShownParcel(
                        "delivered" if parcel["delivered_at"] else state,
                        (parcel["metadata"] or {}).get("marketplace_carrier", ""),
                        " ".join(lab["tracking_number"] for lab in parcel["labels"]),
                        {
                            skus[item["line_item_id"]]: item["quantity"]
                            for item in parcel["items"]
                        },
                    )
                )
        return shown

    def refunds(self, ref):
        return [
            ShownRefund(refund["id"], cents(refund["amount"]))
            for payment in self.staff.payments(ref)
            for refund in payment["refunds"]
        ]

    def sign(self, body, secret, delivery, at):
        timestamp = str(int(at.timestamp()))
        message = b".".join((timestamp.encode(), delivery.encode(), body))
        digest = hmac.new(secret.encode(), message, hashlib.sha256)
        return {
            "x-marketplace-topic": "payment.captured",
            "x-marketplace-delivery": delivery,
            "x-marketplace-timestamp": timestamp,
            "x-marketplace-signature": digest.hexdigest(),
        }

    def event_body(self, ref, at):
        body = {"kind": "order", "id": ref, "occurredAt": at.isoformat()}
        return json.dumps(body).encode()


class MercurDriver(MedusaDriver):
    """Mercur; the connector comes in as a user."""

    adapter_class = MercurAdapter
    groups = True
    first_vendor = ""

    def vendor(self, ref, name):
        self.first_vendor = self.first_vendor or ref
        return super().vendor(ref, name)

    def create_coupon(self, percent):
        """Return a coupon of the first seller; it lowers what others sell, too."""
        answer = self.staff.get("/admin/sellers", q=self.first_vendor)
        (seller,) = answer["sellers"]
        return self.staff.create_coupon(percent, seller["id"])

    def access(self):
        return shopper.EMAIL, shopper.PASSWORD

    def seller_of(self, product, vendors):
        return product["seller"]["name"]

    def count_vendors(self, name):
        answer = self.staff.get("/admin/sellers", name=name)
        return len(answer["sellers"])
