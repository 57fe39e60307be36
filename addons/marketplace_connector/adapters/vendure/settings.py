"""Countries, taxes, payment and shared deliveries: the shop as Odoo wants it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...engine.contract import ShippingMethod, ShopSettings, TaxMode
from . import bulk
from .bulk import Call
from .transport import Transport

ZONE = "Marketplace"
PAGE = 1000  # the shop's own limit on a list

READ = """
query($page: Int!) {
  activeChannel {
    id defaultLanguageCode defaultCurrencyCode availableCurrencyCodes
    pricesIncludeTax trackInventory defaultTaxZone { id } defaultShippingZone { id }
  }
  countries(options: {take: $page}) { items { id code } }
  zones(options: {take: $page}) { items { id name members { id } } }
  taxCategories(options: {take: $page}) {
    items { id name isDefault customFields { odooRef } }
  }
  taxRates(options: {take: $page}) {
    items { id name value enabled category { id } zone { id } }
  }
  paymentMethods(options: {take: $page}) { items { id code } }
}"""

READ_SHIPPING = """
query($refs: [String!]!) {
  shippingMethods(options: {take: 1000, filter: {odooRef: {in: $refs}}}) {
    items {
      id code fulfillmentHandlerCode customFields { odooRef }
      translations { languageCode name description }
      checker { code args { name value } }
      calculator { code args { name value } }
    }
  }
}"""

CREATE_COUNTRY = """
mutation($input: CreateCountryInput!) {
  created: createCountry(input: $input) { id }
}"""

CREATE_ZONE = """
mutation($input: CreateZoneInput!) { created: createZone(input: $input) { id } }"""

EXTEND_ZONE = """
mutation($zone: ID!, $members: [ID!]!) {
  addMembersToZone(zoneId: $zone, memberIds: $members) { id }
}"""

UPDATE_CHANNEL = """
mutation($input: UpdateChannelInput!) {
  channel: updateChannel(input: $input) {
    __typename ... on ErrorResult { errorCode message }
  }
}"""

CREATE_CATEGORY = """
mutation($input: CreateTaxCategoryInput!) {
  created: createTaxCategory(input: $input) { id }
}"""

CREATE_RATE = """
mutation($input: CreateTaxRateInput!) {
  created: createTaxRate(input: $input) { id }
}"""

UPDATE_RATE = """
mutation($input: UpdateTaxRateInput!) { updateTaxRate(input: $input) { id } }"""

CREATE_PAYMENT = """
mutation($input: CreatePaymentMethodInput!) {
  created: createPaymentMethod(input: $input) { id }
}"""

CREATE_SHIPPING = "createShippingMethod(input: $input) { id }"
UPDATE_SHIPPING = "updateShippingMethod(input: $input) { id }"


def push_settings(transport: Transport, settings: ShopSettings) -> list[str]:
    """Create what is missing and correct what differs; nothing is deleted."""
    shop = transport.query(READ, page=PAGE)
    zone = _push_zone(transport, settings, shop)
    _push_channel(transport, settings, shop["activeChannel"], zone)
    _push_taxes(transport, settings, shop, zone)
    _push_payment(transport, settings, shop)
    push_shipping(transport, settings.shared_shipping, settings.language)
    return []


def _push_zone(transport: Transport, settings: ShopSettings, shop: dict) -> str:
    countries = {item["code"]: item["id"] for item in shop["countries"]["items"]}
    for code, name in settings.countries:
        if code not in countries:
            values = {"code": code, "enabled": True}
            values["translations"] = [{"languageCode": settings.language, "name": name}]
            countries[code] = _create(transport, CREATE_COUNTRY, values)
    wanted = [countries[code] for code, _name in settings.countries]
    zone = next((z for z in shop["zones"]["items"] if z["name"] == ZONE), None)
    if not zone:
        return _create(transport, CREATE_ZONE, {"name": ZONE, "memberIds": wanted})
    present = {member["id"] for member in zone["members"]}
    if missing := [country for country in wanted if country not in present]:
        transport.mutate(EXTEND_ZONE, zone=zone["id"], members=missing)
    return zone["id"]


def _push_channel(
    transport: Transport, settings: ShopSettings, channel: dict, zone: str
) -> None:
    values = {"trackInventory": True, **channel_values(settings, zone)}
    zones = ("defaultTaxZone", "defaultShippingZone")
    shown = channel | {f"{name}Id": (channel[name] or {}).get("id") for name in zones}
    if any(shown[key] != value for key, value in values.items()):
        transport.mutate(UPDATE_CHANNEL, input={"id": channel["id"], **values})


def channel_values(settings: ShopSettings, zone: str) -> dict[str, Any]:
    return {
        "defaultLanguageCode": settings.language,
        "defaultCurrencyCode": settings.currency,
        "availableCurrencyCodes": [settings.currency],
        "pricesIncludeTax": settings.tax_mode is TaxMode.INCLUDED,
        "defaultTaxZoneId": zone,
        "defaultShippingZoneId": zone,
    }


def _push_taxes(
    transport: Transport, settings: ShopSettings, shop: dict, zone: str
) -> None:
    categories = {
        item["customFields"]["odooRef"]: item["id"]
        for item in shop["taxCategories"]["items"]
    }
    has_default = any(item["isDefault"] for item in shop["taxCategories"]["items"])
    rates = {
        (item["category"]["id"], item["zone"]["id"]): item
        for item in shop["taxRates"]["items"]
    }
    for tax in settings.tax_classes:
        category = categories.get(tax.code)
        if not category:
            values = {"name": tax.code, "isDefault": not has_default}
            values["customFields"] = {"odooRef": tax.code}
            category = _create(transport, CREATE_CATEGORY, values)
            has_default = True
        # The name of the rate, not of the category, is what order lines carry.
        rate = {"name": tax.code, "value": float(tax.rate * 100), "enabled": True}
        found = rates.get((category, zone))
        if not found:
            rate.update(categoryId=category, zoneId=zone)
            _create(transport, CREATE_RATE, rate)
        elif any(found[key] != value for key, value in rate.items()):
            transport.mutate(UPDATE_RATE, input={"id": found["id"], **rate})


def _push_payment(transport: Transport, settings: ShopSettings, shop: dict) -> None:
    codes = {item["code"] for item in shop["paymentMethods"]["items"]}
    code = settings.payment_method
    if code in codes:
        return
    # How a shop is paid is set up in the shop.  This makes a new one usable.
    values = {"code": code, "enabled": True}
    values["translations"] = [
        {"languageCode": settings.language, "name": code, "description": ""}
    ]
    values["handler"] = _operation("dummy-payment-handler", automaticSettle="true")
    _create(transport, CREATE_PAYMENT, values)


def push_shipping(
    transport: Transport, methods: Iterable[ShippingMethod], language: str
) -> dict[str, str]:
    """Create or update flat-rate deliveries; return the shop's id per reference."""
    methods = list(methods)
    if not methods:
        return {}
    refs = [method.ref for method in methods]
    answer = transport.query(READ_SHIPPING, refs=refs)["shippingMethods"]
    found = {item["customFields"]["odooRef"]: item for item in answer["items"]}
    calls = []
    for method in methods:
        values = _shipping_values(method, language)
        shown = found.get(method.ref)
        if not shown:
            calls.append(Call(CREATE_SHIPPING, "CreateShippingMethodInput!", values))
        elif _shipping_shown(shown, language) != values:
            values["id"] = shown["id"]
            calls.append(Call(UPDATE_SHIPPING, "UpdateShippingMethodInput!", values))
    calls.sort(key=lambda call: call.kind)
    answers = bulk.send(transport, calls)
    return {
        **{ref: item["id"] for ref, item in found.items()},
        **{
            call.value["code"]: answer["id"]
            for call, answer in zip(calls, answers, strict=True)
        },
    }


def _shipping_shown(shown: dict[str, Any], language: str) -> dict[str, Any]:
    """Return a delivery of the shop as :func:`_shipping_values` writes it."""
    return {
        "code": shown["code"],
        "fulfillmentHandler": shown["fulfillmentHandlerCode"],
        "customFields": shown["customFields"],
        "translations": [
            text for text in shown["translations"] if text["languageCode"] == language
        ],
        "checker": _operation_shown(shown["checker"]),
        "calculator": _operation_shown(shown["calculator"]),
    }


def _operation_shown(shown: dict[str, Any]) -> dict[str, Any]:
    return {"code": shown["code"], "arguments": shown["args"]}


def _shipping_values(method: ShippingMethod, language: str) -> dict[str, Any]:
    return {
        "code": method.ref,
        "fulfillmentHandler": "marketplace-fulfillment",
        "customFields": {"odooRef": method.ref},
        "translations": [
            {"languageCode": language, "name": method.name, "description": ""}
        ],
        "checker": _operation("marketplace-eligibility-checker"),
        "calculator": _operation(
            "default-shipping-calculator",
            rate=str(method.amount),
            includesTax="include",
            taxRate=f"{method.rate * 100:f}",
        ),
    }


def _operation(code: str, **arguments: str) -> dict[str, Any]:
    pairs = [{"name": name, "value": value} for name, value in arguments.items()]
    return {"code": code, "arguments": pairs}


def _create(transport: Transport, document: str, values: dict[str, Any]) -> str:
    return transport.mutate(document, input=values)["created"]["id"]
