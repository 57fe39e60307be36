"""Orders: what is bought, its taxes and its states."""

import uuid
from decimal import Decimal

from . import listing
from .catalogue import Products, store_of
from .errors import ApiError, not_found
from .refunds import Refunds
from .shop import merge_meta, stamp
from .taxes import FINE, cents, net_of, rates_for, taxes_on

STATUSES = (
    "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
)  # fmt: skip
PAID = ("processing", "completed")
TAKES_STOCK = ("processing", "completed", "on-hold")
ADDRESS = {
    "first_name": "", "last_name": "", "company": "", "address_1": "", "address_2": "",
    "city": "", "state": "", "postcode": "", "country": "", "phone": "",
}  # fmt: skip
PLAIN = (
    "status", "currency", "customer_id", "payment_method", "payment_method_title",
    "transaction_id", "customer_note", "parent_id", "created_via",
)  # fmt: skip
SEARCHED = ("billing", "shipping")
ITEM_LISTS = ("line_items", "shipping_lines", "fee_lines")


class Orders:
    def __init__(self, shop):
        self.shop = shop
        self.products = Products(shop)

    def _row(self, identifier):
        return self.shop.get("orders", identifier, "shop_order")

    # ---- reading -------------------------------------------------------------

    def list(self, args):
        rows = [
            r for r in self.shop.tables["orders"].values() if r["status"] != "trash"
        ]
        statuses = listing.words_of(args.get("status", "any"))
        if "any" not in statuses:
            rows = [row for row in rows if row["status"] in statuses]
        if "customer" in args:
            rows = [row for row in rows if row["customer_id"] == int(args["customer"])]
        if args.get("product"):
            product = int(args["product"])
            rows = [
                row
                for row in rows
                if any(item["product_id"] == product for item in row["line_items"])
            ]
        for key, sign in (("parent", True), ("parent_exclude", False)):
            if key in args:
                wanted = listing.ids_of(args[key])
                rows = [row for row in rows if (row["parent_id"] in wanted) is sign]
        if search := str(args.get("search", "")).lower():
            rows = [
                row
                for row in rows
                if search in self._text(row) or search == str(row["id"])
            ]
        rows = listing.in_span(args, rows)
        keys = {
            "date": lambda row: (row["date_created_gmt"], row["id"]),
            # Of one second, in no promised order: here the latest touched first.
            "modified": lambda row: (row["date_modified_gmt"], -row["_touched"]),
            "id": lambda row: row["id"],
        }
        found, headers = listing.page(args, rows, keys)
        return [self.shown(row, args) for row in found], headers

    def _text(self, row):
        words = [*row["billing"].values(), *row["shipping"].values()]
        words += [item["name"] for item in row["line_items"]]
        return "\n".join(str(word) for word in words).lower()

    def get(self, identifier, args):
        return self.shown(self._row(identifier), args)

    def shown(self, row, args=None):
        places = int((args or {}).get("dp", 2))

        def money(amount):
            return f"{amount:.{places}f}"

        shown = {
            key: value
            for key, value in row.items()
            if not key.startswith("_") and key not in ITEM_LISTS
        }
        for name in ITEM_LISTS:
            shown[name] = [self._shown_item(item, money) for item in row[name]]
        goods, deliveries, fees = (row[name] for name in ITEM_LISTS)
        cart = [*goods, *fees]
        shown.update(
            discount_total=money(sum((i["subtotal"] - i["total"] for i in goods), 0)),
            discount_tax=money(
                sum((_sum(i["_subtotal_taxes"]) - _sum(i["_taxes"]) for i in goods), 0)
            ),
            shipping_total=money(sum((i["total"] for i in deliveries), 0)),
            shipping_tax=money(sum((_sum(i["_taxes"]) for i in deliveries), 0)),
            cart_tax=money(sum((_sum(i["_taxes"]) for i in cart), 0)),
            total=money(self.total(row)),
            total_tax=money(sum((_sum(i["_taxes"]) for i in (*cart, *deliveries)), 0)),
            tax_lines=self._tax_lines(row, money),
            coupon_lines=row["coupon_lines"],
            refunds=[
                {
                    "id": refund["id"],
                    "reason": refund["reason"],
                    "total": money(-refund["amount"]),
                }
                for refund in Refunds(self.shop, row).rows()
            ],
        )
        for name in ("created", "modified", "paid", "completed"):
            shown[f"date_{name}"] = row[f"date_{name}_gmt"]
        if self.shop.dokan:
            stores = self._stores(row)
            shown["stores"] = stores
            shown["store"] = stores[0] if len(stores) == 1 else {}
        return shown

    def _stores(self, row):
        products = self.shop.tables["products"]
        authors = [
            products[item["product_id"]]["_author"]
            for item in row["line_items"]
            if item["product_id"] in products
        ]
        stores = (store_of(self.shop, author) for author in dict.fromkeys(authors))
        return [store for store in stores if store]

    def _shown_item(self, item, money):
        shown = {key: value for key, value in item.items() if not key.startswith("_")}
        shown["total"] = money(item["total"])
        shown["total_tax"] = money(_sum(item["_taxes"]))
        shown["taxes"] = [
            {
                "id": rate,
                "total": f"{amount.normalize():f}",
                "subtotal": f"{item['_subtotal_taxes'][rate].normalize():f}",
            }
            for rate, amount in item["_taxes"].items()
        ]
        if "subtotal" in item:
            shown["subtotal"] = money(item["subtotal"])
            shown["subtotal_tax"] = money(_sum(item["_subtotal_taxes"]))
            shown["price"] = float(item["total"] / item["quantity"])
        return shown

    def _tax_lines(self, row, money):
        lines = []
        for rate, label in row["_rates"].items():
            goods = [
                i["_taxes"].get(rate, 0)
                for n in ("line_items", "fee_lines")
                for i in row[n]
            ]
            deliveries = [i["_taxes"].get(rate, 0) for i in row["shipping_lines"]]
            lines.append(
                {
                    "id": row["id"] * 1000 + rate,
                    "rate_code": f"{label[0]}-1",
                    "rate_id": rate,
                    "label": label[0],
                    "compound": False,
                    "tax_total": money(sum(goods)),
                    "shipping_tax_total": money(sum(deliveries)),
                    "rate_percent": float(label[1]),
                }
            )
        return lines

    def total(self, row):
        items = [item for name in ITEM_LISTS for item in row[name]]
        return cents(sum((i["total"] + _sum(i["_taxes"]) for i in items), Decimal(0)))

    # ---- writing -------------------------------------------------------------

    def create(self, values):
        now = stamp(self.shop.now())
        identifier = self.shop.next_id()
        row = {
            "id": identifier, "number": str(identifier), "parent_id": 0,
            "status": "pending", "currency": self.shop.setting(
                "general", "woocommerce_currency"
            ),
            "prices_include_tax": self.shop.prices_include_tax,
            "order_key": f"wc_order_{uuid.uuid4().hex[:13]}",
            "date_created_gmt": now, "date_modified_gmt": now, "date_paid_gmt": None,
            "date_completed_gmt": None, "customer_id": 0,
            "billing": {**ADDRESS, "email": ""}, "shipping": dict(ADDRESS),
            "payment_method": "", "payment_method_title": "",
            "transaction_id": "", "customer_note": "", "created_via": "rest-api",
            "line_items": [], "shipping_lines": [], "fee_lines": [], "coupon_lines": [],
            "meta_data": [], "_rates": {}, "_touched": 0,
        }  # fmt: skip
        self._write(row, values)
        self.shop.tables["orders"][identifier] = row
        self._after(row, created=True)
        return self.shown(row)

    def update(self, identifier, values):
        row = self._row(identifier)
        self._write(row, values)
        self._after(row)
        return self.shown(row)

    def _write(self, row, values):
        if values.get("status") and values["status"] not in STATUSES:
            raise ApiError("rest_invalid_param", "Invalid parameter(s): status")
        for key in PLAIN:
            if values.get(key) is not None:
                row[key] = values[key]
        for key in SEARCHED:
            row[key].update(values.get(key) or {})
        merge_meta(row, values.get("meta_data"), self.shop.next_id)
        touched = False
        for name, make in (
            ("line_items", self._product_item),
            ("shipping_lines", self._delivery_item),
            ("fee_lines", self._fee_item),
        ):
            for given in values.get(name) or ():
                touched = True
                self._put_item(row, name, given, make)
        for given in values.get("coupon_lines") or ():
            touched = True
            self._apply_coupon(row, given["code"])
        if touched:
            self._compute_taxes(row)
        if listing.is_true(values.get("set_paid")):
            row["status"] = row["status"] if row["status"] in PAID else "processing"

    def _put_item(self, row, name, given, make):
        found = next((i for i in row[name] if i["id"] == given.get("id")), None)
        if given.get("id") and not found:
            raise ApiError(
                "woocommerce_rest_invalid_item_id",
                "Order item ID provided is not associated with order.",
            )
        if found and given.get("quantity", 1) == 0:
            row[name].remove(found)
            return
        if found:
            for key in ("quantity", "name"):
                found[key] = given.get(key, found.get(key))
            for key in ("subtotal", "total"):
                if given.get(key) not in (None, ""):
                    found[key] = Decimal(given[key])
            return
        row[name].append(make(row, given))

    def _product_item(self, row, given):
        """Make a line; of a product that is gone, only what is told of it."""
        products = self.shop.tables["products"]
        product = products.get(int(given.get("product_id") or 0), {})
        owner = product.get("_variation_of") or given.get("product_id") or 0
        quantity = given.get("quantity", 1)
        tax_class = product.get("tax_class", given.get("tax_class", ""))
        prices = self.products.prices(product) if product else []
        price = (prices[0] if prices else Decimal(0)) * quantity
        if self.shop.prices_include_tax:
            rates = rates_for(self.shop, tax_class, self._country(row))
            price, _taxes = net_of(price, rates, self._rounds_each)
        total = Decimal(given["total"]) if given.get("total") else price
        subtotal = Decimal(given["subtotal"]) if given.get("subtotal") else total
        return {
            "id": self.shop.next_id(),
            "name": given.get("name") or product.get("name", ""),
            "product_id": owner,
            "variation_id": product["id"] if product.get("_variation_of") else 0,
            "quantity": quantity, "tax_class": tax_class,
            "sku": product.get("sku", ""), "subtotal": subtotal, "total": total,
            "_taxes": {}, "_subtotal_taxes": {}, "meta_data": [],
        }  # fmt: skip

    def _delivery_item(self, row, given):
        return {
            "id": self.shop.next_id(),
            "method_title": given.get("method_title", ""),
            "method_id": given.get("method_id", ""),
            "instance_id": str(given.get("instance_id", "")),
            "total": Decimal(given.get("total") or 0),
            "meta_data": given.get("meta_data", []),
            "_taxes": {}, "_subtotal_taxes": {},
        }  # fmt: skip

    def _fee_item(self, row, given):
        return {
            "id": self.shop.next_id(), "name": given.get("name", ""),
            "tax_class": given.get("tax_class", ""),
            "tax_status": given.get("tax_status", "taxable"),
            "total": Decimal(given.get("total") or 0),
            "_taxes": {}, "_subtotal_taxes": {}, "meta_data": [],
        }  # fmt: skip

    @property
    def _rounds_each(self):
        return self.shop.setting("tax", "woocommerce_tax_round_at_subtotal") != "yes"

    def _country(self, row):
        base = self.shop.setting("general", "woocommerce_default_country")
        return row["shipping"]["country"] or row["billing"]["country"] or base

    def _compute_taxes(self, row):
        """Compute the taxes of every item from its net total."""
        country, each = self._country(row), self._rounds_each
        row["_rates"] = {}
        for name in ITEM_LISTS:
            for item in row[name]:
                is_delivery = name == "shipping_lines"
                tax_class = item.get("tax_class", "")
                if is_delivery:
                    tax_class = self._delivery_class(row)
                rates = rates_for(self.shop, tax_class, country, is_delivery)
                if item.get("tax_status") == "none":
                    rates = []
                item["_taxes"] = taxes_on(item["total"], rates, each)
                item["_subtotal_taxes"] = taxes_on(
                    item.get("subtotal", item["total"]), rates, each
                )
                for rate in rates:
                    row["_rates"][rate["id"]] = (rate["name"], Decimal(rate["rate"]))

    def _delivery_class(self, row):
        """Return the tax class of deliveries: set, or that of the goods."""
        wanted = self.shop.setting("tax", "woocommerce_shipping_tax_class")
        if wanted != "inherit":
            return wanted
        found = {item["tax_class"] or "standard" for item in row["line_items"]}
        known = self.shop.tables["tax_classes"]
        return next((slug for slug in known if slug in found), "")

    def _apply_coupon(self, row, code):
        coupon = next(
            (
                c
                for c in self.shop.tables["coupons"].values()
                if c["code"].lower() == code.lower()
            ),
            None,
        )
        if not coupon:
            raise ApiError(
                "woocommerce_rest_invalid_coupon", f'Coupon "{code}" does not exist!'
            )
        amount = Decimal(coupon["amount"])
        goods = row["line_items"]
        worth = sum((item["total"] for item in goods), Decimal(0))
        discount = Decimal(0)
        for item in goods:
            if coupon["discount_type"] == "percent":
                part = item["total"] * amount / 100
            else:
                part = (
                    min(amount, worth) * item["total"] / worth if worth else Decimal(0)
                )
            part = part.quantize(FINE)
            item["total"] -= part
            discount += part
        row["coupon_lines"].append(
            {
                "id": self.shop.next_id(),
                "code": code,
                "discount": f"{cents(discount)}",
                "discount_tax": "0.00",
                "meta_data": [
                    {
                        "id": self.shop.next_id(),
                        "key": "coupon_data",
                        "value": {"code": coupon["code"], "amount": coupon["amount"]},
                    }
                ],
            }
        )

    # ---- states --------------------------------------------------------------

    def _after(self, row, created=False):
        now = stamp(self.shop.now())
        row["date_modified_gmt"] = now
        row["_touched"] = self.shop.next_id()
        if row["status"] in PAID and not row["date_paid_gmt"]:
            row["date_paid_gmt"] = now
        if row["status"] == "completed" and not row["date_completed_gmt"]:
            row["date_completed_gmt"] = now
        self._move_stock(row)
        topic = "order.created" if created else "order.updated"
        self.shop.after_write.append((topic, self.shown(row)))

    def _move_stock(self, row):
        """Take pieces off the shelf with the first state that does, once."""
        if row["parent_id"]:
            return
        taken = row["id"] in self.shop.stock_taken
        if row["status"] in TAKES_STOCK and not taken:
            self.shop.stock_taken.add(row["id"])
            sign = -1
        elif row["status"] in ("cancelled", "pending") and taken:
            self.shop.stock_taken.discard(row["id"])
            sign = 1
        else:
            return
        for item in row["line_items"]:
            product = self.shop.tables["products"].get(item["product_id"])
            if product:
                product["total_sales"] -= sign * item["quantity"]
                if product["manage_stock"]:
                    product["stock_quantity"] += sign * item["quantity"]

    def delete(self, identifier, force):
        row = self._row(identifier)
        shown = self.shown(row)
        if force:
            for refund in Refunds(self.shop, row).rows():
                del self.shop.tables["refunds"][refund["id"]]
            del self.shop.tables["orders"][row["id"]]
            self.shop.after_write.append(("order.deleted", {"id": row["id"]}))
        else:
            row["status"] = "trash"
        return shown

    # ---- what belongs to an order ----------------------------------------------

    def refunds(self, identifier):
        return Refunds(self.shop, self._row(identifier), self)

    def touch(self, row):
        self._after(row)

    def sub_row(self, identifier, table, child, kind):
        row = self.shop.tables[table].get(int(child))
        if not row or row["_order"] != self._row(identifier)["id"]:
            raise not_found(kind)
        return row


def _sum(taxes):
    return sum(taxes.values(), Decimal(0))
