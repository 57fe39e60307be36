"""The shop's currency, countries, taxes: looked at first, then made as given.

A class of goods is a product type of its name.  Each country has a tax rate of that
name for the type; goods and deliveries without a type have the country's default rate,
which is the highest one in countries that we set up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ...engine.contract import ShopInfo, ShopSettings, TaxClass, TaxMode
from ..errors import InvalidError
from .transport import NotFoundError, Transport

REGION = "Marketplace"
SYSTEM_PAYMENT = "pp_system_default"  # only marks a payment as made
SYSTEM_TAX = "tp_system"
TAX_FIELDS = "id,country_code,province_code,parent_id,*tax_rates,*tax_rates.rules"


def check(transport: Transport, version: str, groups: bool) -> ShopInfo:
    """See :meth:`Adapter.check`.

    :param groups: the shop should be Mercur, else it should not.
    """
    store = read_store(transport)
    if groups and not _has_sellers(transport):
        raise InvalidError(
            "This Medusa has no sellers: choose Medusa as the platform, not Mercur."
        )
    if not groups and _has_sellers(transport):
        raise InvalidError("This is Mercur: choose it as the platform, not Medusa.")
    currency = default_currency(store)
    regions = transport.get("regions", currency_code=currency, fields="id", limit=1)
    return ShopInfo(
        ref=store["id"],
        version=version,
        currency=currency.upper(),
        tax_mode=TaxMode.INCLUDED
        if _includes_tax(transport, currency)
        else TaxMode.EXCLUDED,
        is_set_up=bool(regions["regions"]),
        clock_skew=transport.clock_skew,
    )


def _has_sellers(transport: Transport) -> bool:
    try:
        transport.get("sellers", fields="id", limit=1)
    except NotFoundError:
        return False
    return True


def read_store(transport: Transport) -> dict[str, Any]:
    fields = "id,default_sales_channel_id,*supported_currencies"
    return transport.get("stores", fields=fields, limit=1)["stores"][0]


def default_currency(store: Mapping[str, Any]) -> str:
    currencies = store["supported_currencies"]
    default = [c["currency_code"] for c in currencies if c["is_default"]]
    return (default or [c["currency_code"] for c in currencies])[0]


def _includes_tax(transport: Transport, currency: str) -> bool:
    preferences = transport.get(
        "price-preferences", attribute="currency_code", value=currency, limit=1
    )["price_preferences"]
    return bool(preferences and preferences[0]["is_tax_inclusive"])


def push_settings(transport: Transport, settings: ShopSettings) -> list[str]:
    """Create what is missing and correct what differs; nothing is deleted."""
    _push_currency(transport, settings)
    differences = _push_region(transport, settings)
    types = _push_types(transport, settings.tax_classes)
    _push_taxes(transport, settings, types)
    if settings.shared_shipping:
        names = ", ".join(method.name for method in settings.shared_shipping)
        differences.append(
            "Medusa cannot share a delivery between vendors. Make it a delivery of "
            f"each vendor: {names}."
        )
    return differences


def _push_currency(transport: Transport, settings: ShopSettings) -> None:
    store = read_store(transport)
    code = settings.currency.lower()
    included = settings.tax_mode is TaxMode.INCLUDED
    if (
        default_currency(store) == code
        and _includes_tax(transport, code) is included
        and any(c["currency_code"] == code for c in store["supported_currencies"])
    ):
        return
    others = [
        {"currency_code": currency["currency_code"], "is_default": False}
        for currency in store["supported_currencies"]
        if currency["currency_code"] != code
    ]
    own = {
        "currency_code": code,
        "is_default": True,
        "is_tax_inclusive": included,
    }
    transport.post(f"stores/{store['id']}", {"supported_currencies": [own, *others]})


def _push_region(transport: Transport, settings: ShopSettings) -> list[str]:
    """Have every country in a region of our currency; return what only staff may."""
    currency = settings.currency.lower()
    fields = "id,currency_code,*countries"
    regions = list(transport.pages("regions", "regions", fields=fields))
    region_of = {
        country["iso_2"]: region
        for region in regions
        for country in region["countries"]
    }
    differences, missing = [], []
    for code, name in settings.countries:
        region = region_of.get(code.lower())
        if not region:
            missing.append(code.lower())
        elif region["currency_code"] != currency:
            differences.append(
                f"{name} is in a region with the currency "
                f"{region['currency_code'].upper()}."
            )
    if not missing:
        return differences
    own = next((r for r in regions if r["currency_code"] == currency), None)
    if own:
        countries = [*(country["iso_2"] for country in own["countries"]), *missing]
        transport.post(f"regions/{own['id']}", {"countries": countries})
    else:
        # How a shop is paid is set up in the shop.  This makes a new one usable.
        transport.post(
            "regions",
            {
                "name": REGION,
                "currency_code": currency,
                "countries": missing,
                "payment_providers": [_payment_provider(transport, settings)],
            },
        )
    return differences


def _payment_provider(transport: Transport, settings: ShopSettings) -> str:
    answer = transport.get("payments/payment-providers", is_enabled="true", limit=100)
    ids = {provider["id"] for provider in answer["payment_providers"]}
    code = settings.payment_method
    return code if code in ids else SYSTEM_PAYMENT


# ---- taxes ------------------------------------------------------------------


def read_types(transport: Transport) -> dict[str, str]:
    """Return {name of a product type: its id}."""
    rows = transport.pages("product-types", "product_types", fields="id,value")
    return {row["value"]: row["id"] for row in rows}


def _push_types(transport: Transport, classes: Sequence[TaxClass]) -> dict[str, str]:
    types = read_types(transport)
    for tax in classes:
        if tax.code not in types:
            answer = transport.post("product-types", {"value": tax.code})
            types[tax.code] = answer["product_type"]["id"]
    return types


def read_tax_regions(transport: Transport) -> list[dict[str, Any]]:
    """Return the tax regions of whole countries, with their rates and rules."""
    rows = transport.pages("tax-regions", "tax_regions", fields=TAX_FIELDS)
    return [row for row in rows if not row["province_code"] and not row["parent_id"]]


def _push_taxes(
    transport: Transport, settings: ShopSettings, types: Mapping[str, str]
) -> None:
    if not settings.tax_classes:
        return
    regions = {region["country_code"]: region for region in read_tax_regions(transport)}
    standard = max(settings.tax_classes, key=lambda tax: tax.rate)
    for code, _name in settings.countries:
        region = regions.get(code.lower())
        if not region:
            answer = transport.post(
                "tax-regions",
                {
                    "country_code": code.lower(),
                    "provider_id": SYSTEM_TAX,
                    "default_tax_rate": _rate_values(standard),
                },
                fields=TAX_FIELDS,
            )
            region = answer["tax_region"]
        for tax in settings.tax_classes:
            _push_rate(transport, region, tax, types[tax.code])


def _push_rate(
    transport: Transport, region: Mapping[str, Any], tax: TaxClass, type_id: str
) -> None:
    rule = {"reference": "product_type", "reference_id": type_id}
    values = _rate_values(tax)
    found = next(
        (rate for rate in region["tax_rates"] or () if rate["code"] == tax.code), None
    )
    if not found:
        values = {**values, "tax_region_id": region["id"], "rules": [rule]}
        transport.post("tax-rates", values)
        return
    if Decimal(str(found["rate"] or 0)) != values["rate"]:
        transport.post(f"tax-rates/{found['id']}", values)
    add_rule(transport, found, "product_type", type_id)


def add_rule(
    transport: Transport, rate: Mapping[str, Any], reference: str, reference_id: str
) -> None:
    """Make a rate count for a product type or a delivery; the default one does."""
    known = {rule["reference_id"] for rule in rate.get("rules") or ()}
    if not rate["is_default"] and reference_id not in known:
        transport.post(
            f"tax-rates/{rate['id']}/rules",
            {"reference": reference, "reference_id": reference_id},
        )


def _rate_values(tax: TaxClass) -> dict[str, Any]:
    return {"code": tax.code, "name": tax.code, "rate": tax.rate * 100}
