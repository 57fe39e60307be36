"""The shop's own pages: a customer buys.  No part of the API that is tested."""

from decimal import Decimal

from .orders import OrderView
from .shop import CENT, cents

RATES = {"VAT 20": Decimal("0.2"), "VAT 5.5": Decimal("0.055")}


def rate_of(product):
    """Return the rate of a product: the override of the collection of its tag."""
    for tag in product["tags"]:
        if tag.startswith("tax:"):
            return RATES[tag.removeprefix("tax:")]
    return RATES["VAT 20"]


def check_out(shop, values):
    bought = []
    for sku, quantity in values["quantities"].items():
        product = next(
            p
            for p in shop.tables["products"].values()
            if p["sku"] == sku and p["published"] and p["status"] == "ACTIVE"
        )
        if product["available"] < quantity:
            raise ValueError(f"{sku} is sold out")
        bought.append((product, quantity))
    percent = shop.tables["coupons"].get(values.get("coupon"), 0)
    lines = []
    for product, quantity in bought:
        product["available"] -= quantity
        worth = product["price"] * quantity
        discount = (worth * percent / 100).quantize(CENT)
        rate = rate_of(product)
        lines.append(
            {
                "id": shop.new_id("LineItem"),
                "sku": product["sku"],
                "name": product["title"],
                "vendor": product["vendor"],
                "variant": product["variant"],
                "quantity": quantity,
                "price": product["price"],
                "discount": discount,
                "rate": rate,
                "tax": _tax(worth - discount, rate, shop.taxes_included),
            }
        )
    number = len(shop.tables["orders"]) + 1001
    now = shop.now()
    rate = RATES["VAT 20"]
    address = values["address"]
    order = {
        "id": shop.new_id("Order"),
        "name": f"#{number}",
        "created_at": now,
        "updated_at": now,
        "cancelled_at": None,
        "closed": False,
        "currency": shop.currency,
        "taxes_included": shop.taxes_included,
        "email": values["email"],
        "customer": {
            "id": shop.new_id("Customer"),
            "firstName": address["firstName"],
            "lastName": address["lastName"],
        },
        "address": address,
        "coupon": values.get("coupon"),
        "lines": lines,
        "deliveries": [
            {
                "id": shop.new_id("ShippingLine"),
                "title": "Parcel",
                "price": Decimal("4.90"),
                "discount": Decimal(0),
                "rate": rate,
                "tax": _tax(Decimal("4.90"), rate, shop.taxes_included),
            }
        ],
        "transactions": [],
        "parcels": [],
        "refunds": [],
        "returns": [],
        "metafields": {},
    }
    shop.tables["orders"][order["id"]] = order

    total = OrderView(shop, order).total()
    order["transactions"].append(
        {
            "id": shop.new_id("OrderTransaction"),
            "kind": "SALE" if values.get("captured", True) else "AUTHORIZATION",
            "status": "SUCCESS",
            "gateway": "payflow",
            "at": now,
            "payment_id": f"pi_{number}",
            "amount": total,
            "parent": None,
        }
    )
    return {
        "id": order["id"].rpartition("/")[2],
        "name": order["name"],
        "total": f"{total}",
    }


def _tax(worth, rate, included):
    return cents(worth * rate / (1 + rate) if included else worth * rate)
