"""Parcels of an order: WooCommerce 10.2, "Order fulfillments"."""

from .errors import ApiError, not_found
from .shop import stamp


class Fulfillments:
    def __init__(self, shop, order):
        self.shop = shop
        self.order = order

    def rows(self):
        return [
            row
            for row in self.shop.tables["fulfillments"].values()
            if row["_order"] == self.order["id"] and not row["date_deleted"]
        ]

    def _row(self, identifier):
        row = self.shop.tables["fulfillments"].get(int(identifier))
        if not row or row["_order"] != self.order["id"] or row["date_deleted"]:
            raise not_found("fulfillment")
        return row

    def shown(self, row):
        return {key: value for key, value in row.items() if not key.startswith("_")}

    def list(self, args):
        return [self.shown(row) for row in self.rows()], {}

    def get(self, identifier, args=None):
        return self.shown(self._row(identifier))

    def create(self, values):
        self._check_items(values.get("meta_data") or (), None)
        row = {
            "id": self.shop.next_id(),
            "entity_type": "WC_Order",
            "entity_id": str(self.order["id"]),
            "status": values.get("status", "unfulfilled"),
            "is_fulfilled": bool(values.get("is_fulfilled")),
            "date_updated": stamp(self.shop.now()),
            "date_deleted": None,
            "meta_data": self._meta(values.get("meta_data") or ()),
            "_order": self.order["id"],
        }
        self.shop.tables["fulfillments"][row["id"]] = row
        return self.shown(row)

    def update(self, identifier, values):
        """Change a parcel; meta data that is given replaces all there was."""
        row = self._row(identifier)
        if "meta_data" in values:
            self._check_items(values["meta_data"], row)
            row["meta_data"] = self._meta(values["meta_data"])
        for key in ("status", "is_fulfilled"):
            if key in values:
                row[key] = values[key]
        row["date_updated"] = stamp(self.shop.now())
        return self.shown(row)

    def _meta(self, given):
        return [
            {"id": self.shop.next_id(), "key": meta["key"], "value": meta["value"]}
            for meta in given
        ]

    def _check_items(self, given, changed):
        wanted = next((m["value"] for m in given if m["key"] == "_items"), None)
        if not wanted:
            raise ApiError(
                "woocommerce_rest_fulfillment_items", "The fulfillment has no items."
            )
        left = {item["id"]: item["quantity"] for item in self.order["line_items"]}
        for row in self.rows():
            if row is not changed:
                for item in _items(row):
                    left[item["item_id"]] = left.get(item["item_id"], 0) - item["qty"]
        for item in wanted:
            if item["qty"] <= 0 or item["qty"] > left.get(item["item_id"], 0):
                raise ApiError(
                    "woocommerce_rest_fulfillment_items",
                    "The item quantity exceeds what is left to fulfill.",
                )

    def delete(self, identifier, force):
        row = self._row(identifier)
        row["date_deleted"] = stamp(self.shop.now())
        return {"message": "Fulfillment deleted successfully."}


def _items(row):
    return next((m["value"] for m in row["meta_data"] if m["key"] == "_items"), [])
