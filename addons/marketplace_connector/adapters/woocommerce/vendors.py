"""A vendor in Dokan: a user with a store, and author of his products.

A store has no field of ours.  Its user's mail address, which WordPress keeps unique, is
made of our reference under a name that nobody can receive mail at (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...engine.contract import Result, Vendor
from ..errors import InvalidError
from .settings import find_zone, push_deliveries
from .transport import Transport

MAIL_HOST = "marketplace.invalid"
STORES = "dokan/v1/stores"


def mail_of(ref: str) -> str:
    return f"{ref}@{MAIL_HOST}"


def find_store(transport: Transport, ref: str) -> dict[str, Any] | None:
    """Return the store of a vendor, whether it sells or not."""
    found = transport.get(STORES, search=mail_of(ref), status="all", per_page=100)
    return next((row for row in found if row["email"] == mail_of(ref)), None)


def upsert_vendors(transport: Transport, vendors: Sequence[Vendor]) -> list[Result]:
    """See :meth:`Adapter.upsert_vendors`; the external id is the user's.

    Dokan splits a cart by vendor, and each part has the deliveries of the shop's zones:
    those of the vendors, which are alike for all, are made there, once.
    """
    results = []
    for vendor in vendors:
        try:
            store = _upsert(transport, vendor)
        except InvalidError as error:
            results.append(Result(vendor.ref, error=str(error)))
        else:
            results.append(Result(vendor.ref, str(store["id"])))
    _push_deliveries(transport, vendors)
    return results


def _push_deliveries(transport: Transport, vendors: Sequence[Vendor]) -> None:
    methods = {}
    for vendor in vendors:
        for method in vendor.shippings:
            name = method.name.removesuffix(f", {vendor.name}")
            methods[name] = replace(method, name=name)
    zone = find_zone(transport) if methods else None
    if zone is not None:
        path = "wc/v3/settings/general/woocommerce_currency"
        currency = transport.get(path)["value"]
        push_deliveries(transport, zone, methods.values(), currency)


def _upsert(transport: Transport, vendor: Vendor) -> dict[str, Any]:
    found = find_store(transport, vendor.ref)
    # Both are switched off by every call that does not say them.
    values = {"store_name": vendor.name, "enabled": True, "trusted": True}
    if not found:
        return transport.post(
            STORES,
            {
                **values,
                "user_login": vendor.ref,
                "email": mail_of(vendor.ref),
                "notify_vendor": False,
            },
        )
    if any(found.get(key) != value for key, value in values.items()):
        return transport.put(f"{STORES}/{found['id']}", values)
    return found
