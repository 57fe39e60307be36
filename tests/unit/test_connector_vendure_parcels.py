"""Parcels sent to Vendure twice: the second time changes what can be changed."""

from odoo.addons.marketplace_connector.adapters.vendure.commands import (
    push_fulfilment,
)
from odoo.addons.marketplace_connector.engine.contract import (
    FulfilmentCommand,
    LineQuantity,
)


class Shop:
    """Answers as Vendure does, for one order."""

    def __init__(self):
        self.fulfilments = []

    def query(self, _document, **_variables):
        return {"order": {"id": "1", "fulfillments": self.fulfilments, "payments": []}}

    def mutate(self, _document, **variables):
        if "state" in variables:
            [found] = [f for f in self.fulfilments if f["id"] == variables["id"]]
            found["state"] = variables["state"]
            return {"fulfilment": found}
        given = {
            argument["name"]: argument["value"]
            for argument in variables["input"]["handler"]["arguments"]
        }
        self.fulfilments.append(
            {
                "id": str(len(self.fulfilments) + 1),
                "state": "Pending",
                "method": given["method"],
                "trackingCode": given["trackingCode"],
                "customFields": {"odooRef": given["reference"]},
            }
        )
        return {"fulfilment": self.fulfilments[-1]}


def command(tracking="6A1"):
    lines = (LineQuantity("11", 2),)
    return FulfilmentCommand("fulfilment-7", "1", lines, "Colissimo", tracking)


def test_same_parcel_again_says_nothing():
    shop = Shop()
    assert push_fulfilment(shop, command()).note == ""
    assert push_fulfilment(shop, command()).note == ""
    assert len(shop.fulfilments) == 1


def test_other_tracking_makes_no_second_parcel_and_is_said():
    shop = Shop()
    push_fulfilment(shop, command())
    result = push_fulfilment(shop, command("6A9"))
    assert (result.ok, result.external_id) == (True, "1")
    assert [f["trackingCode"] for f in shop.fulfilments] == ["6A1"]
    assert "still shows “Colissimo 6A1” instead of “Colissimo 6A9”" in result.note
