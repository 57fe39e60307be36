"""Products and their variations."""

from decimal import Decimal, InvalidOperation

from . import listing
from .errors import ApiError
from .shop import merge_meta, stamp
from .simple import slugify

DEFAULTS = {
    "name": "", "slug": "", "type": "simple", "status": "publish", "featured": False,
    "description": "", "short_description": "", "sku": "", "global_unique_id": "",
    "price": "", "regular_price": "", "sale_price": "", "on_sale": False,
    "total_sales": 0, "virtual": False, "downloadable": False, "tax_status": "taxable",
    "tax_class": "", "manage_stock": False, "stock_quantity": None,
    "stock_status": "instock", "backorders": "no", "shipping_class": "",
    "average_rating": "0.00", "rating_count": 0, "parent_id": 0, "categories": [],
    "tags": [], "attributes": [], "variations": [], "grouped_products": [],
    "meta_data": [],
}  # fmt: skip
READ_ONLY = {
    "id", "price", "on_sale", "total_sales", "average_rating", "rating_count",
    "related_ids", "purchasable", "backordered", "backorders_allowed",
    "shipping_required", "shipping_taxable", "variations", "permalink", "store",
}  # fmt: skip
NO_SLUG = {"draft", "pending", "auto-draft"}


class Products:
    def __init__(self, shop, parent=None):
        self.shop = shop
        self.parent = parent  # of variations

    def _rows(self):
        rows = self.shop.tables["products"].values()
        if self.parent is not None:
            return [row for row in rows if row["_variation_of"] == self.parent]
        return [row for row in rows if row["_variation_of"] is None]

    def get(self, identifier, args=None):
        return self.shown(self.shop.get("products", identifier, "product"))

    def shown(self, row):
        shown = {key: value for key, value in row.items() if not key.startswith("_")}
        prices = self.prices(row)
        shown["price"] = f"{prices[0].normalize():f}" if prices else ""
        shown["on_sale"] = self._is_on_sale(row)
        shown["shipping_required"] = not row["virtual"]
        if row["_variation_of"] is not None:
            shown["parent_id"] = row["_variation_of"]
        if self.shop.dokan:
            shown["store"] = store_of(self.shop, row["_author"])
        return shown

    # ---- prices --------------------------------------------------------------

    def prices(self, row):
        """Return the prices of a product; of a group and of variations all of them."""
        products = self.shop.tables["products"]
        if row["type"] in ("variable", "grouped"):
            children = [*row["variations"], *row["grouped_products"]]
            found = {
                price
                for child in children
                if child in products
                for price in self.prices(products[child])
            }
            if found:
                return sorted(found)
        text = row["sale_price"] or row["regular_price"]
        return [Decimal(text)] if text else []

    def _is_on_sale(self, row):
        if row["type"] == "variable":
            products = self.shop.tables["products"]
            return any(self._is_on_sale(products[v]) for v in row["variations"])
        return bool(row["sale_price"])

    # ---- reading -------------------------------------------------------------

    def list(self, args):
        rows = [row for row in self._rows() if row["status"] != "trash"]
        for keep in self._filters(args):
            rows = [row for row in rows if keep(row)]
        rows = listing.in_span(args, rows)
        orderby = args.get("orderby")
        if orderby == "rating":
            rows = [row for row in rows if row["rating_count"]]
        if orderby == "popularity":
            rows = [row for row in rows if row["total_sales"]]
        descending = args.get("order", "desc") == "desc"
        keys = {
            "date": lambda row: (row["date_created_gmt"], row["id"]),
            "modified": lambda row: row["date_modified_gmt"],
            "title": lambda row: row["name"].lower(),
            "slug": lambda row: row["slug"],
            "price": lambda row: (
                (self.prices(row) or [Decimal(0)])[-1 if descending else 0],
                row["id"],
            ),
            "rating": lambda row: float(row["average_rating"]),
            "popularity": lambda row: row["total_sales"],
            "id": lambda row: row["id"],
        }
        found, headers = listing.page(args, rows, keys)
        return [self.shown(row) for row in found], headers

    def _filters(self, args):
        exact = ("type", "slug", "stock_status", "status")
        for key in exact:
            if args.get(key) and args[key] != "any":
                wanted = listing.words_of(args[key])
                yield lambda row, key=key, wanted=wanted: row[key] in wanted
        if args.get("tax_class"):
            wanted = "" if args["tax_class"] == "standard" else args["tax_class"]
            yield lambda row: row["tax_class"] == wanted
        if args.get("sku"):
            skus = set(args["sku"].split(","))
            yield lambda row: row["sku"].lower() in {sku.lower() for sku in skus}
        if args.get("search"):
            text = args["search"].lower()
            yield lambda row: any(
                text in row[key].lower()
                for key in ("name", "description", "short_description", "sku")
            )
        for key in ("featured", "on_sale"):
            if key in args:
                wanted = listing.is_true(args[key])
                yield lambda row, key=key, wanted=wanted: (
                    self.shown(row)[key] is wanted
                )
        if args.get("min_price") or args.get("max_price"):
            low = Decimal(args.get("min_price") or 0)
            high = Decimal(args.get("max_price") or "Infinity")
            yield lambda row: any(low <= price <= high for price in self.prices(row))
        for key, sign in (("parent", True), ("parent_exclude", False)):
            if args.get(key):
                wanted = listing.ids_of(args[key])
                yield lambda row, wanted=wanted, sign=sign: (
                    (row["parent_id"] in wanted) is sign
                )
        yield from self._term_filters(args)

    def _term_filters(self, args):
        tables = self.shop.tables
        if args.get("category"):
            wanted = set(listing.ids_of(args["category"]))
            grown = True
            while grown:
                below = {
                    row["id"]
                    for row in tables["categories"].values()
                    if row["parent"] in wanted
                }
                grown = not below <= wanted
                wanted |= below
            yield lambda row: any(c["id"] in wanted for c in row["categories"])
        if args.get("tag"):
            wanted = listing.ids_of(args["tag"])
            yield lambda row: any(tag["id"] in wanted for tag in row["tags"])
        if args.get("shipping_class"):
            slug = tables["shipping_classes"][int(args["shipping_class"])]["slug"]
            yield lambda row: row["shipping_class"] == slug
        if args.get("attribute_term"):
            names = {
                tables["terms"][term]["name"]
                for term in listing.ids_of(args["attribute_term"])
            }
            yield lambda row: any(
                names & set(attribute.get("options", ()))
                for attribute in row["attributes"]
            )

    # ---- writing -------------------------------------------------------------

    def create(self, values):
        now = stamp(self.shop.now())
        row = {
            key: value.copy() if isinstance(value, list) else value
            for key, value in DEFAULTS.items()
        }
        row.update(
            id=self.shop.next_id(),
            date_created_gmt=now,
            date_modified_gmt=now,
            _variation_of=self.parent,
            _author=1,
        )
        self._write(row, values)
        if not row["slug"] and row["status"] not in NO_SLUG:
            row["slug"] = self._unique_slug(slugify(row["name"]), row)
        row["date_created"] = row["date_created_gmt"]
        self.shop.tables["products"][row["id"]] = row
        if self.parent is not None:
            owner = self.shop.get("products", self.parent, "product")
            owner["variations"].append(row["id"])
        return self.shown(row)

    def update(self, identifier, values):
        row = self.shop.get("products", identifier, "product")
        draft = dict(row)
        self._write(draft, values)
        draft["date_modified_gmt"] = stamp(self.shop.now())
        row.update(draft)
        return self.shown(row)

    def _write(self, row, values):
        given = {
            key: value
            for key, value in values.items()
            if key not in READ_ONLY and value is not None
        }
        meta = given.pop("meta_data", ())
        self._check(row, given)
        if given.get("slug"):
            given["slug"] = self._unique_slug(given["slug"], row)
        if "stock_quantity" in given:
            given["stock_quantity"] = int(given["stock_quantity"])
        if "categories" in given:
            given["categories"] = self._terms("categories", given["categories"])
        if "tags" in given:
            given["tags"] = self._terms("tags", given["tags"])
        row.update(given)
        row["meta_data"] = [dict(item) for item in row["meta_data"]]
        merge_meta(row, meta, self.shop.next_id)
        if row["manage_stock"]:
            quantity = row["stock_quantity"] = row["stock_quantity"] or 0
            row["stock_status"] = "instock" if quantity > 0 else "outofstock"

    def _check(self, row, given):
        for key in ("regular_price", "sale_price"):
            try:
                Decimal(given.get(key) or "0")
            except InvalidOperation:
                raise ApiError(
                    "rest_invalid_param", f"Invalid parameter(s): {key}"
                ) from None
        sku = given.get("sku")
        taken = next(
            (
                other
                for other in self.shop.tables["products"].values()
                if sku and other["sku"] == sku and other["id"] != row["id"]
            ),
            None,
        )
        if taken:
            raise ApiError("product_invalid_sku", "Invalid or duplicated SKU.", 400)
        if given.get("tax_class") not in (None, "", *self.shop.tables["tax_classes"]):
            given["tax_class"] = ""  # WooCommerce falls back to the standard class

    def _unique_slug(self, wanted, row):
        taken = {
            other["slug"]
            for other in self.shop.tables["products"].values()
            if other["id"] != row["id"]
        }
        slug, number = wanted, 2
        while slug in taken:
            slug, number = f"{wanted}-{number}", number + 1
        return slug

    def _terms(self, table, terms):
        known = self.shop.tables[table]
        return [
            {key: known[term["id"]][key] for key in ("id", "name", "slug")}
            for term in terms
            if term["id"] in known
        ]

    def delete(self, identifier, force):
        row = self.shop.get("products", identifier, "product")
        shown = self.shown(row)
        if force:
            for variation in row["variations"]:
                self.shop.tables["products"].pop(variation, None)
            del self.shop.tables["products"][row["id"]]
        else:
            row["status"] = "trash"
        return shown


def store_of(shop, author):
    """Return what Dokan adds to products and orders about their vendor."""
    store = shop.tables["stores"].get(author)
    if not store:
        return {}
    return {
        "id": store["id"],
        "name": store["store_name"],
        "shop_name": store["store_name"],
        "url": f"https://shop.example/store/{store['id']}",
        "address": store["address"],
    }
