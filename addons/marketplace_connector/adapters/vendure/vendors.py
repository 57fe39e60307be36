"""A vendor in Vendure: seller, channel, stock location and a delivery of his own.

Sellers and locations have no natural key and are found by our reference; the code
of a channel is unique in the shop and is derived from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.contract import Result, Vendor
from . import bulk
from .bulk import Call
from .settings import push_shipping
from .transport import Transport

CHANNEL_PREFIX = "seller-"

READ = """
query($refs: [String!]!, $codes: [String!]!) {
  activeChannel {
    defaultLanguageCode defaultCurrencyCode pricesIncludeTax
    defaultTaxZone { id } defaultShippingZone { id }
  }
  sellers(options: {take: 1000, filter: {odooRef: {in: $refs}}}) {
    items { id name customFields { odooRef } }
  }
  channels(options: {take: 1000, filter: {code: {in: $codes}}}) {
    items { id code }
  }
  stockLocations(options: {take: 1000, filter: {odooRef: {in: $refs}}}) {
    items { id customFields { odooRef } }
  }
  paymentMethods(options: {take: 1000}) { items { id } }
}"""

CREATE_SELLER = "createSeller(input: $input) { id }"
UPDATE_SELLER = "updateSeller(input: $input) { id }"
CREATE_LOCATION = "createStockLocation(input: $input) { id }"
CREATE_CHANNEL = """createChannel(input: $input) {
  ... on Channel { id } ... on ErrorResult { errorCode message }
}"""
# Assigning what is already assigned changes nothing, so this is always sent.
ASSIGN_PAYMENTS = "assignPaymentMethodsToChannel(input: $input) { id }"
ASSIGN_LOCATIONS = "assignStockLocationsToChannel(input: $input) { id }"
ASSIGN_SHIPPINGS = "assignShippingMethodsToChannel(input: $input) { id }"


@dataclass(frozen=True, slots=True)
class VendorPlace:
    """Where a vendor's offers live in the shop."""

    channel_id: str
    location_id: str


def channel_code(vendor_ref: str) -> str:
    return f"{CHANNEL_PREFIX}{vendor_ref}"


def is_seller_channel(code: str) -> bool:
    """Tell whether a channel is one that we made for a vendor."""
    return code.startswith(CHANNEL_PREFIX)


def read_places(shop: dict[str, Any], refs: Sequence[str]) -> dict[str, VendorPlace]:
    """Return the places of those vendors that are complete in the shop.

    :param shop: channels and stock locations that the shop told of them.
    """
    channels = {item["code"]: item["id"] for item in shop["channels"]["items"]}
    locations = {
        item["customFields"]["odooRef"]: item["id"]
        for item in shop["stockLocations"]["items"]
    }
    return {
        ref: VendorPlace(channels[channel_code(ref)], locations[ref])
        for ref in refs
        if ref in locations and channel_code(ref) in channels
    }


def upsert_vendors(transport: Transport, vendors: Sequence[Vendor]) -> list[Result]:
    """See :meth:`Adapter.upsert_vendors`; the external id is the seller's."""
    return bulk.together_or_halves(
        lambda some: _Writer(transport, some).upsert(), vendors
    )


class _Writer:
    def __init__(self, transport: Transport, vendors: Sequence[Vendor]):
        self.transport = transport
        self.vendors = vendors
        refs = [vendor.ref for vendor in vendors]
        shop = transport.query(
            READ, refs=refs, codes=[channel_code(ref) for ref in refs]
        )
        self.default = shop["activeChannel"]
        self.payments = [item["id"] for item in shop["paymentMethods"]["items"]]
        self.channels = {item["code"]: item["id"] for item in shop["channels"]["items"]}
        self.sellers = {
            item["customFields"]["odooRef"]: item for item in shop["sellers"]["items"]
        }
        self.locations = {
            item["customFields"]["odooRef"]: item["id"]
            for item in shop["stockLocations"]["items"]
        }

    def upsert(self) -> list[Result]:
        self._write_sellers()
        self._create_locations()
        self._create_channels()
        shippings = push_shipping(
            self.transport,
            [method for vendor in self.vendors for method in vendor.shippings],
            self.default["defaultLanguageCode"],
        )
        self._assign(shippings)
        return [
            Result(vendor.ref, self.sellers[vendor.ref]["id"])
            for vendor in self.vendors
        ]

    def _write_sellers(self) -> None:
        missing = [vendor for vendor in self.vendors if vendor.ref not in self.sellers]
        changed = [
            vendor
            for vendor in self.vendors
            if vendor.ref in self.sellers
            and self.sellers[vendor.ref]["name"] != vendor.name
        ]
        created = bulk.send(
            self.transport,
            [
                *(
                    Call(CREATE_SELLER, "CreateSellerInput!", _named(vendor))
                    for vendor in missing
                ),
                *(
                    Call(
                        UPDATE_SELLER,
                        "UpdateSellerInput!",
                        {"id": self.sellers[vendor.ref]["id"], "name": vendor.name},
                    )
                    for vendor in changed
                ),
            ],
        )
        for vendor, seller in zip(missing, created, strict=False):
            self.sellers[vendor.ref] = seller

    def _create_locations(self) -> None:
        missing = [v for v in self.vendors if v.ref not in self.locations]
        created = bulk.send(
            self.transport,
            [
                Call(CREATE_LOCATION, "CreateStockLocationInput!", _named(vendor))
                for vendor in missing
            ],
        )
        for vendor, location in zip(missing, created, strict=True):
            self.locations[vendor.ref] = location["id"]

    def _create_channels(self) -> None:
        missing = [v for v in self.vendors if channel_code(v.ref) not in self.channels]
        created = bulk.send(
            self.transport,
            [
                Call(
                    CREATE_CHANNEL, "CreateChannelInput!", self._channel_values(vendor)
                )
                for vendor in missing
            ],
        )
        for vendor, channel in zip(missing, created, strict=True):
            self.channels[channel_code(vendor.ref)] = channel["id"]

    def _channel_values(self, vendor: Vendor) -> dict[str, Any]:
        default = self.default
        code = channel_code(vendor.ref)
        return {
            "code": code,
            # A token names a channel in a request; it opens nothing by itself.
            "token": code,
            "sellerId": self.sellers[vendor.ref]["id"],
            "defaultLanguageCode": default["defaultLanguageCode"],
            "defaultCurrencyCode": default["defaultCurrencyCode"],
            "availableCurrencyCodes": [default["defaultCurrencyCode"]],
            "pricesIncludeTax": default["pricesIncludeTax"],
            "defaultTaxZoneId": default["defaultTaxZone"]["id"],
            "defaultShippingZoneId": default["defaultShippingZone"]["id"],
        }

    def _assign(self, shippings: dict[str, str]) -> None:
        """Put into each vendor's channel what it is to hold."""
        wanted = {
            (ASSIGN_PAYMENTS, "PaymentMethod"): lambda _vendor: self.payments,
            (ASSIGN_LOCATIONS, "StockLocation"): lambda v: [self.locations[v.ref]],
            (ASSIGN_SHIPPINGS, "ShippingMethod"): lambda v: [
                shippings[method.ref] for method in v.shippings
            ],
        }
        bulk.send(
            self.transport,
            [
                Call(
                    text,
                    f"Assign{kind}sToChannelInput!",
                    {
                        f"{kind[0].lower()}{kind[1:]}Ids": ids_of(vendor),
                        "channelId": self.channels[channel_code(vendor.ref)],
                    },
                )
                for (text, kind), ids_of in wanted.items()
                for vendor in self.vendors
            ],
        )


def _named(vendor: Vendor) -> dict[str, Any]:
    return {"name": vendor.name, "customFields": {"odooRef": vendor.ref}}
