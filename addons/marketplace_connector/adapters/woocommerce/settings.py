"""Currency, taxes and deliveries: the shop as Odoo wants it.

Countries are sold to as the shop's owner decides; the taxes and the deliveries are made
for those that Odoo names.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ...engine.contract import ShippingMethod, ShopSettings, TaxMode
from ..money import to_decimal
from .transport import Transport

ZONE = "Marketplace"
COST_DECIMALS = Decimal("0.000001")


def push_settings(transport: Transport, settings: ShopSettings) -> list[str]:
    """Create what is missing and correct what differs; nothing is deleted."""
    included = settings.tax_mode is TaxMode.INCLUDED
    for group, name, value in (
        ("general", "woocommerce_currency", settings.currency),
        ("general", "woocommerce_calc_taxes", "yes"),
        ("tax", "woocommerce_prices_include_tax", "yes" if included else "no"),
    ):
        path = f"wc/v3/settings/{group}/{name}"
        if transport.get(path)["value"] != value:
            transport.put(path, {"value": value})
    slugs = _push_tax_classes(transport, settings)
    _push_rates(transport, settings, slugs)
    zone = _push_zone(transport, settings)
    push_deliveries(transport, zone, settings.shared_shipping, settings.currency)
    return _differences(transport, settings)


def read_tax_classes(transport: Transport) -> dict[str, str]:
    """Return {name of a tax class: its slug}."""
    return {row["name"]: row["slug"] for row in transport.get("wc/v3/taxes/classes")}


def _push_tax_classes(transport: Transport, settings: ShopSettings) -> dict[str, str]:
    slugs = read_tax_classes(transport)
    for tax in settings.tax_classes:
        if tax.code not in slugs:
            made = transport.post("wc/v3/taxes/classes", {"name": tax.code})
            slugs[tax.code] = made["slug"]
    return slugs


def _push_rates(
    transport: Transport, settings: ShopSettings, slugs: dict[str, str]
) -> None:
    """Have one rate per class and country; its name is what order lines carry."""
    found = {
        (row["class"], row["country"]): row
        for row in transport.get_all("wc/v3/taxes", orderby="id", order="asc")
    }
    create, update = [], []
    for tax in settings.tax_classes:
        for country, _name in settings.countries:
            values = {
                "country": country,
                "rate": f"{tax.rate * 100:.4f}",
                "name": tax.code,
                "class": slugs[tax.code],
                "shipping": True,
            }
            known = found.get((values["class"], country))
            if not known:
                create.append(values)
            elif any(known[key] != value for key, value in values.items()):
                update.append({"id": known["id"], **values})
    transport.batch("wc/v3/taxes", "create", create)
    transport.batch("wc/v3/taxes", "update", update)


def find_zone(transport: Transport) -> int | None:
    """Return the zone of our deliveries, once :func:`push_settings` has made it."""
    zones = transport.get("wc/v3/shipping/zones")
    return next((row["id"] for row in zones if row["name"] == ZONE), None)


def push_deliveries(
    transport: Transport, zone: int, methods: Iterable[ShippingMethod], currency: str
) -> None:
    """Create or correct flat rates, which go by their name within the zone.

    Their tax is that of one class for the whole shop, not that of the goods.
    """
    methods = list(methods)
    if methods:
        _push_delivery_class(transport, methods[0].rate)
    path = f"wc/v3/shipping/zones/{zone}/methods"
    known = {row["title"]: row for row in transport.get(path)}
    for method in methods:
        wanted = _method_settings(method, currency)
        found = known.get(method.name)
        if not found:
            transport.post(
                path, {"method_id": "flat_rate", "settings": wanted, "enabled": True}
            )
        elif _values(found) != wanted:
            transport.put(f"{path}/{found['id']}", {"settings": wanted})


def _push_delivery_class(transport: Transport, rate: Decimal) -> None:
    slugs = {
        Decimal(row["rate"]) / 100: row["class"]
        for row in transport.get_all("wc/v3/taxes", orderby="id", order="desc")
    }
    path = "wc/v3/settings/tax/woocommerce_shipping_tax_class"
    if rate in slugs and transport.get(path)["value"] != slugs[rate]:
        transport.put(path, {"value": slugs[rate]})


def _push_zone(transport: Transport, settings: ShopSettings) -> int:
    zone = find_zone(transport)
    if zone is None:
        zone = transport.post("wc/v3/shipping/zones", {"name": ZONE})["id"]
    path = f"wc/v3/shipping/zones/{zone}/locations"
    wanted = [{"code": code, "type": "country"} for code, _name in settings.countries]
    known = [{"code": row["code"], "type": row["type"]} for row in transport.get(path)]
    if known != wanted:
        transport.put(path, wanted)
    return zone


def _method_settings(method: ShippingMethod, currency: str) -> dict[str, str]:
    """Return the settings of a flat rate: WooCommerce keeps its cost without tax."""
    net = to_decimal(method.amount, currency) / (1 + method.rate)
    cost = net.quantize(COST_DECIMALS, ROUND_HALF_UP)
    return {"title": method.name, "cost": f"{cost}", "tax_status": "taxable"}


def _values(method: dict[str, Any]) -> dict[str, str]:
    return {
        key: (method["settings"].get(key) or {}).get("value")
        for key in ("title", "cost", "tax_status")
    }


def _differences(transport: Transport, settings: ShopSettings) -> list[str]:
    """Say what only the shop's owner can set."""
    differences = [
        f"Dokan delivers each vendor's goods by themselves: “{method.name}” is charged "
        "once per vendor of an order."
        for method in settings.shared_shipping
    ]
    based_on = transport.get("wc/v3/settings/tax/woocommerce_tax_based_on")["value"]
    if based_on == "base":
        differences.append(
            "The shop computes taxes by its own address; VAT follows the place of "
            "delivery: set “Calculate tax based on” to the customer's address."
        )
    return differences
