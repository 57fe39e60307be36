"""The mutations that the connector sends."""

from decimal import Decimal

from .orders import OrderView
from .reads import Reads
from .shop import cents


def refuse(message, *field, **values):
    return {
        "userErrors": [
            {"field": list(field) or None, "message": message, "code": None}
        ],
        **values,
    }


def done(**values):
    return {"userErrors": [], **values}


class Writes:
    def __init__(self, shop):
        self.shop = shop

    # ---- vendors ---------------------------------------------------------------

    def metaobjectDefinitionCreate(self, _info, definition):  # noqa: N802
        known = self.shop.tables["definitions"]
        if definition["type"] in known:
            error = {"field": ["type"], "message": "Type is taken", "code": "TAKEN"}
            return {"userErrors": [error], "metaobjectDefinition": None}
        known[definition["type"]] = definition
        made = {"id": self.shop.new_id("MetaobjectDefinition")}
        return done(metaobjectDefinition=made)

    def metaobjectUpsert(self, _info, handle, metaobject=None, **_args):  # noqa: N802
        if handle["type"] not in self.shop.tables["definitions"]:
            return refuse("No metaobject definition exists", "handle", metaobject=None)
        rows = self.shop.tables["metaobjects"]
        row = Reads(self.shop).metaobjectByHandle(None, handle)
        if not row:
            row = {"id": self.shop.new_id("Metaobject"), **handle}
            rows[row["id"]] = row
        for field in metaobject["fields"]:
            if field["key"] == "name":
                row["displayName"] = field["value"]
        return done(metaobject=row)

    # ---- products --------------------------------------------------------------

    def productSet(self, _info, input, identifier=None, synchronous=True):  # noqa: N802, A002
        handle = identifier["handle"]
        rows = self.shop.tables["products"]
        row = next((r for r in rows.values() if r["handle"] == handle), None)
        if not (input.get("title") or "").strip():
            return refuse("Title can't be blank", "input", "title", product=None)
        if len(input["title"]) > 255:
            return refuse(
                "Title is too long (maximum is 255 characters)",
                "input",
                "title",
                product=None,
            )
        (variant,) = input["variants"]
        if Decimal(variant["price"]) < 0:
            return refuse("Price must be positive", "input", "variants", product=None)
        if not row:
            row = {
                "id": self.shop.new_id("Product"),
                "handle": handle,
                "variant": self.shop.new_id("ProductVariant"),
                "inventory_item": self.shop.new_id("InventoryItem"),
                "available": 0,
                "published": False,
            }
            rows[row["id"]] = row
        row.update(
            title=input["title"],
            vendor=input["vendor"],
            status=input["status"],
            tags=list(input["tags"]),
            price=Decimal(variant["price"]),
            sku=variant["inventoryItem"]["sku"],
        )
        return done(product=self._product(row), productSetOperation=None)

    def _product(self, row):
        return {
            "id": row["id"],
            "publishedOnPublication": row["published"],
            "variants": [
                {"id": row["variant"], "inventoryItem": {"id": row["inventory_item"]}}
            ],
        }

    def publishablePublish(self, _info, id, input):  # noqa: N802, A002
        row = self.shop.tables["products"].get(id)
        if not row:
            return refuse("Resource not found", "id")
        row["published"] = True
        return done()

    def inventorySetQuantities(self, _info, input):  # noqa: N802, A002
        by_item = {
            row["inventory_item"]: row for row in self.shop.tables["products"].values()
        }
        for change in input["quantities"]:
            if "changeFromQuantity" not in change:
                return refuse("The field changeFromQuantity is required", "input")
            row = by_item.get(change["inventoryItemId"])
            if not row:
                return refuse(
                    "The specified inventory item could not be found", "input"
                )
            expected = change["changeFromQuantity"]
            if expected is not None and expected != row["available"]:
                return refuse("CHANGE_FROM_QUANTITY_STALE", "input")
        for change in input["quantities"]:
            by_item[change["inventoryItemId"]]["available"] = change["quantity"]
        return done(inventoryAdjustmentGroup=None)

    # ---- parcels ---------------------------------------------------------------

    def _order(self, identifier):
        return self.shop.tables["orders"].get(identifier)

    def _touch(self, order):
        order["updated_at"] = self.shop.now()

    def fulfillmentCreate(self, _info, fulfillment, **_args):  # noqa: N802
        items, order = {}, None
        for part in fulfillment["lineItemsByFulfillmentOrder"]:
            number = part["fulfillmentOrderId"].rpartition("/")[2]
            order = self._order(f"gid://shopify/Order/{number}")
            view = OrderView(self.shop, order)
            lines = {line["id"]: line for line in order["lines"]}
            for item in part["fulfillmentOrderLineItems"]:
                line = item["id"].replace("FulfillmentOrderLineItem", "LineItem")
                left = (
                    lines[line]["quantity"]
                    - view.removed(lines[line])
                    - view.shipped(lines[line])
                )
                if item["quantity"] > left:
                    return refuse("Invalid fulfillment order line item quantity")
                items[line] = items.get(line, 0) + item["quantity"]
        tracking = fulfillment.get("trackingInfo") or {}
        parcel = {
            "id": self.shop.new_id("Fulfillment"),
            "items": items,
            "company": tracking.get("company"),
            "number": tracking.get("number"),
            "arrived": False,
        }
        order["parcels"].append(parcel)
        self._touch(order)
        return done(fulfillment={"id": parcel["id"]})

    def _parcel(self, identifier):
        for order in self.shop.tables["orders"].values():
            for parcel in order["parcels"]:
                if parcel["id"] == identifier:
                    return order, parcel
        return None, None

    def fulfillmentTrackingInfoUpdate(  # noqa: N802
        self,
        _info,
        fulfillmentId,  # noqa: N803
        trackingInfoInput,  # noqa: N803
        **_args,
    ):
        order, parcel = self._parcel(fulfillmentId)
        parcel["company"] = trackingInfoInput.get("company")
        parcel["number"] = trackingInfoInput.get("number")
        self._touch(order)
        return done(fulfillment={"id": parcel["id"]})

    def fulfillmentEventCreate(self, _info, fulfillmentEvent):  # noqa: N802, N803
        order, parcel = self._parcel(fulfillmentEvent["fulfillmentId"])
        if fulfillmentEvent["status"] == "DELIVERED":
            parcel["arrived"] = True
        self._touch(order)
        return done(fulfillmentEvent={"id": self.shop.new_id("FulfillmentEvent")})

    # ---- money -----------------------------------------------------------------

    def refundCreate(self, _info, input):  # noqa: N802, A002
        order = self._order(input["orderId"])
        if not order:
            return refuse("Order does not exist", "input", "orderId", refund=None)
        view = OrderView(self.shop, order)
        amount = sum((cents(t["amount"]) for t in input["transactions"]), Decimal(0))
        if amount > view.captured() - view.refunded():
            return refuse(
                "Refund amount is greater than net payment received", refund=None
            )
        made = []
        for item in input["transactions"]:
            made.append(
                {
                    "id": self.shop.new_id("OrderTransaction"),
                    "kind": "REFUND",
                    "status": "SUCCESS",
                    "gateway": item["gateway"],
                    "at": self.shop.now(),
                    "payment_id": f"re_{order['name']}",
                    "amount": cents(item["amount"]),
                    "parent": item["parentId"],
                }
            )
        order["transactions"] += made
        refund = {
            "id": self.shop.new_id("Refund"),
            "note": input.get("note"),
            "at": self.shop.now(),
            "items": [
                {
                    "line": line["lineItemId"],
                    "quantity": line["quantity"],
                    "restock": line.get("restockType", "NO_RESTOCK"),
                }
                for line in input.get("refundLineItems") or ()
            ],
            "transactions": [item["id"] for item in made],
        }
        order["refunds"].append(refund)
        self._touch(order)
        return done(refund={"id": refund["id"]})

    def orderCapture(self, _info, input):  # noqa: N802, A002
        order = self._order(input["id"])
        self.shop_capture(order, input["parentTransactionId"], cents(input["amount"]))
        view = OrderView(self.shop, order)
        return done(transaction=view.transaction(order["transactions"][-1]))

    def shop_capture(self, order, parent, amount):
        order["transactions"].append(
            {
                "id": self.shop.new_id("OrderTransaction"),
                "kind": "CAPTURE",
                "status": "SUCCESS",
                "gateway": "payflow",
                "at": self.shop.now(),
                "payment_id": f"pi_{order['name']}",
                "amount": amount,
                "parent": parent,
            }
        )
        self._touch(order)

    def shop_return(self, order, lines, status="REQUESTED"):
        """A customer asks to send goods back; the order's time does not move."""
        made = {
            "id": self.shop.new_id("Return"),
            "status": status,
            "at": self.shop.now(),
            "lines": [
                {
                    "id": self.shop.new_id("ReturnLineItem"),
                    "line": line,
                    "quantity": quantity,
                    "reason": reason,
                    "note": note,
                }
                for line, quantity, reason, note in lines
            ],
        }
        order["returns"].append(made)
        return made

    # ---- cancellations -----------------------------------------------------------

    def orderCancel(self, _info, orderId, **_args):  # noqa: N802, N803
        order = self._order(orderId)
        if not order or order["cancelled_at"]:
            return refuse("Order cannot be cancelled", "orderId", job=None)
        order["cancelled_at"] = self.shop.now()
        self._touch(order)
        return done(job={"id": self.shop.new_id("Job")}, orderCancelUserErrors=[])

    def orderEditBegin(self, _info, id):  # noqa: N802, A002
        order = self._order(id)
        edit = {
            "id": self.shop.new_id("CalculatedOrder"),
            "order": order,
            "quantities": {},
        }
        self.shop.tables["edits"][edit["id"]] = edit
        lines = [
            {"id": line["id"].replace("LineItem", "CalculatedLineItem")}
            for line in order["lines"]
        ]
        return done(calculatedOrder={"id": edit["id"], "lineItems": lines})

    def orderEditSetQuantity(self, _info, id, lineItemId, quantity, **_args):  # noqa: N802, N803, A002
        edit = self.shop.tables["edits"][id]
        line = lineItemId.replace("CalculatedLineItem", "LineItem")
        edit["quantities"][line] = quantity
        return done()

    def orderEditCommit(self, _info, id, **_args):  # noqa: N802, A002
        edit = self.shop.tables["edits"].pop(id, None)
        if not edit:
            return refuse("The calculated order does not exist", "id", order=None)
        order = edit["order"]
        view = OrderView(self.shop, order)
        items = []
        for line in order["lines"]:
            left = edit["quantities"].get(line["id"])
            taken = (
                line["quantity"] - view.removed(line) - left if left is not None else 0
            )
            if taken > 0:
                items.append(
                    {"line": line["id"], "quantity": taken, "restock": "CANCEL"}
                )
        if items:
            order["refunds"].append(
                {
                    "id": self.shop.new_id("Refund"),
                    "note": None,
                    "at": self.shop.now(),
                    "items": items,
                    "transactions": [],
                }
            )
        self._touch(order)
        return done(order={"id": order["id"]})

    # ---- other -------------------------------------------------------------------

    def metafieldsSet(self, _info, metafields):  # noqa: N802
        for item in metafields:
            order = self._order(item["ownerId"])
            order["metafields"][item["namespace"], item["key"]] = item["value"]
        return done(metafields=[])

    def webhookSubscriptionCreate(self, _info, topic, webhookSubscription):  # noqa: N802, N803
        rows = self.shop.tables["webhooks"]
        uri = webhookSubscription["uri"]
        if any((row["topic"], row["uri"]) == (topic, uri) for row in rows.values()):
            return refuse("Address for this topic has already been taken")
        row = {
            "id": self.shop.new_id("WebhookSubscription"),
            "topic": topic,
            "uri": uri,
        }
        rows[row["id"]] = row
        return done(webhookSubscription=row)
