"""The shop's own pages: a customer buys.  No part of the API that is tested."""

from decimal import Decimal

from .errors import ApiError
from .orders import Orders
from .taxes import cents


def check_out(shop, values):
    """Place an order of several vendors as WooCommerce and Dokan do.

    :param values: ``quantities`` by SKU, ``coupon``, ``captured``, ``customer`` and
        ``shipping`` (an address), ``payment_method``.
    """
    bought = []
    for sku, quantity in values["quantities"].items():
        product = next(
            (
                p
                for p in shop.tables["products"].values()
                if p["sku"] == sku and p["status"] == "publish"
            ),
            None,
        )
        if not product or (product["stock_quantity"] or 0) < quantity:
            raise ApiError("woocommerce_cart_error", f"{sku} cannot be bought.")
        bought.append((product, quantity))
    address = values["shipping"]
    payload = {
        "status": "processing" if values.get("captured", True) else "on-hold",
        "payment_method": values.get("payment_method", "payflow"),
        "payment_method_title": "Card",
        "transaction_id": f"ch_{shop.next_id()}",
        "created_via": "checkout",
        "billing": {**address, "email": values["customer"]},
        "shipping": address,
        "line_items": [
            {"product_id": product["id"], "quantity": quantity}
            for product, quantity in bought
        ],
        "shipping_lines": _deliveries(shop, bought),
        "coupon_lines": [{"code": values["coupon"]}] if values.get("coupon") else [],
    }
    orders = Orders(shop)
    order = orders.create(payload)
    _split(shop, orders, order, bought, payload)
    return orders.get(order["id"], {})


def _deliveries(shop, bought):
    """Return one delivery per vendor, as Dokan's packages are; costs are net."""
    methods = [
        method for method in shop.tables["methods"].values() if method["enabled"]
    ]
    if not methods:
        return []
    net = cents(Decimal(methods[0]["settings"]["cost"]["value"]))
    authors = dict.fromkeys(product["_author"] for product, _quantity in bought)
    return [
        {
            "method_id": methods[0]["method_id"],
            "instance_id": methods[0]["id"],
            "method_title": methods[0]["title"],
            "total": f"{net}",
            "meta_data": [
                {"id": shop.next_id(), "key": "seller_id", "value": str(author)}
            ],
        }
        for author in authors
    ]


def _split(shop, orders, order, bought, payload):
    """Make Dokan's sub-orders: the lines once more, by vendor, without a payment."""
    authors = dict.fromkeys(product["_author"] for product, _quantity in bought)
    if not shop.dokan or len(authors) < 2:
        return
    for author in authors:
        orders.create(
            {
                **payload,
                "parent_id": order["id"],
                "created_via": "dokan",
                "transaction_id": "",
                "coupon_lines": [],
                "shipping_lines": [],
                "line_items": [
                    {"product_id": product["id"], "quantity": quantity}
                    for product, quantity in bought
                    if product["_author"] == author
                ],
            }
        )
