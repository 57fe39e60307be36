"""The WooCommerce adapter on the local server, which WooCommerce's own tests check."""

import json
import sys
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from odoo.addons.marketplace_connector.adapters.woocommerce import WooCommerceAdapter
from odoo.addons.marketplace_connector.engine import contract

from .driver import Placed, ShownOffer, ShownParcel, ShownRefund
from .suite import AdapterConformance

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "woocommerce"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

from woocommerce_server.app import running  # noqa: E402
from woocommerce_server.webhooks import headers_for  # noqa: E402

ADDRESS = {
    "first_name": "Ada", "last_name": "Lovelace", "company": "", "country": "FR",
    "address_1": "3 rue du Moulin", "address_2": "", "city": "Lyon", "state": "",
    "postcode": "69001", "phone": "0400000000",
}  # fmt: skip


class WooCommerceDriver:
    adapter_class = WooCommerceAdapter
    username = "ck_operator"
    password = "cs_operator"
    currency = "EUR"
    signs_time = False

    def __init__(self, app):
        self.app = app
        self.shop = app.shop
        self.url = app.url

    def is_write(self, method, _path, _body):
        return method != "GET"

    def settings(self):
        return contract.ShopSettings(
            currency=self.currency,
            language="en",
            countries=(("FR", "France"),),
            tax_mode=contract.TaxMode.INCLUDED,
            tax_classes=(
                contract.TaxClass("VAT 20", Decimal("0.2")),
                contract.TaxClass("VAT 5.5", Decimal("0.055")),
            ),
            payment_method="marketplace",
            shared_shipping=(
                contract.ShippingMethod("delivery-1", "Parcel", 490, Decimal("0.2")),
            ),
        )

    def vendor(self, ref, name):
        return contract.Vendor(ref, name)

    def call(self, method, path, **options):
        response = requests.request(
            method,
            f"{self.url}/wp-json/wc/v3/{path}",
            auth=(self.username, self.password),
            timeout=30,
            **options,
        )
        response.raise_for_status()
        return response.json()

    # ---- as customer -------------------------------------------------------

    def place_order(self, quantities, coupon="", capture=True):
        self.shop.ahead += timedelta(seconds=1)  # its times have no smaller step
        response = requests.post(
            f"{self.url}/shop/checkout",
            json={
                "quantities": quantities,
                "coupon": coupon,
                "captured": capture,
                "customer": "ada@example.test",
                "shipping": ADDRESS,
            },
            timeout=30,
        )
        response.raise_for_status()
        order = response.json()
        return Placed(str(order["id"]), order["number"], cents(order["total"]))

    # ---- as staff ----------------------------------------------------------

    def create_coupon(self, percent):
        code = f"c-{uuid.uuid4().hex[:8]}"
        values = {"code": code, "discount_type": "percent", "amount": str(percent)}
        return self.call("POST", "coupons", json=values)["code"]

    def capture(self, ref):
        self.call("PUT", f"orders/{ref}", json={"status": "processing"})

    def refund(self, ref, sku, quantity):
        line = self._line(ref, sku)
        paid = Decimal(line["total"]) + Decimal(line["total_tax"])
        amount = paid * quantity / line["quantity"]
        values = {
            "amount": f"{amount:.2f}",
            "reason": "Broken",
            "line_items": [{"id": line["id"], "quantity": quantity}],
        }
        made = self.call("POST", f"orders/{ref}/refunds", json=values)
        return ShownRefund(str(made["id"]), cents(made["amount"]))

    def cancel(self, ref):
        self.call("PUT", f"orders/{ref}", json={"status": "cancelled"})

    def take_off(self, ref, sku, quantity):
        line = self._line(ref, sku)
        left = line["quantity"] - quantity
        item = {"id": line["id"], "quantity": left}
        for key in ("subtotal", "total"):
            item[key] = f"{Decimal(line[key]) * left / line['quantity']:.6f}"
        self.call("PUT", f"orders/{ref}", json={"line_items": [item]})

    def same_instant(self, refs):
        with self.shop.lock:
            rows = [self.shop.tables["orders"][int(ref)] for ref in refs]
            latest = max(row["date_modified_gmt"] for row in rows)
            for row in rows:
                row["date_created_gmt"] = row["date_modified_gmt"] = latest

    # ---- what the shop shows -----------------------------------------------

    def offers(self):
        return {
            product["sku"]: ShownOffer(
                name=product["name"],
                price=cents(product["price"]),
                sellable=product["stock_quantity"],
                vendor=product["store"].get("name", ""),
            )
            for product in self._products()
            if product["status"] == "publish"
        }

    def count_offers(self, sku):
        return sum(product["sku"] == sku for product in self._products())

    def _products(self):
        page, found = 1, []
        while rows := self.call(
            "GET", "products", params={"per_page": 100, "page": page}
        ):
            found += rows
            page += 1
        return found

    def count_vendors(self, name):
        stores = self.shop.tables["stores"].values()
        return sum(store["store_name"] == name for store in stores)

    def _line(self, ref, sku):
        lines = self.call("GET", f"orders/{ref}", params={"dp": 6})["line_items"]
        return next(line for line in lines if line["sku"] == sku)

    def parcels(self, ref):
        lines = self.call("GET", f"orders/{ref}")["line_items"]
        skus = {line["id"]: line["sku"] for line in lines}
        found = []
        for parcel in self.call("GET", f"orders/{ref}/fulfillments"):
            meta = {item["key"]: item["value"] for item in parcel["meta_data"]}
            found.append(
                ShownParcel(
                    meta["_marketplace_state"],
                    meta["_shipment_provider"],
                    meta["_tracking_number"],
                    {skus[item["item_id"]]: item["qty"] for item in meta["_items"]},
                )
            )
        return found

    def refunds(self, ref):
        return [
            ShownRefund(str(refund["id"]), cents(refund["amount"]))
            for refund in self.call("GET", f"orders/{ref}/refunds")
        ]

    def count_webhooks(self, url):
        hooks = self.call("GET", "webhooks", params={"per_page": 100})
        return sum(hook["delivery_url"] == url for hook in hooks)

    def sign(self, body, secret, delivery, at):
        return headers_for("order.updated", body, secret, delivery=delivery)

    def event_body(self, ref, at):
        modified = at.strftime("%Y-%m-%dT%H:%M:%S")
        order = {"id": int(ref), "parent_id": 0, "date_modified_gmt": modified}
        return json.dumps(order).encode()


def cents(amount):
    return int(Decimal(amount) * 100)


class TestWooCommerce(AdapterConformance):
    @pytest.fixture(scope="class")
    def driver(self):
        with running() as app:
            yield WooCommerceDriver(app)
