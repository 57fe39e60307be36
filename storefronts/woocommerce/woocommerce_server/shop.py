"""The state of one shop, and what every resource needs of it."""

import itertools
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from .errors import not_found

SETTINGS = {
    "general": {
        "woocommerce_currency": "EUR",
        "woocommerce_calc_taxes": "yes",
        "woocommerce_default_country": "FR",
    },
    "tax": {
        "woocommerce_prices_include_tax": "no",
        "woocommerce_tax_round_at_subtotal": "no",
        "woocommerce_tax_based_on": "shipping",
        "woocommerce_shipping_tax_class": "inherit",
    },
}


class Shop:
    """Collections by name; ids are unique over all of them, as in WordPress."""

    def __init__(self, key="ck_operator", secret="cs_operator", dokan=True):
        self.key = key
        self.secret = secret
        self.dokan = dokan
        self.lock = threading.RLock()
        self.tables = defaultdict(dict)
        self.settings = {group: dict(values) for group, values in SETTINGS.items()}
        self.stock_taken = set()
        self.ahead = timedelta()  # of its clock, for tests that need another second
        self.after_write = []  # functions of (topic, payload), outside of the lock
        self._ids = itertools.count(11)
        self.tables["tax_classes"] = {
            slug: {"slug": slug, "name": name}
            for slug, name in (
                ("standard", "Standard rate"),
                ("reduced-rate", "Reduced rate"),
                ("zero-rate", "Zero rate"),
            )
        }
        self.tables["zones"] = {
            0: {
                "id": 0,
                "name": "Locations not covered by your other zones",
                "order": 0,
            }
        }

    def next_id(self):
        return next(self._ids)

    def now(self):
        """Return the time in the shop's only unit, a second."""
        return datetime.fromtimestamp(int(time.time()), UTC) + self.ahead

    def setting(self, group, name):
        return self.settings[group].get(name, "")

    @property
    def prices_include_tax(self):
        return self.setting("tax", "woocommerce_prices_include_tax") == "yes"

    def get(self, table, identifier, kind):
        try:
            return self.tables[table][int(identifier)]
        except (KeyError, ValueError):
            raise not_found(kind) from None


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def merge_meta(record, changes, next_id):
    """Update meta data by key, as WC_Data does; a null value removes it."""
    rows = record.setdefault("meta_data", [])
    for change in changes or ():
        found = [row for row in rows if row["key"] == change["key"]]
        if change.get("value") is None:
            for row in found:
                rows.remove(row)
        elif found:
            found[0]["value"] = change["value"]
        else:
            rows.append(
                {"id": next_id(), "key": change["key"], "value": change["value"]}
            )
