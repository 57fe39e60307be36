"""Statements, invoices and payouts, kept as a list on their seller.

The list is written as a whole: what it held of other records is read first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ...engine.contract import Result, VendorRecord
from .transport import Transport

READ = """
query($refs: [String!]!) {
  sellers(options: {take: 1000, filter: {odooRef: {in: $refs}}}) {
    items {
      id customFields {
        odooRef
        odooRecords { ref kind number date amount currency state url }
      }
    }
  }
}"""

WRITE = """
mutation($input: UpdateSellerInput!) { updateSeller(input: $input) { id } }"""


def push_vendor_records(
    transport: Transport, records: Sequence[VendorRecord]
) -> list[Result]:
    """See :meth:`Adapter.push_vendor_records`; the external id is our reference."""
    by_vendor = defaultdict(list)
    for record in records:
        by_vendor[record.vendor_ref].append(record)
    sellers = {
        item["customFields"]["odooRef"]: item
        for item in transport.query(READ, refs=sorted(by_vendor))["sellers"]["items"]
    }
    for vendor_ref, seller in sellers.items():
        shown = {row["ref"]: row for row in seller["customFields"]["odooRecords"] or ()}
        wanted = shown | {record.ref: _row(record) for record in by_vendor[vendor_ref]}
        if wanted != shown:
            rows = sorted(wanted.values(), key=lambda row: (row["date"], row["ref"]))
            values = {"id": seller["id"], "customFields": {"odooRecords": rows}}
            transport.mutate(WRITE, input=values)
    return [
        Result(record.ref, record.ref)
        if record.vendor_ref in sellers
        else Result(
            record.ref, error=f"The shop does not know the vendor {record.vendor_ref}."
        )
        for record in records
    ]


def _row(record: VendorRecord) -> dict[str, Any]:
    return {
        "ref": record.ref,
        "kind": record.kind.value,
        "number": record.number,
        "date": record.date.isoformat(),
        "amount": record.amount,
        "currency": record.currency,
        "state": record.state,
        "url": record.url,
    }
