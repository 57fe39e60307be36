"""Vendors in Shopify: a metaobject each, for a product names its vendor as free text.

The handle of a metaobject is unique within its type, so that a vendor is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...engine.contract import Result, Vendor
from .transport import Transport, raise_user_errors, tail, user_errors

TYPE = "marketplace_vendor"

DEFINE = """
metaobjectDefinitionCreate(definition: $0) {
  metaobjectDefinition { id } userErrors { field message code }
}"""

UPSERT = """
metaobjectUpsert(handle: $0, metaobject: $1) {
  metaobject { id } userErrors { field message }
}"""


def define_vendor(transport: Transport) -> None:
    """Make the type of our vendors; that it is there already is no error."""
    definition = {
        "type": TYPE,
        "name": "Marketplace vendor",
        "displayNameKey": "name",
        "fieldDefinitions": [
            {"key": "name", "name": "Name", "type": "single_line_text_field"}
        ],
    }
    (payload,) = transport.mutate_each(
        DEFINE, ["MetaobjectDefinitionCreateInput!"], [[definition]]
    )
    if any(error["code"] != "TAKEN" for error in payload["userErrors"]):
        raise_user_errors(payload)


def upsert_vendors(transport: Transport, vendors: Sequence[Vendor]) -> list[Result]:
    """See :meth:`Adapter.upsert_vendors`; the external id is the metaobject's."""
    rows = [
        [
            {"type": TYPE, "handle": vendor.ref},
            {"fields": [{"key": "name", "value": vendor.name}]},
        ]
        for vendor in vendors
    ]
    payloads = transport.mutate_each(
        UPSERT, ["MetaobjectHandleInput!", "MetaobjectUpsertInput!"], rows
    )
    return [
        Result(vendor.ref, error=error)
        if (error := user_errors(payload))
        else Result(vendor.ref, tail(payload["metaobject"]["id"]))
        for vendor, payload in zip(vendors, payloads, strict=True)
    ]


def read_names(transport: Transport, refs: Iterable[str]) -> dict[str, str]:
    """Return {reference: name} of the vendors that the shop knows."""
    refs = list(refs)
    if not refs:
        return {}
    fields = "\n".join(
        f"v{rank}: metaobjectByHandle(handle: $h{rank}) {{ displayName }}"
        for rank in range(len(refs))
    )
    parameters = ", ".join(
        f"$h{rank}: MetaobjectHandleInput!" for rank in range(len(refs))
    )
    data = transport.query(
        f"query({parameters}) {{\n{fields}\n}}",
        **{f"h{rank}": {"type": TYPE, "handle": ref} for rank, ref in enumerate(refs)},
    )
    return {
        ref: data[f"v{rank}"]["displayName"]
        for rank, ref in enumerate(refs)
        if data[f"v{rank}"]
    }
