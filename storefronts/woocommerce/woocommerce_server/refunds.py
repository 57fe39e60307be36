"""Refunds: children of an order, with negative figures."""

from decimal import Decimal

from . import listing
from .errors import ApiError, not_found
from .shop import stamp


class Refunds:
    def __init__(self, shop, order, orders=None):
        self.shop = shop
        self.order = order
        self.orders = orders

    def rows(self):
        return [
            row
            for row in self.shop.tables["refunds"].values()
            if row["_order"] == self.order["id"]
        ]

    def _row(self, identifier):
        row = self.shop.tables["refunds"].get(int(identifier))
        if not row or row["_order"] != self.order["id"]:
            raise not_found("shop_order_refund")
        return row

    def shown(self, row, args=None):
        places = int((args or {}).get("dp", 2))
        shown = {key: value for key, value in row.items() if not key.startswith("_")}
        shown["amount"] = f"{row['amount']:.{places}f}"
        return shown

    def list(self, args):
        found, headers = listing.page(args, self.rows(), default=("id", "desc"))
        return [self.shown(row, args) for row in found], headers

    def get(self, identifier, args=None):
        return self.shown(self._row(identifier), args)

    def create(self, values):
        items = self._items(values.get("line_items") or ())
        amount = Decimal(values.get("amount") or 0)
        if not amount:
            amount = -sum(
                (Decimal(i["total"]) + Decimal(i["total_tax"]) for i in items),
                Decimal(0),
            )
        left = self.orders.total(self.order) - sum(
            (row["amount"] for row in self.rows()), Decimal(0)
        )
        free = not self.orders.total(self.order)  # the shop refunds nothing of nothing
        if amount <= 0 or (amount > left and not free):
            raise ApiError(
                "woocommerce_rest_invalid_order_refund", "Invalid refund amount.", 400
            )
        row = {
            "id": self.shop.next_id(),
            "date_created_gmt": stamp(self.shop.now()),
            "amount": amount,
            "reason": values.get("reason") or "",
            "refunded_payment": listing.is_true(values.get("api_refund", True)),
            "line_items": items,
            "meta_data": [
                {"id": self.shop.next_id(), "key": meta["key"], "value": meta["value"]}
                for meta in values.get("meta_data") or ()
            ],
            "_order": self.order["id"],
        }
        self.shop.tables["refunds"][row["id"]] = row
        if amount == left:
            self.order["status"] = "refunded"
        self.orders.touch(self.order)
        return self.shown(row)

    def _items(self, given):
        known = {item["id"]: item for item in self.order["line_items"]}
        items = []
        for line in given:
            source = known.get(line.get("id"))
            if not source:
                continue
            taxes = line.get("refund_tax") or ()
            tax = sum((Decimal(str(t["refund_total"])) for t in taxes), Decimal(0))
            items.append(
                {
                    "id": self.shop.next_id(),
                    "name": source["name"],
                    "product_id": source["product_id"],
                    "quantity": -int(line.get("quantity") or 0),
                    "total": f"{-Decimal(str(line.get('refund_total') or 0)):.2f}",
                    "total_tax": f"{-tax:.2f}",
                    "meta_data": [
                        {
                            "id": self.shop.next_id(),
                            "key": "_refunded_item_id",
                            "value": str(source["id"]),
                        }
                    ],
                }
            )
        return items

    def delete(self, identifier, force):
        """Forget a refund; the order's time does not move."""
        row = self._row(identifier)
        del self.shop.tables["refunds"][row["id"]]
        return self.shown(row)
