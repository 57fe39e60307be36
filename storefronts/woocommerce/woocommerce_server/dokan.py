"""Vendors as Dokan keeps them: a store is a user, and author of his products."""

from . import listing
from .errors import ApiError, not_found

# A store cannot be found by its login, so that is no part of the answer.
SHOWN = ("id", "store_name", "email", "phone", "enabled", "trusted", "address")


class Stores:
    def __init__(self, shop):
        self.shop = shop

    def shown(self, row):
        return {key: row[key] for key in SHOWN}

    def _row(self, identifier):
        try:
            return self.shop.tables["stores"][int(identifier)]
        except (KeyError, ValueError):
            raise ApiError("no_store_found", "No store found", 404) from None

    def list(self, args):
        rows = list(self.shop.tables["stores"].values())
        status = args.get("status", "approved")
        if status in ("approved", "pending"):
            rows = [row for row in rows if row["enabled"] is (status == "approved")]
        if search := args.get("search"):
            rows = [
                row
                for row in rows
                if search.lower() in f"{row['_login']} {row['email']}".lower()
            ]
        found, headers = listing.page(args, rows, default=("id", "asc"))
        return [self.shown(row) for row in found], headers

    def get(self, identifier, args=None):
        return self.shown(self._row(identifier))

    def create(self, values):
        rows = self.shop.tables["stores"].values()
        if not values.get("user_login"):
            raise ApiError(
                "empty_user_login",
                "Cannot create a user with an empty login name.",
                500,
            )
        if any(row["_login"] == values["user_login"] for row in rows):
            raise ApiError(
                "existing_user_login", "Sorry, that username already exists!", 500
            )
        if any(row["email"] == values.get("email", "") for row in rows):
            raise ApiError(
                "existing_user_email",
                "Sorry, that email address is already used!",
                500,
            )
        row = {
            "id": self.shop.next_id(),
            "store_name": values.get("store_name", ""),
            "email": values.get("email", ""),
            "phone": values.get("phone", ""),
            "address": values.get("address", {}),
            "enabled": listing.is_true(values.get("enabled")),
            "trusted": listing.is_true(values.get("trusted")),
            "_login": values["user_login"],
        }
        self.shop.tables["stores"][row["id"]] = row
        return self.shown(row)

    def update(self, identifier, values):
        """Change a store.  What is not given of "enabled" and "trusted" is off."""
        row = self._row(identifier)
        for key in ("store_name", "email", "phone", "address"):
            if values.get(key):
                row[key] = values[key]
        for key in ("enabled", "trusted"):
            row[key] = listing.is_true(values.get(key))
        return self.shown(row)


def change_author(shop, identifier, values):
    """Give a product to another vendor: dokan/v1/products, by an administrator."""
    product = shop.tables["products"].get(int(identifier))
    if not product:
        raise not_found("product")
    author = int(values["post_author"])
    if author not in shop.tables["stores"]:
        raise ApiError("no_store_found", "No store found", 404)
    product["_author"] = author
    return product
