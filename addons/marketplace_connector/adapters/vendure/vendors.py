"""A vendor in Vendure: seller, channel, stock location and a delivery of his own.

Sellers and locations have no natural key and are found by our reference; the code
of a channel is unique in the shop and is derived from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...engine.contract import Result, Vendor
from ..errors import InvalidError
from .settings import push_shipping
from .transport import Transport

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
    items { id code token }
  }
  stockLocations(options: {take: 1000, filter: {odooRef: {in: $refs}}}) {
    items { id customFields { odooRef } }
  }
  paymentMethods(options: {take: 1000}) { items { id } }
}"""

CREATE_SELLER = """
mutation($input: CreateSellerInput!) { created: createSeller(input: $input) { id } }"""

UPDATE_SELLER = """
mutation($input: UpdateSellerInput!) { updateSeller(input: $input) { id } }"""

CREATE_CHANNEL = """
mutation($input: CreateChannelInput!) {
  created: createChannel(input: $input) {
    ... on Channel { id code token } ... on ErrorResult { errorCode message }
  }
}"""

CREATE_LOCATION = """
mutation($input: CreateStockLocationInput!) {
  created: createStockLocation(input: $input) { id }
}"""

# Assigning what is already assigned changes nothing, so this is always sent.
ASSIGN = """
mutation(
  $payments: AssignPaymentMethodsToChannelInput!
  $locations: AssignStockLocationsToChannelInput!
  $shippings: AssignShippingMethodsToChannelInput!
) {
  assignPaymentMethodsToChannel(input: $payments) { id }
  assignStockLocationsToChannel(input: $locations) { id }
  assignShippingMethodsToChannel(input: $shippings) { id }
}"""


@dataclass(frozen=True, slots=True)
class VendorPlace:
    """Where a vendor's offers live in the shop."""

    channel_id: str
    channel_token: str
    location_id: str


def channel_code(vendor_ref: str) -> str:
    return f"seller-{vendor_ref}"


def read_places(transport: Transport, refs: Sequence[str]) -> dict[str, VendorPlace]:
    """Return the places of those vendors that are complete in the shop."""
    codes = [channel_code(ref) for ref in refs]
    shop = transport.query(READ, refs=list(refs), codes=codes)
    channels = {item["code"]: item for item in shop["channels"]["items"]}
    locations = {
        item["customFields"]["odooRef"]: item["id"]
        for item in shop["stockLocations"]["items"]
    }
    return {
        ref: VendorPlace(
            channels[channel_code(ref)]["id"],
            channels[channel_code(ref)]["token"],
            locations[ref],
        )
        for ref in refs
        if ref in locations and channel_code(ref) in channels
    }


def upsert_vendors(transport: Transport, vendors: Sequence[Vendor]) -> list[Result]:
    """See :meth:`Adapter.upsert_vendors`; the external id is the seller's."""
    refs = [vendor.ref for vendor in vendors]
    codes = [channel_code(ref) for ref in refs]
    shop = transport.query(READ, refs=refs, codes=codes)
    writer = _Writer(transport, shop)
    results = []
    for vendor in vendors:
        try:
            results.append(Result(vendor.ref, writer.upsert(vendor)))
        except InvalidError as error:
            results.append(Result(vendor.ref, error=str(error)))
    return results


class _Writer:
    def __init__(self, transport: Transport, shop: dict):
        self.transport = transport
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

    def upsert(self, vendor: Vendor) -> str:
        seller = self._seller(vendor)
        channel = self.channels.get(channel_code(vendor.ref))
        channel = channel or self._create_channel(vendor, seller)
        location = self.locations.get(vendor.ref) or self._create(
            CREATE_LOCATION,
            {"name": vendor.name, "customFields": {"odooRef": vendor.ref}},
        )
        shippings = push_shipping(
            self.transport,
            vendor.shippings,
            self.default["defaultLanguageCode"],
        )
        self.transport.mutate(
            ASSIGN,
            payments={"paymentMethodIds": self.payments, "channelId": channel},
            locations={"stockLocationIds": [location], "channelId": channel},
            shippings={
                "shippingMethodIds": list(shippings.values()),
                "channelId": channel,
            },
        )
        return seller

    def _seller(self, vendor: Vendor) -> str:
        found = self.sellers.get(vendor.ref)
        if not found:
            values = {"name": vendor.name, "customFields": {"odooRef": vendor.ref}}
            return self._create(CREATE_SELLER, values)
        if found["name"] != vendor.name:
            values = {"id": found["id"], "name": vendor.name}
            self.transport.mutate(UPDATE_SELLER, input=values)
        return found["id"]

    def _create_channel(self, vendor: Vendor, seller: str) -> str:
        default = self.default
        code = channel_code(vendor.ref)
        values = {
            "code": code,
            # A token names a channel in a request; it opens nothing by itself.
            "token": code,
            "sellerId": seller,
            "defaultLanguageCode": default["defaultLanguageCode"],
            "defaultCurrencyCode": default["defaultCurrencyCode"],
            "availableCurrencyCodes": [default["defaultCurrencyCode"]],
            "pricesIncludeTax": default["pricesIncludeTax"],
            "defaultTaxZoneId": default["defaultTaxZone"]["id"],
            "defaultShippingZoneId": default["defaultShippingZone"]["id"],
        }
        return self._create(CREATE_CHANNEL, values)

    def _create(self, document: str, values: dict) -> str:
        return self.transport.mutate(document, input=values)["created"]["id"]
