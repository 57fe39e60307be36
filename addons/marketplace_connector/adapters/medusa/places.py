"""A vendor in the shop: where the stock lies, and how it is delivered.

Plain Medusa knows no vendors: a stock location and a shipping profile stand for one.
Mercur has sellers, and only a member of a seller may make something that is the
seller's: the connector becomes a member of those it makes, under its own e-mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ...engine.contract import Result, ShippingMethod, Vendor
from ..errors import InvalidError
from .amounts import minor_digits
from .settings import add_rule, default_currency, read_store, read_tax_regions
from .transport import SELLER, Transport

REF = "marketplace_ref"  # in the metadata of what is ours
PROVIDER = "manual_manual"
LOCATION_FIELDS = (
    "id,name,metadata,sales_channels.id,fulfillment_providers.id,"
    "fulfillment_sets.id,fulfillment_sets.service_zones.id,"
    "*fulfillment_sets.service_zones.geo_zones"
)
OPTION_FIELDS = "id,name,service_zone_id,shipping_profile_id,type.code,*prices"


@dataclass(frozen=True, slots=True)
class Place:
    """What an offer of the vendor needs; ``seller_id`` in Mercur."""

    location_id: str
    profile_id: str
    seller_id: str = ""


def amount_of(minor: int, currency: str) -> Decimal:
    """Return minor units as the decimal number that the shop wants.

    >>> str(amount_of(1999, "eur"))
    '19.99'
    """
    return Decimal(minor).scaleb(-minor_digits(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round an amount of the shop to what can be paid, half up.

    >>> str(rounded(Decimal("116.905"), "eur"))
    '116.91'
    """
    step = Decimal(1).scaleb(-minor_digits(currency))
    return amount.quantize(step, ROUND_HALF_UP)


class Places:
    """Vendors of one shop; what they consist of is looked up by our reference."""

    def __init__(self, transport: Transport):
        self.transport = transport

    # pylint: disable-next=method-required-super
    def read(self, refs: Iterable[str]) -> dict[str, Place]:
        """Return the places of those vendors that are complete in the shop."""
        wanted = set(refs)
        locations, profiles = self._locations(), self._profiles()
        owners = self._owners(wanted)
        return {
            ref: Place(locations[ref]["id"], profiles[ref]["id"], owners[ref])
            for ref in wanted
            if ref in locations and ref in profiles and ref in owners
        }

    def upsert(self, vendors: Sequence[Vendor]) -> list[Result]:
        """See :meth:`Adapter.upsert_vendors`."""
        if not vendors:
            return []
        writer = _Writer(self)
        results = []
        for vendor in vendors:
            try:
                results.append(Result(vendor.ref, writer.upsert(vendor)))
            except InvalidError as error:
                results.append(Result(vendor.ref, error=str(error)))
        return results

    def post(
        self, owner: str, path: str, body: Mapping[str, Any], **query: Any
    ) -> dict[str, Any]:
        """Write something that is to be the vendor's."""
        raise NotImplementedError

    def ensure_owner(self, vendor: Vendor, currency: str) -> str:
        """Return the seller that is the vendor, made or renamed; "" without sellers."""
        raise NotImplementedError

    def external_id(self, owner: str, location_id: str) -> str:
        """Return what the shop knows the vendor by."""
        raise NotImplementedError

    def _owners(self, refs: Iterable[str]) -> dict[str, str]:
        raise NotImplementedError

    def _locations(self) -> dict[str, dict[str, Any]]:
        rows = self.transport.pages(
            "stock-locations", "stock_locations", fields=LOCATION_FIELDS
        )
        return {(row["metadata"] or {}).get(REF): row for row in rows}

    def _profiles(self) -> dict[str, dict[str, Any]]:
        rows = self.transport.pages(
            "shipping-profiles", "shipping_profiles", fields="id,name,type"
        )
        return {row["type"]: row for row in rows}


class PlainPlaces(Places):
    """Nobody owns anything: all is the shop's."""

    def post(self, owner, path, body, **query):
        return self.transport.post(path, body, **query)

    def ensure_owner(self, vendor, currency):
        return ""

    def external_id(self, owner, location_id):
        return location_id

    def _owners(self, refs):
        return dict.fromkeys(refs, "")


class SellerPlaces(Places):
    """Sellers of Mercur.

    A seller that exists already is found by its ``external_id``, which staff may set
    to our reference; one that we made also by its handle, should the answer to that
    have been lost.
    """

    def post(self, owner, path, body, **query):
        return self.transport.seller_post(owner, path, body, **query)

    def external_id(self, owner, location_id):
        return owner

    def ensure_owner(self, vendor, currency):
        seller = self._find(vendor.ref) or self._create(vendor, currency)
        values = {}
        if seller["external_id"] != vendor.ref:
            values["external_id"] = vendor.ref
        if seller["name"] != vendor.name:
            values["name"] = vendor.name
        if values:
            self.transport.post(f"sellers/{seller['id']}", values)
        if seller["status"] == "pending_approval":
            self.transport.post(f"sellers/{seller['id']}/approve", {})
        return seller["id"]

    def _create(self, vendor: Vendor, currency: str) -> dict[str, Any]:
        values = {
            "name": vendor.name,
            "handle": vendor.ref,
            # Mercur wants one; the back office tells none, and this goes nowhere.
            "email": f"{vendor.ref}@sellers.invalid",
            "member_email": self.transport.username,
            "currency_code": currency,
        }
        self.transport.seller_post("", "sellers", values)
        # The first seller makes the member: what we are is written in the token.
        self.transport.forget(SELLER)
        made = self._find(vendor.ref)
        if not made:
            raise InvalidError("The shop made a seller and does not show it.")
        return made

    def _find(self, ref: str) -> dict[str, Any] | None:
        fields = "id,name,handle,external_id,status"
        rows = self.transport.pages("sellers", "sellers", q=ref, fields=fields)
        own = [row for row in rows if ref in (row["external_id"], row["handle"])]
        own.sort(key=lambda row: row["external_id"] != ref)
        return own[0] if own else None

    def _owners(self, refs):
        wanted = set(refs)
        rows = self.transport.pages("sellers", "sellers", fields="id,external_id")
        return {
            row["external_id"]: row["id"]
            for row in rows
            if row["external_id"] in wanted
        }


class _Writer:
    """Write vendors one by one; what all need is read once."""

    def __init__(self, places: Places):
        self.places = places
        self.transport = places.transport
        store = read_store(self.transport)
        self.currency = default_currency(store)
        self.channel = store["default_sales_channel_id"]
        self.locations = places._locations()
        self.profiles = places._profiles()
        self.tax_regions = read_tax_regions(self.transport)
        regions = self.transport.pages(
            "regions", "regions", fields="id,currency_code,*countries"
        )
        self.countries = [
            country["iso_2"]
            for region in regions
            if region["currency_code"] == self.currency
            for country in region["countries"]
        ]

    def upsert(self, vendor: Vendor) -> str:
        owner = self.places.ensure_owner(vendor, self.currency)
        location = self._location(vendor, owner)
        profile = self.profiles.get(vendor.ref)
        if not profile:
            values = {"name": f"{vendor.name} ({vendor.ref})", "type": vendor.ref}
            answer = self.places.post(owner, "shipping-profiles", values)
            profile = self.profiles[vendor.ref] = answer["shipping_profile"]
        zone = self._zone(vendor, owner, location)
        self._options(vendor, owner, zone, profile["id"])
        return self.places.external_id(owner, location["id"])

    def _location(self, vendor: Vendor, owner: str) -> dict[str, Any]:
        location = self.locations.get(vendor.ref)
        if not location:
            values = {"name": vendor.name, "metadata": {REF: vendor.ref}}
            location = self.places.post(
                owner, "stock-locations", values, fields=LOCATION_FIELDS
            )["stock_location"]
            self.locations[vendor.ref] = location
        elif location["name"] != vendor.name:
            path = f"stock-locations/{location['id']}"
            self.places.post(owner, path, {"name": vendor.name})
        self._link(owner, location, "sales_channels", self.channel)
        self._link(owner, location, "fulfillment_providers", PROVIDER)
        return location

    def _link(
        self, owner: str, location: Mapping[str, Any], what: str, wanted: str
    ) -> None:
        if all(item["id"] != wanted for item in location.get(what) or () if item):
            path = f"stock-locations/{location['id']}/{what.replace('_', '-')}"
            self.places.post(owner, path, {"add": [wanted]})

    def _zone(self, vendor: Vendor, owner: str, location: Mapping[str, Any]) -> str:
        """Return the service zone of the vendor, with all countries of the shop."""
        sets = [item for item in location.get("fulfillment_sets") or () if item]
        if not sets:
            values = {"name": f"{vendor.name} ({vendor.ref})", "type": "shipping"}
            sets = self.places.post(
                owner,
                f"stock-locations/{location['id']}/fulfillment-sets",
                values,
                fields=LOCATION_FIELDS,
            )["stock_location"]["fulfillment_sets"]
        path = f"fulfillment-sets/{sets[0]['id']}/service-zones"
        zones = [zone for zone in sets[0].get("service_zones") or () if zone]
        geo_zones = [
            {"type": "country", "country_code": code} for code in self.countries
        ]
        if not zones:
            values = {"name": f"{vendor.name} ({vendor.ref})", "geo_zones": geo_zones}
            zones = self.places.post(owner, path, values, fields="id,*service_zones")[
                "fulfillment_set"
            ]["service_zones"]
        else:
            known = zones[0]["geo_zones"] or []
            codes = {zone["country_code"] for zone in known}
            if missing := [z for z in geo_zones if z["country_code"] not in codes]:
                keys = ("id", "type", "country_code")
                kept = [{key: geo[key] for key in keys} for geo in known]
                values = {"geo_zones": [*kept, *missing]}
                self.places.post(owner, f"{path}/{zones[0]['id']}", values)
        return zones[0]["id"]

    def _options(self, vendor: Vendor, owner: str, zone: str, profile: str) -> None:
        if not vendor.shippings:
            return
        rows = self.transport.pages(
            "shipping-options",
            "shipping_options",
            service_zone_id=zone,
            fields=OPTION_FIELDS,
        )
        known = {(row["type"] or {}).get("code"): row for row in rows}
        for method in vendor.shippings:
            option = self._option(owner, zone, profile, method, known.get(method.ref))
            self._tax(option, method)

    def _option(
        self,
        owner: str,
        zone: str,
        profile: str,
        method: ShippingMethod,
        found: Mapping[str, Any] | None,
    ) -> str:
        amount = amount_of(method.amount, self.currency)
        price = {"currency_code": self.currency, "amount": amount}
        if not found:
            values = {
                "name": method.name,
                "service_zone_id": zone,
                "shipping_profile_id": profile,
                "provider_id": PROVIDER,
                "price_type": "flat",
                "type": {
                    "label": method.name,
                    "description": method.name,
                    "code": method.ref,
                },
                "prices": [price],
                "rules": [],
            }
            answer = self.places.post(owner, "shipping-options", values)
            return answer["shipping_option"]["id"]
        own = [row for row in found["prices"] if row["currency_code"] == self.currency]
        if found["name"] != method.name or not own or own[0]["amount"] != amount:
            kept = {"id": own[0]["id"], **price} if own else price
            values = {"name": method.name, "prices": [kept]}
            self.places.post(owner, f"shipping-options/{found['id']}", values)
        return found["id"]

    def _tax(self, option: str, method: ShippingMethod) -> None:
        """Have each country tax the delivery at its rate.

        The shop has no tax classes for deliveries: the first rate of that height is
        taken, and counts by itself where it is the country's default.
        """
        for region in self.tax_regions:
            rates = [
                rate
                for rate in region["tax_rates"] or ()
                if Decimal(str(rate["rate"] or 0)) == method.rate * 100
            ]
            rates.sort(key=lambda rate: not rate["is_default"])
            if rates:
                add_rule(self.transport, rates[0], "shipping_option", option)
