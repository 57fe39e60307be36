"""The fields of QueryRoot that the connector asks for."""

import base64
import json
import re

from .orders import OrderView

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
        rows = [row for row in self.shop.tables["orders"].values() if _fits(row, query)]
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


def _number(row):
    return int(row["id"].rpartition("/")[2])


def _fits(row, query):
    for field, sign, value in TERM.findall(query or ""):
        if field == "status":
            done = row["cancelled_at"] or row["closed"]
            if value == "open" and done:
                return False
        elif field == "name":
            if row["name"] != value:
                return False
        else:
            known = row[field]
            fits = {
                ">=": known >= value,
                "<=": known <= value,
                ">": known > value,
                "<": known < value,
            }[sign]
            if not fits:
                return False
    return True
