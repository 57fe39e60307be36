"""The fields of QueryRoot that the connector asks for."""

import base64
import json
import re

from graphql import GraphQLError

from .orders import OrderView

CHOICE = re.compile(r"\(([^)]*)\)")
TERM = re.compile(r"(\w+):(>=|<=|>|<)?'?([^'\s]+)'?")


class Reads:
    def __init__(self, shop):
        self.shop = shop

    def shop_(self, _info):
        return {
            "id": "gid://shopify/Shop/1",
            "myshopifyDomain": "shop.myshopify.com",
            "currencyCode": self.shop.currency,
            "taxesIncluded": self.shop.taxes_included,
            "shipsToCountries": ["FR", "DE"],
            "plan": {"partnerDevelopment": True},
        }

    def currentAppInstallation(self, _info):  # noqa: N802
        return {"accessScopes": [{"handle": scope} for scope in self.shop.scopes]}

    def locations(self, _info, **_args):
        return list(self.shop.tables["locations"].values())

    def publications(self, _info, **_args):
        return list(self.shop.tables["publications"].values())

    def metaobjectByHandle(self, _info, handle):  # noqa: N802
        return next(
            (
                row
                for row in self.shop.tables["metaobjects"].values()
                if (row["type"], row["handle"]) == (handle["type"], handle["handle"])
            ),
            None,
        )

    def webhookSubscriptions(self, _info, **_args):  # noqa: N802
        return list(self.shop.tables["webhooks"].values())

    # ---- orders ----------------------------------------------------------------

    def order(self, _info, id):  # noqa: A002
        row = self.shop.tables["orders"].get(id)
        return OrderView(self.shop, row).shown() if row else None

    def nodes(self, info, ids):
        return [self.order(info, identifier) for identifier in ids]

    def orders(self, _info, first=None, after=None, query="", sortKey="ID", **_args):  # noqa: N803
        rows = self.shop.tables["orders"].values()
        rows = [row for row in rows if self._fits(row, query)]
        field = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at"}[sortKey]
        rows.sort(key=lambda row: (row[field], _number(row)))
        if after:
            place = tuple(json.loads(base64.b64decode(after)))
            rows = [row for row in rows if (row[field], _number(row)) > place]
        page = rows[:first]
        end = [page[-1][field], _number(page[-1])] if page else None
        return {
            "nodes": [OrderView(self.shop, row).shown() for row in page],
            "pageInfo": {
                "hasNextPage": len(rows) > len(page),
                "endCursor": base64.b64encode(json.dumps(end).encode()).decode()
                if end
                else None,
            },
        }

    def _fits(self, row, query):
        """Tell whether all terms fit, and one of each group in brackets."""
        rest = CHOICE.sub("", query or "")
        return all(self._fits_term(row, *term) for term in TERM.findall(rest)) and all(
            any(self._fits_term(row, *term) for term in TERM.findall(choice))
            for choice in CHOICE.findall(query or "")
        )

    def _fits_term(self, row, field, sign, value):
        if field == "status":
            return value != "open" or not (row["cancelled_at"] or row["closed"])
        if field == "name":
            return row["name"] == value
        if field == "return_status":
            return OrderView(self.shop, row).return_status() == value
        return _is_older(row[field], sign, value)

    # ---- returns and movements of money ------------------------------------------

    def return_(self, _info, id):  # noqa: A002
        for row in self.shop.tables["orders"].values():
            for item in row["returns"]:
                if item["id"] == id:
                    return OrderView(self.shop, row).return_(item)
        return None

    def tenderTransactions(self, _info, query="", **_args):  # noqa: N802
        """Return what was paid and given back, by its own time."""
        ((field, sign, value),) = TERM.findall(query)
        if field != "processed_at":
            raise GraphQLError(f"The filter {field} is not served here.")
        found = []
        for row in self.shop.tables["orders"].values():
            view = OrderView(self.shop, row)
            for item in row["transactions"]:
                if item["kind"] == "AUTHORIZATION":
                    continue
                if not _is_older(item["at"], sign, value):
                    continue
                amount = item["amount"] * (-1 if item["kind"] == "REFUND" else 1)
                money = view.money(amount)["shopMoney"]
                found.append({"amount": money, "order": {"id": row["id"]}})
        return found


def _number(row):
    return int(row["id"].rpartition("/")[2])


def _is_older(known, sign, value):
    return {
        ">=": known >= value,
        "<=": known <= value,
        ">": known > value,
        "<": known < value,
    }[sign]
