"""Orders as the API shows them."""

from decimal import Decimal

from .shop import cents


def bag(amount, currency):
    money = {"amount": f"{cents(amount)}", "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


class OrderView:
    """One order; every figure is computed from its records when it is read."""

    def __init__(self, shop, order):
        self.shop = shop
        self.order = order

    def money(self, amount):
        return bag(amount, self.order["currency"])

    def shown(self):
        order = self.order
        lines = [self.line(line) for line in order["lines"]]
        return {
            "__typename": "Order",
            "id": order["id"],
            "name": order["name"],
            "createdAt": order["created_at"],
            "updatedAt": order["updated_at"],
            "cancelledAt": order["cancelled_at"],
            "currencyCode": order["currency"],
            "taxesIncluded": order["taxes_included"],
            "test": False,
            "email": order["email"],
            "phone": None,
            "displayFulfillmentStatus": self._fulfilment_status(),
            "totalPriceSet": self.money(self.total()),
            "totalTipReceivedSet": self.money(0),
            "customer": order["customer"],
            "billingAddress": order["address"],
            "shippingAddress": order["address"],
            "lineItems": lines,
            "shippingLines": [self.delivery(item) for item in order["deliveries"]],
            "additionalFees": [],
            "transactions": [self.transaction(t) for t in order["transactions"]],
            "fulfillments": [self.parcel(p) for p in order["parcels"]],
            "refunds": [self.refund(r) for r in order["refunds"]],
            "fulfillmentOrders": [self._fulfilment_order()],
            "returns": [self.return_(item) for item in order["returns"]],
            "metafield": self._metafield,
        }

    def total(self):
        """Return what was agreed, before anything was taken off."""
        items = [*self.order["lines"], *self.order["deliveries"]]
        total = sum(
            (i["price"] * i.get("quantity", 1) - i["discount"] for i in items),
            Decimal(0),
        )
        if not self.order["taxes_included"]:
            total += sum((item["tax"] for item in items), Decimal(0))
        return total

    def _metafield(self, _info, key, namespace=None):
        value = self.order["metafields"].get((namespace, key))
        return {"value": value, "key": key, "namespace": namespace} if value else None

    # ---- lines -----------------------------------------------------------------

    def removed(self, line):
        return sum(
            item["quantity"]
            for refund in self.order["refunds"]
            for item in refund["items"]
            if item["line"] == line["id"]
        )

    def shipped(self, line):
        return sum(
            quantity
            for parcel in self.order["parcels"]
            for identifier, quantity in parcel["items"].items()
            if identifier == line["id"]
        )

    def _taxes(self, item):
        return [
            {
                "title": "FR TVA",
                "rate": float(item["rate"]),
                "priceSet": self.money(item["tax"]),
            }
        ]

    def _discounts(self, item):
        if not item["discount"]:
            return []
        application = {
            "__typename": "DiscountCodeApplication",
            "index": 0,
            "code": self.order["coupon"],
        }
        return [
            {
                "allocatedAmountSet": self.money(item["discount"]),
                "discountApplication": application,
            }
        ]

    def line(self, line):
        return {
            "id": line["id"],
            "sku": line["sku"],
            "name": line["name"],
            "vendor": line["vendor"],
            "quantity": line["quantity"],
            "currentQuantity": line["quantity"] - self.removed(line),
            "variant": {"id": line["variant"]},
            "originalUnitPriceSet": self.money(line["price"]),
            "originalTotalSet": self.money(line["price"] * line["quantity"]),
            "taxLines": self._taxes(line),
            "discountAllocations": self._discounts(line),
        }

    def delivery(self, item):
        return {
            "id": item["id"],
            "code": item["title"],
            "title": item["title"],
            "originalPriceSet": self.money(item["price"]),
            "taxLines": self._taxes(item),
            "discountAllocations": self._discounts(item),
        }

    # ---- money -----------------------------------------------------------------

    def transaction(self, item):
        parent = item["parent"]
        return {
            "__typename": "OrderTransaction",
            "id": item["id"],
            "kind": item["kind"],
            "status": item["status"],
            "gateway": item["gateway"],
            "processedAt": item["at"],
            "createdAt": item["at"],
            "paymentId": item["payment_id"],
            "amountSet": self.money(item["amount"]),
            "parentTransaction": {"id": parent} if parent else None,
        }

    def captured(self):
        return sum(
            (t["amount"] for t in self.order["transactions"]
             if t["kind"] in ("SALE", "CAPTURE")),
            Decimal(0),
        )  # fmt: skip

    def refunded(self):
        return sum(
            (t["amount"] for t in self.order["transactions"] if t["kind"] == "REFUND"),
            Decimal(0),
        )

    def refund(self, refund):
        by_id = {line["id"]: line for line in self.order["lines"]}
        own = [
            t for t in self.order["transactions"] if t["id"] in refund["transactions"]
        ]
        return {
            "id": refund["id"],
            "note": refund["note"],
            "createdAt": refund["at"],
            "refundLineItems": [
                self._refund_line(by_id[item["line"]], item) for item in refund["items"]
            ],
            "refundShippingLines": [],
            "transactions": [self.transaction(t) for t in own],
        }

    def _refund_line(self, line, item):
        share = Decimal(item["quantity"]) / line["quantity"]
        worth = line["price"] * line["quantity"] - line["discount"]
        return {
            "quantity": item["quantity"],
            "restockType": item["restock"],
            "lineItem": {"id": line["id"]},
            "subtotalSet": self.money(worth * share),
            "totalTaxSet": self.money(line["tax"] * share),
        }

    # ---- parcels ---------------------------------------------------------------

    def _fulfilment_status(self):
        left = sum(
            line["quantity"] - self.removed(line) - self.shipped(line)
            for line in self.order["lines"]
        )
        if left <= 0 and self.order["parcels"]:
            return "FULFILLED"
        return "PARTIALLY_FULFILLED" if self.order["parcels"] else "UNFULFILLED"

    def _fulfilment_order(self):
        number = self.order["id"].rpartition("/")[2]
        return {
            "id": f"gid://shopify/FulfillmentOrder/{number}",
            "status": "OPEN",
            "lineItems": [
                {
                    "id": line["id"].replace("LineItem", "FulfillmentOrderLineItem"),
                    "remainingQuantity": max(
                        line["quantity"] - self.removed(line) - self.shipped(line), 0
                    ),
                    "lineItem": {"id": line["id"]},
                }
                for line in self.order["lines"]
            ],
        }

    def parcel(self, parcel):
        return {
            "id": parcel["id"],
            "status": "SUCCESS",
            "displayStatus": "DELIVERED" if parcel["arrived"] else "FULFILLED",
            "trackingInfo": [
                {"company": parcel["company"], "number": parcel["number"], "url": None}
            ],
            "fulfillmentLineItems": [
                {"quantity": quantity, "lineItem": {"id": identifier}}
                for identifier, quantity in parcel["items"].items()
            ],
        }

    # ---- returns ---------------------------------------------------------------

    def return_(self, item):
        return {
            "id": item["id"],
            "status": item["status"],
            "createdAt": item["at"],
            "returnLineItems": [self._return_line(line) for line in item["lines"]],
        }

    def _return_line(self, line):
        """Show a line; one that is of no order of the shop has no parcel."""
        known = {row["id"] for row in self.order["lines"]}
        shown = {
            "__typename": "UnverifiedReturnLineItem",
            "id": line["id"],
            "quantity": line["quantity"],
            "refundedQuantity": 0,
            "customerNote": line["note"],
            "returnReason": line["reason"],
            "returnReasonNote": "",
            "returnReasonDefinition": {"name": line["reason"].capitalize()},
        }
        if line["line"] in known:
            shown["__typename"] = "ReturnLineItem"
            shown["fulfillmentLineItem"] = {"lineItem": {"id": line["line"]}}
        return shown

    def return_status(self):
        states = {item["status"] for item in self.order["returns"]}
        if "REQUESTED" in states:
            return "return_requested"
        return "in_progress" if "OPEN" in states else "no_return"
