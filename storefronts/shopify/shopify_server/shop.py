"""The state of one shop: plain records, amounts as decimals."""

import itertools
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
SCOPES = [
    "read_orders", "write_orders", "write_order_edits", "write_products",
    "write_publications", "write_inventory", "read_locations", "read_returns",
    "write_metaobjects",
    "write_metaobject_definitions", "write_merchant_managed_fulfillment_orders",
]  # fmt: skip


def cents(amount):
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def gid(kind, number):
    return f"gid://shopify/{kind}/{number}"


class Shop:
    def __init__(self, token="shpat_operator", secret="shpss_app", included=True):
        self.token = token
        self.secret = secret
        self.taxes_included = included
        self.currency = "EUR"
        self.scopes = list(SCOPES)
        self.lock = threading.RLock()
        self.tables = defaultdict(dict)  # {table: {gid: record}}
        self.answers = {}  # of mutations, by their idempotency key
        self.bucket = Bucket()
        self.ahead = timedelta()  # of its clock, for tests that need another second
        self._numbers = itertools.count(1001)
        location, publication = self.new_id("Location"), self.new_id("Publication")
        self.tables["locations"][location] = {"id": location, "name": "Shop"}
        self.tables["publications"][publication] = {"id": publication}

    def new_id(self, kind):
        return gid(kind, next(self._numbers))

    def now(self):
        at = datetime.fromtimestamp(int(time.time()), UTC) + self.ahead
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def location(self):
        return next(iter(self.tables["locations"]))


class Bucket:
    """The points that calls cost; ``size`` is also the most that one may cost."""

    def __init__(self, size=2000, restore_rate=100, call_max=1000):
        self.size = size
        self.restore_rate = restore_rate
        self.call_max = call_max
        self._points = float(size)
        self._at = time.monotonic()

    def points(self):
        now = time.monotonic()
        self._points = min(
            self.size, self._points + (now - self._at) * self.restore_rate
        )
        self._at = now
        return self._points

    def empty(self):
        self.points()
        self._points = 0.0

    def take(self, cost):
        if self.points() < cost:
            return False
        self._points -= cost
        return True

    def status(self):
        return {
            "maximumAvailable": float(self.size),
            "currentlyAvailable": int(self.points()),
            "restoreRate": float(self.restore_rate),
        }
