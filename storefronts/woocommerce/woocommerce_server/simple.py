"""Resources that only keep what they are given: coupons, categories, taxes…"""

import re

from . import listing
from .errors import ApiError
from .shop import stamp

DEFAULTS = {
    "coupons": {
        "code": "", "amount": "0.00", "discount_type": "fixed_cart", "description": "",
        "free_shipping": False, "meta_data": [],
    },
    "categories": {"name": "", "slug": "", "parent": 0},
    "tags": {"name": "", "slug": ""},
    "attributes": {"name": "", "slug": ""},
    "terms": {"name": "", "slug": ""},
    "shipping_classes": {"name": "", "slug": ""},
    "reviews": {"product_id": 0, "rating": 0, "review": "", "reviewer": ""},
    "taxes": {
        "country": "", "state": "", "postcode": "", "city": "", "rate": "0.0000",
        "name": "", "priority": 1, "compound": False, "shipping": True, "order": 0,
        "class": "standard",
    },
    "webhooks": {"name": "", "status": "active", "topic": "", "delivery_url": ""},
    "customers": {
        "email": "", "first_name": "", "last_name": "", "username": "",
        "billing": {}, "shipping": {}, "meta_data": [],
    },
}  # fmt: skip
KINDS = {
    "coupons": "shop_coupon", "categories": "product_cat", "tags": "product_tag",
    "attributes": "product_attribute", "terms": "product_attribute_term",
    "shipping_classes": "product_shipping_class", "reviews": "product_review",
    "taxes": "tax", "webhooks": "shop_webhook", "customers": "customer",
}  # fmt: skip
WRITE_ONLY = {"webhooks": {"secret"}, "customers": {"password"}}


def slugify(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Simple:
    """One table; ``parent`` is the attribute that terms belong to."""

    def __init__(self, shop, table, parent=None):
        self.shop = shop
        self.table = table
        self.parent = parent
        self.kind = KINDS[table]

    def _rows(self):
        rows = self.shop.tables[self.table].values()
        if self.parent is not None:
            rows = [row for row in rows if row["_parent"] == self.parent]
        return list(rows)

    def shown(self, row):
        hidden = WRITE_ONLY.get(self.table, ())
        return {
            key: value
            for key, value in row.items()
            if not key.startswith("_") and key not in hidden
        }

    def list(self, args):
        rows = self._rows()
        for key in ("code", "slug", "email", "class", "topic"):
            if args.get(key):
                rows = [row for row in rows if row.get(key) == args[key]]
        if search := args.get("search"):
            rows = [
                row
                for row in rows
                if any(
                    search.lower() in str(row.get(key, "")).lower()
                    for key in ("code", "name", "description", "email")
                )
            ]
        found, headers = listing.page(args, rows, default=("id", "desc"))
        return [self.shown(row) for row in found], headers

    def get(self, identifier, args=None):
        return self.shown(self.shop.get(self.table, identifier, self.kind))

    def create(self, values):
        now = stamp(self.shop.now())
        row = {
            "id": self.shop.next_id(),
            **{
                key: value.copy() if isinstance(value, dict | list) else value
                for key, value in DEFAULTS[self.table].items()
            },
            "date_created_gmt": now,
            "date_modified_gmt": now,
            "_parent": self.parent,
        }
        row.update(values)
        if "slug" in row and not row["slug"]:
            row["slug"] = slugify(row["name"])
        self._normalize(row)
        self.shop.tables[self.table][row["id"]] = row
        return self.shown(row)

    def update(self, identifier, values):
        row = self.shop.get(self.table, identifier, self.kind)
        row.update(values, date_modified_gmt=stamp(self.shop.now()))
        self._normalize(row)
        return self.shown(row)

    def _normalize(self, row):
        if self.table == "coupons":
            row["amount"] = f"{float(row['amount']):.2f}"
            taken = [r for r in self._rows() if r is not row]
            if any(r["code"].lower() == row["code"].lower() for r in taken):
                raise ApiError(
                    "woocommerce_rest_coupon_code_already_exists",
                    "The coupon code already exists",
                )
        if self.table == "taxes":
            row["rate"] = f"{float(row['rate']):.4f}"

    def delete(self, identifier, force):
        row = self.shop.get(self.table, identifier, self.kind)
        del self.shop.tables[self.table][row["id"]]
        return self.shown(row)
