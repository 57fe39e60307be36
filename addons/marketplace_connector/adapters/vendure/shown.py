"""What Vendure shows of offers."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine.contract import ShownOffer
from .transport import Transport

READ = """
query($ids: [String!]!, $take: Int!) {
  activeChannel { pricesIncludeTax }
  productVariants(options: {filter: {id: {in: $ids}}, take: $take}) {
    items { id name enabled price priceWithTax }
  }
}"""


def read_offers(transport: Transport, refs: Sequence[str]) -> list[ShownOffer]:
    """See :meth:`Adapter.read_offers`; the price is that of the default channel."""
    answer = transport.query(READ, ids=list(refs), take=len(refs))
    included = answer["activeChannel"]["pricesIncludeTax"]
    price = "priceWithTax" if included else "price"
    return [
        ShownOffer(item["id"], item["name"], item[price], item["enabled"])
        for item in answer["productVariants"]["items"]
    ]
