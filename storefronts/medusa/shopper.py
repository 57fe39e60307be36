"""Buy in a Medusa or Mercur shop, and work in it as its staff do.

    python shopper.py http://127.0.0.1:9000 SKU 2

prints the purchase that a customer makes of two pieces of a SKU.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import requests

TIMEOUT_SECONDS = 60
EMAIL = "operator@example.com"
PASSWORD = "operator-pass"
ADDRESS = {
    "first_name": "Ada",
    "last_name": "Byron",
    "address_1": "1 rue du Port",
    "city": "Nantes",
    "country_code": "fr",
    "postal_code": "44000",
}
ORDER_FIELDS = ",".join(
    [
        *("id", "display_id", "status", "total", "*items", "*items.detail"),
        *("*payment_collections.payments", "*payment_collections.payments.refunds"),
        *("*fulfillments", "*fulfillments.items", "*fulfillments.labels"),
    ]
)


class ShopError(Exception):
    """The shop refused; the text is its answer."""


class Session:
    """Calls with JSON in and out."""

    def __init__(self, url: str, **headers: str):
        self.url = url
        self.http = requests.Session()
        self.http.headers.update(headers)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        response = self.http.request(
            method, self.url + path, json=body, params=query, timeout=TIMEOUT_SECONDS
        )
        if response.status_code >= 300:
            raise ShopError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self.call("POST", path, body if body is not None else {}, **query)

    def login(self, actor: str, email: str, password: str) -> None:
        access = {"email": email, "password": password}
        token = self.post(f"/auth/{actor}/emailpass", access)["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"


class Operator(Session):
    """The shop's staff.  An order is named by its purchase: in Mercur, its group."""

    def __init__(self, url: str, groups: bool):
        super().__init__(url)
        self.groups = groups
        self.login("user", EMAIL, PASSWORD)

    def secret_key(self) -> str:
        """Make an API key that may do all; not in Mercur."""
        values = {"title": f"connector {uuid.uuid4().hex[:6]}", "type": "secret"}
        return self.post("/admin/api-keys", values)["api_key"]["token"]

    def publishable_key(self) -> str:
        """Make the key of a web shop on the default sales channel."""
        store = self.get("/admin/stores")["stores"][0]
        values = {"title": f"web {uuid.uuid4().hex[:6]}", "type": "publishable"}
        key = self.post("/admin/api-keys", values)["api_key"]
        path = f"/admin/api-keys/{key['id']}/sales-channels"
        self.post(path, {"add": [store["default_sales_channel_id"]]})
        return key["token"]

    def orders(self, ref: str) -> list[dict]:
        """Return the orders of a purchase, one per seller in Mercur."""
        ids = [ref]
        if self.groups:
            path = f"/admin/order-groups/{ref}"
            group = self.get(path, fields="id,display_id,orders.id")["order_group"]
            ids = [order["id"] for order in group["orders"]]
        found = [
            self.get("/admin/orders", id=key, fields=ORDER_FIELDS)["orders"][0]
            for key in ids
        ]
        return sorted(found, key=lambda order: order["display_id"])

    def number(self, ref: str) -> str:
        """Return the number of a purchase."""
        if self.groups:
            path = f"/admin/order-groups/{ref}"
            return str(self.get(path, fields="display_id")["order_group"]["display_id"])
        return str(self.orders(ref)[0]["display_id"])

    def payments(self, ref: str) -> list[dict]:
        """Return each payment of a purchase once."""
        found = {
            payment["id"]: payment
            for order in self.orders(ref)
            for collection in order["payment_collections"]
            for payment in collection["payments"]
        }
        return list(found.values())

    def capture(self, ref: str) -> None:
        for payment in self.payments(ref):
            self.post(f"/admin/payments/{payment['id']}/capture")

    def refund(self, ref: str, amount: float, note: str) -> dict:
        """Give money back on the first payment; return the refund."""
        payment = self.payments(ref)[0]
        known = {refund["id"] for refund in payment["refunds"]}
        values = {"amount": amount, "note": note}
        self.post(f"/admin/payments/{payment['id']}/refund", values)
        (made,) = [
            refund
            for refund in self.payments(ref)[0]["refunds"]
            if refund["id"] not in known
        ]
        return made

    def send_back(self, ref: str, sku: str, quantity: int) -> str:
        """Deliver all pieces of a SKU, then ask for so many back; return the return."""
        order, item = next(
            (order, item)
            for order in self.orders(ref)
            for item in order["items"]
            if item["variant_sku"] == sku
        )
        path = f"/admin/orders/{order['id']}/fulfillments"
        items = [{"id": item["id"], "quantity": item["quantity"]}]
        reserved = self.get("/admin/reservations", line_item_id=item["id"])
        (place,) = {row["location_id"] for row in reserved["reservations"]}
        made = self.post(
            path, {"items": items, "location_id": place}, fields="*fulfillments"
        )
        (parcel,) = made["order"]["fulfillments"]
        self.post(f"{path}/{parcel['id']}/shipments", {"items": items})
        self.post(f"{path}/{parcel['id']}/mark-as-delivered")
        made = self.post(
            "/admin/returns", {"order_id": order["id"], "location_id": place}
        )
        returned = made["return"]["id"]
        wanted = {
            "items": [
                {"id": item["id"], "quantity": quantity, "reason_id": self._reason()}
            ]
        }
        self.post(f"/admin/returns/{returned}/request-items", wanted)
        self.post(f"/admin/returns/{returned}/request", {})
        return returned

    def _reason(self) -> str:
        """Return the shop's reason for a return, "Wrong size"."""
        path, value = "/admin/return-reasons", "wrong_size"
        for reason in self.get(path, limit=100)["return_reasons"]:
            if reason["value"] == value:
                return reason["id"]
        reason = {"value": value, "label": "Wrong size"}
        return self.post(path, reason)["return_reason"]["id"]

    def cancel(self, ref: str) -> None:
        for order in self.orders(ref):
            self.post(f"/admin/orders/{order['id']}/cancel")

    def take_off(self, ref: str, sku: str, quantity: int) -> None:
        """Edit an order: so many pieces less."""
        order, item = next(
            (order, item)
            for order in self.orders(ref)
            for item in order["items"]
            if item["variant_sku"] == sku
        )
        path = f"/admin/order-edits/{order['id']}"
        self.post("/admin/order-edits", {"order_id": order["id"]})
        left = {"quantity": item["quantity"] - quantity}
        self.post(f"{path}/items/item/{item['id']}", left)
        self.post(f"{path}/request")
        self.post(f"{path}/confirm")

    def create_coupon(self, percent: int, seller: str = "") -> str:
        """Return the code of a coupon on all goods, in Mercur on one seller's."""
        code = f"C{uuid.uuid4().hex[:8]}".upper()
        method = {
            "type": "percentage",
            "target_type": "items",
            "allocation": "across",
            "value": percent,
            "currency_code": "eur",
        }
        promotion = {
            "code": code,
            "type": "standard",
            "status": "active",
            "application_method": method,
        }
        if seller:
            # Mercur cannot complete a cart with a promotion of nobody.
            member = Session(self.url, **{"x-seller-id": seller})
            member.login("member", EMAIL, PASSWORD)
            member.post("/vendor/promotions", promotion)
        else:
            self.post("/admin/promotions", promotion)
        return code

    def products(self, **query: Any) -> list[dict]:
        """Return all products with their prices and stock."""
        fields = ",".join(
            [
                *("id", "title", "subtitle", "status", "metadata"),
                *("*variants", "*variants.prices", "variants.inventory_quantity"),
                *("*categories", "*categories.parent_category"),
                "*variants.inventory_items.inventory.location_levels",
                *(["seller.name"] if self.groups else []),
            ]
        )
        return self.get("/admin/products", limit=1000, fields=fields, **query)[
            "products"
        ]


class Shopper(Session):
    """A customer without an account, in France."""

    def __init__(self, url: str, publishable_key: str):
        super().__init__(url, **{"x-publishable-api-key": publishable_key})

    def order(self, quantities: dict[str, int], coupon: str = "") -> dict:
        """Buy pieces by SKU; each product is delivered the first way there is.

        :return: {"id", "total"} of the order, or of the order group in Mercur.
        """
        region = self._region()
        bought = self._variants(quantities, region)
        values = {
            "region_id": region,
            "email": f"ada-{uuid.uuid4().hex[:8]}@example.com",
            "shipping_address": ADDRESS,
            "billing_address": ADDRESS,
            "items": [
                {"variant_id": bought[sku]["id"], "quantity": quantity}
                for sku, quantity in quantities.items()
            ],
        }
        cart = self.post("/store/carts", values)["cart"]["id"]
        if coupon:
            codes = {"promo_codes": [coupon]}
            self.post(f"/store/carts/{cart}/promotions", codes)
        profiles = {variant["profile"] for variant in bought.values()}
        for option in self._deliveries(cart, profiles):
            path = f"/store/carts/{cart}/shipping-methods"
            self.post(path, {"option_id": option})
        collection = self.post("/store/payment-collections", {"cart_id": cart})
        path = f"/store/payment-collections/{collection['payment_collection']['id']}"
        provider = {"provider_id": "pp_system_default"}
        self.post(f"{path}/payment-sessions", provider)
        answer = self.post(f"/store/carts/{cart}/complete")
        if answer["type"] not in ("order", "order_group"):
            raise ShopError(json.dumps(answer))
        return answer[answer["type"]]

    def _region(self) -> str:
        for region in self.get("/store/regions", limit=100)["regions"]:
            if "fr" in {country["iso_2"] for country in region["countries"]}:
                return region["id"]
        raise ShopError("The shop does not sell to France.")

    def _variants(self, skus: Any, region: str) -> dict[str, dict]:
        """Return {SKU: its variant, with the shipping profile of its product}."""
        answer = self.get(
            "/store/products",
            region_id=region,
            limit=1000,
            fields="id,metadata,*variants",
        )
        found = {
            variant["sku"]: {
                "id": variant["id"],
                "profile": (product["metadata"] or {}).get("marketplace_profile"),
            }
            for product in answer["products"]
            for variant in product["variants"]
        }
        return {sku: found[sku] for sku in skus}

    def _deliveries(self, cart: str, profiles: set[str]) -> list[str]:
        """Return the first delivery of each shipping profile of the cart."""
        answer = self.get("/store/shipping-options", cart_id=cart)
        options = answer["shipping_options"]
        if isinstance(options, dict):  # Mercur: by seller
            options = [option for own in options.values() for option in own]
        first: dict[str, str] = {}
        for option in options:
            if option["shipping_profile_id"] in profiles:
                first.setdefault(option["shipping_profile_id"], option["id"])
        return list(first.values())


if __name__ == "__main__":
    address, wanted, pieces = sys.argv[1:4]
    staff = Operator(address, groups="--mercur" in sys.argv)
    buyer = Shopper(address, staff.publishable_key())
    print(json.dumps(buyer.order({wanted: int(pieces)}), indent=1))
