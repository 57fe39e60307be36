"""Shipping zones and the methods in them."""

from .errors import ApiError

TITLES = {
    "flat_rate": "Flat rate",
    "free_shipping": "Free shipping",
    "local_pickup": "Local pickup",
}


class Zones:
    def __init__(self, shop):
        self.shop = shop

    def _row(self, identifier):
        row = self.shop.tables["zones"].get(int(identifier))
        if not row:
            raise ApiError(
                "woocommerce_rest_shipping_zone_invalid",
                "Resource does not exist.",
                404,
            )
        return row

    def _own(self, identifier, verb):
        if int(identifier) == 0:
            raise ApiError(
                "woocommerce_rest_shipping_zone_invalid_zone",
                'The "locations not covered by your other zones" zone cannot be '
                f"{verb}.",
                403,
            )
        return self._row(identifier)

    def shown(self, row):
        return {key: value for key, value in row.items() if not key.startswith("_")}

    def list(self, args):
        return [self.shown(row) for row in self.shop.tables["zones"].values()], {}

    def get(self, identifier, args=None):
        return self.shown(self._row(identifier))

    def create(self, values):
        row = {
            "id": self.shop.next_id(),
            "name": values["name"],
            "order": values.get("order", 0),
            "_locations": [],
        }
        self.shop.tables["zones"][row["id"]] = row
        return self.shown(row)

    def update(self, identifier, values):
        row = self._own(identifier, "updated")
        row.update({k: v for k, v in values.items() if k in ("name", "order")})
        return self.shown(row)

    def delete(self, identifier, force):
        row = self._own(identifier, "deleted")
        del self.shop.tables["zones"][row["id"]]
        return self.shown(row)

    def locations(self, identifier):
        return self._row(identifier).get("_locations", [])

    def put_locations(self, identifier, values):
        row = self._own(identifier, "updated")
        row["_locations"] = [
            {"code": item["code"], "type": item.get("type", "country")}
            for item in values
        ]
        return row["_locations"]


class Methods:
    def __init__(self, shop, zone):
        self.shop = shop
        self.zone = Zones(shop)._row(zone)["id"]

    def _row(self, identifier):
        row = self.shop.tables["methods"].get(int(identifier))
        if not row or row["_zone"] != self.zone:
            raise ApiError(
                "woocommerce_rest_shipping_zone_method_invalid",
                "Resource does not exist.",
                404,
            )
        return row

    def shown(self, row):
        return {key: value for key, value in row.items() if not key.startswith("_")}

    def list(self, args):
        rows = self.shop.tables["methods"].values()
        return [self.shown(row) for row in rows if row["_zone"] == self.zone], {}

    def get(self, identifier, args=None):
        return self.shown(self._row(identifier))

    def create(self, values):
        kind = values.get("method_id")
        if kind not in TITLES:
            raise ApiError("rest_missing_callback_param", "Missing method_id.")
        identifier = self.shop.next_id()
        row = {
            "id": identifier,
            "instance_id": identifier,
            "title": TITLES[kind],
            "order": 1,
            "enabled": True,
            "method_id": kind,
            "method_title": TITLES[kind],
            "settings": {"title": {"id": "title", "value": TITLES[kind]}},
            "_zone": self.zone,
        }
        self.shop.tables["methods"][identifier] = row
        return self.update(identifier, values)

    def update(self, identifier, values):
        row = self._row(identifier)
        for key, value in (values.get("settings") or {}).items():
            row["settings"][key] = {"id": key, "value": value}
        row["title"] = row["settings"]["title"]["value"]
        if "enabled" in values:
            row["enabled"] = bool(values["enabled"])
        return self.shown(row)

    def delete(self, identifier, force):
        row = self._row(identifier)
        del self.shop.tables["methods"][row["id"]]
        return self.shown(row)
