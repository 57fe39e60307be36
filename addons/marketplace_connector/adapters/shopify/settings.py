"""What of a Shopify shop can be set from outside, and what only its owner can.

Currency, taxes and deliveries are the owner's: they are compared and told.
"""

from __future__ import annotations

from ...engine.contract import ShopSettings, TaxMode
from .transport import Transport
from .vendors import define_vendor

READ = """
query { shop { currencyCode taxesIncluded shipsToCountries } }"""


def push_settings(transport: Transport, settings: ShopSettings) -> list[str]:
    """Make the type of our vendors; return what the owner has to set."""
    define_vendor(transport)
    shop = transport.query(READ)["shop"]
    differences = []
    if shop["currencyCode"] != settings.currency:
        differences.append(
            f"The shop sells in {shop['currencyCode']}, the back office in "
            f"{settings.currency} (Settings, General)."
        )
    included = settings.tax_mode is TaxMode.INCLUDED
    if shop["taxesIncluded"] is not included:
        wanted = "include" if included else "leave out"
        differences.append(f"Prices have to {wanted} tax (Settings, Taxes and duties).")
    missing = [
        name
        for code, name in settings.countries
        if code not in shop["shipsToCountries"]
    ]
    if missing:
        differences.append(
            f"The shop does not deliver to {', '.join(missing)} (Settings, Shipping)."
        )
    for tax in settings.tax_classes[1:]:
        differences.append(
            f"Products with the tag “tax:{tax.code}” need a tax override of "
            f"{tax.rate * 100:f} %: gather them in a collection and set it there "
            "(Settings, Taxes and duties)."
        )
    for method in settings.shared_shipping:
        differences.append(f"The delivery “{method.name}” is set in the shop.")
    return differences
